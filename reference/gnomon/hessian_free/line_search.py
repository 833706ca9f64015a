"""Backtracking line search with Armijo's condition (Armijo 1966), and the package's constants."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Fraction, Like, NonNegative, OpenFraction, PositiveInt
from gnomon.hessian_free.small_objectives import Fenced, Quadratic, Valley
from gnomon.objectives.contract import Objective

SHRINK, SLOPE_FRACTION = 0.8, 0.01


class LineSearch(NamedTuple):
    """step_length: a, 0 if no candidate would do. value: f(x + a·d). evaluations: how many times f was asked for."""

    step_length: Any
    value: Any
    evaluations: int


@checked()
def armijo(
    objective: Objective | Quadratic | Fenced | Valley, params: Annotated[Array, Entries(("n",), least=1)],
    direction: Annotated[Array, Like("params")], grad: Annotated[Array, Like("params")], *,
    lr: NonNegative = 1.0, shrink: OpenFraction = SHRINK, slope_fraction: Fraction = SLOPE_FRACTION,
    max_iter: PositiveInt = 20, reject_ascent: bool = False,
) -> LineSearch:  # fmt: skip
    """Return the first a of lr, lr·β, lr·β², … with f(x + a·d) <= f(x) + c·a·gᵀd.

    objective: f; only its `value` is asked for. params, direction, grad: x, d and g = ∇f(x), shape (n,), n >= 1, one
    dtype. lr: the first candidate, finite and >= 0. shrink: β in (0, 1). slope_fraction: c in [0, 1). max_iter: how
    many candidates. reject_ascent: take no step where gᵀd > 0; otherwise the condition lets f rise there by up to
    c·a·gᵀd. A value that is not finite fulfils nothing. If no candidate does, a = 0 and the value is f(x).
    Raises as well if f(x) is not finite.

    Choices: f(x) is evaluated here, also if the caller knows it, as in the package: 2 + i evaluations for the candidate
    lr·βⁱ. a is multiplied by β again and again (β⁵ as a power differs in the last digit), and f is not asked for a
    candidate beyond the last, as the package does.
    """
    value, slope = objective.value(params), np.dot(grad, direction)
    if not np.isfinite(value):
        raise ValueError(f"objective must be finite at params, got {value}")
    none = np.abs(0 * params[0])
    if reject_ascent and slope > 0:
        return LineSearch(none, value, 1)
    a = none + lr
    for tried in range(max_iter):
        reached = objective.value(params + a * direction)
        if np.isfinite(reached) and reached <= value + slope_fraction * a * slope:
            return LineSearch(a, reached, tried + 2)
        a = a * shrink
    return LineSearch(none, value, max_iter + 1)
