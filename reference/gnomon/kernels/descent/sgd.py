"""`gnomon.descent.sgd` as compiled loops."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from gnomon.descent import sgd as reference
from gnomon.descent.sgd import SGDState
from gnomon.kernels.descent.elementwise import elementwise

__all__ = ["SGDState", "endpoints", "init", "step", "trajectory"]

Constants = namedtuple("Constants", "decays has_momentum nesterov lr momentum one_minus_dampening decay")


def constants(
    number: Any, *, lr: float, momentum: float, dampening: float, nesterov: bool, weight_decay: float
) -> Constants:
    """decays, has_momentum: whether the number as given, before rounding, is not 0."""
    rounded = map(number, (lr, momentum, 1 - dampening, weight_decay))
    return Constants(weight_decay != 0, momentum != 0, nesterov, *rounded)


def at_step(number: Any, t: float, numbers: Any, c: Constants) -> Any:
    """Return whether it is the first step."""
    return t == 1, numbers


def entry(x: Any, g: Any, buffer: Any, is_first: bool, c: Constants) -> Any:
    """Return one entry's new x and momentum buffer: the formula of `gnomon.descent.sgd.step`."""
    if c.decays:
        g = g + c.decay * x
    direction = g
    if c.has_momentum:
        buffer = g if is_first else c.momentum * buffer + c.one_minus_dampening * g
        direction = g + c.momentum * buffer if c.nesterov else buffer
    return x - c.lr * direction, buffer


init, step, trajectory, endpoints = elementwise(reference, constants, entry, at_step)
