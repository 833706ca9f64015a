"""`gnomon.curvature.lanczos` for a matrix that is at hand: the process as one compiled call.

Numba's linear algebra needs SciPy; the eigenvalues are NumPy's.
"""

from __future__ import annotations

import numpy as np

from gnomon.curvature import lanczos as reference
from gnomon.curvature.lanczos import AGAIN, Lanczos, Ritz, Variant, breakdown_threshold, ritz_of
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.curvature.dense import ALL_FINITE, inner, multiply, project_out, require_finite, with_columns
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.kernels.reductions import length

__all__ = ["Lanczos", "Ritz", "lanczos", "ritz"]


@compiled
def lanczos_loop(
    columns: Array, start: Array, basis: Array, diagonal: Array, off_diagonal: Array, threshold: float
) -> tuple[int, int]:
    """Fill `basis` (m, n), `diagonal` (m,) and `off_diagonal` (m,), whose last number is what remained.

    Returns how many steps were made, and the index of the first product that is not finite or `ALL_FINITE`.
    threshold: b ends the process if it is at most this times the largest |a| + b.
    """
    w, coefficients = np.empty_like(start), np.empty_like(diagonal)
    norm, size = length(start), start.dtype.type(0)
    for i in range(start.size):
        basis[0, i] = start[i] / norm
    for j in range(diagonal.size):
        if not multiply(columns, basis[j], w):
            return j, j
        a = inner(basis[j], w)
        before = length(w)
        project_out(basis[: j + 1], w, coefficients)
        b = length(w)
        if b < AGAIN * before:
            project_out(basis[: j + 1], w, coefficients)
            b = length(w)
        diagonal[j], off_diagonal[j] = a, b
        size = max(size, abs(a) + b)
        if j + 1 == diagonal.size or b <= threshold * size:
            return j + 1, ALL_FINITE
        for i in range(w.size):
            basis[j + 1, i] = w[i] / b
    return diagonal.size, ALL_FINITE


def decomposition(operator: Array, start: Array, steps: int) -> Lanczos:
    """Return the Lanczos decomposition from `start`. operator: its columns as rows."""
    most, number = min(int(steps), start.shape[0]), start.dtype.type
    basis, diagonal, off_diagonal = (np.empty(shape, start.dtype) for shape in ((most, start.shape[0]), most, most))
    threshold = number(breakdown_threshold(start))
    j, index = lanczos_loop(operator, contiguous(start), basis, diagonal, off_diagonal, threshold)
    require_finite(index)
    return Lanczos(diagonal[:j], off_diagonal[: j - 1], basis[:j], off_diagonal[j - 1], j)


lanczos = in_place_of(reference.lanczos, with_columns)(decomposition)


@in_place_of(reference.ritz, with_columns)
def ritz(operator: Array, start: Array, steps: int, variant: Variant) -> Ritz:
    return ritz_of(decomposition(operator, start, steps), variant)
