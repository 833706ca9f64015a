"""What a step's damping becomes: between which points, and against which model, the loss is judged (section 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.curvature.operators import Operator
from gnomon.domains import Array, Choice
from gnomon.hessian_free.conjugate_gradients import NOTHING_LEFT, Solution
from gnomon.hessian_free.damping import reduction_ratio, updated_damping

Origin: TypeAlias = Annotated[str, Choice(("x0", "zero"))]
ModelKind: TypeAlias = Annotated[str, Choice(("damped", "undamped"))]
End: TypeAlias = Annotated[str, Choice(("last", "selected"))]
OnIncrease: TypeAlias = Annotated[str, Choice(("ratio", "distrust"))]


class Rules(NamedTuple):
    """How ρ is measured; the four choices in which "code" and "martens" differ.

    origin: from the warm start, "x0", or from the parameters, "zero". model: "damped" or "undamped". iterate: to the
    "last" one or to the "selected" one. on_increase: where the loss rose ρ is the "ratio", or -∞, "distrust".
    """

    origin: str
    model: str
    iterate: str
    on_increase: str


PRESETS = {"code": Rules("x0", "damped", "last", "ratio"), "martens": Rules("zero", "undamped", "selected", "distrust")}


class Model(NamedTuple):
    """A loss around θ and its quadratic model.

    loss_at: x ↦ f(θ + x). loss: f(θ). grad, operator: g and B, without damping. damping: λ. start: x₀.
    """

    loss_at: Callable[[Array], Any]
    loss: Any
    grad: Array
    operator: Operator
    damping: Any
    start: Array


class Selected(NamedTuple):
    """The iterate that is taken, s, and the value of the damped model there."""

    iterate: Array
    value: Any


class Adaptation(NamedTuple):
    """damping: λ of the next step. ratio: ρ, NaN if there is none. evaluations, products: what it cost."""

    damping: Any
    ratio: Any
    evaluations: int
    products: int


def rules_of(variant: str, **chosen: str | None) -> Rules:
    """Return the rules of a variant, those replaced that were chosen (names: the fields of `Rules`; `None`: not)."""
    return PRESETS[variant]._replace(**{name: value for name, value in chosen.items() if value is not None})


def next_damping(model: Model, solution: Solution, selected: Selected | None, rules: Rules, variant: str) -> Adaptation:
    """Return λ updated by ρ = (f(θ + e) - f(θ + o))/(m(e) - m(o)), o = x₀ or 0, e = x_N or s.

    selected: s; `None` if no iterate had a finite loss. variant: of the rule for a ρ that is NaN. The damped model's
    values are those of conjugate gradients; the undamped one's, q(x) = gᵀx + ½xᵀBx, cost a product for each point but
    0. If e = o, or there is no s to judge, ρ is NaN and nothing is evaluated; λ stays if nothing was left to do.
    """
    warm = rules.origin == "x0"
    last = Selected(solution.iterates[-1], solution.values[-1])
    origin = Selected(model.start if warm else 0 * model.start, solution.values[0] if warm else 0 * model.loss)
    end = last if rules.iterate == "last" else selected
    if end is None or not np.any(end.iterate != origin.iterate):
        ratio = model.grad.dtype.type(np.nan)
        stays = selected is not None and solution.reason == NOTHING_LEFT
        damping = model.damping if stays else updated_damping(model.damping, ratio, variant=variant)
        return Adaptation(damping, ratio, 0, 0)
    before, after = model.loss_at(origin.iterate) if warm else model.loss, model.loss_at(end.iterate)
    predicted, products = end.value - origin.value, 0
    if rules.model == "undamped":
        predicted, products = _undamped(model, end.iterate), 1
        if warm:
            predicted, products = predicted - _undamped(model, origin.iterate), 2
    ratio = reduction_ratio(before, after, predicted, variant="code" if rules.on_increase == "ratio" else "martens")
    return Adaptation(updated_damping(model.damping, ratio, variant=variant), ratio, 1 + warm, products)


def _undamped(model: Model, x: Array) -> Any:
    """Return q(x)."""
    return np.dot(model.grad, x) + np.dot(x, model.operator(x)) / 2
