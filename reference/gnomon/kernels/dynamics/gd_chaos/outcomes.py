"""`gnomon.dynamics.gd_chaos.outcomes` for many starts: compiled, with the bits of the reference but for logarithms.

A step waits for the one before it. So `WIDTH` starts go on side by side, and those that are done leave their places to
the others.
"""

from __future__ import annotations

from collections import namedtuple
from math import inf
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.gd_chaos import outcomes as reference
from gnomon.dynamics.gd_chaos.outcomes import DIVERGED, LOG_3, MINUS, ORIGIN, PLUS, Basins, smallest
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import flat, in_place_of

__all__ = ["Basins", "basin_grid", "escape_potential"]

WIDTH = 512
# What the loops compute with, each rounded once to their dtype. c: 1 - ηλ. small: of η³‖∇L‖². least: of W at a minimum.
Numbers = namedtuple("Numbers", "Y mu c root small least escape log_3 half quarter")


@compiled
def settle(u: Array, v: Array, labels: Any, steps: Any, max_steps: int, by_alpha: bool, numbers: Numbers) -> None:
    """Write the labels and the numbers of steps of the starts that are decided."""
    Y, mu, c, half, quarter = numbers.Y, numbers.mu, numbers.c, numbers.half, numbers.quarter
    alpha, beta, place = np.empty(WIDTH, u.dtype), np.empty(WIDTH, u.dtype), np.empty(WIDTH, np.int64)
    for start in range(0, u.size, WIDTH):
        active = min(WIDTH, u.size - start)
        for i in range(active):
            place[i] = start + i
            alpha[i] = numbers.root * (u[start + i] + v[start + i])
            beta[i] = numbers.root * (u[start + i] - v[start + i])
        for t in range(max_steps + 1):
            kept = 0
            for i in range(active):
                a, b, at = alpha[i], beta[i], place[i]
                A, B = a * a, b * b
                R, size = (A - B) * quarter - Y, (A + B) * half
                slope = ((mu + R) * (mu + R) * A + (mu - R) * (mu - R) * B) * half
                if size <= numbers.escape and slope > numbers.small:
                    alpha[kept], beta[kept], place[kept] = (c - R) * a, (c + R) * b, at
                    kept += 1
                else:
                    steps[at] = t
                    if not size <= numbers.escape:
                        labels[at] = DIVERGED
                    elif size < numbers.least:
                        labels[at] = ORIGIN
                    else:
                        labels[at] = PLUS if (a if by_alpha else b) >= 0 else MINUS
            active = kept
            if active == 0:
                break


@compiled
def follow(u: Array, v: Array, found: Array, max_steps: int, numbers: Numbers) -> None:
    """Write ν of the starts that escape."""
    for i in range(u.size):
        a, b = numbers.root * (u[i] + v[i]), numbers.root * (u[i] - v[i])
        for t in range(max_steps + 1):
            R = (a * a - b * b) * numbers.quarter - numbers.Y
            if not abs(R) <= numbers.escape:
                found[i] = found.dtype.type(t) - np.log(np.log(abs(R))) / numbers.log_3
                break
            a, b = (numbers.c - R) * a, (numbers.c + R) * b


def rounded(dtype: Any, eta: float, y: float, lam: float, grad_tol: float, escape: float) -> Numbers:
    """Return the numbers of the loops as the reference rounds them."""
    mu, root = eta * lam, eta**0.5
    given = eta * y, mu, 1 - mu, root, (grad_tol * eta * root) ** 2, eta * smallest(y, lam), escape, LOG_3, 0.5, 0.25
    return Numbers(*map(dtype.type, given))


@in_place_of(reference.basin_grid)
def basin_grid(
    u: Array, v: Array, eta: float, y: float, lam: float, max_steps: int, grad_tol: float, escape: float
) -> Basins:
    labels, steps = np.zeros(u.size, np.int8), np.full(u.size, max_steps, np.int32)
    numbers = rounded(u.dtype, eta, y, lam, grad_tol, escape)
    settle(flat(u), flat(v), labels, steps, int(max_steps), bool(y >= 0), numbers)
    return Basins(labels.reshape(u.shape), steps.reshape(u.shape))


@in_place_of(reference.escape_potential)
def escape_potential(
    u: Array, v: Array, eta: float, y: float, lam: float, max_steps: int, threshold: float
) -> Array:  # fmt: skip
    found = np.full(u.size, inf, u.dtype)
    follow(flat(u), flat(v), found, int(max_steps), rounded(u.dtype, eta, y, lam, 0.0, threshold))
    return found.reshape(u.shape)
