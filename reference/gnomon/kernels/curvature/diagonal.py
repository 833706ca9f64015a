"""`gnomon.curvature.diagonal` for a matrix that is at hand, as one compiled call."""

from __future__ import annotations

import numpy as np

from gnomon.curvature import diagonal as reference
from gnomon.curvature.diagonal import DiagonalEstimate, Variant, estimate_of
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.curvature.dense import ALL_FINITE, multiply, require_finite, with_columns
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.kernels.reductions import fold_in_chunks

__all__ = ["DiagonalEstimate", "bekas"]


@compiled
def terms_loop(columns: Array, probes: Array, terms: Array) -> int:
    """Write zₖ∘Azₖ into the rows of `terms` (m, n); return the first product that is not finite, or `ALL_FINITE`."""
    for k in range(probes.shape[0]):
        if not multiply(columns, probes[k], terms[k]):
            return k
        for i in range(probes.shape[1]):
            terms[k, i] *= probes[k, i]
    return ALL_FINITE


@in_place_of(reference.bekas, with_columns)
def bekas(operator: Array, probes: Array, variant: Variant) -> DiagonalEstimate:
    terms = np.empty(probes.shape, probes.dtype)
    require_finite(terms_loop(operator, contiguous(probes), terms))
    fold_in_chunks(terms)
    total = terms[0] + 0  # NumPy's sums of zeros are +0
    return estimate_of(total, probes, variant)
