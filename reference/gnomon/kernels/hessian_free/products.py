"""A matrix times a vector where the product is what costs: each number of it is fetched once, or half of them at all.

Numba's own `@` would need SciPy. How a product is summed depends on n and on whether the matrix equals its transpose,
bit for bit, not on how it lies in memory: below `LARGE` over the columns in groups of four, in ascending order; from
there on row by row, in `LANES` running sums that are then folded, and of a matrix that is exactly symmetric only the
upper triangle is read, each number for two entries of the product.

Numba's disk cache does not see through a call into another file: after an edit here, delete the `__pycache__` beside.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gnomon.domains import Array
from gnomon.kernels.domains import contiguous

# From this many rows on to fetch the matrix takes longer than to compute with it, and to copy it longer still.
LARGE = 768
# How many running sums lie side by side: enough to vectorise.
LANES = 128
# How wide the squares are in which a matrix is compared with its transpose.
SQUARE = 32
COLUMNS, ROWS, TRIANGLE = range(3)


class Matrix(NamedTuple):
    """A matrix as a loop reads it: lines of A, or of Aᵀ for `COLUMNS`. sums: room, shape (4, LANES)."""

    lines: Array
    layout: int
    sums: Array


def laid_out(matrix: Array, dtype: np.dtype[Any]) -> Matrix:
    """Return a square matrix as a loop reads it fastest; it is copied only if it does not lie in memory that way."""
    lines, sums = matrix.astype(dtype, copy=False), np.empty((4, LANES), dtype)
    if matrix.shape[0] < LARGE:
        return Matrix(contiguous(lines.T), COLUMNS, sums)
    lines = contiguous(lines)
    return Matrix(lines, TRIANGLE if is_symmetric(lines) else ROWS, sums)


@njit(cache=True, error_model="numpy")
def is_symmetric(matrix: Array) -> bool:
    """Return whether Aᵢⱼ = Aⱼᵢ exactly (a NaN equals nothing)."""
    n = matrix.shape[0]
    for top in range(0, n, SQUARE):
        for left in range(top, n, SQUARE):
            for i in range(top, min(top + SQUARE, n)):
                same = True
                for j in range(left, min(left + SQUARE, n)):
                    same &= matrix[i, j] == matrix[j, i]
                if not same:
                    return False
    return True


@njit(cache=True, error_model="numpy")
def multiply(matrix: Matrix, vector: Array, result: Array) -> bool:
    """Write A·v into `result` (n,) and return whether it is finite."""
    if matrix.layout == COLUMNS:
        by_columns(matrix.lines, vector, result)
    elif matrix.layout == ROWS:
        by_rows(matrix.lines, vector, matrix.sums, result)
    else:
        by_triangle(matrix.lines, vector, matrix.sums, result)
    nothing = result.dtype.type(0)
    for i in range(result.size):
        # 0·x is 0 for every finite x, and NaN otherwise.
        nothing += 0 * result[i]
    return bool(nothing == 0)


@njit(cache=True, error_model="numpy")
def by_columns(columns: Array, vector: Array, result: Array) -> None:
    """Write Σⱼ A_j·vⱼ into `result`; row j of `columns` is A_j."""
    n = vector.size
    fours = n - n % 4
    for i in range(n):
        result[i] = 0
    for j in range(0, fours, 4):
        a, b, c, d = columns[j], columns[j + 1], columns[j + 2], columns[j + 3]
        s, t, u, v = vector[j], vector[j + 1], vector[j + 2], vector[j + 3]
        for i in range(n):
            result[i] += (a[i] * s + b[i] * t) + (c[i] * u + d[i] * v)
    for j in range(fours, n):
        a, s = columns[j], vector[j]
        for i in range(n):
            result[i] += a[i] * s


@njit(cache=True, error_model="numpy")
def by_rows(rows: Array, vector: Array, sums: Array, result: Array) -> None:
    """Write the inner product of each row with `vector` into `result`."""
    n, lanes = vector.size, sums[0]
    for i in range(n):
        lanes[:] = 0
        for begin in range(0, n, LANES):
            a, v = rows[i, begin : begin + LANES], vector[begin : begin + LANES]
            for k in range(v.size):
                lanes[k] += a[k] * v[k]
        result[i] = folded(lanes)


@njit(cache=True, error_model="numpy")
def by_triangle(rows: Array, vector: Array, sums: Array, result: Array) -> None:
    """Write A·v into `result`, four rows at a time: what lies right of the diagonal counts for its column, too."""
    n = vector.size
    fours = n - n % 4
    A, B, C, D = sums[0], sums[1], sums[2], sums[3]
    for i in range(n):
        result[i] = 0
    for j in range(0, fours, 4):
        for k in range(j, j + 4):
            for i in range(j, j + 4):
                result[k] += rows[k, i] * vector[i]
        s, t, u, w = vector[j], vector[j + 1], vector[j + 2], vector[j + 3]
        sums[:] = 0
        for begin in range(j + 4, n, LANES):
            end = min(begin + LANES, n)
            a, b, c, d = rows[j, begin:end], rows[j + 1, begin:end], rows[j + 2, begin:end], rows[j + 3, begin:end]
            v, y = vector[begin:end], result[begin:end]
            for i in range(v.size):
                y[i] += (a[i] * s + b[i] * t) + (c[i] * u + d[i] * w)
                A[i] += a[i] * v[i]
                B[i] += b[i] * v[i]
                C[i] += c[i] * v[i]
                D[i] += d[i] * v[i]
        for k in range(4):
            result[j + k] += folded(sums[k])
    for k in range(fours, n):
        for i in range(fours, n):
            result[k] += rows[k, i] * vector[i]


@njit(cache=True, error_model="numpy")
def folded(lanes: Array) -> Any:
    """Return the sum of a power of two of numbers, the upper half added to the lower until one is left."""
    half = lanes.size // 2
    while half > 0:
        for k in range(half):
            lanes[k] += lanes[k + half]
        half //= 2
    return lanes[0]
