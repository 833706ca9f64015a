"""What is counted: how often a function is asked, and how many operations its products of matrices take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.numpy.numpy_vspaces import ArrayVSpace

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


class Tally(np.ndarray):
    """An array that, like all that is computed from it, adds the operations of its matrix products to one tally."""

    operations: ClassVar[int] = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if ufunc is np.matmul:
            left, right = inputs
            Tally.operations += 2 * left.shape[0] * left.shape[1] * right.shape[1]
        plain = (x.view(np.ndarray) if isinstance(x, Tally) else x for x in inputs)
        result = getattr(ufunc, method)(*plain, **options)
        return result.view(Tally) if isinstance(result, np.ndarray) else result


ArrayBox.register(Tally)
ArrayVSpace.register(Tally)


def operations(f: Callable[..., Any], *arrays: Array) -> int:
    """Return the operations that f(*arrays) takes, by autograd too, in products of what is computed from the arrays.

    Only products of matrices are counted, 2·m·k·n for (m, k) times (k, n): all else is of lower order.
    """
    before = Tally.operations
    f(*(array.view(Tally) for array in arrays))
    return Tally.operations - before
