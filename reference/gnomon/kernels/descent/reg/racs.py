"""`gnomon.descent.reg.racs` in two passes over the matrix: rows and the columns' sums, then the columns.

With p = 2 squares are summed as they are, and again of what was scaled only where a sum is near the ends of the range.
Row sums are summed pairwise, column sums from the first row to the last. Modes "rc" and "cr" are compiled.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from gnomon.descent.reg import racs as reference
from gnomon.descent.reg.racs import Mode
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.copies import write
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.kernels.reductions import largest_magnitude, sum_of

__all__ = ["racs_reg"]


def squared(u: Any, v: Any, unused: Any) -> Any:
    """Return u²."""
    return u * u


def share(u: Any, v: Any, top: Any) -> Any:
    """Return |u|/s."""
    return abs(u) / top


def square_of_share(u: Any, v: Any, top: Any) -> Any:
    """Return (u/s)²."""
    return (u / top) * (u / top)


sum_of_squares = sum_of(squared)
sum_of_shares = sum_of(share)
sum_of_squared_shares = sum_of(square_of_share)


@compiled
def of_shares(numbers: Array, top: Any, p: float) -> Any:
    """Return ‖x/s‖ₚ; numbers: x, shape (n,). top: s = max|x|, or 0, for which 1 is returned."""
    number = numbers.dtype.type
    if top == 0 or p == inf:
        return number(1)
    if p == 1:
        return sum_of_shares(numbers, numbers, top)
    if p == 2:
        return number(sum_of_squared_shares(numbers, numbers, top) ** number(0.5))
    total = number(0)
    for x in numbers:
        total += (abs(x) / top) ** number(p)
    return total ** number(1 / p)


@compiled
def divide(numbers: Array, top: Any, norm: Any) -> None:
    """Divide numbers (n,) by s, then by what `of_shares` returned."""
    first = top if top > 0 else numbers.dtype.type(1)
    for j in range(numbers.size):
        numbers[j] = numbers[j] / first / norm


@compiled
def scale_euclidean(matrix: Array, result: Array, low: Any, high: Any) -> None:
    """Write `matrix` (m, n) with rows, then columns scaled into `result`, p = 2. low, high: of believable sums."""
    m, n = result.shape
    sums, number = np.zeros(n, result.dtype), result.dtype.type
    for i in range(m):
        source, row = matrix[i], result[i]
        total = sum_of_squares(source, source, 1)
        if low <= total <= high:
            inverse = number(1) / total ** number(0.5)
            for j in range(n):
                x = source[j] * inverse
                row[j] = x
                sums[j] += x * x
        else:
            write(source, row)
            top = largest_magnitude(row)
            divide(row, top, of_shares(row, top, 2))
            for j in range(n):
                sums[j] += row[j] * row[j]
    for j in range(n):
        if low <= sums[j]:
            sums[j] = number(1) / sums[j] ** number(0.5)
        else:
            column = result[:, j].copy()
            top = largest_magnitude(column)
            divide(column, top, of_shares(column, top, 2))
            write(column, result[:, j])
            sums[j] = 1
    for i in range(m):
        row = result[i]
        for j in range(n):
            row[j] *= sums[j]


@compiled
def scale(result: Array, p: float) -> None:
    """Scale rows, then columns, of `result` (m, n) in place, any p."""
    m, n = result.shape
    tops, sums, number = np.zeros(n, result.dtype), np.zeros(n, result.dtype), result.dtype.type
    for i in range(m):
        row = result[i]
        top = largest_magnitude(row)
        divide(row, top, of_shares(row, top, p))
        for j in range(n):
            tops[j] = max(tops[j], abs(row[j]))
    for j in range(n):
        if tops[j] == 0:
            tops[j] = 1
    for i in range(m):
        row = result[i]
        for j in range(n):
            row[j] /= tops[j]
            if p == 1:
                sums[j] += abs(row[j])
            elif p != inf:
                sums[j] += abs(row[j]) ** number(p)
    for j in range(n):
        sums[j] = sums[j] ** number(1 / p) if sums[j] > 0 else number(1)
    for i in range(m):
        row = result[i]
        for j in range(n):
            row[j] /= sums[j]


@in_place_of(reference.racs_reg)
def racs_reg(matrix: Array, p: float, mode: Mode, sweeps: int) -> Array:
    if mode not in ("rc", "cr"):
        return reference.scaled(matrix, p, mode, sweeps)
    matrix = contiguous(matrix.T if mode == "cr" else matrix)
    if p == 2:
        result, limits, number = np.empty_like(matrix), np.finfo(matrix.dtype), matrix.dtype.type
        scale_euclidean(matrix, result, number(limits.smallest_normal / limits.eps), number(limits.max))
    else:
        result = matrix.copy()
        scale(result, float(p))
    return contiguous(result.T) if mode == "cr" else result
