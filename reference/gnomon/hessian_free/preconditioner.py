"""The preconditioner: the diagonal of the empirical Fisher matrix, damped, to a power.

Sources: Martens, ICML 2010, section 4.7; `ltatzel/PyTorchHessianFree`, commit f430d81 (whose method that should return
it returns nothing).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnomon.domains import Array, require_choice, require_finite, require_floating, require_like, require_number


class DiagonalPower(NamedTuple):
    """The operator v ↦ v·scales, entry by entry. scales: shape (n,)."""

    scales: Array

    def __call__(self, vector: Array) -> Array:
        """Return v·scales. Raises `ValueError` or `TypeError` if v does not fit."""
        require_like("vector", vector, self.scales, "scales")
        return vector * self.scales


def squared_gradients(example_gradients: Array, *, reduction: str = "mean") -> Array:
    """Return the diagonal d of the empirical Fisher matrix: Σᵢ gᵢ∘gᵢ, over N for "mean".

    example_gradients: gᵢ of each example's own loss, without 1/N, shape (N, n), N >= 1. reduction: that of the loss,
    "mean" or "sum". Raises `ValueError` or `TypeError` naming the argument.
    """
    require_floating("example_gradients", example_gradients)
    if example_gradients.ndim != 2 or example_gradients.shape[0] == 0:
        raise ValueError(f"example_gradients must have shape (N, n) with N >= 1, got {example_gradients.shape}")
    require_choice("reduction", reduction, ("mean", "sum"))
    require_finite({"example_gradients": example_gradients})
    total: Array = np.sum(example_gradients * example_gradients, axis=0)
    return total / example_gradients.shape[0] if reduction == "mean" else total


def fisher_preconditioner(diagonal: Array, *, damping: float = 1.0, exponent: float = 0.75) -> DiagonalPower:
    """Return M: v ↦ v·(d + λ)^(-ξ).

    diagonal: d >= 0, finite, shape (n,). damping: λ, finite and >= 0, that of the step. exponent: ξ in [0, 1]; 0 is no
    preconditioner at all. Raises `ValueError` or `TypeError` naming the argument, and if an entry of d + λ is 0 while
    ξ is not.
    """
    require_floating("diagonal", diagonal)
    if diagonal.ndim != 1 or not np.all(diagonal >= 0):
        raise ValueError("diagonal must have shape (n,) and entries >= 0")
    require_finite({"diagonal": diagonal})
    require_number("damping", damping, 0)
    require_number("exponent", exponent, 0, 1, closed=True)
    damped = diagonal + damping
    if exponent == 0:
        return DiagonalPower(damped * 0 + 1)
    if np.any(damped == 0):
        raise ValueError("diagonal + damping must not be 0 in any entry unless exponent is 0")
    return DiagonalPower(damped ** (-exponent))
