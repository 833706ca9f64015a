"""One step of the optimizer, on tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from gnomon.hessian_free.optimizer import HessianFreeState, Report
from gnomon_validation.ports.torch_hessian_free import parts, solver

OF_THE_SOLVER = ("max_iter", "rtol", "progress_threshold", "on_nonpositive_curvature", "variant")


def step(
    w: Any, state: HessianFreeState, f: Any, M: Callable[[Any], Any] | None, how: Any
) -> tuple[Any, HessianFreeState, Report]:
    """Return the parameters after a step on f from w, the new state, and what there is to tell.

    how: the hyperparameters as attributes, none of those that a variant presets `None`.
    """
    f, (x0, damping) = Counted(f), state
    here = f.at(w)
    parts.require(torch.isfinite(here.value), f"the loss must be finite, got {here.value.item()}")
    parts.require(torch.isfinite(here.gradient).all(), "the gradient must be finite")
    B = solver.Multiplied(here.hvp if how.curvature == "hessian" else here.ggnvp)
    stored = parts.storage_grid(how.max_iter, how.variant).tolist() if how.backtracking else []
    limits = {name: getattr(how, name) for name in OF_THE_SOLVER}
    found = solver.conjugate_gradients(lambda v: B(v) + damping * v, -here.gradient, x0, M, stored=stored, **limits)
    x: Any = found.iterates
    kept = [*(i for i in stored if i < found.iterations), found.iterations]
    taken = len(x) - 1
    if how.backtracking:
        taken, _ = parts.choose_iterate(lambda i: f.value(w + x[i]).item(), len(x), how.variant)
    refused = taken < 0
    s = torch.zeros_like(w) if refused else x[taken]

    ratio, after = torch.full_like(damping, torch.nan), damping
    if how.adapt_damping and damping > 0:
        at = len(x) - 1 if how.rho_iterate == "last" else taken
        measured = None if at < 0 else measured_ratio(f, w, here, B, x0, x[at], found.values[[0, kept[at]]], how)
        ratio = ratio if measured is None else measured
        if measured is not None or refused or found.reason != "zero residual":
            after = parts.updated_damping(damping, ratio, how.variant)

    slope = here.gradient @ s
    a, reached = torch.zeros_like(damping), here.value
    if refused or (how.reject_ascent and not how.linesearch and slope > 0):
        pass
    elif how.linesearch:
        a, reached = parts.armijo(f.value, w, s, slope, how.lr, 0.8, 0.01, parts.TRIES[how.variant], how.reject_ascent)
    elif torch.isfinite(ahead := f.value(w + how.lr * s)):
        a, reached = torch.full_like(damping, how.lr), ahead
    new = w if a == 0 else w + a * s
    cold = torch.zeros_like(w) if refused else how.decay * x[-1]
    chosen, N = -1 if refused else kept[taken], found.iterations
    report = Report(here.value, reached, damping, ratio, found.reason, N, chosen, a, B.products, f.evaluations)
    return new, HessianFreeState(cold, after), report


def measured_ratio(
    f: Counted, w: Any, here: Any, B: Callable[[Any], Any], x0: Any, end: Any, model: Any, how: Any
) -> Any:
    """Return ρ, of the change from w + x₀ or w to w + end; None if there is no such change.

    B: the undamped curvature. model: the values of the damped model at x₀ and at the end.
    """
    from_start = how.rho_origin == "x0"
    if (end == (x0 if from_start else 0)).all():
        return None

    def undamped(v: Any) -> Any:
        return here.gradient @ v + v @ B(v) / 2

    if how.rho_model == "damped":
        predicted = model[1] - (model[0] if from_start else 0)
    else:
        predicted = undamped(end) - (undamped(x0) if from_start else 0)
    before = f.value(w + x0) if from_start else here.value
    return parts.reduction_ratio(before, f.value(w + end), predicted, how.on_increase)


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
