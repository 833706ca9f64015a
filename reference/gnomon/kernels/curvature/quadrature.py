"""`gnomon.curvature.quadrature.spectral_measure` for a matrix that is at hand: compiled Lanczos processes."""

from __future__ import annotations

from gnomon.curvature import quadrature as reference
from gnomon.curvature.quadrature import SpectralMeasure, measure_of
from gnomon.domains import Array
from gnomon.kernels.curvature.dense import with_columns
from gnomon.kernels.curvature.lanczos import decomposition
from gnomon.kernels.domains import in_place_of

__all__ = ["SpectralMeasure", "spectral_measure"]


@in_place_of(reference.spectral_measure, with_columns)
def spectral_measure(operator: Array, probes: Array, steps: int) -> SpectralMeasure:
    return measure_of([decomposition(operator, z, steps) for z in probes], probes)
