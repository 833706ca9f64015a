"""`gnomon.descent.srkl_map` as compiled loops: many orbits side by side, `WIDTH` at a time from their start to the end.

What an orbit has passed through is stored only where it is asked for: a bifurcation diagram takes the memory of its
points, and an exponent that of `ROOM` slopes.
"""

from __future__ import annotations

import numpy as np

from gnomon.descent import srkl_map as reference
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import flat, in_place_of

__all__ = ["attractor", "lyapunov_exponent", "orbit"]

# How many orbits run side by side: enough to fill vector registers many times over, few enough for the first cache.
WIDTH = 256
# How many slopes are kept until their logarithms are taken: few enough for the second cache.
ROOM = 1 << 15


@compiled
def advance(ys: Array, ratio: Array, burn_in: int, points: Array) -> None:
    """Take `burn_in` steps of y ← y·(1 - a/(1+y²)), then one for each row of `points`, and write y there.

    ys, ratio: y and a, shape (orbits,). `ys` is left where the orbits are in the end.
    """
    one = ys.dtype.type(1)
    for start in range(0, ys.size, WIDTH):
        y, a = ys[start : start + WIDTH], ratio[start : start + WIDTH]
        for t in range(burn_in + points.shape[0]):
            for i in range(y.size):
                y[i] = y[i] * (one - a[i] / (one + y[i] * y[i]))
            if t >= burn_in:
                row = points[t - burn_in, start : start + WIDTH]
                for i in range(y.size):
                    row[i] = y[i]


@compiled
def advance_with_slopes(y: Array, ratio: Array, slopes: Array) -> None:
    """Write |F'(y)|, F' = 1 - a·(1-y²)/(1+y²)², into a row of `slopes` and take a step, for every row of it."""
    one = y.dtype.type(1)
    for t in range(slopes.shape[0]):
        row = slopes[t]
        for i in range(y.size):
            square = y[i] * y[i]
            row[i] = abs(one - ratio[i] * (one - square) / ((one + square) * (one + square)))
            y[i] = y[i] * (one - ratio[i] / (one + square))


@compiled
def add_rows(rows: Array, total: Array) -> None:
    """Add the rows (times, orbits) to `total` (orbits,), one after the other."""
    for t in range(rows.shape[0]):
        row = rows[t]
        for i in range(total.size):
            total[i] += row[i]


@in_place_of(reference.orbit)
def orbit(start: Array, ratio: Array, steps: int) -> Array:
    points = np.empty((int(steps) + 1, start.size), start.dtype)
    points[0] = start.reshape(-1)
    advance(points[0].copy(), flat(ratio), 0, points[1:])
    return points.reshape(len(points), *start.shape)


@in_place_of(reference.attractor)
def attractor(start: Array, ratio: Array, burn_in: int, kept: int) -> Array:
    points = np.empty((int(kept), start.size), start.dtype)
    advance(start.flatten(), flat(ratio), int(burn_in), points)
    return points.reshape(len(points), *start.shape)


@in_place_of(reference.lyapunov_exponent)
def lyapunov_exponent(start: Array, ratio: Array, burn_in: int, steps: int) -> Array:
    ys, a, total = start.flatten(), flat(ratio), np.zeros(start.size, start.dtype)
    advance(ys, a, int(burn_in), np.empty((0, start.size), start.dtype))
    for first in range(0, start.size, WIDTH):
        some = slice(first, first + WIDTH)
        add_logarithms(ys[some], a[some], int(steps), total[some])
    return (total / steps).reshape(start.shape)


def add_logarithms(y: Array, ratio: Array, steps: int, total: Array) -> None:
    """Add ln|F'| of `steps` points from `y` on to `total`, and leave `y` behind them.

    The logarithms are NumPy's, taken of many slopes at once.
    """
    rows = ROOM // y.size
    slopes = np.empty((min(rows, steps), y.size), y.dtype)
    for done in range(0, steps, rows):
        some = slopes[: steps - done]
        advance_with_slopes(y, ratio, some)
        with np.errstate(divide="ignore"):
            np.log(some, out=some)
        add_rows(some, total)
