"""`gnomon.descent.lion` as compiled loops."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from gnomon.descent import lion as reference
from gnomon.descent.lion import LionState
from gnomon.kernels.descent.elementwise import elementwise

__all__ = ["LionState", "endpoints", "init", "step", "trajectory"]

Constants = namedtuple("Constants", "lr beta1 one_minus_beta1 beta2 one_minus_beta2 decay")


def constants(number: Any, *, lr: float, beta1: float, beta2: float, weight_decay: float) -> Constants:
    """beta1, beta2, and each one's distance from 1, of which only the rounded value is used."""
    return Constants(*map(number, (lr, beta1, 1 - beta1, beta2, 1 - beta2, weight_decay)))


def entry(x: Any, g: Any, m: Any, at: Any, c: Constants) -> Any:
    """Return one entry's new x and momentum: the formula of `gnomon.descent.lion.step`."""
    interpolated = c.beta1 * m + c.one_minus_beta1 * g
    sign = np.sign(interpolated) if interpolated != 0 else abs(interpolated)  # Numba's sign of -0 is -0
    return x - c.lr * (sign + c.decay * x), c.beta2 * m + c.one_minus_beta2 * g


init, step, trajectory, endpoints = elementwise(reference, constants, entry)
