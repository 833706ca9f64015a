"""RMSprop: steps divided by the root of a running mean of squared gradients, without bias correction.

Sources: Tieleman & Hinton, "Lecture 6.5 - RMSProp", 2012; Graves, "Generating Sequences With Recurrent Neural
Networks", arXiv 1308.0850, for the centred form. Where ε stands is a variant: outside the root in `torch.optim.RMSprop`
2.13, inside it in `optax.rmsprop` 0.2 by default.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.on_quadratics import repeated
from gnomon.domains import Array, Fraction, NonNegative
from gnomon.rounding import rounded_once

Variant = Literal["outside", "inside"]


class RMSpropState(NamedTuple):
    """What RMSprop remembers between two steps; the arrays have the shape and the dtype of the parameters.

    square_average: `v`, running mean of the squared gradients, >= 0.
    mean_gradient: `ḡ`, running mean of the gradients; zeros, and left alone, unless centred.
    momentum_buffer: `buf`; zeros, and left alone, without momentum.
    """

    square_average: Array
    mean_gradient: Array
    momentum_buffer: Array


@checked()
def init(params: Array) -> RMSpropState:
    """Return the state before the first step: zeros."""
    return RMSpropState(np.zeros_like(params), np.zeros_like(params), np.zeros_like(params))


@checked()
@rounded_once
def step(
    params: Array, grad: Array, state: RMSpropState, *,
    lr: NonNegative = 1e-2, alpha: Fraction = 0.99, eps: NonNegative = 1e-8, momentum: NonNegative = 0.0,
    centred: bool = False, weight_decay: NonNegative = 0.0, variant: Variant = "outside", check_finite: bool = False,
) -> tuple[Array, RMSpropState]:  # fmt: skip
    """Take one step and return the new parameters and the new state.

    With x = params, g = grad, α = alpha, μ = momentum, λ = weight_decay::

        g ← g + λ·x
        v ← α·v + (1-α)·g²
        s ← v                                   not centred
        ḡ ← α·ḡ + (1-α)·g,  s ← v - ḡ²          centred: the gradients' variance
        d ← g/(√s + ε)                          variant "outside"
        d ← g/√(s + ε)                          variant "inside"
        x ← x - lr·d                            if μ = 0
        buf ← μ·buf + d,  x ← x - lr·buf        if μ > 0

    Arrays, check_finite and an eps of 0: see `gnomon.descent`. momentum: >= 1 is legal and unstable. Where gradients
    hardly change, rounding can make v - ḡ² negative, and its root NaN, as in both libraries.

    Choice: the new ḡ is subtracted (both libraries), the buffer holds no lr, and the defaults are torch's.
    """
    if weight_decay != 0:
        grad = grad + weight_decay * params
    square = alpha * state.square_average + (1 - alpha) * (grad * grad)
    mean, buffer, spread = state.mean_gradient, state.momentum_buffer, square
    if centred:
        mean = alpha * mean + (1 - alpha) * grad
        spread = square - mean * mean
    direction = grad / (np.sqrt(spread) + eps if variant == "outside" else np.sqrt(spread + eps))
    if momentum != 0:
        direction = buffer = momentum * buffer + direction
    return params - lr * direction, RMSpropState(square, mean, buffer)


trajectory, endpoints = repeated(init, step)
