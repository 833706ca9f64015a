"""Lion: steps of one length in every entry, along the sign of an interpolation of momentum and gradient.

Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", arXiv 2302.06675, Algorithm 2, as in `optax.lion`
0.2 and in the authors' own implementations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.on_quadratics import repeated
from gnomon.domains import Array, Fraction, NonNegative
from gnomon.rounding import rounded_once


class LionState(NamedTuple):
    """What Lion remembers between two steps: `m`, running mean of the gradients, shape and dtype of the parameters."""

    momentum: Array


@checked()
def init(params: Array) -> LionState:
    """Return the state before the first step: zeros."""
    return LionState(np.zeros_like(params))


@checked()
@rounded_once
def step(
    params: Array, grad: Array, state: LionState, *,
    lr: NonNegative = 1e-4, beta1: Fraction = 0.9, beta2: Fraction = 0.99, weight_decay: NonNegative = 0.0,
    check_finite: bool = False,
) -> tuple[Array, LionState]:  # fmt: skip
    """Take one step and return the new parameters and the new state.

    With x = params, g = grad, m = momentum, λ = weight_decay::

        c ← β₁·m + (1-β₁)·g
        x ← x - lr·(sign(c) + λ·x)
        m ← β₂·m + (1-β₂)·g

    Arrays and check_finite: see `gnomon.descent`. The sign of 0 is 0: without decay an entry that has never had a
    gradient stays where it is. Choice: no decay by default, as in the authors' code (optax: 1e-3).
    """
    interpolated = beta1 * state.momentum + (1 - beta1) * grad
    momentum = beta2 * state.momentum + (1 - beta2) * grad
    return params - lr * (np.sign(interpolated) + weight_decay * params), LionState(momentum)


trajectory, endpoints = repeated(init, step)
