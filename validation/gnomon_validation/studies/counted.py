"""A function that counts what it is asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array


class Effort(NamedTuple):
    """How often f, ∇f and products with the Hessian were asked for, n products for a dense one."""

    values: int
    gradients: int
    products: int


class Counted:
    """An objective that counts how often it is asked for values, gradients and products, of which a Hessian is n."""

    def __init__(self, objective: Any) -> None:
        self._objective, self.effort = objective, Effort(0, 0, 0)

    def value(self, params: Array) -> Any:
        self.effort = self.effort._replace(values=self.effort.values + 1)
        return self._objective.value(params)

    def gradient(self, params: Array) -> Any:
        self.effort = self.effort._replace(gradients=self.effort.gradients + 1)
        return self._objective.gradient(params)

    def hvp(self, params: Array, vector: Array) -> Any:
        self.effort = self.effort._replace(products=self.effort.products + 1)
        return self._objective.hvp(params, vector)

    def hessian(self, params: Array) -> Array:
        return np.stack([self.hvp(params, e) for e in np.eye(params.size)], axis=1)
