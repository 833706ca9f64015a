"""The preconditioner: the diagonal of the empirical Fisher matrix, damped, to a power.

Section 4.7; the package's method that should return it returns nothing.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Choice, Entries, NonNegative, Number, UnitInterval, require_like

REDUCTIONS = ("mean", "sum")


class DiagonalPower(NamedTuple):
    """The operator v ↦ v·scales, entry by entry. scales: shape (n,)."""

    scales: Array

    def __call__(self, vector: Array) -> Array:
        """Return v·scales. Raises `ValueError` or `TypeError` if v does not fit."""
        require_like("vector", vector, self.scales, "scales")
        return vector * self.scales


@checked()
def squared_gradients(
    example_gradients: Annotated[Array, Entries(("N", "n"), least=1, finite=True)],
    *,
    reduction: Annotated[str, Choice(REDUCTIONS)] = "mean",
) -> Array:
    """Return the diagonal d of the empirical Fisher matrix: Σᵢ gᵢ∘gᵢ, over N for "mean".

    example_gradients: gᵢ of each example's own loss, without 1/N, shape (N, n), N and n >= 1. reduction: that of the
    loss, "mean" or "sum".
    """
    total: Array = np.sum(example_gradients * example_gradients, axis=0)
    return total / example_gradients.shape[0] if reduction == "mean" else total


@checked()
def fisher_preconditioner(
    diagonal: Annotated[Array, Entries(("n",), each=Number())],
    *,
    damping: NonNegative = 1.0,
    exponent: UnitInterval = 0.75,
) -> DiagonalPower:
    """Return M: v ↦ v·(d + λ)^(-ξ).

    diagonal: d >= 0, finite, shape (n,). damping: λ, finite and >= 0, that of the step. exponent: ξ in [0, 1]; 0 is no
    preconditioner at all. Raises as well if an entry of d + λ is 0 while ξ is not.
    """
    damped = diagonal + damping
    if exponent == 0:
        return DiagonalPower(damped * 0 + 1)
    if np.any(damped == 0):
        raise ValueError("diagonal + damping must not be 0 in any entry unless exponent is 0")
    return DiagonalPower(damped ** (-exponent))
