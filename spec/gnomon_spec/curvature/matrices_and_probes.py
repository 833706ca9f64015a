"""What estimators are given in a case: operators, probes and starts; and the rules that replace drawing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Case, Context, Draw, Quantity
from gnomon_spec.strategies import CODES, ROOM, SMALL_CODES, rotation, shapes, tame, whole_range

Array = NDArray[Any]
UP_TO_THREE = shapes((1,), (2,), (3,), (2,), (3,))
UP_TO_FOUR = shapes((1,), (2,), (3,), (4,), (2,), (3,))
UP_TO_TWELVE = shapes((1,), (2,), (3,), (5,), (8,), (2,), (3,), (4,), (12,))
TWO_OR_MORE = shapes((2,), (3,), (4,), (2,), (5,))
TWO_TO_TWELVE = shapes((2,), (3,), (5,), (8,), (2,), (3,), (4,), (12,))
WIDEST = 12


def operator(matrix: Quantity) -> Quantity:
    """`Dense` of a drawn matrix (n, n), times a power of two up to 2^±WIDEST (one case in two: 1)."""

    def draw_operator(draw: Draw, context: Context) -> Dense:
        code = draw(SMALL_CODES)
        scale = 2.0 ** (code // 2 % (2 * WIDEST + 1) - WIDEST) if code % 2 else 1.0
        return Dense(matrix.draw(draw, context) * context.dtype.type(scale))

    return Quantity(draw_operator, f"Dense: {matrix.text}, of any scale from 2^-{WIDEST} to 2^{WIDEST}")


def power_for_an_operator() -> Quantity:
    """An integer k: 2ᵏ times a drawn operator is anywhere in the dtype's range."""
    return whole_range(ROOM + WIDEST)


def any_matrix() -> Quantity:
    """A matrix (n, n), symmetric or not."""
    return Quantity(tame(shape=lambda shape: shape * 2).draw, "any matrix (n, n)")


def symmetric_matrix(eigenvalues: Quantity) -> Quantity:
    """A symmetric matrix (n, n) with drawn eigenvalues, rounded to the dtype."""

    def draw_symmetric(draw: Draw, context: Context) -> Array:
        double = context._replace(dtype=np.dtype(np.float64))
        turn, drawn = rotation().draw(draw, double), eigenvalues.draw(draw, double)
        matrix = (turn * drawn) @ turn.T
        return np.asarray((matrix + matrix.T) / 2, context.dtype)

    return Quantity(draw_symmetric, f"symmetric matrix (n, n) of eigenvalues: {eigenvalues.text}")


def regular_matrix() -> Quantity:
    """A symmetric matrix (n, n), eigenvalues from 1/4 to 4 in size, of either sign."""
    return symmetric_matrix(nonzero_vector())


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
        sizes = [_sign(code) * (1 + code // 2 % 997 / (4 * 997)) for code in codes]
        return np.asarray(np.array(sizes) / 2.0**exponents, context.dtype)

    return Quantity(draw_eigenvalues, "(n,), each at most 5/8 of the one before in size, any sign, any order")


def with_spectrum(case: Case) -> Dense:
    """Return UΛUᵀ of a case with `turn` and `eigenvalues`."""
    return Dense((case.turn * case.eigenvalues) @ case.turn.T)


def start_with_all_eigenvectors(components: Quantity | None = None) -> Quantity:
    """A start with such components along the eigenvectors of the drawn operator (`None`: from 1/4 to 4 in size)."""
    along = components or nonzero_vector()

    def draw_start(draw: Draw, context: Context) -> Any:
        _, vectors = np.linalg.eigh(context.drawn["operator"].matrix.astype(np.float64))
        drawn = along.draw(draw, context._replace(dtype=np.dtype(np.float64)))
        return np.asarray(drawn @ vectors.T, context.dtype)

    return Quantity(draw_start, f"components along all eigenvectors: {along.text}")


def share_of_the_digits() -> Quantity:
    """A power of two, 2⁻ᵏ, k up to three quarters of the dtype's digits; 1 in one case of two."""

    def draw_share(draw: Draw, context: Context) -> float:
        code, most = draw(SMALL_CODES), 3 * np.finfo(context.dtype).nmant // 4
        return float(2.0 ** -(most - code // 2 % most)) if code % 2 else 1.0

    return Quantity(draw_share, "1 or 2^-k, k up to three quarters of the digits")


def orthonormal_rows(least: int = 0) -> Quantity:
    """Orthonormal rows (k, n), k from `least` to n."""

    def draw_orthonormal(draw: Draw, context: Context) -> Array:
        n = context.shape[0]
        count = min(n, least + draw(SMALL_CODES) % (n - least + 1))
        rows: Array = rotation().draw(draw, context)[:count]
        return rows

    return Quantity(draw_orthonormal, f"orthonormal rows (k, n), k from {least} to n")


def _rows(entry: Callable[[int], float], text: str, most: int) -> Quantity:
    def draw_rows(draw: Draw, context: Context) -> Array:
        return _array(draw, context, (1 + draw(SMALL_CODES) % most, *context.shape), entry)

    return Quantity(draw_rows, f"{text}, shape (m, n), m from 1 to {most}")


def _array(draw: Draw, context: Context, shape: tuple[int, ...], entry: Callable[[int], float]) -> Array:
    size = int(np.prod(shape))
    codes = draw(st.lists(CODES, min_size=size, max_size=size))
    return np.array([entry(code) for code in codes], context.dtype).reshape(shape)


def _sign(code: int) -> float:
    return -1.0 if code % 2 else 1.0


def _nonzero(code: int, low: int = -2, high: int = 1) -> float:
    """Return ±(1 + fraction)·2^e with e from `low` to `high`."""
    span = high - low + 1
    return _sign(code) * (1 + code // (2 * span) % 997 / 997) * 2.0 ** (code // 2 % span + low) if code else 1.0


def signs(most: int = 5) -> Quantity:
    """Sign vectors, one a row."""
    return _rows(_sign, "sign vectors", most)


def probes(most: int = 5) -> Quantity:
    """Vectors without a 0, one a row: signs in one case of two."""
    numbers, only_signs = _rows(_nonzero, "vectors without a 0", most), signs(most)

    def draw_probes(draw: Draw, context: Context) -> Array:
        drawn: Array = (numbers if draw(SMALL_CODES) % 2 else only_signs).draw(draw, context)
        return drawn

    return Quantity(draw_probes, f"probes, signs or other vectors without a 0, shape (m, n), m from 1 to {most}")


def nonzero(draw: Draw, context: Context, shape: tuple[int, ...], low: int = -2, high: int = 1) -> Array:
    """Return an array, every entry from 2^low to 2^(high + 1) in size."""
    return _array(draw, context, shape, lambda code: _nonzero(code, low, high))


def nonzero_vector(low: int = -2, high: int = 1) -> Quantity:
    """A vector (n,), every entry from 2^low to 2^(high + 1) in size."""
    return Quantity(
        lambda draw, context: nonzero(draw, context, context.shape[:1], low, high),
        f"vector (n,), entries from {2.0**low:g} to {2.0 ** (high + 1):g} in size",
    )


def three_point_rule(dimension: int, kurtosis: Any) -> tuple[Array, Array]:
    """Return points (3ⁿ, n) and weights (3ⁿ,) of independent entries 0, ±√μ₄ with mean 0, variance 1, fourth moment μ₄.

    kurtosis: μ₄ >= 1. Moments up to the fifth are those of a distribution with that μ₄: for 3, of normal numbers.
    """
    node = np.sqrt(kurtosis)
    nodes = (0 * node, node, -node)
    masses = (1 - 1 / kurtosis, 1 / (2 * kurtosis), 1 / (2 * kurtosis))
    points = np.array(list(product(nodes, repeat=dimension)))
    weights = np.array([np.prod(np.array(mass)) for mass in product(masses, repeat=dimension)])
    return points, weights


def variance(samples: Any, mean: Any, weights: Any = None) -> Any:
    """Return the mean squared deviation of samples, one a row; weights: their probabilities, all the same if `None`."""
    squares = (samples - mean) ** 2
    return np.mean(squares, axis=0) if weights is None else weights @ squares
