"""What estimators are given in a case: operators of all kinds and probes; and the rules that replace drawing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gnomon.curvature.operators import Dense
from gnomon_spec.cases import Context, Draw, Quantity
from gnomon_spec.strategies import CODES, SMALL_CODES, rotation, shapes, tame

Array = NDArray[Any]
UP_TO_THREE = shapes((1,), (2,), (3,), (2,), (3,))
UP_TO_FOUR = shapes((1,), (2,), (3,), (4,), (2,), (3,))
TWO_OR_MORE = shapes((2,), (3,), (4,), (2,), (5,))


def square(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return (n, n) for (n,)."""
    return (*shape, *shape)


def operator(matrix: Quantity) -> Quantity:
    """`Dense` of a drawn matrix (n, n), times a power of two from 2^-12 to 2^12 (one case in two: 1)."""

    def draw_operator(draw: Draw, context: Context) -> Dense:
        code = draw(SMALL_CODES)
        scale = 2.0 ** (code // 2 % 25 - 12) if code % 2 else 1.0
        return Dense(matrix.draw(draw, context) * context.dtype.type(scale))

    return Quantity(draw_operator, f"Dense: {matrix.text}, of any scale from 2^-12 to 2^12")


def any_matrix() -> Quantity:
    """A matrix (n, n), symmetric or not."""
    entries = tame(shape=square)
    return Quantity(entries.draw, "any matrix (n, n)")


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


def orthonormal_rows(least: int = 0) -> Quantity:
    """Orthonormal rows (k, n), k from `least` to n."""

    def draw_orthonormal(draw: Draw, context: Context) -> Array:
        n = context.shape[0]
        count = min(n, least + draw(SMALL_CODES) % (n - least + 1))
        rows: Array = rotation().draw(draw, context)[:count]
        return rows

    return Quantity(draw_orthonormal, f"orthonormal rows (k, n), k from {least} to n")


def _rows(entry: Callable[[int], float], text: str, most: int, least: int = 1) -> Quantity:
    def draw_rows(draw: Draw, context: Context) -> Array:
        count = least + draw(SMALL_CODES) % (most - least + 1)
        codes = draw(st.lists(CODES, min_size=count * context.shape[0], max_size=count * context.shape[0]))
        return np.array([entry(code) for code in codes], context.dtype).reshape(count, *context.shape)

    return Quantity(draw_rows, f"{text}, shape (m, n), m from {least} to {most}")


def _sign(code: int) -> float:
    return -1.0 if code % 2 else 1.0


def _nonzero(code: int, low: int = -2, high: int = 1) -> float:
    """Return ±(1 + fraction)·2^e with e from `low` to `high`."""
    span = high - low + 1
    return _sign(code) * (1 + code // (2 * span) % 997 / 997) * 2.0 ** (code // 2 % span + low) if code else 1.0


def signs(most: int = 5, least: int = 1) -> Quantity:
    """Sign vectors, one a row."""
    return _rows(_sign, "sign vectors", most, least)


def probes(most: int = 5, least: int = 1) -> Quantity:
    """Vectors without a 0, one a row: signs in one case of two."""
    numbers, only_signs = _rows(_nonzero, "vectors without a 0", most, least), signs(most, least)

    def draw_probes(draw: Draw, context: Context) -> Array:
        drawn: Array = (numbers if draw(SMALL_CODES) % 2 else only_signs).draw(draw, context)
        return drawn

    return Quantity(draw_probes, f"probes, signs or other vectors without a 0, shape (m, n), m from {least} to {most}")


def nonzero_vector(low: int = -2, high: int = 1) -> Quantity:
    """A vector (n,), every entry from 2^low to 2^(high + 1) in size."""

    def draw_vector(draw: Draw, context: Context) -> Array:
        codes = draw(st.lists(CODES, min_size=context.shape[0], max_size=context.shape[0]))
        return np.array([_nonzero(code, low, high) for code in codes], context.dtype)

    return Quantity(draw_vector, f"vector (n,), entries from {2.0**low:g} to {2.0 ** (high + 1):g} in size")


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
