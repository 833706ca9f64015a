"""`gnomon.curvature.trace.hutchinson` for a matrix that is at hand, as one compiled call; also for its norm."""

from __future__ import annotations

import numpy as np

from gnomon.curvature import trace as reference
from gnomon.curvature.trace import TraceEstimate, estimate_of
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.curvature.dense import ALL_FINITE, inner, multiply, require_finite, with_columns
from gnomon.kernels.domains import contiguous, in_place_of

__all__ = ["TraceEstimate", "hutchinson"]


@compiled
def samples_loop(columns: Array, probes: Array, squared: bool, samples: Array) -> int:
    """Write zₖ·Azₖ, or ‖Azₖ‖², into `samples` (m,); return the first product that is not finite, or `ALL_FINITE`."""
    result = np.empty_like(probes[0])
    for k in range(probes.shape[0]):
        if not multiply(columns, probes[k], result):
            return k
        samples[k] = inner(result if squared else probes[k], result)
    return ALL_FINITE


def samples_of(columns: Array, probes: Array, squared: bool) -> Array:
    """Return zₖ·Azₖ, or ‖Azₖ‖², of each probe."""
    samples = np.empty(probes.shape[0], probes.dtype)
    require_finite(samples_loop(columns, contiguous(probes), squared, samples))
    return samples


@in_place_of(reference.hutchinson, with_columns)
def hutchinson(operator: Array, probes: Array) -> TraceEstimate:
    return estimate_of(samples_of(operator, probes, squared=False))
