"""What the parts of this family are given in a case: curvatures, targets, rates, operators; and what they reject."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import inf, nan
from typing import Any

import numpy as np

from gnomon_spec.cases import Context, Draw, Quantity
from gnomon_spec.facts import Fact, rejects
from gnomon_spec.strategies import SMALL_CODES, count, number, tame

Function = Callable[..., Any]


def single(quantity: Quantity) -> Quantity:
    """A number as an array without dimensions, of the dtype of the case."""
    return Quantity(lambda draw, context: np.array(quantity.draw(draw, context), context.dtype), quantity.text)


def series(quantity: Quantity, most: int, least: int = 1) -> Quantity:
    """A sequence of numbers, shape (k,), k from `least` to `most`."""

    def draw_series(draw: Draw, context: Context) -> Any:
        size = least + draw(SMALL_CODES) % (most - least + 1)
        return np.array([quantity.draw(draw, context) for _ in range(size)], context.dtype)

    return Quantity(draw_series, f"{least} to {most} numbers, each {quantity.text}")


def nonzero() -> Quantity:
    """A vector (n,) without a 0."""

    def draw_nonzero(draw: Draw, context: Context) -> Any:
        drawn = tame().draw(draw, context)
        return np.where(drawn == 0, np.ones_like(drawn), drawn)

    return Quantity(draw_nonzero, f"{tame().text}, not 0")


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
exponent = count(1, -1, 3, low=-20, high=20)

BAD_BOUNDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("base_lr = 0", {"base_lr": 0.0}),
    ("base_lr = -1", {"base_lr": -1.0}),
    ("base_lr = nan", {"base_lr": nan}),
    ("base_lr = inf", {"base_lr": inf}),
    ("min_lr = -1", {"min_lr": -1.0}),
    ("min_lr = 2 > max_lr = 1", {"min_lr": 2.0, "max_lr": 1.0}),
)


def rejected(call: Function, hyper: dict[str, Any], bad: Iterable[tuple[str, dict[str, Any]]]) -> Iterable[Fact]:
    """Claim that `call` rejects every one of the bad hyperparameters among otherwise good ones."""
    for label, changed in bad:
        yield rejects(label, partial(call, **{**hyper, **changed}))


def rejected_numbers(call: Callable[[Any], Any], label: str, like: Any) -> Iterable[Fact]:
    """Claim that `call` rejects a number that is negative or NaN."""
    for value in (-3.0, nan):
        yield rejects(f"{label} = {value}", partial(call, np.full_like(like, value)))
