"""Hypothesis strategies of objectives, each with a point and two vectors.

Numbers are multiples of 2⁻⁸ in [-2, 2]: representable in float16, and far from underflow when multiplied.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gnomon import objectives

DYADIC = st.integers(-512, 512).map(lambda k: k / 256)
WHOLE = st.integers(-8, 8).map(float)
RIDGE = DYADIC.map(abs)


class Case(NamedTuple):
    objective: Any
    params: Any
    u: Any
    v: Any


def dyadic(shape, dtype=np.float64):
    return arrays(dtype, shape, elements=DYADIC)


def whole(shape):
    return arrays(np.float64, shape, elements=WHOLE)


def labels(examples, classes):
    return arrays(np.int64, examples, elements=st.integers(0, classes - 1))


@st.composite
def quadratics(draw, dtype=np.float64):
    n = draw(st.integers(1, 4))
    half = draw(whole((n, n))).astype(dtype)
    return objectives.Quadratic(half + half.T, draw(dyadic(n, dtype)), draw(WHOLE))


@st.composite
def logistic_regressions(draw, dtype=np.float64, ridge=RIDGE):
    N, d = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    return objectives.LogisticRegression(draw(dyadic((N, d), dtype)), draw(labels(N, 2)), draw(ridge))


@st.composite
def softmax_regressions(draw, dtype=np.float64, ridge=RIDGE):
    N, d, C = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(2, 4))
    return objectives.SoftmaxRegression(draw(dyadic((N, d), dtype)), draw(labels(N, C)), C, draw(ridge))


@st.composite
def mlps(draw, dtype=np.float64):
    N, d, C = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    hidden = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    X = draw(dyadic((N, d), dtype))
    if draw(st.booleans()):
        return objectives.MLP(X, draw(dyadic((N, C), dtype)), hidden)
    return objectives.MLP(X, draw(labels(N, C + 1)), hidden, "softmax", C + 1)


def polynomials():
    valleys = st.integers(2, 5).map(objectives.Rosenbrock)
    return st.one_of(valleys, st.just(objectives.Beale()), st.just(objectives.Himmelblau()), quadratics())


def example_objectives(dtype=np.float64):
    return st.one_of(logistic_regressions(dtype), softmax_regressions(dtype), mlps(dtype))


def transcendental(dtype=np.float64):
    bumpy = st.one_of(st.integers(1, 4).map(objectives.Rastrigin), st.integers(1, 4).map(objectives.Ackley))
    return st.one_of(bumpy, example_objectives(dtype))


@st.composite
def cases(draw, objectives=None, dtype=np.float64, numbers=DYADIC):
    """Draw an objective, a point that is not the origin, and two vectors."""
    objective = draw(objectives if objectives is not None else st.one_of(polynomials(), transcendental(dtype)))
    vectors = arrays(dtype, objective.dimension, elements=numbers)
    return Case(objective, draw(vectors.filter(np.any)), draw(vectors), draw(vectors))
