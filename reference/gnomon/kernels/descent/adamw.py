"""`gnomon.descent.adamw` as compiled loops: those of Adam, with the decay taken off the parameters."""

from __future__ import annotations

from gnomon.descent.adam import AdamState, Variant, require_hyperparameters, require_step
from gnomon.domains import Array
from gnomon.kernels.descent.adam import (
    compiled_endpoints,
    compiled_step,
    compiled_trajectory,
    constants_for,
    init,
)
from gnomon.kernels.descent.on_quadratics import require_many_starts, require_one_start
from gnomon.kernels.domains import require_compiled

__all__ = ["AdamState", "Variant", "endpoints", "init", "step", "trajectory"]


def step(
    params: Array,
    grad: Array,
    state: AdamState,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    variant: Variant = "adam",
    check_finite: bool = False,
) -> tuple[Array, AdamState]:
    """Take one step of `gnomon.descent.adamw.step` in one pass over the entries; float32 and float64 only."""
    require_step(
        params,
        grad,
        state,
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        weight_decay=weight_decay,
        variant=variant,
        check_finite=check_finite,
    )
    require_compiled("params", params)
    shrink = 1 - lr * weight_decay
    constants = constants_for(
        params.dtype, lr=lr, beta1=beta1, beta2=beta2, eps=eps, decay=0.0, shrink=shrink, variant=variant
    )
    return compiled_step(params, grad, state, constants)


def trajectory(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    variant: Variant = "adam",
) -> Array:
    """Return x₀ … x_steps on a quadratic, (steps + 1, n), as `gnomon.descent.adamw.trajectory` does, in one call."""
    require_one_start(params, hessian, minimiser, steps)
    require_hyperparameters(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay, variant=variant)
    shrink = 1 - lr * weight_decay
    constants = constants_for(
        params.dtype, lr=lr, beta1=beta1, beta2=beta2, eps=eps, decay=0.0, shrink=shrink, variant=variant
    )
    return compiled_trajectory(params, hessian, minimiser, steps, constants)


def endpoints(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    variant: Variant = "adam",
) -> Array:
    """Return where `trajectory` ends from each row of `params`, shape (replicas, n), in one call."""
    require_many_starts(params, hessian, minimiser, steps)
    require_hyperparameters(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay, variant=variant)
    shrink = 1 - lr * weight_decay
    constants = constants_for(
        params.dtype, lr=lr, beta1=beta1, beta2=beta2, eps=eps, decay=0.0, shrink=shrink, variant=variant
    )
    return compiled_endpoints(params, hessian, minimiser, steps, constants)
