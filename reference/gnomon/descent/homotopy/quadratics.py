"""Gradient descent on ½Σ λᵢxᵢ² with the exact ‖H‖, its rate by this rule or by another: where theorems can be had."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.descent.homotopy.domains import length
from gnomon.descent.homotopy.estimator import curvature_of
from gnomon.descent.homotopy.rate import VARIANTS, adaptive_target, rate
from gnomon.descent.homotopy.scheduler import require_schedule
from gnomon.domains import Array, require_choice, require_count, require_finite, require_floating, require_like

RULES = ("homotopy", "constant", "polyak", "edge", "cdat")


class Descent(NamedTuple):
    """A run of T steps. iterates: x₀ … x_T, shape (T + 1, n). rates, curvatures: lr and κ of each step, shape (T,)."""

    iterates: Array
    rates: Array
    curvatures: Array


def descend(
    params: Array,
    eigenvalues: Array,
    *,
    steps: int,
    rule: str = "homotopy",
    base_lr: float = 1e-3,
    target_curvature: float = 1e4,
    alpha: float = 1.0,
    min_lr: float = 1e-7,
    max_lr: float = 1.0,
    warmup_steps: int = 100,
    adaptive: bool = False,
    percentile: float = 0.75,
    window: int = 1000,
    variant: str = "reference",
) -> Descent:
    """Iterate x ← x - lr·λ∘x on L(x) = ½Σ λᵢxᵢ² and return what happened.

    ::

        homotopy   lr = rate(κ, target), κ = max|λ|/‖λ∘x‖², measured anew at every step; the target as in `schedule`
        constant   lr = base_lr
        polyak     lr = L/‖g‖²
        edge       lr = base_lr/max|λ|        base_lr is relative to the edge: 2 is the limit of stability
        cdat       lr = base_lr·‖g‖²/|gᵀHg|   base_lr is σ, relative to the exact line search

    The last three are kept within no bounds; where g = 0 their rate is 0. params, eigenvalues: x₀ and λ, shape (n,), of
    one dtype, finite. Rotated quadratics give rotated runs with the same rates. steps: >= 0. The rest as in `schedule`.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.
    """
    schedule = (base_lr, target_curvature, alpha, min_lr, max_lr, warmup_steps, adaptive, percentile, window)
    require_descent(params, eigenvalues, steps, rule, variant, schedule)
    iterates, norm = [params], np.max(np.abs(eigenvalues))
    curvatures: list[Any] = []
    rates: list[Any] = []
    for k in range(steps):
        x = iterates[-1]
        grad = eigenvalues * x
        curvatures.append(curvature_of(norm, length([grad]), "code" if variant == "code" else "reference"))
        if rule == "homotopy":
            target = target_curvature + np.zeros_like(norm)
            if adaptive and k >= warmup_steps and k + 1 >= warmup_steps:
                target = adaptive_target(np.stack(curvatures[-window:]), percentile=percentile, window=window)
            lr = rate(
                curvatures[-1], target, base_lr=base_lr, alpha=alpha, min_lr=min_lr, max_lr=max_lr, variant=variant
            )
        else:
            lr = baseline(rule, x, grad, eigenvalues, norm, base_lr)
        rates.append(lr)
        iterates.append(x - lr * grad)
    empty = np.zeros_like(params[:0])
    return Descent(
        np.stack(iterates), np.stack(rates) if rates else empty, np.stack(curvatures) if curvatures else empty
    )


def baseline(rule: str, x: Array, grad: Array, eigenvalues: Array, norm: Any, base_lr: float) -> Any:
    """Return the rate of one of the other rules."""
    if rule == "constant":
        return base_lr + np.zeros_like(norm)
    square = np.sum(grad * grad)
    if square == 0:
        return np.zeros_like(norm)
    if rule == "polyak":
        return np.sum(eigenvalues * x * x) / 2 / square
    if rule == "edge":
        return base_lr / norm
    return base_lr * square / np.abs(np.sum(eigenvalues * grad * grad))


def require_descent(
    params: Array, eigenvalues: Array, steps: int, rule: str, variant: str, schedule: tuple[Any, ...]
) -> None:
    """Raise `ValueError` or `TypeError` for the first argument out of its domain (see `descend`).

    schedule: the arguments of `require_schedule`.
    """
    require_floating("params", params)
    if params.ndim != 1 or params.shape[0] == 0:
        raise ValueError(f"params must have shape (n,) with n >= 1, got {params.shape}")
    require_like("eigenvalues", eigenvalues, params)
    require_finite({"params": params, "eigenvalues": eigenvalues})
    require_count("steps", steps)
    require_choice("rule", rule, RULES)
    require_choice("variant", variant, VARIANTS)
    require_schedule(*schedule)
