"""NAdam: Adam with Nesterov's momentum: the step already uses the momentum that the next one will have.

Sources: Dozat, "Incorporating Nesterov Momentum into Adam", ICLR 2016 workshop, in the conventions of
`torch.optim.NAdam` 2.13 (a momentum that grows by his schedule) and of `optax.nadam` 0.2 (a constant one).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.on_quadratics import repeated
from gnomon.domains import Array, Fraction, NonNegative, UnitInterval
from gnomon.rounding import rounded_once

Variant = Literal["scheduled", "constant"]


class NAdamState(NamedTuple):
    """What NAdam remembers between two steps; the arrays have the shape and the dtype of the parameters.

    first_moment: `m`, running mean of the gradients. second_moment: `v`, running mean of their squares, >= 0.
    momentum_product: `P`, product of the momenta of all steps; 1, and left alone, in the variant "constant".
    step_count: `t`, how many steps have been taken.
    """

    first_moment: Array
    second_moment: Array
    momentum_product: UnitInterval
    step_count: int


@checked()
def init(params: Array) -> NAdamState:
    """Return the state before the first step: moments 0, `momentum_product` 1, `step_count` 0."""
    return NAdamState(np.zeros_like(params), np.zeros_like(params), 1.0, 0)


@checked()
@rounded_once
def step(
    params: Array, grad: Array, state: NAdamState, *,
    lr: NonNegative = 2e-3, beta1: Fraction = 0.9, beta2: Fraction = 0.999, eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 0.0, momentum_decay: NonNegative = 4e-3, variant: Variant = "scheduled",
    check_finite: bool = False,
) -> tuple[Array, NAdamState]:  # fmt: skip
    """Take one step and return the new parameters and the new state.

    With x = params, g = grad, λ = weight_decay, ψ = momentum_decay, m and v the moments::

        t ← t + 1
        g ← g + λ·x
        m ← β₁·m + (1-β₁)·g
        v ← β₂·v + (1-β₂)·g²
        P ← P·μₜ,  μₜ = β₁·(1 - ½·0.96^(t·ψ))           variant "scheduled"
        P = β₁ᵗ,   μₜ = β₁                              variant "constant"
        m̂ = μₜ₊₁·m/(1 - P·μₜ₊₁) + (1-μₜ)·g/(1-P)
        v̂ = v/(1-β₂ᵗ)
        x ← x - lr·m̂/(√v̂ + ε)

    Arrays, check_finite and an eps of 0: see `gnomon.descent`.

    Choice: as in both libraries, m decays by β₁ whatever μₜ is, and v̂ has no factor β₂ (the paper has μₜ and β₂ there).
    """
    if weight_decay != 0:
        grad = grad + weight_decay * params
    step_count = state.step_count + 1
    first = beta1 * state.first_moment + (1 - beta1) * grad
    second = beta2 * state.second_moment + (1 - beta2) * (grad * grad)
    if variant == "scheduled":
        mu, mu_next = scheduled(beta1, momentum_decay, step_count), scheduled(beta1, momentum_decay, step_count + 1)
        kept = product = state.momentum_product * mu
    else:
        mu = mu_next = beta1
        kept, product = state.momentum_product, beta1**step_count
    m_hat = mu_next * first / (1 - product * mu_next) + (1 - mu) * grad / (1 - product)
    v_hat = second / (1 - beta2**step_count)
    return params - lr * m_hat / (np.sqrt(v_hat) + eps), NAdamState(first, second, kept, step_count)


def scheduled(beta1: float, momentum_decay: float, t: int) -> Any:
    """Return μₜ = β₁·(1 - ½·0.96^(t·ψ)), which grows from β₁/2 to β₁."""
    return beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))


trajectory, endpoints = repeated(init, step)
