"""SRKL's published code on ½λx²: everything about it is one map of one number.

With y = √β·λ·x and a = α·λ a step of `gnomon.descent.srkl.step_code` is

    y ← F(y) = y·(1 - a/(1+y²))

the same map for every α, β, λ. For a < 2 it converges to 0, for 2 < a < 4 to the two points ±√(a/2-1), for 4 < a < 5 to
u and -1/u with u = (√a + √(a-4))/2 or their mirror image; at a = 5 begins the period doubling that ends in chaos.
"""

from __future__ import annotations

from math import log
from typing import Annotated, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Finite, NonNegativeInt, Number, PositiveInt

Start: TypeAlias = Annotated[Array, Finite()]
Ratio: TypeAlias = Annotated[Array, Finite("start", above=0)]


def image(y: Array, ratio: Array) -> Array:
    """Return F(y) = y·(1 - a/(1+y²))."""
    return y * (1 - ratio / (1 + y * y))


def slope(y: Array, ratio: Array) -> Array:
    """Return F'(y) = 1 - a·(1-y²)/(1+y²)²."""
    return 1 - ratio * (1 - y * y) / ((1 + y * y) * (1 + y * y))


@checked()
def orbit(start: Start, ratio: Ratio, *, steps: NonNegativeInt) -> Array:
    """Return y₀ … y_steps of y ← y·(1 - a/(1+y²)), one orbit for each entry, shape (steps + 1, *shape).

    start, ratio: y₀ and a, arrays of one shape and one floating-point dtype, which is that of the result; a > 0. An
    orbit never leaves [-m, m], m = max(|y₀|, a/2).
    """
    points = [start]
    for _ in range(steps):
        points.append(image(points[-1], ratio))
    return np.stack(points)


@checked()
def attractor(start: Start, ratio: Ratio, *, burn_in: NonNegativeInt, kept: PositiveInt) -> Array:
    """Return the `kept` points of each orbit that follow the first `burn_in` steps, shape (kept, *shape).

    What a bifurcation diagram draws. start, ratio: as in `orbit`. burn_in: >= 0. kept: >= 1.
    """
    return orbit(end(start, ratio, burn_in), ratio, steps=kept)[1:]


@checked()
def lyapunov_exponent(start: Start, ratio: Ratio, *, burn_in: NonNegativeInt, steps: PositiveInt) -> Array:
    """Return the mean of ln|F'(y)| along `steps` points of each orbit after `burn_in` steps, shape of `start`.

    Positive: neighbouring orbits part exponentially (chaos); negative: they meet (a stable cycle); -∞ if a point with
    F'(y) = 0 was hit exactly. start, ratio: as in `orbit`. burn_in: >= 0. steps: >= 1. Units: nats a step.
    """
    y, total = end(start, ratio, burn_in), np.zeros_like(start)
    with np.errstate(divide="ignore"):
        for _ in range(steps):
            total = total + np.log(np.abs(slope(y, ratio)))
            y = image(y, ratio)
    return total / steps


def end(start: Array, ratio: Array, steps: int) -> Array:
    """Return y_steps, the last point of `orbit`, without keeping the others."""
    y = start
    for _ in range(steps):
        y = image(y, ratio)
    return y


@checked()
def steps_to_one(
    start: Annotated[float, Number(1)], ratio: Annotated[float, Number(0, 1, above=True, closed=True)]
) -> float:
    """Return ((y₀²-1)/2 + ln y₀)/a, about how many steps an orbit takes from y₀ > 1 down to |y| <= 1, for 0 < a <= 1.

    The true number is not smaller, and larger by less than 1 + ¼·ln((1+y₀²)/2): with V = y²/2 + ln y, convex beyond 1,
    a step lowers V by at most V'(y)·a·y/(1+y²) = a, and by at least a - ½(a·y/(1+y²))², whose second parts add up to
    less than a/4 · ln((1+y₀²)/2). start: y₀ > 1. ratio: a in (0, 1].
    """
    return ((start**2 - 1) / 2 + log(start)) / ratio
