"""The original deterministic conversion: two projections, and a hint that is found by fixed-point iteration."""

from __future__ import annotations

from typing import NamedTuple

from gnomon.arguments import checked
from gnomon.descent.odog.learner import Radius, Vector, project
from gnomon.descent.odog.optimizer import Like, Problem, slope
from gnomon.domains import Array, Positive, PositiveInt
from gnomon.rounding import rounded_once


class TwoProjections(NamedTuple):
    """params: x after the step. anchor: Δ̂ after it. displacement: Δ. grad: g."""

    params: Array
    anchor: Array
    displacement: Array
    grad: Array


@checked()
@rounded_once
def two_projection_step(
    params: Vector, anchor: Like, objective: Problem, *, radius: Radius = 0.1, lr: Positive = 1e-3,
    iterations: PositiveInt = 5,
) -> TwoProjections:  # fmt: skip
    """Make one step of optimistic mirror descent with a hint at its own midpoint.

    ::

        Δ ← Π_D(Δ̂ - η·∇F(x + Δ/2))    q times, from Δ = Δ̂
        g = ∇F(x + Δ/2);   Δ̂ ← Π_D(Δ̂ - η·g);   x ← x + Δ

    params: x. anchor: Δ̂, 0 before the first step. radius: D, `None` for no limit. lr: η; the iteration contracts if
    η·L₁ < 2. iterations: q. q + 1 gradients. Raises as well for a gradient that is not finite.
    """
    displacement = anchor
    for _ in range(iterations):
        h = slope(objective, params + displacement / 2, None, "a midpoint")
        displacement = project(anchor - lr * h, radius=radius)
    g = slope(objective, params + displacement / 2, None, "the last midpoint")
    return TwoProjections(params + displacement, project(anchor - lr * g, radius=radius), displacement, g)
