"""Gradient descent on ½Σ λᵢxᵢ² with the exact ‖H‖, its rate by this rule or by another: where theorems can be had."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, get_args

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.homotopy.estimator import curvature_of
from gnomon.descent.homotopy.rate import Variant, adaptive_target, rate, require_ordered_bounds
from gnomon.domains import Array, Entries, NonNegative, NonNegativeInt, Positive, PositiveInt, UnitInterval
from gnomon.norms import joint_length

Rule = Literal["homotopy", "constant", "polyak", "edge", "cdat"]
RULES = get_args(Rule)


class Descent(NamedTuple):
    """A run of T steps. iterates: x₀ … x_T, shape (T + 1, n). rates, curvatures: lr and κ of each step, shape (T,)."""

    iterates: Array
    rates: Array
    curvatures: Array


@checked(require_ordered_bounds)
def descend(
    params: Annotated[Array, Entries(("n",), least=1, finite=True)],
    eigenvalues: Annotated[Array, Entries(("n",), fit="params", finite=True)], *,
    steps: NonNegativeInt, rule: Rule = "homotopy", base_lr: Positive = 1e-3, target_curvature: Positive = 1e4,
    alpha: NonNegative = 1.0, min_lr: NonNegative = 1e-7, max_lr: NonNegative = 1.0, warmup_steps: NonNegativeInt = 100,
    adaptive: bool = False, percentile: UnitInterval = 0.75, window: PositiveInt = 1000, variant: Variant = "standard",
) -> Descent:  # fmt: skip
    """Iterate x ← x - lr·λ∘x on L(x) = ½Σ λᵢxᵢ² and return what happened.

    ::

        homotopy   lr = rate(κ, target), κ = max|λ|/‖λ∘x‖², measured anew at every step; the target as in `schedule`
        constant   lr = base_lr
        polyak     lr = L/‖g‖²
        edge       lr = base_lr/max|λ|        base_lr is relative to the edge: 2 is the limit of stability
        cdat       lr = base_lr·‖g‖²/|gᵀHg|   base_lr is σ, relative to the exact line search

    The last three are kept within no bounds; where g = 0 their rate is 0. params, eigenvalues: x₀ and λ, shape (n,), of
    one dtype, finite. Rotated quadratics give rotated runs with the same rates. The rest as in `schedule`.
    """
    norm = np.max(np.abs(eigenvalues))
    iterates: list[Array] = [params]
    rates: list[Any] = []
    curvatures: list[Any] = []
    for k in range(steps):
        x = iterates[-1]
        grad = eigenvalues * x
        kappa = curvature_of(norm, joint_length([grad]), variant)
        curvatures.append(kappa)
        if rule == "homotopy":
            target = target_curvature + np.zeros_like(norm)
            if adaptive and k >= warmup_steps:
                target = adaptive_target(np.stack(curvatures[-window:]), percentile=percentile, window=window)
            lr = rate(kappa, target, base_lr=base_lr, alpha=alpha, min_lr=min_lr, max_lr=max_lr, variant=variant)
        else:
            lr = baseline(rule, x, grad, eigenvalues, norm, base_lr)
        rates.append(lr)
        iterates.append(x - lr * grad)
    if steps == 0:
        return Descent(np.stack(iterates), params[:0], params[:0])
    return Descent(np.stack(iterates), np.stack(rates), np.stack(curvatures))


def baseline(rule: Rule, x: Array, grad: Array, eigenvalues: Array, norm: Any, base_lr: float) -> Any:
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
