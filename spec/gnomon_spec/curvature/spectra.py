"""Matrices whose eigenvalues are known, starts that see all of them, and outputs whose length depends on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Context, Draw, Quantity
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.strategies import CODES

Outputs = TypeVar("Outputs", bound=tuple[Any, ...])


def separate_eigenvalues() -> Quantity:
    """Eigenvalues (n,), n <= 17: different integers from -8 to 8, times 1/8."""

    def draw_eigenvalues(draw: Draw, context: Context) -> Any:
        order = np.random.Generator(np.random.PCG64(draw(CODES))).permutation(17)
        return np.asarray((order[: context.shape[0]] - 8) / 8, context.dtype)

    return Quantity(draw_eigenvalues, "different multiples of 1/8 in [-1, 1], shape (n,)")


def eigenvalues_of_separate_sizes() -> Quantity:
    """Eigenvalues ±(1 + fraction/4)/2ⁱ, i = 0, …, n - 1 in any order: each at most 5/8 of the one before in size."""

    def draw_eigenvalues(draw: Draw, context: Context) -> Any:
        (n,) = context.shape
        exponents = np.random.Generator(np.random.PCG64(draw(CODES))).permutation(n)
        codes = draw(st.lists(CODES, min_size=n, max_size=n))
        sizes = [(-1.0 if code % 2 else 1.0) * (1 + code // 2 % 997 / (4 * 997)) for code in codes]
        return np.asarray(np.array(sizes) / 2.0**exponents, context.dtype)

    return Quantity(draw_eigenvalues, "(n,), each at most 5/8 of the one before in size, any sign, any order")


def start_with_all_eigenvectors(components: Quantity | None = None) -> Quantity:
    """A start with such components along the eigenvectors of the drawn operator (`None`: from 1/4 to 4 in size)."""
    along = components or nonzero_vector()

    def draw_start(draw: Draw, context: Context) -> Any:
        _, vectors = np.linalg.eigh(context.drawn["operator"].matrix.astype(np.float64))
        drawn = along.draw(draw, context._replace(dtype=np.dtype(np.float64)))
        return np.asarray(vectors @ drawn, context.dtype)

    return Quantity(draw_start, f"components along all eigenvectors: {along.text}")


def with_spectrum(case: Case) -> Dense:
    """Return UΛUᵀ of a case with `turn` and `eigenvalues`."""
    return Dense((case.turn * case.eigenvalues) @ case.turn.T)


def fitting(found: Outputs, shapes: Callable[[int], tuple[tuple[int, ...], ...]]) -> Outputs:
    """Return what a port found, its first parts with NaN in the shapes for 1 if they do not fit each other.

    shapes: of the first parts, given the length of the first one.
    """
    length = len(found[0])
    expected = shapes(length)
    if length and tuple(np.shape(part) for part in found[: len(expected)]) == expected:
        return found
    nothing = [np.full(shape, np.nan) for shape in shapes(1)]
    return type(found)(*nothing, *found[len(nothing) :])
