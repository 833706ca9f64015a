"""How many steps it takes to find a gradient of length ε, on two functions that show the exponents of the rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.odog.learner import Radius, Vector
from gnomon.descent.odog.optimizer import init, step
from gnomon.descent.odog.problems import Ramp, Tail
from gnomon.domains import Array, NonNegativeInt, Positive, PositiveInt
from gnomon.norms import length as norm
from gnomon.rounding import rounded_once

METHODS = ("double", "previous", "zero", "gradient descent")
Method: TypeAlias = Literal["double", "previous", "zero", "gradient descent"]


class Found(NamedTuple):
    """point: the average, or iterate, that the search ended with. norm: ‖∇F‖ there. steps: how many were made."""

    point: Array
    norm: Any
    steps: int


def require_two(given: Mapping[str, Any]) -> None:
    if given["problem"] == "ramp" and len(given["params"]) != 2:
        raise ValueError(f"params must have shape (2,) where problem is 'ramp', got {given['params'].shape}")


@checked(require_two)
@rounded_once
def stationary(
    params: Vector, *, eps: Positive = 0.1,
    problem: Literal["tail", "ramp"] = "ramp", method: Method = "double", radius: Radius = 0.1, lr: Positive = 0.5,
    length: PositiveInt = 10, most: NonNegativeInt = 100,
) -> Found:  # fmt: skip
    """Make episodes until ‖∇F(w̄)‖ <= ε, or `most` of them, and return where that was.

    params: x₀, shape (n,), (2,) for the ramp. problem: F is `Tail()` or `Ramp(2ε)`. method: a hint of `step`, or
    gradient descent x ← x - lr·∇F(x), whose episodes are steps and whose point is x, looked at before the first, too.
    radius, lr, length: of `step`. With no episode the point is x₀.
    """
    f: Any = Tail() if problem == "tail" else Ramp(2 * eps)
    x, state, found = params, init(params), params
    size, steps = norm(f.gradient(x)), 0
    for _ in range(most):
        if size <= eps and (steps > 0 or method == "gradient descent"):
            break
        if method == "gradient descent":
            x, steps = x - lr * f.gradient(x), steps + 1
            found = x
        else:
            origin, midpoints = x, []
            for _ in range(length):
                x, state, report = step(x, state, f, hint=method, radius=radius, lr=lr, length=length)
                midpoints.append(report.midpoint - origin)
            found, steps = origin + np.mean(np.stack(midpoints), axis=0), steps + length
        size = norm(f.gradient(found))
    return Found(found, size, steps)
