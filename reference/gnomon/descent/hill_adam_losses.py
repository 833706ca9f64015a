"""Losses to explore: five polynomials whose stationary points are known, and that of the published colour correction.

The paper's five polynomials are unknown; these are ours, but for "bumps", a part of the published script's loss.
A loss is a plain function of a point that returns the value and the entries of the gradient, one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.polynomial import Polynomial

from gnomon.domains import Array

LossName = Literal["tilted", "bumps", "three-wells", "four-wells", "camel"]


class Loss(NamedTuple):
    """A function of a few variables, and what is known of it, to 15 digits.

    at: its value and its slopes at a point. minimisers, minimum: the global ones. others: the other stationary points
    that are listed.
    """

    at: Callable[[Any], tuple[Any, tuple[Any, ...]]]
    minimisers: tuple[tuple[float, ...], ...]
    minimum: float
    others: tuple[tuple[float, ...], ...]

    @property
    def dimension(self) -> int:
        return len(self.minimisers[0])

    def value(self, params: Any) -> Any:
        """Return f(x)."""
        return self.at(params)[0]

    def gradient(self, params: Any) -> Any:
        """Return ∇f(x), shape (n,)."""
        return np.stack(self.at(params)[1])


def tilted(x: Any) -> Any:
    """P1: x⁴ - 4x² + x."""
    square = x[0] * x[0]
    return x[0] * (x[0] * (square - 4) + 1), (x[0] * (4 * square - 8) + 1,)


def bumps(x: Any) -> Any:
    """P2: (y² - 1)² + 0.3x + 2 with y = x - 2.1, the code's R_b."""
    y = x[0] - 2.1
    w = y * y - 1
    return w * w + 0.3 * x[0] + 2, (4 * y * w + 0.3,)


def three_wells(x: Any) -> Any:
    """P3: x²(x²-4)²/8 + 0.3x."""
    square = x[0] * x[0]
    w = x[0] * (square - 4)
    return w * w / 8 + 0.3 * x[0], (w * (3 * square - 4) / 4 + 0.3,)


def four_wells(x: Any) -> Any:
    """P4: (x²-1)² + (y²-1)² + 0.2x + 0.3y."""
    v, w = x[0] * x[0] - 1, x[1] * x[1] - 1
    return v * v + w * w + 0.2 * x[0] + 0.3 * x[1], (4 * x[0] * v + 0.2, 4 * x[1] * w + 0.3)


def camel(x: Any) -> Any:
    """P5: (4 - 2.1x² + x⁴/3)x² + xy + (4y² - 4)y², the six-hump camel."""
    a, b = x[0] * x[0], x[1] * x[1]
    value = (4 - 2.1 * a + a * a / 3) * a + x[0] * x[1] + (4 * b - 4) * b
    return value, (x[0] * (8 - 8.4 * a + 2 * (a * a)) + x[1], x[0] + x[1] * (16 * b - 8))


LEFT, RIGHT, BELOW, ABOVE = -1.02412030021505036, 0.973994353231277801, -1.03557871408885374, 0.960149555519105521
LOSSES: dict[str, Loss] = {
    "tilted": Loss(
        tilted, ((-1.47299760111403013,),), -5.44419206661089746, ((0.126000192586256113,), (1.34699740852777402,)),
    ),
    "bumps": Loss(
        bumps, ((1.06442128591114626,),), 2.32457151625608403, ((2.17542915856974822,), (3.06014955551910552,)),
    ),
    "three-wells": Loss(
        three_wells, ((-2.01801059813629693,),), -0.602737331790202920,
        ((-1.09678885709037217,), (-0.0754286928110693523,), (1.20983054888879629,), (1.98039759914894216,)),
    ),
    "four-wells": Loss(
        four_wells, ((LEFT, BELOW),), -0.507868918088738397,
        ((LEFT, ABOVE), (RIGHT, BELOW), (RIGHT, ABOVE), (0.0501259469837725544, 0.0754291585697482196)),
    ),
    "camel": Loss(
        camel, ((0.0898420131003180624, -0.712656403020739633), (-0.0898420131003180624, 0.712656403020739633)),
        -1.03162845348987735, ((0.0, 0.0),),
    ),
}  # fmt: skip


class Colours(NamedTuple):
    """The colour correction's loss of the gains (r, b, g) of red, blue and green, with the means of two images.

    E = (s_r·r - t_r)² + (s_b·b - t_b)² + (s_g·g - t_g)² + R_b(b) + R_r(r), R_b = "bumps", R_r(r) = ((r+½)² - 1)².
    source, target: s and t, each in the order (r, b, g). E is a sum of functions of one gain each, so that its
    minimisers are roots of cubics: `optimum`. The published script also has an older form, commented out, without R_r;
    it is left out, since no figure that we know of rests on it.
    """

    source: Array
    target: Array

    def at(self, params: Array) -> tuple[Any, Array]:
        """Return E and ∇E. params: (r, b, g)."""
        misses, y = self.source * params - self.target, params[0] + 0.5
        red, (blue, (slope,)) = y * y - 1, bumps(params[1:2])
        value = np.sum(misses * misses) + blue + red * red
        return value, 2 * self.source * misses + np.stack([4 * y * red, slope, 0 * red])

    def optimum(self) -> tuple[Array, Any]:
        """Return the global minimiser, by roots of cubics that Newton's method on ∇E refines, and the minimum."""
        (s_r, s_b, s_g), (t_r, t_b, t_g) = self.source, self.target
        y, z = Polynomial([0.5, 1]), Polynomial([-2.1, 1])
        of_red = Polynomial([-t_r, s_r]) ** 2 + (y**2 - 1) ** 2
        of_blue = Polynomial([-t_b, s_b]) ** 2 + (z**2 - 1) ** 2 + Polynomial([2, 0.3])
        best = np.array([lowest(of_red), lowest(of_blue), t_g / s_g])
        for _ in range(3):
            bends = np.array([12 * (best[0] + 0.5) ** 2 - 4, 12 * (best[1] - 2.1) ** 2 - 4, 0])
            best = best - self.at(best)[1] / (2 * self.source * self.source + bends)
        return best, self.at(best)[0]


def lowest(quartic: Polynomial) -> float:
    """Return the real stationary point of a polynomial where it is lowest, to a few digits less than the dtype has."""
    places = quartic.deriv().roots().real  # of a pair that is not real the place is no minimum, and higher
    return float(places[np.argmin(quartic(places))])
