"""What is drawn for gradient descent with large steps: starts of all sizes, and starts at a share of the boundary."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.strategies import CODES, SMALL_CODES, number, powered, shapes, tame

VECTORS = shapes((1,), (2,), (3,), (2,))
PICTURES = shapes((2,), (1,), (3,), (2, 2))


def real(low: float, high: float, *simple: float) -> Quantity:
    """A Python float from `low` to `high`; the `simple` ones half of the time."""

    def draw_real(draw: Draw, _context: Context) -> float:
        code, place = int(draw(SMALL_CODES)), int(draw(CODES))
        return simple[code % len(simple)] if simple and code < 32 else low + (high - low) * (place % 2**20) / 2**20

    return Quantity(draw_real, f"number from {low:g} to {high:g}", lambda value: low <= value <= high)


def signed(quantity: Quantity) -> Quantity:
    """Like a quantity of numbers, of either sign."""
    text = f"{quantity.text}, of either sign"
    signs = 1, 1, 1, -1
    return Quantity(
        lambda draw, c: quantity.draw(draw, c) * signs[draw(SMALL_CODES) % 4], text, lambda x: quantity.allows(abs(x))
    )


def over_eta(ratio: Quantity) -> Quantity:
    """A target y of which ηy is the quantity."""
    return Quantity(lambda draw, context: ratio.draw(draw, context) / context.drawn["eta"], f"{ratio.text}, over eta")


def directed(code: int, d: int) -> Any:
    """Return a unit vector that the code stands for."""
    vector = np.random.Generator(np.random.PCG64(code)).standard_normal(d) if code else np.ones(d)
    return vector / np.sqrt(np.sum(vector * vector))


def factor(sign: int, context: Context, angles: Any, shares: Any, lines: tuple[Any, Any]) -> Any:
    """Return (a + b)/2 or (a - b)/2, in the common shape, of shares of the boundary: a and b lie along these lines."""
    Y, root = context.drawn["eta"] * context.drawn["y"], context.drawn["eta"] ** 0.5
    a, b = (2 + Y) ** 0.5 * np.cos(angles) * lines[0], (2 - Y) ** 0.5 * np.sin(angles) * lines[1]
    found: Any = (shares / root * (a + sign * b)).reshape(context.shape)
    return found.astype(context.dtype)


def from_the_boundary(sign: int) -> Quantity:
    """u (sign 1) or v (-1) of the start that is `share` times a point of the boundary, on lines that two codes give."""

    def draw_factor(_draw: Draw, context: Context) -> Any:
        drawn, d = context.drawn, int(np.prod(context.shape))
        lines = directed(drawn["lines"], d), directed(drawn["lines"] // 2, d)
        return factor(sign, context, drawn["angle"], drawn["share"], lines)

    return Quantity(draw_factor, f"{'u' if sign > 0 else 'v'} of a start at that share of the boundary")


etas = number(0.5, 0.25, 1.0, 0.125, exponents=(-4, 0))
targets = signed(number(1.0, 0.5, 0.0, 2.0, exponents=(-3, 1)))
decays = Quantity(
    lambda draw, context: 0.0 if draw(SMALL_CODES) % 3 == 0 else number(0.25, 0.5).draw(draw, context),
    "0, or a number up to 16",
    lambda value: 0 <= value < 16,
)


def only(cases: Cases, *names: str) -> Cases:
    """Return cases of some of the quantities."""
    return Cases({name: cases.quantities[name] for name in names}, cases.shape)


common = {"eta": etas, "y": targets, "lam": decays}
anywhere = Cases({"u": powered(3), "v": powered(3), **common}, VECTORS)
starts = Cases({"u": tame(-2), "v": tame(-2), **common}, VECTORS)
# Shares of the boundary: below 1 inside, above 1 outside.
INSIDE, OUTSIDE = real(0.25, 0.9375, 0.5, 0.75), real(1.0625, 2.0, 1.5, 1.25)
at_a_share = Cases(
    {
        "eta": etas,
        "y": over_eta(real(-0.98, 0.98, 0.5, 0.25, -0.5, 0.0)),
        "angle": real(0.0, 6.2831853, 0.5, 1.0, 2.5),
        "share": INSIDE,
        "lines": Quantity(lambda draw, _context: draw(CODES), "an integer that stands for two directions"),
        "u": from_the_boundary(1),
        "v": from_the_boundary(-1),
    },
    VECTORS,
).but(lam=0.0)
sparse = choice(1, 2, 3, -1, -2, 4, 0)
WHOLE = Quantity(lambda draw, c: np.array([sparse.draw(draw, c) for _ in range(c.shape[0])], c.dtype), "whole numbers")


class Seen:
    """What a law knows of a point: Y, μ, c and the dimensionless coordinates, by the definitions."""

    def __init__(self, u: Any, v: Any, case: Case) -> None:
        a, b = u + v, u - v
        self.Y, self.mu = case.eta * case.y, case.eta * case.lam
        self.c = 1 - self.mu
        self.A, self.B = case.eta * np.sum(a * a), case.eta * np.sum(b * b)
        self.Z, self.W = case.eta * np.sum(u * v), case.eta * (np.sum(u * u) + np.sum(v * v))
        self.R = self.Z - self.Y
        self.E = self.W - 4 - self.Y * self.R


def one_of_many(sign: int) -> Quantity:
    """u (sign 1) or v (-1) of as many starts with d = 1 as there are entries, each at a share of the boundary."""

    def draw_factors(_draw: Draw, context: Context) -> Any:
        drawn, size = context.drawn, int(np.prod(context.shape))
        generator = np.random.Generator(np.random.PCG64(drawn["lines"]))
        angles, (low, high) = generator.uniform(0, 6.3, size), drawn["shares"]
        return factor(sign, context, angles, generator.uniform(low, high, size), (1, 1))

    return Quantity(draw_factors, f"{'u' if sign > 0 else 'v'} of starts at shares of the boundary")


both_sides = choice((0.75, 0.999), (0.25, 1.5), (1.1, 2.0))
many_starts = Cases(
    {**{k: q for k, q in at_a_share.quantities.items() if k in ("eta", "y", "lines")}, "shares": both_sides}, PICTURES
).but(u=one_of_many(1), v=one_of_many(-1), lam=0.0)
