"""Stochastic gradient descent: plain, with momentum (heavy ball), with Nesterov's momentum.

Sources: Polyak 1964 and Nesterov 1983 for the methods; the conventions (undamped first buffer, coupled weight decay,
`g + μ·buf` for Nesterov) are those of `torch.optim.SGD` 2.13. Optax's `sgd` is the same recursion with τ = λ = 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.on_quadratics import repeated
from gnomon.domains import Array, NonNegative, UnitInterval
from gnomon.rounding import rounded_once


class SGDState(NamedTuple):
    """What SGD remembers between two steps.

    momentum_buffer: `buf`, shape and dtype of the parameters.
    step_count: `t`, how many steps have been taken. While it is 0 the buffer holds nothing yet (zeros).
    """

    momentum_buffer: Array
    step_count: int


@checked()
def init(params: Array) -> SGDState:
    """Return the state before the first step: an empty buffer (zeros) and `step_count` 0."""
    return SGDState(np.zeros_like(params), 0)


def require_nesterov(given: Mapping[str, Any]) -> None:
    if given["nesterov"] and (given["momentum"] == 0 or given["dampening"] != 0):
        raise ValueError(
            f"nesterov requires momentum > 0 and dampening 0, "
            f"got momentum {given['momentum']!r} and dampening {given['dampening']!r}"
        )


@checked(require_nesterov)
@rounded_once
def step(
    params: Array, grad: Array, state: SGDState, *,
    lr: NonNegative = 1e-3, momentum: NonNegative = 0.0, dampening: UnitInterval = 0.0, nesterov: bool = False,
    weight_decay: NonNegative = 0.0, check_finite: bool = False,
) -> tuple[Array, SGDState]:  # fmt: skip
    """Take one step and return the new parameters and the new state.

    With x = params, g = grad, μ = momentum, τ = dampening, λ = weight_decay, t = step_count::

        g ← g + λ·x
        buf ← g                     if t = 0: the first buffer is not dampened
        buf ← μ·buf + (1-τ)·g       otherwise
        x ← x - lr·g                if μ = 0
        x ← x - lr·buf              if μ > 0
        x ← x - lr·(g + μ·buf)      if μ > 0 and nesterov

    Arrays and check_finite: see `gnomon.descent`. momentum: >= 1 is legal and unstable; with 0 the buffer is returned
    as it was, and dampening has no effect. nesterov: needs momentum > 0 and dampening 0.

    Choice: torch accepts every real dampening; here it is limited to [0, 1], where the buffer is a mean of gradients.
    """
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


trajectory, endpoints = repeated(init, step)
