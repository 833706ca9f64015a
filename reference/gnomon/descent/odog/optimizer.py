"""One step of ODOG: the learner proposes a displacement, and is charged with the gradient half way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from gnomon.arguments import checked
from gnomon.descent.odog.learner import Radius, Variant, Vector, propose, rate_of, require_radius, spread_after
from gnomon.descent.odog.problems import Cosines, Ramp, Tail
from gnomon.domains import Array, Entries, Positive, PositiveInt, Scalar, UnitInterval, require_finite, require_like
from gnomon.hessian_free.small_objectives import Quadratic, Valley
from gnomon.objectives.contract import Objective
from gnomon.rounding import rounded_once

Hint: TypeAlias = Literal["double", "previous", "zero"]
Like: TypeAlias = Annotated[Array, Entries(("n",), fit="params", finite=True)]
Problem: TypeAlias = Objective | Cosines | Tail | Ramp | Quadratic | Valley


class OdogState(NamedTuple):
    """What is remembered between steps, after step n.

    displacement: Δₙ. error: eₙ. grad: gₙ. Each of shape (n,). spread: (Σ‖eᵢ‖²)^½ over the steps made of the episode
    that the next step belongs to. step_count: n.
    """

    displacement: Like
    error: Like
    grad: Like
    spread: Annotated[Any, Scalar("params", low=0, finite=True)]
    step_count: int


class Report(NamedTuple):
    """What a step did. midpoint: w. hint: h. rate: η."""

    midpoint: Array
    hint: Array
    rate: Any


def require_sampling(given: Mapping[str, Any]) -> None:
    both = given["sample"], given["hint_sample"]
    if any(sample is not None for sample in both) and not hasattr(given["objective"], "sampled_gradient"):
        raise ValueError(f"objective must have sampled_gradient for samples, got {type(given['objective']).__name__}")


@checked()
def init(params: Vector) -> OdogState:
    """Return the state before the first step: Δ₀ = e₀ = 0."""
    return OdogState(0 * params, 0 * params, 0 * params, 0 * params[0], 0)


@checked(require_radius, require_sampling)
@rounded_once
def step(
    params: Vector, state: OdogState, objective: Problem, sample: Like | None = None,
    hint_sample: Like | None = None, *,
    radius: Radius = 0.1, lr: Positive = 1e-3, hint: Hint = "double", variant: Variant = "constant",
    gamma: Positive = 1.0, alpha: Positive = 1.0, length: PositiveInt = 10, position: UnitInterval = 0.5,
) -> tuple[Array, OdogState, Report]:  # fmt: skip
    """Return the parameters after step n, the new state and a report.

    ::

        h = ∇F(x + Δ/2; ξ')      "double"      the gradient where the next midpoint would be if Δ stayed
            g of the step before "previous"    0 in the first step, whose e is then 0
            0                    "zero"        the learner without optimism
        Δ ← Π_D(Δ - η·(h + e));   w = x + s·Δ;   x ← x + Δ
        g = ∇F(w; ξ);   e ← g - h

    params: x, shape (n,), float, finite. objective: F, any `Objective`; with `sampled_gradient(x, ξ)` if there are
    samples. sample, hint_sample: ξ of g and ξ' of h, which is the ξ of the step before where samples are shared, or one
    of its own. radius: D, `None` for no limit. lr, variant, gamma, alpha, length: the rate η, as in `play`; the
    analysis needs lr <= √(2/3)/L₁, and on a quadratic lr·L₁ >= 1 is unstable. position: s, ½ or a draw from [0, 1].

    Two gradients a step, one for the other hints. Raises as well for a gradient that is not finite.

    Choices: see the specification. The square root of the sum is kept, which no gradient makes leave the range.
    """
    n = state.step_count + 1
    if hint == "double":
        h = slope(objective, params + state.displacement / 2, hint_sample, f"the extrapolated point of step {n}")
    else:
        h = state.grad if hint == "previous" else 0 * params
    rate = rate_of(state.spread, radius, lr=lr, variant=variant, gamma=gamma, alpha=alpha)
    displacement = propose(state.displacement, h, state.error, rate, radius)
    midpoint = params + position * displacement
    g = slope(objective, midpoint, sample, f"the midpoint of step {n}")
    error = 0 * g if hint == "previous" and n == 1 else g - h
    spread = spread_after(state.spread, error, n, length)
    return params + displacement, OdogState(displacement, error, g, spread, n), Report(midpoint, h, rate)


def slope(objective: Any, point: Array, sample: Array | None, where: str) -> Array:
    """Return ∇F(x), or ∇F(x; ξ), finite and of the shape and dtype of x."""
    grad: Array = objective.gradient(point) if sample is None else objective.sampled_gradient(point, sample)
    require_like(f"the gradient at {where}", grad, point, "params")
    require_finite({f"the gradient at {where}": grad})
    return grad
