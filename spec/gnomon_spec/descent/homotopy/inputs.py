"""What the parts are given in a case: curvatures, targets, rates, vectors; and the rule that all rates share."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_spec.cases import Case, Context, Draw, Quantity
from gnomon_spec.strategies import SMALL_CODES, count, number
from gnomon_spec.system import Misfits, Operation


def series(quantity: Quantity, most: int, least: int = 1) -> Quantity:
    """A sequence of numbers, shape (k,), k from `least` to `most`."""

    def draw_series(draw: Draw, context: Context) -> Any:
        size = least + draw(SMALL_CODES) % (most - least + 1)
        return np.array([quantity.draw(draw, context) for _ in range(size)], context.dtype)

    return Quantity(draw_series, f"{least} to {most} numbers, each {quantity.text}")


def zero(context: Context) -> Any:
    """Return 0 as an array without dimensions, as fresh states have it."""
    return np.zeros((), context.dtype)


any_number = number(1.0, 0.0, 2.0, 0.5, 4.0, exponents=(-20, 20))
positive = number(1.0, 2.0, 0.5, 4.0, exponents=(-20, 20))
near_one = number(1.0, 2.0, 0.5, 4.0, exponents=(-4, 4))
alpha = number(1.0, 0.5, 2.0, 0.0, 5.0, exponents=(-6, 6))
braking = number(1.0, 0.5, 2.0, 5.0, exponents=(-6, 6))
min_lr = number(1e-7, 0.0, 0.0625, exponents=(-30, -4))
max_lr = number(1.0, 0.125, 2.0, exponents=(-3, 3))
HIGHEST = 1024.0  # a bound that no rate drawn here meets
decay = number(0.9, 0.0, 0.5, 0.75, exponents=(-6, -1))
frequency = count(1, 2, 3, 10, low=1, high=6)
power = count(1, -1, 3, low=-20, high=20)


def declare_order_of_bounds(operation: Operation) -> None:
    """Declare the law about min_lr and max_lr together, which no signature states."""

    @operation.misfits()
    def bounds_in_the_wrong_order_are_rejected(case: Case) -> Misfits:
        """A min_lr above max_lr is rejected."""
        return {"min_lr = 2, max_lr = 1": {"min_lr": 2.0, "max_lr": 1.0}}
