"""The boundary for λ = 0: an ellipse on which a step is the multiplication of an angle by -3."""

from __future__ import annotations

from itertools import pairwise
from math import log, pi
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.gd_chaos.boundary import boundary_point, periodic_angles, transverse_exponent
from gnomon.dynamics.gd_chaos.plane import moved_on_the_axis
from gnomon.dynamics.gd_chaos.steps import vector_step
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """chaos on the boundary is exact
Which points of the boundary come back, and how chaotic is it?
own derivation (the paper has entropy at least log 3 and orbits of every period); period doublings: a third party's
picture: On the boundary of the region that converges a step multiplies an angle by −3: chaos in closed form
below: Left, middle: ηy = ½, λ = 0; inside the ellipse almost every start converges, outside every one diverges.
Right: starts with u = v, x = √η·u."""
PERIODS = {1: "4", 2: "8", 3: "28", 4: "80"}
EXPONENTS = {0.0: "0.9624236501", 1.5: "0.6931471806", 2.0: "0.0000000000"}
DOUBLINGS = ("1.0000000000", "1.2360679775", "1.2880317545", "1.2992279397", "1.3016289140", "1.3021432716")
RATIOS = ("4.5429", "4.6412", "4.6632", "4.6679")
Y = 0.5


def stepped(u: Array, v: Array) -> tuple[Array, Array]:
    """Return a step of each point, d = 1, η = 1."""
    moved = (vector_step(*point, eta=1.0, y=Y) for point in np.stack([u, v], axis=1)[..., np.newaxis])
    first, second = np.concatenate([*moved], axis=1)
    return first, second


def at(angles: Array) -> tuple[Array, Array]:
    """Return the points at these angles."""
    return boundary_point(angles, eta=1.0, y=Y)


def returning(period: int) -> int:
    """Return how many angles are seen to come back: each step leads to the next point, and the last point is the first.

    Seen to half of the digits, one step at a time: a step triples what rounding left.
    """
    angles = periodic_angles(period)
    orbit = [at((-3) ** n * (angles - pi / 4) + pi / 4) for n in range(period + 1)]
    pairs = [(stepped(*here), there) for here, there in pairwise(orbit)] + [(orbit[-1], orbit[0])]
    apart = np.max([np.abs(np.stack(one) - np.stack(other)) for one, other in pairs], axis=(0, 1))
    return int(np.count_nonzero(apart < 2.0**-26))


def beside(period: int, Y: float, x: float) -> Array:
    """Return how far a point is from where the cycles of x ← (1 + Y - x²)x double: it comes back, with the slope -1."""
    z, slope = x, 1.0
    for _ in range(period):
        slope, z = slope * (1 + Y - 3 * z * z), moved_on_the_axis(z, Y)
    return np.array([z - x, slope + 1])


def cascade() -> list[float]:
    """Return the Y at which the balanced map's cycles double their period, for periods 1, 2, 4 …"""
    found, h = [1.0], 1e-7
    for k, Y in enumerate((1.236, 1.288, 1.2992, 1.30163, 1.30214)):
        x = float(ends(np.array([Y - (Y - found[-1]) * 0.05]), 20_000)[0])
        for _ in range(40):  # Newton's method, with differences for slopes
            here, period = beside(2 ** (k + 1), Y, x), 2 ** (k + 1)
            slopes = (beside(period, Y + h, x) - here) / h, (beside(period, Y, x + h) - here) / h
            dY, dx = np.linalg.solve(np.stack(slopes, axis=1), here)
            Y, x = Y - dY, x - dx
        found.append(Y)
    return found


def ends(ratios: Array, steps: int) -> Array:
    """Return where orbits of the balanced map are after so many steps, one for each Y."""
    x = np.full_like(ratios, 0.9)
    for _ in range(steps):
        x = moved_on_the_axis(x, ratios)
    return x


def measure() -> Findings:
    counts = {n: returning(n) for n in PERIODS}
    exponents = {y: float(transverse_exponent(np.array([y]))[0]) for y in EXPONENTS}
    gaps = np.diff(doublings := cascade())
    ratios = gaps[:-1] / gaps[1:]
    compared = [
        *compare_each("points that come back after {} steps", PERIODS, counts),
        *compare_each("transverse exponent at Y = {:g}", EXPONENTS, exponents),
        *compare_each("Y of period doubling number {}", dict(enumerate(DOUBLINGS)), doublings),
        *compare_each("ratio of gaps between doublings, number {}", dict(enumerate(RATIOS)), ratios),
    ]
    conclusions = (
        f"After n steps |(-3)ⁿ - 1| points are back: {', '.join(map(str, counts.values()))}. The entropy of the "
        f"boundary's map is log 3 = {log(3):.4f} exactly, whatever the step size is, as long as |ηy| < 2.",
        f"Across the boundary orbits leave at most at {exponents[0.0]:.4f} = 2 ln((1 + √5)/2) a step, so they part "
        "faster along it than they leave it.",
        f"Inside, on u = v, the period doubles from Y = 1 on, with ratios {', '.join(f'{r:.4f}' for r in ratios)}: "
        "Feigenbaum's 4.6692 in the limit. "
        f"One source has 1.3016289141 for the fifth: it is {doublings[4]:.12f}.",
    )
    rows = [(n, counts[n], n * log(3), log(counts[n])) for n in PERIODS]
    table = Table.of("points that come back", "steps | points | n·ln 3 {:.3f} | ln of their number {:.3f}", rows)
    return Findings((table,), tuple(compared), conclusions, doublings)


def draw(data: Any, figure: Any) -> None:
    ellipse, graph, bifurcation = figure.subplots(1, 3)
    phi = np.linspace(0, 2 * pi, 721)
    u, v = at(phi)
    ellipse.fill(u, v, color="0.93")
    ellipse.scatter(u, v, c=phi, cmap="twilight", s=14)
    for period, marker, size in ((1, "o", 70), (2, "s", 40), (3, "^", 26)):
        points = at(periodic_angles(period))
        label = f"{len(points[0])} points back after {period} step{'s' * (period > 1)}"
        ellipse.scatter(*points, size, COLOURS[period - 1], marker=marker, edgecolor="black", lw=0.6, label=label)
    path = np.stack(at(np.array([(-3) ** n * (0.35 - pi / 4) + pi / 4 for n in range(5)])), axis=1)
    for here, there in pairwise(path):
        ellipse.annotate("", there, here, arrowprops={"arrowstyle": "->", "lw": 1, "color": "black"})
    ellipse.set(xlabel="u", ylabel="v", aspect="equal", title="the ellipse; arrows: four steps")
    ellipse.legend(fontsize=8, loc="center")
    images = stepped(*at(phi))
    a, b = (images[0] + images[1]) / (2 + Y) ** 0.5, (images[0] - images[1]) / (2 - Y) ** 0.5
    graph.scatter(phi, np.arctan2(b, a) % (2 * pi), c=phi, cmap="twilight", s=8, label="angle after a step, measured")
    graph.plot(phi, phi, color="black", lw=0.8, label="fixed points: the diagonal")
    exact = (pi - 3 * phi) % (2 * pi)
    jumps = np.abs(np.diff(exact, append=exact[-1])) > 3
    graph.plot(phi, np.where(jumps, np.nan, exact), ":", color="black", lw=1, label="π − 3φ")
    graph.set(xlabel="angle φ of the start", ylabel="angle of its image", title="a step as a map of the angle")
    finish(graph, loc="lower right")
    ratios = np.linspace(0.9, 2.0, 1100)
    for steps in range(1000, 1050):
        bifurcation.plot(ratios, ends(ratios, steps), ",", color=COLOURS[0])
    for place in data[:4]:
        bifurcation.axvline(place, color="grey", lw=0.8, ls=":")
    bifurcation.set(xlabel="ηy: step size times target", ylabel="x after 1,000 steps")
    bifurcation.set_title("inside, on u = v: period doubling (dotted)")


study = Study.of("gd_chaos-conjugacy", WORDS, measure, draw, size=(16.0, 5.6))
