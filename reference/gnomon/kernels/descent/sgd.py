"""`gnomon.descent.sgd` as compiled loops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gnomon.descent import sgd as reference
from gnomon.descent.sgd import SGDState, require_hyperparameters
from gnomon.domains import Array, require_count, require_finite, require_floating, require_like
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

__all__ = ["SGDState", "endpoints", "init", "step", "trajectory"]


class Constants(NamedTuple):
    """What stays the same over all entries and steps.

    Each number is computed in double precision and rounded once to the dtype of the parameters, as NumPy treats a
    Python number beside an array. decays, has_momentum: whether the number as given, before rounding, is not 0.
    """

    lr: Any
    momentum: Any
    one_minus_dampening: Any
    decay: Any
    decays: bool
    has_momentum: bool
    nesterov: bool


def constants_for(
    dtype: Any, *, lr: float, momentum: float, dampening: float, nesterov: bool, weight_decay: float
) -> Constants:
    """Return the constants of the loops over arrays of `dtype`."""
    number = dtype.type
    return Constants(
        lr=number(lr),
        momentum=number(momentum),
        one_minus_dampening=number(1 - dampening),
        decay=number(weight_decay),
        decays=bool(weight_decay != 0),
        has_momentum=bool(momentum != 0),
        nesterov=bool(nesterov),
    )


@njit(cache=True, error_model="numpy")
def moved(x: Any, g: Any, buffer: Any, constants: Constants, is_first: bool) -> Any:
    """Return one entry's new x and momentum buffer: the formula of `gnomon.descent.sgd.step`."""
    if constants.decays:
        g = g + constants.decay * x
    direction = g
    if constants.has_momentum:
        buffer = g if is_first else constants.momentum * buffer + constants.one_minus_dampening * g
        direction = g + constants.momentum * buffer if constants.nesterov else buffer
    return x - constants.lr * direction, buffer


@njit(cache=True, error_model="numpy")
def step_loop(
    params: Array,
    grad: Array,
    buffer: Array,
    constants: Constants,
    is_first: bool,
    new_params: Array,
    new_buffer: Array,
) -> None:
    """Write the new parameters and momentum buffer; every array has shape (n,)."""
    for i in range(params.size):
        new_params[i], new_buffer[i] = moved(params[i], grad[i], buffer[i], constants, is_first)


@njit(cache=True, error_model="numpy")
def trajectory_loop(path: Array, hessian_rows: Array, minimiser: Array, constants: Constants) -> None:
    """Fill `path` (steps + 1, n) from its first row on. hessian_rows: Hᵀ."""
    grad, buffer = np.empty_like(path[0]), np.zeros_like(path[0])
    for t in range(path.shape[0] - 1):
        x, new = path[t], path[t + 1]
        gradient(x, hessian_rows, minimiser, grad)
        for i in range(path.shape[1]):
            new[i], buffer[i] = moved(x[i], grad[i], buffer[i], constants, t == 0)


@njit(cache=True, error_model="numpy")
def endpoints_loop(params: Array, hessian: Array, minimiser: Array, steps: int, constants: Constants) -> Array:
    """Return where each row of `params` (replicas, n) ends, `BLOCK` replicas at a time."""
    ends = np.empty_like(params)
    for start in range(0, params.shape[0], BLOCK):
        x = block_of(params, start)
        grad, displacement, buffer = np.empty_like(x), np.empty_like(x), np.zeros_like(x)
        for t in range(steps):
            gradients(x, hessian, minimiser, displacement, grad)
            for i in range(x.shape[0]):
                for r in range(x.shape[1]):
                    x[i, r], buffer[i, r] = moved(x[i, r], grad[i, r], buffer[i, r], constants, t == 0)
        write_block(x, start, ends)
    return ends


def init(params: Array) -> SGDState:
    """Return the state before the first step, as `gnomon.descent.sgd.init` does; float32 and float64 only."""
    state = reference.init(params)
    require_compiled("params", params)
    return state


def step(
    params: Array,
    grad: Array,
    state: SGDState,
    *,
    lr: float = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
    check_finite: bool = False,
) -> tuple[Array, SGDState]:
    """Take one step of `gnomon.descent.sgd.step` in one pass over the entries; float32 and float64 only."""
    require_floating("params", params)
    require_like("grad", grad, params)
    require_like("state.momentum_buffer", state.momentum_buffer, params)
    require_count("state.step_count", state.step_count)
    require_hyperparameters(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay)
    if check_finite:
        require_finite({"params": params, "grad": grad})
    require_compiled("params", params)

    constants = constants_for(
        params.dtype, lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay
    )
    new_params, buffer = np.empty(params.shape, params.dtype), np.empty(params.shape, params.dtype)
    is_first = bool(state.step_count == 0)
    step_loop(
        flat(params), flat(grad), flat(state.momentum_buffer), constants, is_first, flat(new_params), flat(buffer)
    )
    return new_params, SGDState(buffer, state.step_count + 1)


def trajectory(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    lr: float = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> Array:
    """Return x₀ … x_steps on a quadratic, (steps + 1, n), as `gnomon.descent.sgd.trajectory` does, in one call."""
    require_one_start(params, hessian, minimiser, steps)
    require_hyperparameters(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay)
    constants = constants_for(
        params.dtype, lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay
    )
    path = np.empty((steps + 1, params.size), params.dtype)
    path[0] = params
    trajectory_loop(path, contiguous(hessian.T), contiguous(minimiser), constants)
    return path


def endpoints(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    lr: float = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> Array:
    """Return where `trajectory` ends from each row of `params`, shape (replicas, n), in one call."""
    require_many_starts(params, hessian, minimiser, steps)
    require_hyperparameters(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay)
    constants = constants_for(
        params.dtype, lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay
    )
    ends: Array = endpoints_loop(contiguous(params), contiguous(hessian), contiguous(minimiser), int(steps), constants)
    return ends
