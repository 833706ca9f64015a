"""The worst law of given mean and variance under each distortion, and how a grid of levels comes near it."""

from __future__ import annotations

from math import exp, sqrt, tanh
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.probability.drm.distortions import Distortion, discontinuous, distortion
from gnomon.probability.drm.worst_case import WorstCase, worst_case
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the worst law of known mean and variance
How bad can a loss be whose mean is 0 and whose variance is 1, and which law is it?
Pesenti, Wang and Wang (2020), by concave majorants; closed forms of √V, own derivation; their digits were measured
beforehand with another program for this project
picture: The worst law of mean 0 and variance 1 under four distortions
below: Left: what the distortion makes of the probability of a larger loss; dotted, the diagonal: the mean. Right: the
quantiles of the law whose risk is largest."""


class Majorant(NamedTuple):
    """The smallest concave majorant of a distortion that is an S: a chord from 0 to u, then the curve; √V."""

    u: float
    slope: float
    spread: float


def majorant_of_s(a: float, *jumps: float) -> Majorant:
    """Return the majorant of sshape(a), or of 0.8 of it with jumps of 0.2 in all at some u: a chord up to the last.

    Without jumps the chord touches where w(u) = u·w′(u), found by bisection: beyond ½ u·w′ - w falls. w′ is (a/2)·(1 -
    t²)/T, t = tanh(a·(u - ½)), T = tanh(a/2), so that ∫ w′² = G = (a/4)·(t - t³/3)/T², and V + 1 = u·slope² + G(1) -
    G(u).
    """
    T, share = tanh(a / 2), 0.8 if jumps else 1.0
    t = {u: tanh(a * (u - 0.5)) for u in (1.0,)}
    low, high = (max(jumps), max(jumps)) if jumps else (0.5, 1.0)
    for _ in range(60):
        u = (low + high) / 2
        t[u] = tanh(a * (u - 0.5))
        short = u * a / 2 * (1 - t[u] ** 2) / T > (1 + t[u] / T) / 2
        low, high = (u, high) if short else (low, u)
    slope = (share * (1 + t[u] / T) / 2 + (1 - share)) / u
    one, part = (a / 4 * (t[x] - t[x] ** 3 / 3) / T**2 for x in (1.0, u))
    return Majorant(u, slope, sqrt(u * slope**2 + share**2 * (one - part) - 1))


S, STEPPED = majorant_of_s(5.0), majorant_of_s(5.0, 0.3, 0.5, 0.7)
LAWS = {
    "cvar(0.7)": (Distortion("cvar", (0.7,)), sqrt(0.7 / 0.3)),
    "wang(0.85)": (Distortion("wang", (0.85,)), sqrt(exp(0.85**2) - 1)),
    "dual(3)": (Distortion("dual", (3.0,)), 2 / sqrt(5)),
    "ph(0.7)": (Distortion("ph", (0.7,)), 0.3 / sqrt(0.4)),
    "gini(0.5)": (Distortion("gini", (0.5,)), 0.5 / sqrt(3)),
    "sshape(5)": (Distortion("sshape", (5.0,)), S.spread),
    "discontinuous(.3, .5, .7)": (discontinuous(0.3, 0.5, 0.7), STEPPED.spread),
}
# With how many cells of equal width the digits are compared, and how many of them are right by then.
CELLS, FINEST = (100, 400, 1600), 1600
STATED = {"cvar(0.7)": "1.5275", "sshape(5)": "0.43431", "dual(3)": "0.8944", "gini(0.5)": "0.28868"}
DRAWN = ("cvar(0.7)", "wang(0.85)", "sshape(5)", "discontinuous(.3, .5, .7)")


def edges(cells: int) -> Array:
    """Return the edges of cells of equal width."""
    return np.arange(cells + 1) / cells


def measure() -> Findings:
    found = {name: [worst_case(edges(cells), of) for cells in CELLS] for name, (of, _) in LAWS.items()}
    spreads = {name: [float(case.spread) for case in cases] for name, cases in found.items()}
    finest = {name: values[-1] for name, values in spreads.items()}
    compared = compare_each("√V of {} on " + f"{FINEST:,} cells", STATED, finest)
    odd = sum(values != sorted(values) or values[-1] > LAWS[name][1] for name, values in spreads.items())
    compared.append(Comparison("distortions whose √V passes its limit, or falls on finer grids", "0", odd))
    compared += [
        Comparison("sshape(5): where the chord touches", "0.6760209737", S.u),
        Comparison("… its slope", "1.269233383224275", S.slope),
        Comparison("… √V", "0.4343091944351", S.spread),
        Comparison("discontinuous(.3, .5, .7): the slope of the chord up to 0.7", "1.298243965612051", STEPPED.slope),
        Comparison("… √V", "0.471868083213108", STEPPED.spread),
    ]
    rows = [(name, *spreads[name], limit) for name, (_, limit) in LAWS.items()]
    columns = "distortion | " + " | ".join(f"{cells:,} cells {{:.6f}}" for cells in CELLS) + " | the limit {:.6f}"
    table = Table.of("√V: the largest risk of a law of mean 0 and variance 1", columns, rows)
    conclusions = (
        f"The chord of sshape(5) touches at {S.u:.15f}: the other program's 0.676020973669409 is off by "
        f"{abs(S.u - 0.676020973669409):.1e}, which its slope and √V do not feel.",
        "Whatever is known of a loss beside mean μ and standard deviation σ, its risk is at most μ + σ·√V, and one law "
        "has it. On a grid √V rises to that limit.",
        "Under the S-shaped distortions the worst law has an atom above: the majorant is a chord there, two thirds of "
        "the probability.",
        f"Infinite slopes converge slowly: ph(0.7) has {finest['ph(0.7)']:.4f} of {LAWS['ph(0.7)'][1]:.4f} on "
        f"{FINEST:,} cells.",
    )
    return Findings((table,), tuple(compared), conclusions, {name: found[name][-1] for name in DRAWN})


def draw(data: dict[str, WorstCase], figure: Any) -> None:
    left, right = figure.subplots(1, 2)
    u = edges(FINEST)
    for colour, (name, case) in zip(COLOURS, data.items(), strict=False):
        left.plot(u, distortion(u, LAWS[name][0]), color=colour, label=name)
        right.plot(u[:-1] + 0.5 / FINEST, case.quantiles, color=colour, label=f"{name}: risk {float(case.spread):.3f}")
    left.plot((0, 1), (0, 1), ":", color="black")
    left.set(xlabel="u: probability of a larger loss", ylabel="w(u)", title="distortions")
    right.set(xlabel="level z", ylabel="quantile", ylim=(-2.5, 6), title="worst laws")
    finish(left)
    finish(right)


study = Study.of("drm-worst_cases", WORDS, measure, draw, size=(12.0, 5.0))
