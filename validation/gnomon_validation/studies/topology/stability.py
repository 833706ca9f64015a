"""How far diagrams move when what they are of moves: never more than the theorem allows, and sometimes as much."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.topology.distances import bottleneck, wasserstein
from gnomon.dynamics.topology.rips import distances
from gnomon.kernels.dynamics.topology.rips import rips_diagrams
from gnomon.kernels.dynamics.topology.sublevel import sublevel_grid
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.printed import Comparison, spread
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """stability of diagrams
How near do diagrams come to their bounds: 2ε if points move by ε, max|f - g|, and for W₁ the sum of |f - g| over cells?
Cohen-Steiner, Edelsbrunner and Harer (2007); Skraba and Turner (2020) for the sum"""
CLOUDS, GRIDS = 100, 150


def clouds() -> Array:
    """Return, for moved clouds, 2ε and the distances of the diagrams of components and of cycles."""
    random, rows = np.random.default_rng(0), []
    for _ in range(CLOUDS):
        X = random.standard_normal((12, 2))
        moves = random.uniform(0, 0.5) * random.standard_normal(X.shape)
        before, after = rips_diagrams(distances(X)), rips_diagrams(distances(X + moves))
        largest = 2 * np.max(np.sqrt(np.sum(moves * moves, axis=1)))
        rows.append((largest, bottleneck(before.h0, after.h0), bottleneck(before.h1, after.h1)))
    return np.array(rows)


def cells(F: Array) -> Array:
    """Return the values of vertices and edges of a grid."""
    across, down = np.maximum(F[:, 1:], F[:, :-1]), np.maximum(F[1:], F[:-1])
    return np.concatenate([F.ravel(), across.ravel(), down.ravel()])


def grids() -> Array:
    """Return, for pairs of functions on a grid, max |f - g|, the bottleneck distance, Σ |f - g| over cells, and W₁."""
    random, rows = np.random.default_rng(1), []
    for i in range(GRIDS):
        F = random.standard_normal((6, 6))
        G = F + random.uniform(0, 1) * (random.standard_normal(F.shape) if i % 3 else random.uniform(-1, 1))
        f, g = sublevel_grid(F).h0, sublevel_grid(G).h0
        total = np.sum(np.abs(cells(F) - cells(G)))
        rows.append((np.max(np.abs(F - G)), bottleneck(f, g), total, wasserstein(f, g)))
    return np.array(rows)


def measure() -> Findings:
    moved, changed = clouds(), grids()
    pulled = [rips_diagrams(distances(np.array([[0.0], [x]]))).h0 for x in (1.0, 2.0)]
    ratios = {
        "points moved by ε, components": moved[:, 1] / moved[:, 0],
        "points moved by ε, cycles": moved[:, 2] / moved[:, 0],
        "functions on a grid, bottleneck": changed[:, 1] / changed[:, 0],
        "functions on a grid, W₁": changed[:, 3] / changed[:, 2],
    }
    pair, shifted = float(bottleneck(*pulled)), float(np.max(changed[:, 1] / changed[:, 0]))
    compared = (
        Comparison("two points pulled apart by ½ each, 2ε = 1: distance", "1", pair),
        Comparison("functions shifted by a constant: share of the bound", "1.000", shifted),
        *(Comparison(f"{name}: shares above 1", "0", int(np.sum(r > 1))) for name, r in ratios.items()),
    )
    conclusions = (
        f"Of {CLOUDS} moved clouds none moves its diagrams further than 2ε; the shares go up to "
        f"{np.max(moved[:, 1:] / moved[:, :1]):.2f}. Two points pulled apart attain the bound.",
        f"Of {GRIDS} pairs of functions none is further apart than max|f - g|; a constant shift attains it. The sum "
        f"over cells bounds W₁ with shares of {spread(ratios['functions on a grid, W₁'], '{:.2f}')}.",
    )
    rows = [(name, len(r), float(np.median(r)), float(np.max(r))) for name, r in ratios.items()]
    table = Table.of("distance of diagrams over its bound", "of | pairs | median {:.3f} | largest {:.3f}", rows)
    return Findings((table,), compared, conclusions, (moved, changed))


def draw(data: Any, figure: Any) -> None:
    moved, changed = data
    left, right = figure.subplots(1, 2)
    entitle(
        figure,
        "Diagrams move no further than what they are of",
        f"Left: {CLOUDS} clouds of 12 points in the plane. Right: {GRIDS} pairs of functions on a grid of 6 by 6, one "
        "in three of them shifted by a constant. The line is the bound.",
    )  # fmt: skip
    for axes, bound, parts in (
        (left, moved[:, 0], (("components", moved[:, 1]), ("cycles", moved[:, 2]))),
        (right, changed[:, 0], (("valleys", changed[:, 1]),)),
    ):
        for (name, values), colour in zip(parts, COLOURS, strict=False):
            axes.plot(bound, values, ".", color=colour, label=name)
        axes.plot([0, np.max(bound)], [0, np.max(bound)], color="black", lw=1, label="the bound")
        axes.set(ylabel="bottleneck distance of the diagrams")
        finish(axes, loc="upper left")
    left.set(xlabel="2ε, ε the largest move of a point")
    right.set(xlabel="max |f - g|")


study = Study.of("topology-stability", WORDS, measure, draw, size=(13.0, 5.4))
