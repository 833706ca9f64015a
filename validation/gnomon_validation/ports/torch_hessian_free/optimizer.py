"""One step of the optimizer, on tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from gnomon_validation.ports.torch_hessian_free import parts, solver
from gnomon_validation.ports.torch_hessian_free.arguments import require


class State(NamedTuple):
    """What is kept between steps: where conjugate gradients begin, and λ."""

    warm_start: Any
    damping: Any


class Told(NamedTuple):
    """What a step tells: tensors for the numbers that have the dtype of the parameters."""

    loss: Any
    final_loss: Any
    damping: Any
    ratio: Any
    reason: str
    iterations: int
    chosen: int
    step_length: Any
    products: int
    evaluations: int


def step(
    f: Any,
    w: Any,
    state: State,
    M: Callable[[Any], Any] | None = None,
    *,
    curvature: str,
    variant: str,
    rules: parts.Rules,
    adapt_damping: bool,
    max_iter: int,
    decay: float,
    backtracking: bool,
    lr: float,
    linesearch: bool,
    threshold: float | None,
    reject_ascent: bool,
) -> tuple[Any, State, Told]:
    """Return the parameters after a step on f from w, the new state, and what there is to tell."""
    f, (x0, damping) = Counted(f), state
    here = f.at(w)
    require(bool(torch.isfinite(here.value)), f"the loss must be finite, got {here.value.item()}")
    require(bool(torch.isfinite(here.gradient).all()), "the gradient must be finite")
    B = solver.Multiplied(here.hvp if curvature == "hessian" else here.ggnvp)
    found = solver.conjugate_gradients(
        lambda v: B(v) + damping * v,
        -here.gradient,
        x0,
        M,
        max_iter=max_iter,
        rtol=rules.rtol,
        threshold=threshold,
        policy=rules.policy,
        stored=parts.storage_grid(max_iter, variant) if backtracking else (),
        variant=variant,
    )
    x, last = found.iterates, found.iterates[-1]
    taken = parts.choose_iterate(lambda i: f.value(w + x[i]).item(), len(x), variant) if backtracking else len(x) - 1
    refused = taken < 0
    s = torch.zeros_like(w) if refused else x[taken]

    ratio, after = torch.full_like(damping, torch.nan), damping
    if adapt_damping and damping > 0:
        measured = measured_ratio(f, w, here, B, x0, found, None if refused else taken, rules)
        ratio = ratio if measured is None else measured
        if measured is not None or refused or found.reason != "zero residual":
            after = parts.updated_damping(damping, ratio, variant)

    uphill = here.gradient @ s > 0
    if refused or (reject_ascent and not linesearch and uphill):
        a, reached = torch.zeros_like(damping), here.value
    elif linesearch:
        a, reached = parts.armijo(f.value, w, s, here.gradient @ s, lr, 0.8, 0.01, rules.tries, reject_ascent)
    else:
        a, reached = torch.full_like(damping, lr), f.value(w + lr * s)
        if not torch.isfinite(reached):
            a, reached = torch.zeros_like(a), here.value
    new = w if a == 0 else w + a * s
    kept = torch.zeros_like(w) if refused else decay * last
    told = Told(
        here.value,
        reached,
        damping,
        ratio,
        found.reason,
        found.kept[-1],
        -1 if refused else found.kept[taken],
        a,
        B.products,
        f.evaluations,
    )
    return new, State(kept, after), told


def measured_ratio(
    f: Counted, w: Any, here: Any, B: Callable[[Any], Any], x0: Any, found: solver.Found, taken: int | None, rules: Any
) -> Any:
    """Return ρ, of the change from w + x₀ or w to the last or the selected iterate; None if there is no such change.

    B: the undamped curvature. taken: which of the iterates was selected, None if the step is refused.
    """
    at = len(found.iterates) - 1 if rules.iterate == "last" else taken
    if at is None:
        return None
    end, from_start = found.iterates[at], rules.origin == "x0"
    origin = x0 if from_start else torch.zeros_like(x0)
    if bool((end == origin).all()):
        return None

    def undamped(v: Any) -> Any:
        return here.gradient @ v + v @ B(v) / 2

    if rules.model == "damped":
        predicted = found.values[found.kept[at]] - (found.values[0] if from_start else 0)
    else:
        predicted = undamped(end) - (undamped(x0) if from_start else 0)
    before = f.value(w + x0) if from_start else here.value
    return parts.reduction_ratio(before, f.value(w + end), predicted, rules.on_increase)


class Counted:
    """An objective that counts how often it is evaluated."""

    def __init__(self, f: Any) -> None:
        self._f, self.evaluations = f, 0

    def value(self, w: Any) -> Any:
        """Return f(w)."""
        self.evaluations += 1
        return self._f.value(w)

    def at(self, w: Any) -> Any:
        """Return f and its derivatives at w."""
        self.evaluations += 1
        return self._f.at(w)
