"""Gradients by their singular values: those that count, and those that a rank leaves out, far apart."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gnomon.domains import Array
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.rotations import with_singular_values
from gnomon_spec.strategies import CODES, SMALL_CODES, shapes, tame

SHAPES = shapes((1, 1), (2, 2), (2, 3), (3, 2), (1, 3), (4, 1), (3, 3), (5, 4), (4, 6), (2, 2))
SQUARE = shapes((2, 2), (1, 1), (3, 3), (4, 4))
NONE = choice(None)


def decades(context: Context) -> float:
    """Return how many decades the singular values that count span: 1.8 in float32, 4.2 in float64."""
    return 0.08 * float(np.finfo(context.dtype).nmant)


def gap() -> Quantity:
    """A threshold of the rank: below what counts and above rounding (5e-5 in float32, 2e-10 in float64), or larger."""

    def draw_gap(draw: Draw, context: Context) -> float:
        return (float(np.finfo(context.dtype).eps) ** 0.625, 1 / 16, 1 / 64)[draw(SMALL_CODES) % 4 % 3]

    return Quantity(draw_gap, "threshold between the singular values", lambda value: value is not None and value > 0)


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


def contraction() -> Quantity:
    """A matrix (m, p) with singular values in [0, 1], one case in two all 1."""

    def draw_contraction(draw: Draw, context: Context) -> Array:
        smaller, all_one = min(context.shape), draw(SMALL_CODES) % 2
        values = np.ones(smaller) if all_one else 1 - np.array(fractions(draw, smaller))
        return np.asarray(with_singular_values(draw, context, values), context.dtype)

    return Quantity(draw_contraction, "matrix (m, p), singular values in [0, 1]")


any_matrix = tame()
ranked = Cases({"rtol": gap(), "gradient": gradient()}, SHAPES)
exactly_ranked = Cases({"rtol": gap(), "gradient": gradient(exact=True)}, SHAPES)
full = Cases({"rtol": NONE, "gradient": gradient(full=True)}, SHAPES)
either = Cases({"rtol": Quantity(
    lambda draw, context: None if draw(SMALL_CODES) % 4 == 0 else gap().draw(draw, context), "a threshold, or None",
), "gradient": gradient()}, SHAPES)  # fmt: skip


def svd(case: Case) -> tuple[Array, Array, Array]:
    """Return U_r, s_r and V_rᵀ of the gradient of a case: what counts of it."""
    U, s, Vt = lapack(np.linalg.svd, case.gradient, full_matrices=False)
    r = int(np.sum(s > (case.rtol or 0) * s[0]))
    return U[:, :r], s[:r], Vt[:r]
