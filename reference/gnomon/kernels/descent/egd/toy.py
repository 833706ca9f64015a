"""`gnomon.descent.egd.toy.descend` as one compiled loop; Newton's steps, which LAPACK makes, are the reference's."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.egd import toy as reference
from gnomon.descent.egd.toy import Method
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.kernels.reductions import length

__all__ = ["descend"]


@compiled
def descend_loop(iterates: Array, covariance: Array, correlation: Array, lr: Any, normalised: bool) -> None:
    """Fill the iterates from the first on."""
    n = correlation.size
    g = np.empty_like(correlation)
    for k in range(iterates.shape[0] - 1):
        w = iterates[k]
        for i in range(n):
            total = g.dtype.type(0)
            for j in range(n):
                total += covariance[i, j] * w[j]
            g[i] = total - correlation[i]
        if normalised:
            size = length(g)
            if size > 0:
                for i in range(n):
                    g[i] /= size
        for i in range(n):
            iterates[k + 1, i] = w[i] - lr * g[i]


@in_place_of(reference.descend)
def descend(start: Array, covariance: Array, correlation: Array, lr: float, steps: int, method: Method) -> Array:
    arrays = contiguous(covariance), contiguous(correlation)
    if method == "newton":
        return reference.descend(contiguous(start), *arrays, lr=lr, steps=steps, method=method)
    iterates = np.empty((int(steps) + 1, start.shape[0]), start.dtype)
    iterates[0] = start
    descend_loop(iterates, *arrays, start.dtype.type(lr), method == "egd")
    return iterates
