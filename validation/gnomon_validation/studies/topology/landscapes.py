"""What a diagram sees of a landscape: valleys and the passes between them, and nothing of their curvature."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.topology.distances import total_persistence
from gnomon.dynamics.topology.sublevel import Valleys, merge_tree, sublevel_h0
from gnomon.kernels.dynamics.topology.sublevel import sublevel_grid
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """diagrams and merge trees of landscapes
Which bars do landscapes have whose critical points are known, how near does a grid come, and is flatness among them?
Classical closed forms; own derivation for the factorisation ½(uv - y)² + (λ/2)(u² + v²)
picture: A bar is a valley: born at its bottom, dead at the pass into a deeper one
below: Left: a landscape on 45 points with its merge tree. Right: the diagrams of this landscape and of (x²-1)² +
(y²-1)²; what never dies is drawn at the top."""
STEPS = np.arange(-20, 21) / 10
WAVES = np.linspace(-2.2, 2.2, 45)


def path(n: int) -> Any:
    """Return the edges of a path of n vertices."""
    return np.stack([np.arange(n - 1), np.arange(1, n)], axis=1)


def tilted(x: Any) -> Any:
    """Return (x² - 1)² + 0.3x: two minima of different depth."""
    return (x * x - 1) ** 2 + 0.3 * x


def wavy(x: Any) -> Any:
    """Return a landscape of five valleys."""
    return 0.3 * x * x + np.cos(6 * x + 0.6) + 0.25 * x


def on_a_path(f: Any, n: int) -> Valleys:
    """Return the valleys of a function on n points from -2 to 2."""
    return sublevel_h0(f(np.linspace(-2, 2, n)), path(n))


def factorisation(y: float, lam: float, n: int = 401) -> Array:
    """Return ½(uv - y)² + (λ/2)(u² + v²) on n by n points of [-2, 2]²."""
    u, v = np.meshgrid(*[np.linspace(-2, 2, n)] * 2)
    return np.asarray((u * v - y) ** 2 / 2 + lam * (u * u + v * v) / 2)


def longest(bars: Array) -> float:
    """Return the length of the longest bar that ends, 0 if there is none."""
    lengths = bars[:, 1] - bars[:, 0]
    return float(np.max(lengths[np.isfinite(lengths)], initial=0.0))


def measure() -> Findings:
    exact = np.sort(tilted(np.roots([4, 0, -4, 0.3]).real))  # values of the critical points: two minima, one maximum
    found = {n: on_a_path(tilted, n).bars for n in (41, 81, 161, 4001)}
    errors = {
        n: float(np.max(np.abs(bars[np.isfinite(bars)] - found[4001][np.isfinite(bars)]))) for n, bars in found.items()
    }
    x, y = np.meshgrid(STEPS, STEPS, indexing="ij")
    wells = {f"(x²-1)² + {k}y²": sublevel_grid((x * x - 1) ** 2 + k * y * y) for k in (0.1, 1.0, 100.0)}
    four = sublevel_grid((x * x - 1) ** 2 + (y * y - 1) ** 2)
    bowls = {f"½·{k}·(x² + y²)": sublevel_grid(k * (x * x + y * y) / 2) for k in (0.01, 1.0, 100.0)}
    ridge = sublevel_grid(factorisation(0.5, 0.0))
    ridged = sublevel_grid(factorisation(0.5, 0.2), construction="T").h0
    spurious = np.sort(ridge.h0[:, 1] - ridge.h0[:, 0])[:-2]  # all but the one that is there and the endless one
    compared = [
        Comparison("(x²-1)² + 0.3x: deepest minimum", "-0.3054277", float(found[4001][0, 0])),
        Comparison("… birth of the other valley", "0.2941466", float(found[4001][1, 0])),
        Comparison("… its death, at the pass", "1.0112816", float(found[4001][1, 1])),
        Comparison("… error on a grid of step 0.1", "5.9e-3", errors[41]),
        Comparison("… of step 0.05", "1.2e-3", errors[81]),
        Comparison("… of step 0.025", "4.9e-4", errors[161]),
        Comparison("four wells: bars of components that end at 1", "3", int(np.count_nonzero(four.h0[:, 1] == 1))),
        Comparison("… birth of the hole", "1", float(four.h1[0, 0])),
        Comparison("… its death", "2", float(four.h1[0, 1])),
        Comparison("factorisation, y = 0.5, λ = 0.2: longest bar, (y - λ)²/2", "0.0450", longest(ridged)),
        Comparison("… λ = 0: longest bar, y²/2", "0.125", longest(ridge.h0)),
        Comparison("… bars along uv = y that only the grid has", "180 … 189", len(spurious)),
    ]
    conclusions = (
        "A diagram has a bar for each valley, and what is between critical values has no part in it. A grid's error is "
        f"theirs: {listed((errors[n] for n in (41, 81, 161)), '{:.1e}')} as the step is halved. "
        f"The critical values themselves are {listed(exact, '{:.7f}')}.",
        "Curvature leaves no trace: all bowls have the one bar (0, ∞), total persistence 0; a double well that is 0.1 "
        "or 100 times as steep across has the same bars.",
        f"A flat floor is not flat on a grid: along uv = y {len(spurious)} bars, up to {spurious[-1]:.1e} long, are "
        f"the grid's own; the landscape's has {longest(ridge.h0):.3f}. Bars as short as the error say nothing.",
    )
    rows = [
        (name, len(d.h0), longest(d.h0), float(total_persistence(d.h0)), len(d.h1))
        for name, d in {**bowls, **wells, "four wells": four}.items()
    ]
    head = "landscape | valleys | longest bar {:.4f} | total persistence {:.4f} | holes"
    return Findings((Table.of("landscapes on a grid of step 0.1", head, rows),), tuple(compared), conclusions, four)


def draw(data: Any, figure: Any) -> None:
    left, right = figure.subplots(1, 2)
    f = wavy(WAVES)
    left.plot(WAVES, f, color="black", lw=1, marker=".", ms=3)
    tree, bars = merge_tree(f, path(len(f))), sublevel_h0(f, path(len(f)))
    for i, (low, at, into) in enumerate(zip(*tree, strict=True)):
        if at < 0:
            continue
        colour = COLOURS[i % len(COLOURS)]
        left.vlines(WAVES[low], f[low], f[at], color=colour, lw=2.5, label=f"lives from {f[low]:.2f} to {f[at]:.2f}")
        left.hlines(f[at], *sorted((WAVES[low], WAVES[tree.lowest[into]])), color=colour, lw=1, ls="--")
    oldest = int(bars.lowest[0])
    left.vlines(WAVES[oldest], f[oldest], np.max(f), color="black", lw=2.5, label="never dies")
    left.set(xlabel="x", ylabel="f(x)")
    finish(left, loc="lower right")
    top = 3.6
    for name, rows, colour, mark in (
        ("valleys of the left picture", bars.bars, COLOURS[0], "o"),
        ("four wells: valleys", data.h0, COLOURS[1], "s"),
        ("four wells: the hole", data.h1, COLOURS[2], "^"),
    ):
        right.plot(rows[:, 0], np.minimum(rows[:, 1], top), mark, color=colour, ms=7, alpha=0.8, label=name)
    right.plot([-1.2, top], [-1.2, top], color="black", lw=1)
    right.axhline(top, color="black", ls=":", lw=1)
    right.set(xlabel="birth", ylabel="death")
    finish(right, loc="lower right")


study = Study.of("topology-landscapes", WORDS, measure, draw, size=(13.0, 5.4))
