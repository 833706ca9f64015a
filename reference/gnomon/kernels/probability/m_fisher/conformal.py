"""`gnomon.probability.m_fisher.conformal.conformal_p_values` with a Fenwick tree over ranks: O(log t) a score."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.probability.m_fisher import conformal as reference

__all__ = ["conformal_p_values"]


@compiled
def count_and_draw(ranks: Any, known: int, size: int, draws: Array, p_values: Array) -> None:
    """Fill the p-values of one stream. ranks: from 0, of the calibration scores, then of the stream. size: of ranks."""
    tree, alike = np.zeros(size + 1, np.int64), np.zeros(size, np.int64)
    for j in range(ranks.size):
        r = ranks[j]
        if j >= known:
            up_to, k = 0, r + 1
            while k > 0:
                up_to += tree[k]
                k -= k & -k
            p_values[j - known] = (j - up_to + draws[j - known] * (1 + alike[r])) / (j + 1)
        alike[r] += 1
        k = r + 1
        while k <= size:
            tree[k] += 1
            k += k & -k


@in_place_of(reference.conformal_p_values)
def conformal_p_values(scores: Array, draws: Array, calibration: Array | None) -> Array:
    known = scores[0, :0] if calibration is None else calibration
    p_values = np.empty(scores.shape, scores.dtype)
    for i in range(len(scores)):
        values, ranks = np.unique(np.concatenate([known, scores[i]]), return_inverse=True)
        count_and_draw(ranks, len(known), len(values), contiguous(draws[i]), p_values[i])
    return p_values
