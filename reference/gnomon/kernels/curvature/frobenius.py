"""`gnomon.curvature.frobenius` for a matrix that is at hand, as one compiled call."""

from __future__ import annotations

from gnomon.curvature import frobenius as reference
from gnomon.curvature.frobenius import FrobeniusEstimate
from gnomon.curvature.trace import estimate_of
from gnomon.domains import Array
from gnomon.kernels.curvature.dense import with_columns
from gnomon.kernels.curvature.trace import samples_of
from gnomon.kernels.domains import in_place_of

__all__ = ["FrobeniusEstimate", "frobenius_squared"]


@in_place_of(reference.frobenius_squared, with_columns)
def frobenius_squared(operator: Array, probes: Array) -> FrobeniusEstimate:
    return FrobeniusEstimate(*estimate_of(samples_of(operator, probes, squared=True)))
