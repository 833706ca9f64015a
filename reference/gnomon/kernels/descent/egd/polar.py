"""The Newton-Schulz iterations of `gnomon.descent.egd.polar` as one compiled call: for small matrices, where a product
costs less than asking NumPy for it. Beyond about 50 rows NumPy's own products are faster."""

from __future__ import annotations

import numpy as np
from numba import njit

from gnomon.descent.egd import polar as reference
from gnomon.descent.newton_schulz import CUBIC, MUON, Quintic
from gnomon.domains import Array
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.kernels.reductions import largest_magnitude, length

__all__ = ["muon5", "polar_newton_schulz"]


@njit(cache=True, error_model="numpy")
def iterate(X: Array, coefficients: Array, times: int) -> None:
    """Replace X (m, p), m <= p, by a·X + (b·A + c·A²)·X, A = X·Xᵀ, so often; sums in ascending order."""
    m, p = X.shape
    gram, factor, new = np.empty((m, m), X.dtype), np.empty((m, m), X.dtype), np.empty_like(X)
    a, b, c = coefficients
    for _ in range(times):
        for i in range(m):
            for j in range(i + 1):
                total = X[0, 0] * 0
                for k in range(p):
                    total += X[i, k] * X[j, k]
                gram[i, j] = gram[j, i] = total
        for i in range(m):
            for j in range(m):
                factor[i, j] = b * gram[i, j]
            if c != 0:
                for k in range(m):
                    for j in range(m):
                        factor[i, j] += c * gram[i, k] * gram[k, j]
        for i in range(m):
            for j in range(p):
                new[i, j] = a * X[i, j]
            for k in range(m):
                for j in range(p):
                    new[i, j] += factor[i, k] * X[k, j]
        X[:] = new


@njit(cache=True, error_model="numpy")
def scale(X: Array) -> bool:
    """Divide X by its length, by its largest entry first; return whether that can be done."""
    flat = X.reshape(-1)
    for _ in range(2):
        largest = largest_magnitude(flat) if _ == 0 else length(flat)
        if not largest > 0:
            return False
        for i in range(flat.size):
            flat[i] /= largest
    return True


def iterated(gradient: Array, coefficients: Quintic, times: int) -> Array:
    """Return what the iteration makes of G/‖G‖."""
    tall = gradient.shape[0] > gradient.shape[1]
    X = np.array(gradient.T if tall else gradient, order="C")
    if X.size and scale(X):
        iterate(X, np.array(coefficients, X.dtype), times)
    return contiguous(X.T) if tall else X


@in_place_of(reference.polar_newton_schulz)
def polar_newton_schulz(gradient: Array, iterations: int) -> Array:
    return iterated(gradient, CUBIC, int(iterations))


@in_place_of(reference.muon5)
def muon5(gradient: Array) -> Array:
    return iterated(gradient, MUON, 5)
