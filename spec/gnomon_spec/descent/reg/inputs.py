"""Matrices, exponents of norms, signs and orders of rows and columns; and how they change a matrix."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.descent.reg.racs import MODES, AtLeastOne
from gnomon_spec.cases import Case, Context, Draw, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero
from gnomon_spec.rejections import bad_values, no_numbers
from gnomon_spec.strategies import CODES, SMALL_CODES, count, shapes, tame

MATRICES = shapes((2, 2), (2, 3), (3, 2), (1, 3), (3, 1), (3, 3), (1, 1), (2, 4), (5, 4))
SQUARES = shapes((2, 2), (3, 3), (1, 1), (4, 4))
exponents = choice(2.0, 1.0, inf, 1.5, 3.0, 24.0)
modes = choice(*MODES)
few = Quantity(count(1, 2, low=1, high=3).draw, "integer from 1 to 3; of a port without it, its own", lambda _: True)
one_pass = choice("rc", "cr", "sqrt", "avg")


@bad_values.register
def _(domain: AtLeastOne, value: Any) -> Iterator[tuple[str, Any]]:
    for bad in (0.5, -inf, nan):
        yield f" = {bad:g}", bad
    yield from no_numbers()


def full(scale: int = 8) -> Quantity:
    """A matrix without a 0, rows and columns times powers of two up to 2^±scale; 2^±3 in float16."""

    def draw_full(draw: Draw, context: Context) -> Any:
        *_, m, n = context.shape
        most = scale if context.dtype.itemsize > 2 else 3
        numbers = nonzero(draw, context, context.shape)
        powers = np.random.Generator(np.random.PCG64(draw(CODES))).integers(-most, most + 1, m + n)
        if draw(SMALL_CODES) < 16:
            powers = 0 * powers
        return (numbers * np.exp2(powers[:m, np.newaxis] + powers[m:])).astype(context.dtype)

    return Quantity(draw_full, "matrix (m, n) without a 0, rows and columns of sizes from 2^-8 to 2^8")


def even() -> Quantity:
    """A matrix (m, n) of entries from 1 to 1.25 in size."""

    def draw_even(draw: Draw, context: Context) -> Any:
        numbers = nonzero(draw, context, context.shape, 0, 0)
        return (np.sign(numbers) + numbers / 4 - np.sign(numbers) / 4).astype(context.dtype)

    return Quantity(draw_even, "matrix (m, n), entries from 1 to 1.25 in size")


def below(share: float) -> Quantity:
    """The power of two whose exponent is that share of the smallest normal number's, times ⅛."""
    return Quantity(
        lambda _draw, context: float(2.0 ** (int(np.finfo(context.dtype).minexp * share) - 3)),
        f"the smallest normal number to the power of {share:g}, times ⅛",
    )


def whole(axis: int) -> Quantity:
    """Whole numbers from 1 to 8 in size, one for each row (axis 0) or column (axis 1)."""

    def draw_whole(draw: Draw, context: Context) -> Any:
        codes = np.array([draw(SMALL_CODES) for _ in range(context.shape[axis])])
        return np.where(codes % 2, -1, 1).astype(context.dtype) * (1 + codes // 2 % 8).astype(context.dtype)

    return Quantity(draw_whole, f"whole numbers from 1 to 8 in size, one for each {('row', 'column')[axis]}")


def factors(axis: int, most: int = 8) -> Quantity:
    """Positive numbers from 2^-most to 2^(most + 1), one for each row (axis 0) or column (axis 1)."""

    def draw_factors(draw: Draw, context: Context) -> Any:
        return np.abs(nonzero(draw, context, context.shape[axis : axis + 1], -most, most))

    return Quantity(draw_factors, f"positive numbers, one for each {('row', 'column')[axis]}")


def order(axis: int) -> Quantity:
    """An order of the rows (axis 0) or columns (axis 1)."""

    def draw_order(draw: Draw, context: Context) -> Any:
        return np.random.Generator(np.random.PCG64(draw(CODES))).permutation(context.shape[axis])

    return Quantity(draw_order, f"an order of the {('rows', 'columns')[axis]}")


def sparse() -> Quantity:
    """A matrix of calm entries, some rows and columns of which are 0."""
    calm = tame()

    def draw_sparse(draw: Draw, context: Context) -> Any:
        matrix, code = calm.draw(draw, context), draw(SMALL_CODES)
        places = np.add.outer(np.arange(context.shape[0]), 2 * np.arange(context.shape[1]))
        return np.where((places + code) % 3 == 0, 0, matrix).astype(context.dtype)

    return Quantity(draw_sparse, "matrix (m, n), entries 0 or from 2^-4 to 2^5 in size")


def rearranged(matrix: Any, case: Case) -> Any:
    """Return a matrix with rows and columns in another order and with other signs."""
    signs = np.sign(case.row_signs)[:, np.newaxis] * np.sign(case.column_signs)
    return (matrix * signs)[case.row_order][:, case.column_order]


def with_rows_times(matrix: Any, case: Case) -> Any:
    """Return a matrix with its rows times the factors of the case."""
    return matrix * case.factors[:, np.newaxis]


def times_a_power(matrix: Any, case: Case) -> Any:
    """Return a matrix times ±2ᵏ."""
    return case.sign * matrix * 2.0**case.power


def ratio(case: Case, n: Any, m: Any) -> Any:
    """Return n/m in the wide dtype of a case."""
    return case.p.dtype.type(n) / m


def norm(matrix: Any, axis: int | None, p: Any) -> Any:
    """Return the p-norms along an axis, as the definition has them: for matrices whose powers stay in the range."""
    size = np.abs(matrix)
    return np.max(size, axis=axis) if p == inf else np.sum(size**p, axis=axis) ** (1 / p)
