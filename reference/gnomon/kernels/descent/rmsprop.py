"""`gnomon.descent.rmsprop` as compiled loops."""

from __future__ import annotations

from collections import namedtuple
from math import sqrt
from typing import Any

from gnomon.descent import rmsprop as reference
from gnomon.descent.rmsprop import RMSpropState, Variant
from gnomon.kernels.descent.elementwise import elementwise

__all__ = ["RMSpropState", "Variant", "endpoints", "init", "step", "trajectory"]

Constants = namedtuple("Constants", "decays has_momentum centred inside lr alpha one_minus_alpha eps momentum decay")


def constants(
    number: Any,
    *,
    lr: float,
    alpha: float,
    eps: float,
    momentum: float,
    centred: bool,
    weight_decay: float,
    variant: Variant,
) -> Constants:
    """decays, has_momentum: whether the number as given, before rounding, is not 0."""
    rounded = map(number, (lr, alpha, 1 - alpha, eps, momentum, weight_decay))
    return Constants(weight_decay != 0, momentum != 0, centred, variant == "inside", *rounded)


def entry(x: Any, g: Any, square: Any, mean: Any, buffer: Any, at: Any, c: Constants) -> Any:
    """Return one entry's new x, mean square, mean and buffer: the formula of `gnomon.descent.rmsprop.step`."""
    if c.decays:
        g = g + c.decay * x
    spread = square = c.alpha * square + c.one_minus_alpha * (g * g)
    if c.centred:
        mean = c.alpha * mean + c.one_minus_alpha * g
        spread = square - mean * mean
    direction = g / (sqrt(spread + c.eps) if c.inside else sqrt(spread) + c.eps)
    if c.has_momentum:
        direction = buffer = c.momentum * buffer + direction
    return x - c.lr * direction, square, mean, buffer


init, step, trajectory, endpoints = elementwise(reference, constants, entry)
