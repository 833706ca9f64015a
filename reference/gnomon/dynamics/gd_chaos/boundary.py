"""The boundary of the region that converges, for λ = 0, d = 1: an ellipse on which a step multiplies an angle by -3."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Any

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Positive, Real
from gnomon.dynamics.gd_chaos.plane import Numbers
from gnomon.dynamics.gd_chaos.steps import Factors


def require_an_ellipse(given: Mapping[str, Any]) -> None:
    if abs(given["eta"] * given["y"]) > 2:
        raise ValueError(f"eta * y must be in [-2, 2], got {given['eta'] * given['y']}")


@checked(require_an_ellipse)
def boundary_point(phi: Numbers, *, eta: Positive = 0.5, y: Real = 1.0) -> Factors:
    """Return the point at the angle φ: √η(u + v) = 2√(2 + Y)·cos φ, √η(u - v) = 2√(2 - Y)·sin φ, with Y = ηy.

    There R = 2·cos 2φ, and a step takes φ to π - 3φ. phi: any finite array, one point an entry. eta > 0, |ηy| <= 2.
    """
    Y, root = eta * y, eta**0.5
    half_a, half_b = (2 + Y) ** 0.5 * np.cos(phi) / root, (2 - Y) ** 0.5 * np.sin(phi) / root
    return Factors(half_a + half_b, half_a - half_b)


def require_at_most_two(given: Mapping[str, Any]) -> None:
    if not np.all(np.abs(given["Y"]) <= 2):
        raise ValueError(f"Y must be in [-2, 2] in every entry, got {given['Y']}")


@checked(require_at_most_two)
def transverse_exponent(Y: Numbers) -> Array:
    """Return Λ = arcosh((1 + √(25 - 4Y²))/4), how fast orbits leave the boundary, in nats a step; along it: ln 3.

    It is the mean of ln(1 + YR + R²) for R = 2·cos θ, θ uniform. Y: ηy, any array in [-2, 2]. Computed as twice the
    arsinh of √((2 - Y)(2 + Y)/(6 + 2√(25 - 4Y²))), which keeps its digits at the ends, where it is 0.
    """
    product = (2 - Y) * (2 + Y)
    exponent: Array = 2 * np.arcsinh(np.sqrt(product / (6 + 2 * np.sqrt(9 + 4 * product))))
    return exponent


def periodic_angles(period: int) -> Any:
    """Return the |(-3)ⁿ - 1| angles of the boundary that come back after n steps: φₖ = π/4 + 2πk/((-3)ⁿ - 1)."""
    power = (-3) ** period - 1
    return pi / 4 + 2 * pi * np.arange(abs(power)) / power
