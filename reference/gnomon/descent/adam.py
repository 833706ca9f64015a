"""Adam: steps scaled by running means of the gradient and of its square; decay, if any, coupled to the gradient.

Sources: Kingma & Ba, "Adam: A Method for Stochastic Optimization", arXiv 1412.6980; Reddi, Kale & Kumar, "On the
Convergence of Adam and Beyond", for AMSGrad. Where the paper offers two forms (ε outside the root, or the "efficient"
form that scales ε by the bias correction), this is the first, as in `torch.optim.Adam` 2.13 and `optax.adam` 0.2.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.on_quadratics import repeated
from gnomon.domains import Array, Fraction, NonNegative
from gnomon.rounding import rounded_once

Variant = Literal["adam", "amsgrad-torch", "amsgrad-optax"]


class AdamState(NamedTuple):
    """What Adam remembers between two steps; the arrays have the shape and the dtype of the parameters.

    first_moment: `m`, running mean of the gradients. second_moment: `v`, running mean of their squares, >= 0.
    largest_second_moment: AMSGrad's maximum; zeros, and left alone, in the variant "adam".
    step_count: `t`, how many steps have been taken.
    """

    first_moment: Array
    second_moment: Array
    largest_second_moment: Array
    step_count: int


@checked()
def init(params: Array) -> AdamState:
    """Return the state before the first step: all moments 0, `step_count` 0."""
    return AdamState(np.zeros_like(params), np.zeros_like(params), np.zeros_like(params), 0)


@checked()
@rounded_once
def step(
    params: Array, grad: Array, state: AdamState, *,
    lr: NonNegative = 1e-3, beta1: Fraction = 0.9, beta2: Fraction = 0.999, eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 0.0, variant: Variant = "adam", check_finite: bool = False,
) -> tuple[Array, AdamState]:  # fmt: skip
    """Take one step and return the new parameters and the new state.

    With x = params, g = grad, λ = weight_decay, m and v the moments::

        t ← t + 1
        g ← g + λ·x
        m ← β₁·m + (1-β₁)·g
        v ← β₂·v + (1-β₂)·g²
        m̂ = m/(1-β₁ᵗ)
        v̂ = v/(1-β₂ᵗ)                                   variant "adam"
        v̂ = v_max/(1-β₂ᵗ),  v_max ← max(v_max, v)       variant "amsgrad-torch"
        v̂ = v_max,          v_max ← max(v_max, v/(1-β₂ᵗ))  variant "amsgrad-optax"
        x ← x - lr·m̂/(√v̂ + ε)

    Arrays, check_finite and an eps of 0: see `gnomon.descent`.

    Choice: the two AMSGrad conventions are different algorithms (maximum before or after the bias correction); each
    keeps the name of the library that made it known.
    """
    if weight_decay != 0:
        grad = grad + weight_decay * params
    state = update_moments(grad, state, beta1=beta1, beta2=beta2, variant=variant)
    m_hat, v_hat = bias_corrected(state, beta1=beta1, beta2=beta2, variant=variant)
    return params - lr * m_hat / (np.sqrt(v_hat) + eps), state


def update_moments(
    grad: Array, state: AdamState, *, beta1: float, beta2: float, variant: Variant = "adam"
) -> AdamState:
    """Return the state after it has seen `grad`: both running means, AMSGrad's maximum, the step count."""
    step_count = state.step_count + 1
    first = beta1 * state.first_moment + (1 - beta1) * grad
    second = beta2 * state.second_moment + (1 - beta2) * (grad * grad)
    largest = state.largest_second_moment
    if variant == "amsgrad-torch":
        largest = np.maximum(largest, second)
    elif variant == "amsgrad-optax":
        largest = np.maximum(largest, second / (1 - beta2**step_count))
    return AdamState(first, second, largest, step_count)


def bias_corrected(state: AdamState, *, beta1: float, beta2: float, variant: Variant = "adam") -> tuple[Array, Array]:
    """Return m̂ and v̂, the moments divided by the total weight 1-βᵗ that the gradients have in them so far."""
    m_hat = state.first_moment / (1 - beta1**state.step_count)
    if variant == "amsgrad-optax":
        return m_hat, state.largest_second_moment
    second = state.second_moment if variant == "adam" else state.largest_second_moment
    return m_hat, second / (1 - beta2**state.step_count)


trajectory, endpoints = repeated(init, step)
