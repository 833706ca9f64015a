"""What a loss, a gradient and a Gauss-Newton product cost: operations counted while the reference carries them out.

Only products of matrices are counted, 2·m·k·n for (m, k) times (k, n): all else is of lower order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.objectives import MLP


class Costs(NamedTuple):
    """What one loss and one Gauss-Newton product take, in gradients."""

    loss: float
    product: float


class Tally(np.ndarray):
    """An array that, like all that is computed from it, adds the operations of its matrix products to one tally."""

    tally: list[int]

    def __array_finalize__(self, parent: Any) -> None:
        self.tally = getattr(parent, "tally", [])

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if ufunc is np.matmul:
            left, right = inputs
            self.tally.append(2 * left.shape[0] * left.shape[1] * right.shape[1])
        plain = tuple(x.view(np.ndarray) if isinstance(x, Tally) else x for x in inputs)
        return counting(getattr(ufunc, method)(*plain, **options), self.tally)


def counting(array: Array, tally: list[int]) -> Any:
    """Return the array as one that counts."""
    if not isinstance(array, np.ndarray):
        return array
    counted = array.view(Tally)
    counted.tally = tally
    return counted


def operations(objective: MLP, quantity: str) -> int:
    """Return the operations of `value`, `gradient` or `ggnvp` of an objective."""
    tally: list[int] = []
    params = counting(np.full(objective.dimension, 0.5), tally)
    arguments = (params, params) if quantity == "ggnvp" else (params,)
    getattr(objective, quantity)(*arguments)
    return sum(tally)


def costs(objective: MLP) -> Costs:
    """Return what a loss and a Gauss-Newton product of an objective cost, in gradients."""
    loss, gradient, product = (operations(objective, quantity) for quantity in ("value", "gradient", "ggnvp"))
    return Costs(loss / gradient, product / gradient)
