"""Where SRKL's published code ends on ½λx², for every step size: the minimum, a cycle, or chaos.

Everything here is about the one map of `gnomon.descent.srkl_map`, y ← y·(1 - a/(1+y²)) with a = αλ and y = √β·λ·x.
"""

from __future__ import annotations

from itertools import product
from math import pi, sqrt, tan
from typing import Any

import numpy as np

from gnomon.descent import srkl_map
from gnomon.domains import Array
from gnomon_spec.descent.srkl_map import outer_point, symmetric_point
from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.printed import Comparison, spread
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the published code on a parabola, for every step size
Where does the published code end on ½λx², as its step size α grows?
closed forms of gnomon explain srkl
picture: SRKL's code reaches the minimum of ½λx² only up to αλ = 2, the limit of gradient descent too
below: One step of the published code on ½λx² is y ← y·(1 − a/(1+y²)); β is only the unit of y, so no β moves a
threshold. The dashed verticals are a = 2, 4, 5."""
START = 0.37
CYCLIC = np.array([2.5, 3.0, 3.5, 3.9, 4.2, 4.3, 4.5, 4.8, 4.9])
CHAOTIC = {5.5: ".20", 6.0: ".44", 7.0: ".68"}
"""Ratios a, and the digits of the Lyapunov exponent that one orbit of 20,000 steps settles."""
ORBITS, STEPS = 400, 20_000


def measure() -> Findings:
    cycles, compared = two_cycles()
    chaos, widest, compared_exponents = lyapunov_exponents()
    # Linear in a on (4, 5), so two ratios give the multiplier's zero; none of them is 4.5.
    _, (low, high) = two_cycle(np.array([4.25, 4.875]))
    ((slow,),) = srkl_map.attractor(np.array([START]), np.array([2.0]), burn_in=STEPS - 1, kept=1)
    compared += [
        Comparison("a at which the asymmetric two-cycle's multiplier is 0", "4.5", 4.25 - low * 0.625 / (high - low)),
        Comparison(f"a = 2: |y|·√(4t) after t = {STEPS:,} steps from {START}", ".99983", abs(slow) * sqrt(4 * STEPS)),
        *compared_exponents,
    ]
    conclusions = (
        "Up to a = αλ = 2 the orbit ends at the minimum, as gradient descent with rate α does below 2; beyond it "
        "gradient descent diverges and SRKL's code goes round a cycle for ever, or wanders chaotically.",
        "β appears nowhere but in the unit of y: no choice of β moves a threshold.",
        f"Single orbits of {STEPS:,} steps give exponents up to {widest:.3f} apart, so a third digit read off one of "
        f"them is chance; the mean over {ORBITS} has it.",
        "At a = 8 the exponent is 0 for a reason: there the four-cycle through tan 36° and tan 72° appears (its "
        "multiplier over half a turn is 1), and just above it the orbits settle on it.",
    )
    return Findings((cycles, chaos), tuple(compared), conclusions, diagram())


def two_cycle(ratios: Array) -> tuple[Array, Array]:
    """Return the two points, shape (2, ratios), that orbits end on for 2 < a < 5, and the multiplier (F∘F)' there."""
    points = srkl_map.attractor(np.full_like(ratios, START), ratios, burn_in=STEPS, kept=2)
    return points, np.prod(srkl_map.slope(points, ratios), axis=0)


def two_cycles() -> tuple[Table, list[Comparison]]:
    """Return where orbits end for 2 < a < 5 and how fast, measured and in closed form."""
    points, multipliers = two_cycle(CYCLIC)
    rows, compared = [], []
    for a, pair, multiplier in zip(CYCLIC.tolist(), points.T, multipliers.tolist(), strict=True):
        known, known_multiplier = (symmetric_point(a), (3 - 8 / a) ** 2) if a < 4 else (outer_point(a), 9 - 2 * a)
        rows.append((a, f"{pair[0]:+.9f}, {pair[1]:+.9f}", known, multiplier, known_multiplier))
        compared += [
            Comparison(f"a = {a:g}: |y| at the outer point of the cycle", f"{known:.12f}", np.max(np.abs(pair))),
            Comparison(f"a = {a:g}: multiplier of the cycle", f"{known_multiplier:.12f}", multiplier),
        ]
    columns = (
        "a = αλ {:g} | two points measured | outer |y|, formula {:.9f} | multiplier measured {:.9f} | formula {:.9f}"
    )
    return Table.of(f"two-cycles: where an orbit from y₀ = {START} ends", columns, rows), compared


def lyapunov_exponents() -> tuple[Table, float, list[Comparison]]:
    """Return the exponents where the map is chaotic, over many orbits, how far apart single orbits' are, and at a = 8
    the one of the four-cycle."""
    starts = np.random.default_rng(0).uniform(-2, 2, ORBITS)
    rows, widest, compared = [], 0.0, []
    for a, stated in CHAOTIC.items():
        found = srkl_map.lyapunov_exponent(starts, np.full_like(starts, a), burn_in=2000, steps=STEPS)
        mean, error = float(np.mean(found)), float(np.std(found) / sqrt(ORBITS))
        widest = max(widest, float(np.ptp(found)))
        rows.append((a, mean, error, spread(found, "{:.3f}")))
        compared.append(Comparison(f"a = {a:g}: Lyapunov exponent (nats a step)", stated, mean))
    (neutral,) = srkl_map.lyapunov_exponent(np.array([tan(pi / 5)]), np.array([8.0]), burn_in=0, steps=4)
    compared.append(Comparison("a = 8: Lyapunov exponent of the four-cycle", "0.000000000000", neutral))
    columns = "a = αλ {:g} | Lyapunov exponent {:.4f} | standard error {:.4f} | single orbits"
    title = f"chaos: mean of ln|F'(y)| in nats a step, {ORBITS} orbits of {STEPS:,} steps"
    return Table.of(title, columns, rows), widest, compared


def diagram() -> tuple[Array, Array, Array]:
    """Return ratios a in (0, 8], where orbits from +y₀ and from -y₀ end (columns), and the exponent along the first."""
    ratios = np.linspace(0.005, 8, 1600)
    start = np.full_like(ratios, START)
    points = srkl_map.attractor(np.stack([start, -start]), np.stack([ratios, ratios]), burn_in=2000, kept=120)
    return ratios, points, srkl_map.lyapunov_exponent(start, ratios, burn_in=1000, steps=2000)


def draw(data: tuple[Array, Array, Array], figure: Any) -> None:
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    ratios, points, exponents = data
    draw_ends(ratios, points, above)
    draw_exponents(ratios, exponents, below)
    for axes, threshold in product((above, below), (2, 4, 5)):
        axes.axvline(threshold, color="grey", lw=0.8, ls="--")


def draw_ends(ratios: Array, points: Array, axes: Any) -> None:
    """Draw where orbits end, and the closed forms over it."""
    a = np.tile(ratios, len(points))
    for i, (colour, name) in enumerate(((COLOURS[4], f"+{START}"), (COLOURS[5], f"−{START}"))):
        axes.scatter(a, points[:, i], s=np.where(a < 5, 14.0, 0.4), c=colour, lw=0, rasterized=True)
        axes.scatter([], [], s=30, c=colour, lw=0, label=f"where the orbit from y₀ = {name} ends (measured)")
    for first, last, branch in (
        (0.0, 2.0, lambda a: 0 * a),
        (2.0, 4.0, lambda a: np.outer(symmetric_point(a), (1, -1))),
        (4.0, 5.0, lambda a: np.outer(outer_point(a), (1, -1))),
        (4.0, 5.0, lambda a: np.outer(1 / outer_point(a), (1, -1))),
    ):
        for low, high, style in ((first, last, "-"), (last, 8.0, ":")):
            a = np.linspace(low, high, 400)
            axes.plot(a, branch(a), style, color="black", lw=1.2)
    for style, name in (("-", "attracting"), (":", "repelling")):
        axes.plot([], [], style, color="black", lw=1.2, label=f"closed form, {name}")
    axes.legend(loc="lower left", fontsize=8.5, framealpha=1)
    axes.set(ylabel="y = √β·λ·x after 2,000 steps", ylim=(-4.3, 4.3))
    for place, words in (
        (1, "the minimum\n(monotone,\nthen with\nsign changes)"),
        (3, "a symmetric\ntwo-cycle\n±√(a/2−1)"),
        (4.5, "two\nmirror-image\ntwo-cycles"),
        (6.5, "period doubling and chaos, with windows"),
    ):
        axes.text(place, 4.05, words, ha="center", va="top", fontsize=8.5)


def draw_exponents(ratios: Array, exponents: Array, axes: Any) -> None:
    """Draw the Lyapunov exponent, and its closed form up to a = 5."""
    shown = np.maximum(exponents, -3)
    axes.fill_between(ratios, 0, shown, where=shown > 0, color=COLOURS[1], lw=0)
    axes.plot(ratios, shown, color=COLOURS[0], lw=0.8, label="measured, 2,000 steps")
    for low, high in ((0.0, 2.0), (2.0, 4.0), (4.0, 5.0)):
        a = np.linspace(low, high, 401)[1:-1]
        multiplier = 1 - a if high == 2 else 3 - 8 / a if high == 4 else np.abs(9 - 2 * a) ** 0.5
        with np.errstate(divide="ignore"):
            axes.plot(a, np.log(np.abs(multiplier)), ":", color="black", lw=1.6)
    axes.plot([], [], ":", color="black", lw=1.6, label="closed form: ln|1−a|, ln|3−8/a|, ½ ln|9−2a|")
    axes.axhline(0, color="black", lw=0.8)
    axes.text(5.1, -1.5, "filled: above 0, neighbouring orbits part (chaos)", fontsize=8.5, va="center")
    for place, name in ((1.15, "a = 1"), (2.82, "a = 8/3"), (4.6, "a = 4.5")):
        axes.text(place, -2.85, f"{name}:\nfastest", fontsize=8.5, va="bottom")
    axes.legend(loc="lower right", fontsize=8.5, framealpha=1)
    axes.set(xlabel="a = αλ: step size times curvature", xlim=(0, 8))
    axes.set(ylabel="Lyapunov exponent\n(nats a step)", ylim=(-3, 1.1))


study = Study.of("srkl-bifurcation", WORDS, measure, draw, size=(11.0, 8.0))
