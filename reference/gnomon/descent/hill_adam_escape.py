"""How far Adam carries: what a change of the loss to expect of its step, and how high a hill it climbs by its momentum.

Ours, in the place of the paper's "analytical approximation of the ADAM step" and "primary condition", which were not to
be had. At a constant gradient each of Adam's steps is lr·g/(|g| + ε), whatever t is (E1); any t gradients together move
an entry by at most lr·S(t) (E2, a law of Adam).
"""

from __future__ import annotations

from math import inf
from typing import Annotated, Any

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Fraction, Number, Positive
from gnomon.rounding import rounded_once

Steepness = Annotated[Array, Entries(("hills",), each=Number())]


@checked()
@rounded_once
def slope_change(grad: Array, *, lr: Positive = 1e-2, eps: Positive = 1e-8) -> Any:
    """Return lr·Σ gᵢ²/(|gᵢ| + ε), by how much Adam's step changes a loss of constant gradient (E4).

    Below δ, Hill-ADAM turns on the spot: it converges to ‖g‖₁ ~ δ/lr and no nearer. grad: g, any shape.
    """
    size = np.abs(grad)
    return lr * np.sum(size * (size / (size + eps)))


@checked()
@rounded_once
def climb(
    steepness: Steepness, *, lr: Positive = 1e-2, beta1: Fraction = 0.9, beta2: Fraction = 0.999
) -> tuple[Array, Array]:
    """Return how far Adam climbs a hill after a long descent of constant slope, and in how many steps (E3).

    steepness: h >= 0, how many times as steep as the descent each hill is, shape (hills,). Both results have its shape
    and dtype::

        C(h) = lr·max_J Σ_{j=1..J} [β₁ʲ(1+h) - h]/√(β₂ʲ + h²(1-β₂ʲ))

    J is the last j with β₁ʲ(1+h) > h. On the flat, h = 0, J = ∞ and C = lr·r/(1-r) with r = β₁/√β₂, or ∞ for r >= 1
    (ε is taken to be 0). C is a matter of lr and h only, not of how deep the minimum is: Adam leaves none whose far
    wall is wider.
    """
    h, ratio = steepness, beta1 / beta2**0.5 if beta2 > 0 else inf
    height, steps, j = np.zeros_like(h), np.zeros_like(h), 1
    while beta1**j < 1 and np.any(climbs := (beta1**j * (1 + h) > h) & (h > 0)):
        push = beta1**j * (1 + h) - h
        height = np.where(climbs, height + push / np.sqrt(beta2**j + h * h * (1 - beta2**j)), height)
        steps = np.where(climbs, steps + 1, steps)
        j += 1
    coast = ratio / (1 - ratio) if ratio < 1 else inf
    flat = h == 0
    return lr * np.where(flat, coast, height), np.where(flat, inf, steps)
