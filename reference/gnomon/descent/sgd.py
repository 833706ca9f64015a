"""Stochastic gradient descent: plain, with momentum (heavy ball), with Nesterov's momentum.

Sources: Polyak 1964 and Nesterov 1983 for the methods; the conventions (undamped first buffer, coupled weight decay,
`g + μ·buf` for Nesterov) are those of `torch.optim.SGD` 2.13. Optax's `sgd` is the same recursion with τ = λ = 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnomon.descent.on_quadratics import iterate, iterate_many
from gnomon.domains import (
    Array,
    require_count,
    require_finite,
    require_flag,
    require_floating,
    require_like,
    require_number,
)


class SGDState(NamedTuple):
    """What SGD remembers between two steps.

    momentum_buffer: `buf`, shape and dtype of the parameters.
    step_count: `t`, how many steps have been taken. While it is 0 the buffer holds nothing yet (zeros).
    """

    momentum_buffer: Array
    step_count: int


def init(params: Array) -> SGDState:
    """Return the state before the first step: an empty buffer (zeros) and `step_count` 0.

    params: floating-point array of any shape. Raises `TypeError` for any other dtype.
    """
    require_floating("params", params)
    return SGDState(np.zeros_like(params), 0)


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
    """Take one step and return the new parameters and the new state.

    With x = params, g = grad, μ = momentum, τ = dampening, λ = weight_decay, t = step_count::

        g ← g + λ·x
        buf ← g                     if t = 0: the first buffer is not dampened
        buf ← μ·buf + (1-τ)·g       otherwise
        x ← x - lr·g                if μ = 0
        x ← x - lr·buf              if μ > 0
        x ← x - lr·(g + μ·buf)      if μ > 0 and nesterov

    params, grad, state.momentum_buffer: arrays of one shape and one floating-point dtype, which is that of the result.
    lr, momentum, weight_decay: finite and >= 0 (momentum >= 1 is legal and unstable). dampening: in [0, 1].
    nesterov: needs momentum > 0 and dampening 0. check_finite: reject parameters and gradients that are not finite;
    otherwise a NaN or an infinity runs through the formula and stays in its own coordinate.
    With momentum 0 the buffer is returned as it was, and dampening has no effect.

    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choice: torch accepts every real dampening; here it is limited to [0, 1], where the buffer is a mean of gradients.
    """
    require_floating("params", params)
    require_like("grad", grad, params)
    require_like("state.momentum_buffer", state.momentum_buffer, params)
    require_count("state.step_count", state.step_count)
    require_hyperparameters(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay)
    if check_finite:
        require_finite({"params": params, "grad": grad})

    if weight_decay != 0:
        grad = grad + weight_decay * params
    if momentum == 0:
        return params - lr * grad, SGDState(state.momentum_buffer, state.step_count + 1)
    if state.step_count == 0:
        buffer = grad
    else:
        buffer = momentum * state.momentum_buffer + (1 - dampening) * grad
    direction = grad + momentum * buffer if nesterov else buffer
    return params - lr * direction, SGDState(buffer, state.step_count + 1)


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
    """Iterate `step` on the quadratic ½(x-x*)ᵀH(x-x*) and return x₀ … x_steps, shape (steps + 1, n).

    params: x₀, shape (n,). hessian: H, symmetric, shape (n, n). minimiser: x*, shape (n,). One dtype for all.
    steps: how many steps, >= 0. The hyperparameters are those of `step`; the errors likewise.
    """
    require_hyperparameters(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay)
    return iterate(
        init,
        step,
        params,
        hessian,
        minimiser,
        steps,
        lr=lr,
        momentum=momentum,
        dampening=dampening,
        nesterov=nesterov,
        weight_decay=weight_decay,
    )


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
    """Return where `trajectory` ends from each row of `params`, shape (replicas, n).

    params: shape (replicas, n), one start a row. Everything else as in `trajectory`.
    """
    require_hyperparameters(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=weight_decay)
    return iterate_many(
        trajectory,
        params,
        hessian,
        minimiser,
        steps,
        lr=lr,
        momentum=momentum,
        dampening=dampening,
        nesterov=nesterov,
        weight_decay=weight_decay,
    )


def require_hyperparameters(
    *, lr: float, momentum: float, dampening: float, nesterov: bool, weight_decay: float
) -> None:
    """Raise `ValueError` or `TypeError` for the first hyperparameter out of its domain (see `step`)."""
    require_number("lr", lr, 0)
    require_number("momentum", momentum, 0)
    require_number("dampening", dampening, 0, 1, closed=True)
    require_flag("nesterov", nesterov)
    require_number("weight_decay", weight_decay, 0)
    if nesterov and (momentum == 0 or dampening != 0):
        raise ValueError(
            f"nesterov requires momentum > 0 and dampening 0, got momentum {momentum!r} and dampening {dampening!r}"
        )
