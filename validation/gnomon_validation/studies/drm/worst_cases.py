"""The worst law of given mean and variance under each distortion, and how a grid of levels comes near it."""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.probability.drm.distortions import Distortion, discontinuous, distortion
from gnomon.probability.drm.worst_case import WorstCase, worst_case
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the worst law of known mean and variance
How bad can a loss be whose mean is 0 and whose variance is 1, and which law is it?
Pesenti, Wang and Wang (2020), by concave majorants; closed forms of √V, and quadrature for the last two"""
LAWS = {
    "cvar(0.7)": (Distortion("cvar", (0.7,)), sqrt(0.7 / 0.3)),
    "wang(0.85)": (Distortion("wang", (0.85,)), sqrt(exp(0.85**2) - 1)),
    "dual(3)": (Distortion("dual", (3.0,)), 2 / sqrt(5)),
    "ph(0.7)": (Distortion("ph", (0.7,)), 0.3 / sqrt(0.4)),
    "gini(0.5)": (Distortion("gini", (0.5,)), 0.5 / sqrt(3)),
    "sshape(5)": (Distortion("sshape", (5.0,)), 0.434309194435100),
    "discontinuous(.3, .5, .7)": (discontinuous(0.3, 0.5, 0.7), 0.471868083213108),
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
    rows = [(name, *spreads[name], limit) for name, (_, limit) in LAWS.items()]
    columns = "distortion | " + " | ".join(f"{cells:,} cells {{:.6f}}" for cells in CELLS) + " | the limit {:.6f}"
    table = Table.of("√V: the largest risk of a law of mean 0 and variance 1", columns, rows)
    conclusions = (
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
    entitle(
        figure,
        "The worst law of mean 0 and variance 1 under four distortions",
        "Left: what the distortion makes of the probability of a larger loss; dotted, the diagonal: the mean. "
        "Right: the quantiles of the law whose risk is largest.",
    )
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
