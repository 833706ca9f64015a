"""`gnomon.descent.newton_schulz` as compiled loops, for matrices whose shorter side is at most about 30.

Sums are made in ascending order, one term after the other, so that the last bits differ from NumPy's. Larger
matrices are for BLAS; Numba's own `@` would need SciPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from gnomon.descent.newton_schulz import Quintic
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous


@compiled
def unit_length(matrix: Array, eps: Any, eps_added: bool) -> None:
    """Divide the matrix by its norm, as the reference's function of this name does."""
    zero = matrix.dtype.type(0)
    unit, total = eps, zero
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            size = abs(matrix[i, j])
            unit = unit if unit >= size or unit != unit else size
    unit = unit if unit != zero else matrix.dtype.type(1)
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] /= unit
            total += matrix[i, j] * matrix[i, j]
    floor, length = eps / unit, matrix.dtype.type(sqrt(total))
    if eps_added:
        length += floor
    elif length < floor:
        length = floor
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] /= length if length != zero else matrix.dtype.type(1)


@compiled
def newton_schulz(matrix: Array, polynomials: Array) -> Array:
    """Return what the polynomials, one a row (a, b, c), make of a matrix (m, p), m <= p; the matrix is written to."""
    m, p = matrix.shape
    gram, factor, new = np.empty((m, m), matrix.dtype), np.empty((m, m), matrix.dtype), np.empty_like(matrix)
    for step in range(polynomials.shape[0]):
        a, b, c = polynomials[step, 0], polynomials[step, 1], polynomials[step, 2]
        for i in range(m):
            for j in range(i + 1):
                total = matrix.dtype.type(0)
                for k in range(p):
                    total += matrix[i, k] * matrix[j, k]
                gram[i, j] = gram[j, i] = total
        for i in range(m):
            for j in range(i + 1):
                total = matrix.dtype.type(0)
                for k in range(m):
                    total += gram[i, k] * gram[j, k]
                factor[i, j] = factor[j, i] = b * gram[i, j] + c * total
        for i in range(m):
            for j in range(p):
                new[i, j] = a * matrix[i, j]
            for k in range(m):
                for j in range(p):
                    new[i, j] += factor[i, k] * matrix[k, j]
        matrix, new = new, matrix
    return matrix


def from_unit_length(
    matrix: Array, coefficients: Sequence[Quintic], eps: float = 0.0, eps_added: bool = False
) -> Array:
    """Return what the reference's function of this name does, of a matrix that is checked already."""
    is_tall = matrix.shape[0] > matrix.shape[1]
    start = np.array(matrix.T if is_tall else matrix, order="C")
    unit_length(start, matrix.dtype.type(eps), eps_added)
    result: Array = newton_schulz(start, np.array(coefficients, matrix.dtype).reshape(len(coefficients), 3))
    return contiguous(result.T) if is_tall else result
