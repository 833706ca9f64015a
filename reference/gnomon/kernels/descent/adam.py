"""`gnomon.descent.adam` as compiled loops. AdamW runs through the same loops, with other `Constants`."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple, get_args

import numpy as np
from numba import njit

from gnomon.descent import adam as reference
from gnomon.descent.adam import AdamState, Variant, require_hyperparameters, require_step
from gnomon.domains import Array
from gnomon.kernels.descent.on_quadratics import (
    BLOCK,
    block_of,
    gradient,
    gradients,
    require_many_starts,
    require_one_start,
    write_block,
)
from gnomon.kernels.domains import contiguous, flat, require_compiled

__all__ = ["AdamState", "Variant", "endpoints", "init", "step", "trajectory"]

ADAM, AMSGRAD_TORCH, AMSGRAD_OPTAX = range(3)


class Constants(NamedTuple):
    """What stays the same over all entries and steps.

    Each number is computed in double precision and rounded once to the dtype of the parameters, as NumPy treats a
    Python number beside an array. beta1_power_base and beta2_power_base stay double: the bias corrections are computed
    anew each step. coupled: whether `decay` is added to the gradient. shrink: what the old parameters are multiplied
    by; 1, which changes no bit, for Adam.
    """

    lr: Any
    beta1: Any
    one_minus_beta1: Any
    beta2: Any
    one_minus_beta2: Any
    eps: Any
    decay: Any
    shrink: Any
    coupled: bool
    variant: int
    beta1_power_base: float
    beta2_power_base: float


def constants_for(
    dtype: Any, *, lr: float, beta1: float, beta2: float, eps: float, decay: float, shrink: float, variant: Variant
) -> Constants:
    """Return the constants of the loops over arrays of `dtype`."""
    number = dtype.type
    return Constants(
        lr=number(lr),
        beta1=number(beta1),
        one_minus_beta1=number(1 - beta1),
        beta2=number(beta2),
        one_minus_beta2=number(1 - beta2),
        eps=number(eps),
        decay=number(decay),
        shrink=number(shrink),
        coupled=bool(decay != 0),
        variant=get_args(Variant).index(variant),
        beta1_power_base=float(beta1),
        beta2_power_base=float(beta2),
    )


@njit(cache=True, error_model="numpy")
def larger(a: Any, b: Any) -> Any:
    """Return max(a, b), or the NaN among them, as `np.maximum` does."""
    return a if a >= b or a != a else b


@njit(cache=True, error_model="numpy")
def bias_corrections(params: Array, constants: Constants, step_count: float) -> Any:
    """Return 1-β₁ᵗ and 1-β₂ᵗ, in the dtype of `params`."""
    number = params.dtype.type
    return (
        number(1 - constants.beta1_power_base**step_count),
        number(1 - constants.beta2_power_base**step_count),
    )


@njit(cache=True, error_model="numpy")
def moved(x: Any, g: Any, m: Any, v: Any, v_max: Any, constants: Constants, correction1: Any, correction2: Any) -> Any:
    """Return one entry's new x, m, v, v_max: the formula of `gnomon.descent.adam.step` and of `adamw.step`."""
    if constants.coupled:
        g = g + constants.decay * x
    m = constants.beta1 * m + constants.one_minus_beta1 * g
    v = constants.beta2 * v + constants.one_minus_beta2 * (g * g)
    if constants.variant == AMSGRAD_TORCH:
        v_max = larger(v_max, v)
    m_hat = m / correction1
    v_hat = (v_max if constants.variant == AMSGRAD_TORCH else v) / correction2
    if constants.variant == AMSGRAD_OPTAX:
        v_max = v_hat = larger(v_max, v_hat)
    x = constants.shrink * x - constants.lr * m_hat / (sqrt(v_hat) + constants.eps)
    return x, m, v, v_max


@njit(cache=True, error_model="numpy")
def step_loop(
    params: Array, grad: Array, state: tuple[Array, ...], constants: Constants, step_count: float, out: Any
) -> None:
    """Write the new parameters and moments, all of shape (n,), into the four arrays of `out`."""
    m, v, v_max = state
    new_params, new_m, new_v, new_v_max = out
    correction1, correction2 = bias_corrections(params, constants, step_count)
    for i in range(params.size):
        new_params[i], new_m[i], new_v[i], new_v_max[i] = moved(
            params[i], grad[i], m[i], v[i], v_max[i], constants, correction1, correction2
        )


@njit(cache=True, error_model="numpy")
def trajectory_loop(path: Array, hessian_rows: Array, minimiser: Array, constants: Constants) -> None:
    """Fill `path` (steps + 1, n) from its first row on. hessian_rows: Hᵀ."""
    grad, m, v, v_max = np.empty_like(path[0]), np.zeros_like(path[0]), np.zeros_like(path[0]), np.zeros_like(path[0])
    for t in range(1, path.shape[0]):
        x, new = path[t - 1], path[t]
        gradient(x, hessian_rows, minimiser, grad)
        correction1, correction2 = bias_corrections(path, constants, float(t))
        for i in range(path.shape[1]):
            new[i], m[i], v[i], v_max[i] = moved(
                x[i], grad[i], m[i], v[i], v_max[i], constants, correction1, correction2
            )


@njit(cache=True, error_model="numpy")
def endpoints_loop(params: Array, hessian: Array, minimiser: Array, steps: int, constants: Constants) -> Array:
    """Return where each row of `params` (replicas, n) ends, `BLOCK` replicas at a time."""
    ends = np.empty_like(params)
    for start in range(0, params.shape[0], BLOCK):
        x = block_of(params, start)
        grad, displacement = np.empty_like(x), np.empty_like(x)
        m, v, v_max = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
        for t in range(1, steps + 1):
            gradients(x, hessian, minimiser, displacement, grad)
            correction1, correction2 = bias_corrections(x, constants, float(t))
            for i in range(x.shape[0]):
                for r in range(x.shape[1]):
                    x[i, r], m[i, r], v[i, r], v_max[i, r] = moved(
                        x[i, r], grad[i, r], m[i, r], v[i, r], v_max[i, r], constants, correction1, correction2
                    )
        write_block(x, start, ends)
    return ends


def init(params: Array) -> AdamState:
    """Return the state before the first step, as `gnomon.descent.adam.init` does; float32 and float64 only."""
    state = reference.init(params)
    require_compiled("params", params)
    return state


def step(
    params: Array,
    grad: Array,
    state: AdamState,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    variant: Variant = "adam",
    check_finite: bool = False,
) -> tuple[Array, AdamState]:
    """Take one step of `gnomon.descent.adam.step` in one pass over the entries; float32 and float64 only."""
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
    constants = constants_for(
        params.dtype, lr=lr, beta1=beta1, beta2=beta2, eps=eps, decay=weight_decay, shrink=1.0, variant=variant
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
    weight_decay: float = 0.0,
    variant: Variant = "adam",
) -> Array:
    """Return x₀ … x_steps on a quadratic, (steps + 1, n), as `gnomon.descent.adam.trajectory` does, in one call."""
    require_one_start(params, hessian, minimiser, steps)
    require_hyperparameters(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay, variant=variant)
    constants = constants_for(
        params.dtype, lr=lr, beta1=beta1, beta2=beta2, eps=eps, decay=weight_decay, shrink=1.0, variant=variant
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
    weight_decay: float = 0.0,
    variant: Variant = "adam",
) -> Array:
    """Return where `trajectory` ends from each row of `params`, shape (replicas, n), in one call."""
    require_many_starts(params, hessian, minimiser, steps)
    require_hyperparameters(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay, variant=variant)
    constants = constants_for(
        params.dtype, lr=lr, beta1=beta1, beta2=beta2, eps=eps, decay=weight_decay, shrink=1.0, variant=variant
    )
    return compiled_endpoints(params, hessian, minimiser, steps, constants)


def compiled_step(params: Array, grad: Array, state: AdamState, constants: Constants) -> tuple[Array, AdamState]:
    """Return the new parameters and state, from arrays of any shape and layout."""
    new_params, m, v, v_max = (np.empty(params.shape, params.dtype) for _ in range(4))
    step_loop(
        flat(params),
        flat(grad),
        (flat(state.first_moment), flat(state.second_moment), flat(state.largest_second_moment)),
        constants,
        float(state.step_count + 1),
        (flat(new_params), flat(m), flat(v), flat(v_max)),
    )
    return new_params, AdamState(m, v, v_max, state.step_count + 1)


def compiled_trajectory(params: Array, hessian: Array, minimiser: Array, steps: int, constants: Constants) -> Array:
    """Return x₀ … x_steps, from arrays of any layout."""
    path = np.empty((steps + 1, params.size), params.dtype)
    path[0] = params
    trajectory_loop(path, contiguous(hessian.T), contiguous(minimiser), constants)
    return path


def compiled_endpoints(params: Array, hessian: Array, minimiser: Array, steps: int, constants: Constants) -> Array:
    """Return where each row of `params` ends, from arrays of any layout."""
    ends: Array = endpoints_loop(contiguous(params), contiguous(hessian), contiguous(minimiser), int(steps), constants)
    return ends
