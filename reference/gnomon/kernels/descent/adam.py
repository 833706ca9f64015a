"""`gnomon.descent.adam` as compiled loops. AdamW runs through the same loops, with other constants."""

from __future__ import annotations

from collections import namedtuple
from math import sqrt
from typing import Any, get_args

from gnomon.descent import adam as reference
from gnomon.descent.adam import AdamState, Variant
from gnomon.kernels.compiled import called
from gnomon.kernels.descent.elementwise import elementwise

__all__ = ["AdamState", "Variant", "endpoints", "init", "step", "trajectory"]

ADAM, AMSGRAD_TORCH, AMSGRAD_OPTAX = range(3)

Constants = namedtuple(
    "Constants", "variant coupled base1 base2 lr beta1 one_minus_beta1 beta2 one_minus_beta2 eps decay shrink"
)


def constants(
    number: Any, *,
    beta1: float, beta2: float, weight_decay: float, variant: Variant, shrink: float = 1.0, **others: float,
) -> Constants:  # fmt: skip
    """base1, base2: β₁ and β₂ in double precision, for the bias corrections. coupled: whether `decay` is added to g.

    shrink: what the old parameters are multiplied by; 1, which changes no bit, for Adam.
    """
    betas = beta1, 1 - beta1, beta2, 1 - beta2
    rounded = map(number, (others["lr"], *betas, others["eps"], weight_decay, shrink))
    index = get_args(Variant).index(variant)
    return Constants(index, weight_decay != 0, float(beta1), float(beta2), *rounded)


def at_step(number: Any, t: float, numbers: Any, c: Constants) -> Any:
    """Return the bias corrections 1-β₁ᵗ and 1-β₂ᵗ."""
    return (number(1 - c.base1**t), number(1 - c.base2**t)), numbers


@called
def larger(a: Any, b: Any) -> Any:
    """Return max(a, b), or the NaN among them, as `np.maximum` does."""
    return a if a >= b or a != a else b


def entry(x: Any, g: Any, m: Any, v: Any, v_max: Any, corrections: Any, c: Constants) -> Any:
    """Return one entry's new x, m, v, v_max: the formula of `gnomon.descent.adam.step` and of `adamw.step`."""
    if c.coupled:
        g = g + c.decay * x
    m = c.beta1 * m + c.one_minus_beta1 * g
    v = c.beta2 * v + c.one_minus_beta2 * (g * g)
    if c.variant == AMSGRAD_TORCH:
        v_max = larger(v_max, v)
    m_hat = m / corrections[0]
    v_hat = (v_max if c.variant == AMSGRAD_TORCH else v) / corrections[1]
    if c.variant == AMSGRAD_OPTAX:
        v_max = v_hat = larger(v_max, v_hat)
    x = c.shrink * x - c.lr * m_hat / (sqrt(v_hat) + c.eps)
    return x, m, v, v_max


init, step, trajectory, endpoints = elementwise(reference, constants, entry, at_step)
