"""`gnomon.descent.nadam` as compiled loops."""

from __future__ import annotations

from collections import namedtuple
from math import sqrt
from typing import Any

from gnomon.descent import nadam as reference
from gnomon.descent.nadam import NAdamState, Variant
from gnomon.kernels.descent.elementwise import elementwise

__all__ = ["NAdamState", "Variant", "endpoints", "init", "step", "trajectory"]

Constants = namedtuple(
    "Constants", "scheduled decays base1 base2 psi lr beta1 one_minus_beta1 beta2 one_minus_beta2 eps decay"
)


def constants(
    number: Any,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    momentum_decay: float,
    variant: Variant,
) -> Constants:
    """base1, base2, psi: β₁, β₂ and ψ in double precision, for what is computed once a step."""
    rounded = map(number, (lr, beta1, 1 - beta1, beta2, 1 - beta2, eps, weight_decay))
    base = map(float, (beta1, beta2, momentum_decay))
    return Constants(variant == "scheduled", weight_decay != 0, *base, *rounded)


def at_step(number: Any, t: float, numbers: Any, c: Constants) -> Any:
    """Return μₜ₊₁ and 1-Pₜ·μₜ₊₁, 1-μₜ and 1-Pₜ, 1-β₂ᵗ, and the product for the state."""
    if c.scheduled:
        mu = c.base1 * (1 - 0.5 * 0.96 ** (t * c.psi))
        mu_next = c.base1 * (1 - 0.5 * 0.96 ** ((t + 1) * c.psi))
        kept = product = numbers[0] * mu
    else:
        mu = mu_next = c.base1
        kept, product = numbers[0], c.base1**t
    parts = number(mu_next), number(1 - product * mu_next), number(1 - mu), number(1 - product)
    return (*parts, number(1 - c.base2**t)), (kept,)


def entry(x: Any, g: Any, m: Any, v: Any, at: Any, c: Constants) -> Any:
    """Return one entry's new x, m, v: the formula of `gnomon.descent.nadam.step`."""
    if c.decays:
        g = g + c.decay * x
    m = c.beta1 * m + c.one_minus_beta1 * g
    v = c.beta2 * v + c.one_minus_beta2 * (g * g)
    m_hat = at[0] * m / at[1] + at[2] * g / at[3]
    return x - c.lr * m_hat / (sqrt(v / at[4]) + c.eps), m, v


init, step, trajectory, endpoints = elementwise(reference, constants, entry, at_step)
