"""SRKL's published code on ½λx²: everything about it is one map of one number.

With y = √β·λ·x and a = α·λ a step of `gnomon.descent.srkl.step_code` is

    y ← F(y) = y·(1 - a/(1+y²))

the same map for every α, β, λ. For a < 2 it converges to 0, for 2 < a < 4 to the two points ±√(a/2-1), for 4 < a < 5 to
u and -1/u with u = (√a + √(a-4))/2 or their mirror image; at a = 5 begins the period doubling that ends in chaos.
"""

from __future__ import annotations

from math import log

import numpy as np

from gnomon.domains import Array, require_count, require_floating, require_like, require_number


def orbit(start: Array, ratio: Array, *, steps: int) -> Array:
    """Return y₀ … y_steps of y ← y·(1 - a/(1+y²)), one orbit for each entry, shape (steps + 1, *shape).

    start, ratio: y₀ and a, arrays of one shape and one floating-point dtype, which is that of the result; a > 0.
    steps: >= 0. An orbit never leaves [-m, m], m = max(|y₀|, a/2).
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.
    """
    require_orbit(start, ratio)
    require_count("steps", steps)
    points = [start]
    for _ in range(steps):
        points.append(image(points[-1], ratio))
    return np.stack(points)


def attractor(start: Array, ratio: Array, *, burn_in: int, kept: int) -> Array:
    """Return the `kept` points of each orbit that follow the first `burn_in` steps, shape (kept, *shape).

    What a bifurcation diagram draws. start, ratio: as in `orbit`. burn_in: >= 0. kept: >= 1.
    """
    require_orbit(start, ratio)
    require_count("burn_in", burn_in)
    require_count("kept", kept, 1)
    y = start
    for _ in range(burn_in):
        y = image(y, ratio)
    points = []
    for _ in range(kept):
        y = image(y, ratio)
        points.append(y)
    return np.stack(points)


def lyapunov_exponent(start: Array, ratio: Array, *, burn_in: int, steps: int) -> Array:
    """Return the mean of ln|F'(y)| along `steps` points of each orbit after `burn_in` steps, shape of `start`.

    Positive: neighbouring orbits part exponentially (chaos); negative: they meet (a stable cycle); -∞ if a point with
    F'(y) = 0 was hit exactly. start, ratio: as in `orbit`. burn_in: >= 0. steps: >= 1. Units: nats a step.
    """
    require_orbit(start, ratio)
    require_count("burn_in", burn_in)
    require_count("steps", steps, 1)
    y = start
    for _ in range(burn_in):
        y = image(y, ratio)
    total = np.zeros_like(start)
    with np.errstate(divide="ignore"):
        for _ in range(steps):
            total = total + np.log(np.abs(slope(y, ratio)))
            y = image(y, ratio)
    return total / steps


def image(y: Array, ratio: Array) -> Array:
    """Return F(y) = y·(1 - a/(1+y²))."""
    return y * (1 - ratio / (1 + y * y))


def slope(y: Array, ratio: Array) -> Array:
    """Return F'(y) = 1 - a·(1-y²)/(1+y²)²."""
    return 1 - ratio * (1 - y * y) / ((1 + y * y) * (1 + y * y))


def steps_to_one(start: float, ratio: float) -> float:
    """Return ((y₀²-1)/2 + ln y₀)/a, about how many steps an orbit takes from y₀ > 1 down to |y| <= 1, for 0 < a <= 1.

    The true number is not smaller, and larger by less than 1 + ¼·ln((1+y₀²)/2): with V = y²/2 + ln y, convex beyond 1,
    a step lowers V by at most V'(y)·a·y/(1+y²) = a, and by at least a - ½(a·y/(1+y²))², whose second parts add up to
    less than a/4 · ln((1+y₀²)/2). start: y₀ > 1. ratio: a in (0, 1]. Raises `ValueError` or `TypeError` for others.
    """
    require_number("start", start, 1)
    require_number("ratio", ratio, 0, 1, closed=True)
    if ratio == 0:
        raise ValueError(f"ratio must be > 0, got {ratio!r}")
    return ((start**2 - 1) / 2 + log(start)) / ratio


def require_orbit(start: Array, ratio: Array) -> None:
    """Raise `ValueError` or `TypeError` unless orbits can begin at `start` with the ratios a."""
    require_floating("start", start)
    require_like("ratio", ratio, start, "start")
    if not np.all((ratio > 0) & np.isfinite(ratio)):
        raise ValueError("ratio must be finite and > 0 in every entry")
    if not np.all(np.isfinite(start)):
        raise ValueError("start must be finite in every entry")
