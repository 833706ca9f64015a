"""A network's loss whose Gauss-Newton matrix is computed once a point: the same numbers but for their rounding.

G = (1/N) Σᵢ JᵢᵀHᵢJᵢ, Jᵢ the Jacobian of the outputs of example i and Hᵢ the Hessian of its loss. For a few dozen
parameters it is faster than products one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.objectives import MLP


class DenseCurvature:
    """The objective of a network. Only value, gradient and products with G."""

    def __init__(self, objective: MLP) -> None:
        self._objective = objective
        self._at: Array | None = None
        self._matrix: Array = np.empty((0, 0))

    def value(self, params: Array) -> Any:
        """Return f(w)."""
        return self._objective.value(params)

    def gradient(self, params: Array) -> Array:
        """Return ∇f(w)."""
        return self._objective.gradient(params)

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f(w)·v."""
        return self._objective.hvp(params, vector)

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return G·v; G is that of the last point as long as it is asked for there."""
        if self._at is not params:
            self._at, self._matrix = params, gauss_newton(self._objective, params)
        product: Array = self._matrix @ vector
        return product


def gauss_newton(objective: MLP, params: Array) -> Array:
    """Return G at the parameters, shape (n, n)."""
    z = objective.outputs(params)
    units = np.eye(z.shape[1])
    jacobian = np.stack([objective.example_pullbacks(params, 0 * z + e) for e in units], axis=1)
    hessian = np.stack([objective.output_loss.hessian_products(z, 0 * z + e) for e in units], axis=2)
    n = params.shape[0]
    curved = np.transpose(hessian, (0, 2, 1)) @ jacobian
    matrix: Array = np.reshape(jacobian, (-1, n)).T @ np.reshape(curved, (-1, n)) / z.shape[0]
    return matrix
