"""Small functions to minimise, as tuples of arrays, so that a port in any language can rebuild them.

Each is an `Objective` with `ggnvp`; learning problems are in `gnomon.curvature.products`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array


class Quadratic(NamedTuple):
    """f(x) = ½(x - x*)ᵀH(x - x*), a function of its own outputs z = x: the Gauss-Newton matrix is H.

    matrix: H, symmetric, shape (n, n), definite or not. stationary: x*, shape (n,).
    """

    matrix: Array
    stationary: Array

    def value(self, params: Array) -> Any:
        """Return f(x)."""
        d = params - self.stationary
        return np.dot(d, self.matrix @ d) / 2

    def gradient(self, params: Array) -> Array:
        """Return H(x - x*)."""
        slope: Array = self.matrix @ (params - self.stationary)
        return slope

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return H·v, whatever x."""
        product: Array = self.matrix @ vector
        return product

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return H·v, whatever x."""
        return self.hvp(params, vector)


class Fenced(NamedTuple):
    """The quadratic ½(x - x*)ᵀH(x - x*) as far as no entry of x - x* is more than r in size; beyond, one value.

    matrix, stationary: H and x*. reach: r > 0. beyond: the value there, which need not be finite. Derivatives are those
    of the quadratic.
    """

    matrix: Array
    stationary: Array
    reach: Any
    beyond: Any

    def value(self, params: Array) -> Any:
        """Return f(x)."""
        inside = Quadratic(self.matrix, self.stationary).value(params)
        return np.where(np.max(np.abs(params - self.stationary)) <= self.reach, inside, self.beyond)[()]

    def gradient(self, params: Array) -> Array:
        """Return H(x - x*)."""
        return Quadratic(self.matrix, self.stationary).gradient(params)

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return H·v, whatever x."""
        return Quadratic(self.matrix, self.stationary).hvp(params, vector)

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return H·v, whatever x."""
        return self.hvp(params, vector)


class Valley(NamedTuple):
    """Rosenbrock's f(x, y) = (1 - x)² + s·(y - x²)²: squares of two outputs, 1 - x and √s·(y - x²).

    steepness: s > 0, 100 in his paper.
    """

    steepness: Any

    def value(self, params: Array) -> Any:
        """Return f(x, y). params: shape (2,)."""
        x, y = params[0], params[1]
        return (1 - x) ** 2 + self.steepness * (y - x**2) ** 2

    def gradient(self, params: Array) -> Array:
        """Return ∇f, shape (2,)."""
        x, y = params[0], params[1]
        by_y = 2 * self.steepness * (y - x**2)
        return np.stack([-2 * (1 - x) - 2 * x * by_y, by_y])

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f·v."""
        x, y, s = params[0], params[1], self.steepness
        dx, dy = vector[0], vector[1]
        return np.stack([(2 + 12 * s * x**2 - 4 * s * y) * dx - 4 * s * x * dy, 2 * s * (dy - 2 * x * dx)])

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return 2JᵀJ·v, J the Jacobian of the two outputs."""
        x, s = params[0], self.steepness
        dx, dy = vector[0], vector[1]
        along = 2 * s * (dy - 2 * x * dx)
        return np.stack([2 * dx - 2 * x * along, along])
