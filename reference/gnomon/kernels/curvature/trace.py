"""`gnomon.curvature.trace.hutchinson` for a matrix that is at hand, as one compiled call."""

from __future__ import annotations

import numpy as np
from numba import njit

from gnomon.arguments import check_arguments
from gnomon.curvature import trace as reference
from gnomon.curvature.operators import FiniteOperator, Probes
from gnomon.curvature.trace import TraceEstimate, estimate_of
from gnomon.domains import Array
from gnomon.kernels.curvature.dense import ALL_FINITE, columns_of, inner, multiply, require_finite
from gnomon.kernels.domains import contiguous

__all__ = ["TraceEstimate", "hutchinson"]


@njit(cache=True, error_model="numpy")
def samples_loop(columns: Array, probes: Array, samples: Array) -> int:
    """Write zₖ·Azₖ into `samples` (m,); return the index of the first product that is not finite, or `ALL_FINITE`."""
    result = np.empty_like(probes[0])
    for k in range(probes.shape[0]):
        if not multiply(columns, probes[k], result):
            return k
        samples[k] = inner(probes[k], result)
    return ALL_FINITE


def hutchinson(operator: FiniteOperator, probes: Probes) -> TraceEstimate:
    """Return the estimate (1/m) Σₖ zₖᵀA zₖ of tr A, as `gnomon.curvature.trace.hutchinson` does; `Dense` only."""
    check_arguments(reference.hutchinson, operator, probes)
    columns, samples = columns_of(operator, probes[0]), np.empty(probes.shape[0], probes.dtype)
    require_finite(samples_loop(columns, contiguous(probes), samples))
    return estimate_of(samples)
