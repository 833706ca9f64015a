"""What the parts of the optimizer are given in a case: functions to minimise, where, and along what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gnomon.hessian_free.small_objectives import Fenced, Quadratic, Valley
from gnomon_spec.cases import Context, Draw, Quantity
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.strategies import CODES, SMALL_CODES, rotation

STRANGE = (np.nan, np.inf, -np.inf)
FAR = 16.0


def positive_matrix(least: float = 1.0, most: float = 8.0, *, signed: bool = False) -> Quantity:
    """A symmetric matrix (n, n), eigenvalues between the two, all of them different, some negative if `signed`."""

    def draw_matrix(draw: Draw, context: Context) -> Any:
        (n,), double = context.shape, context._replace(dtype=np.dtype(np.float64))
        turn, code = rotation().draw(draw, double), draw(CODES)
        spread = np.random.Generator(np.random.PCG64(code)).uniform(0, 1, n) if code else np.arange(n) / n
        signs = np.where(np.arange(n) == code % (n + 1), -1, 1) if signed else 1
        matrix = (turn * signs * least * (most / least) ** spread) @ turn.T
        return np.asarray((matrix + matrix.T) / 2, context.dtype)

    return Quantity(
        draw_matrix, f"symmetric matrix (n, n), eigenvalues from {least:g} to {most:g}{' in size' * signed}"
    )


def up_to_the_dimension() -> Quantity:
    """A number of iterations from 1 to n: with more, rounding decides when the residual is exactly 0."""

    return Quantity(
        lambda draw, c: c.shape[-1] - int(draw(SMALL_CODES)) % c.shape[-1],
        "integer from 1 to n",
        lambda value: value >= 1,
    )


def searchable(sure: Callable[[Mapping[str, Any]], bool], otherwise: str) -> Quantity:
    """Whether lines are searched: in "martens" only where it is `sure`, given what was drawn, that they go downhill.

    From a warm start the direction may be uphill, and among 60 candidates rounding finds one that does not rise.
    """

    return Quantity(
        lambda draw, c: bool(draw(SMALL_CODES) % 2 == 0 and (c.drawn["variant"] == "code" or sure(c.drawn))),
        f'True or False; False for "martens"{otherwise}',
        lambda value: value in (True, False),
    )


def quadratic(matrix: Quantity) -> Quantity:
    """`Quadratic` with such a matrix."""
    stationary = nonzero_vector()
    return Quantity(
        lambda draw, c: Quadratic(matrix.draw(draw, c), stationary.draw(draw, c)), f"Quadratic: {matrix.text}"
    )


def fenced() -> Quantity:
    """A convex quadratic within 16 of its minimiser, NaN or infinite beyond."""

    def draw_fenced(draw: Draw, context: Context) -> Fenced:
        inner = quadratic(positive_matrix()).draw(draw, context)
        beyond = STRANGE[draw(SMALL_CODES) % 3]
        return Fenced(inner.matrix, inner.stationary, np.asarray(FAR, context.dtype), np.asarray(beyond, context.dtype))

    return Quantity(draw_fenced, "Fenced: a convex quadratic within 16 of its minimiser, NaN or infinite beyond")


def functions() -> Quantity:
    """A quadratic, convex or not, one with a fence, or, for n = 2, Rosenbrock's valley."""
    kinds = quadratic(positive_matrix()), quadratic(positive_matrix(signed=True)), fenced()

    def draw_function(draw: Draw, context: Context) -> Any:
        code = draw(SMALL_CODES)
        if context.shape == (2,) and code % 2:
            return Valley(np.asarray((1.0, 4.0, 16.0, 100.0)[code // 2 % 4], context.dtype))
        return kinds[code // 2 % 3].draw(draw, context)

    return Quantity(draw_function, "Quadratic, convex or not, Fenced, or Valley")


def away() -> Quantity:
    """Parameters whose entries are from 1/4 to 4 away from the stationary point of the drawn objective."""
    offset = nonzero_vector()
    return Quantity(
        lambda draw, c: np.asarray(c.drawn["objective"].stationary + offset.draw(draw, c), c.dtype),
        "vector (n,), entries from 1/4 to 4 away from the stationary point",
    )


def gradient() -> Quantity:
    """The gradient of the drawn objective at the drawn parameters."""
    return Quantity(
        lambda _draw, c: np.asarray(c.drawn["objective"].gradient(c.drawn["params"]), c.dtype),
        "the gradient of the objective at the parameters",
    )


def downhill() -> Quantity:
    """Minus the drawn gradient, times a power of two from 1/4 to 16, every entry times a number from 1 to 2."""

    def draw_direction(draw: Draw, context: Context) -> Any:
        code = draw(CODES)
        bent = 1 + np.random.Generator(np.random.PCG64(code // 7)).uniform(0, 1, context.shape) * bool(code)
        return np.asarray(-(2.0 ** (code % 7 - 2)) * bent * context.drawn["grad"], context.dtype)

    return Quantity(draw_direction, "minus the gradient, every entry times a number of its own from 1/4 to 32")
