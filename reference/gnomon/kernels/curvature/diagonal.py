"""`gnomon.curvature.diagonal` for a matrix that is at hand, as one compiled call."""

from __future__ import annotations

import numpy as np
from numba import njit

from gnomon.arguments import check_arguments
from gnomon.curvature import diagonal as reference
from gnomon.curvature.diagonal import DiagonalEstimate, Variant, estimate_of
from gnomon.curvature.operators import FiniteOperator, Probes
from gnomon.domains import Array
from gnomon.kernels.curvature.dense import ALL_FINITE, columns_of, multiply, require_finite
from gnomon.kernels.domains import contiguous
from gnomon.kernels.reductions import fold_in_chunks

__all__ = ["DiagonalEstimate", "bekas"]


@njit(cache=True, error_model="numpy")
def terms_loop(columns: Array, probes: Array, terms: Array) -> int:
    """Write zₖ∘Azₖ into the rows of `terms` (m, n); return the first product that is not finite, or `ALL_FINITE`."""
    for k in range(probes.shape[0]):
        if not multiply(columns, probes[k], terms[k]):
            return k
        for i in range(probes.shape[1]):
            terms[k, i] *= probes[k, i]
    return ALL_FINITE


def bekas(operator: FiniteOperator, probes: Probes, *, variant: Variant = "ratio") -> DiagonalEstimate:
    """Return the estimate of diag A that `gnomon.curvature.diagonal.bekas` returns; `Dense` only."""
    check_arguments(reference.bekas, operator, probes, variant=variant)
    columns, terms = columns_of(operator, probes[0]), np.empty(probes.shape, probes.dtype)
    require_finite(terms_loop(columns, contiguous(probes), terms))
    fold_in_chunks(terms)
    total = terms[0] + 0  # NumPy's sums of zeros are +0
    return estimate_of(total, probes, variant)
