"""A function with a local minimum that is not the global one: f(x) = (x²-1)²/4 + x/10."""

from __future__ import annotations

import numpy as np

from gnomon.domains import Array
from gnomon.objectives.contract import Scalar


class DoubleWell:
    """f(x) = (x²-1)²/4 + x/10 of one parameter, f′ = x³ - x + 1/10, f″ = 3x² - 1."""

    def value(self, params: Array) -> Scalar:
        """Return f(x). params: shape (1,)."""
        (x,) = params
        return (x**2 - 1) ** 2 / 4 + x / 10

    def gradient(self, params: Array) -> Array:
        """Return f′(x), shape (1,)."""
        gradient: Array = params**3 - params + 0.1
        return gradient

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return f″(x)·v, shape (1,)."""
        product: Array = (3 * params**2 - 1) * vector
        return product

    @property
    def stationary_points(self) -> Array:
        """The zeros of f′, ascending: the global minimum, a maximum, a local minimum. shape (3,)"""
        return np.sort(np.roots([1.0, 0.0, -1.0, 0.1]).real)
