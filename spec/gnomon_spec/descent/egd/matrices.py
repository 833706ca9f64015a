"""Gradients by their singular values, those that count far from those that a rank leaves out; and what laws share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gnomon.domains import Array
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.rotations import rotation_of, with_singular_values
from gnomon_spec.strategies import CODES, SMALL_CODES, shapes, tame, whole_range
from gnomon_spec.system import Kind, Law, Operation

SHAPES = shapes((1, 1), (2, 2), (2, 3), (3, 2), (1, 3), (4, 1), (3, 3), (5, 4), (4, 6), (2, 2))
SQUARE = shapes((2, 2), (1, 1), (3, 3), (4, 4))
NONE = choice(None)


def decades(context: Context) -> float:
    """Return how many decades the singular values that count span: 1.8 in float32, 4.2 in float64."""
    return 0.08 * float(np.finfo(context.dtype).nmant)


def draw_gap(draw: Draw, context: Context) -> float:
    """Draw a rank's threshold: above rounding (5e-5 in float32, 2e-10 in float64), below what counts; or larger."""
    return (float(np.finfo(context.dtype).eps) ** 0.625, 1 / 16, 1 / 64)[draw(SMALL_CODES) % 4 % 3]


gap = Quantity(draw_gap, "threshold between the singular values", lambda value: value is not None and value > 0)


def fractions(draw: Draw, count: int) -> list[float]:
    """Return numbers in [0, 1); 0 is the simplest."""
    return [code % 9973 / 9973 for code in draw(st.lists(CODES, min_size=count, max_size=count))]


def gradient(*, full: bool = False, exact: bool = False) -> Quantity:
    """A matrix of the common shape, its largest singular value a power of two from 2^-12 to 2^12.

    full: of full rank, as it is without a threshold drawn before. exact: what does not count is 0.
    """

    def draw_gradient(draw: Draw, context: Context) -> Array:
        rtol = context.drawn.get("rtol")
        smaller, code = min(context.shape), draw(SMALL_CODES)
        r = smaller if full or rtol is None or code % 4 == 0 else 1 + code // 4 % smaller
        span = decades(context) if rtol is None else min(decades(context), -float(np.log10(1.5 * rtol)))
        kept = [1.0, *(10.0 ** -(span * x) for x in fractions(draw, r - 1))]
        rest = [0.0 if exact or x > 0.7 else 0.85 * (rtol or 0) for x in fractions(draw, smaller - r)]
        scale = 2.0 ** (draw(SMALL_CODES) % 25 - 12) if draw(SMALL_CODES) % 2 else 1.0
        return np.asarray(scale * with_singular_values(draw, context, np.array([*kept, *rest])), context.dtype)

    return Quantity(draw_gradient, "matrix (m, p)" + " of full rank" * full)


def draw_contraction(draw: Draw, context: Context) -> Array:
    """Draw a matrix (m, p) with singular values in [0, 1], one case in two all 1."""
    smaller, all_one = min(context.shape), draw(SMALL_CODES) % 2
    values = np.ones(smaller) if all_one else 1 - np.array(fractions(draw, smaller))
    return np.asarray(with_singular_values(draw, context, values), context.dtype)


contraction = Quantity(draw_contraction, "matrix (m, p), singular values in [0, 1]")


any_matrix = tame()
ranked = Cases({"rtol": gap, "gradient": gradient()}, SHAPES)
exactly_ranked = Cases({"rtol": gap, "gradient": gradient(exact=True)}, SHAPES)
full = Cases({"rtol": NONE, "gradient": gradient(full=True)}, SHAPES)
either = Cases({"rtol": Quantity(
    lambda draw, context: None if draw(SMALL_CODES) % 4 == 0 else gap.draw(draw, context), "a threshold, or None",
), "gradient": gradient()}, SHAPES)  # fmt: skip


def svd(case: Case) -> tuple[Array, Array, Array]:
    """Return U_r, s_r and V_rᵀ of the gradient of a case: what counts of it."""
    U, s, Vt = lapack(np.linalg.svd, case.gradient, full_matrices=False)
    r = int(np.sum(s > (case.rtol or 0) * s[0]))
    return U[:, :r], s[:r], Vt[:r]


def factor(case: Case) -> Array:
    """Return U_r·V_rᵀ."""
    U, _, Vt = svd(case)
    return U @ Vt


def gives(operation: Operation, kind: Kind, cases: Cases, scale: float = 1.0) -> Callable[[Callable[[Case], Any]], Law]:
    """Declare the law that a transform of a gradient gives what the decorated function of a case returns; and that a
    gradient of zeros gives 0, and no NaN, and one without entries what it is."""

    def declare(expected: Callable[[Case], Any]) -> Law:
        def body(port: Any, case: Case) -> Iterable[Fact]:
            yield equal("gradient", operation.call(port, case), expected(case), scale=scale)
            for given in (0 * case.gradient, case.gradient[:0], case.gradient[:, :0]):
                yield identical("of nothing", operation.call(port, case, gradient=given), given)

        body.__name__, body.__doc__ = expected.__name__, expected.__doc__
        return operation.law(kind, cases=cases)(body)

    return declare


def times_a_power(value: Any, case: Case) -> Any:
    """Return a gradient times a number by which its largest entry is about ±2ᵏ."""
    return value * (case.sign * 2.0**case.power / 2.0 ** np.round(np.log2(np.max(np.abs(value), initial=1e-300))))


def declare_what_all_share(operation: Operation, cases: Cases, transposed: Cases) -> None:
    """Declare how a transform behaves when the gradient is scaled, mirrored or, in cases of its own, transposed."""
    operation.symmetry(
        "invariance",
        "only_the_sign_of_a_factor_counts",
        "A gradient c times as large, c ≠ 0, anywhere in the dtype's range, gives sign(c) times the same",
        inputs={"gradient": times_a_power},
        outputs=lambda value, case: case.sign * value,
        cases=cases.but(power=whole_range(2), sign=choice(1.0, -1.0)),
    )
    operation.symmetry(
        "equivariance",
        "it_does_not_matter_how_a_matrix_is_stored",
        "The transposed gradient gives the transposed result",
        inputs={"gradient": lambda value, case: value.T},
        outputs=lambda value, case: value.T,
        cases=transposed,
    )


def turned(value: Any, case: Case) -> Any:
    """Return a matrix with its rows and its columns turned."""
    return case.turn @ value @ case.turn2.T


TURNS = {"turn": rotation_of(0), "turn2": rotation_of(1)}
