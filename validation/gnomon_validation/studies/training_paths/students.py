"""Small networks from other starts: how high the loss stands between them, as they are and up to their symmetries."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.training_paths.distances import lmc_barrier
from gnomon.dynamics.training_paths.units import Student, aligned_barrier, match_units
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """different runs, one model up to symmetry
Are networks from other starts in other basins, or the same with their units in another order and of other signs?
own stand-in for a claim of arXiv 2510.04376: two tanh units on 41 points, 24 starts, 40,000 steps at 0.3
picture: Most runs of a small network end in one model: its units come in another order, with other signs
below: Two tanh units, 24 starts, 40,000 steps of gradient descent. Left: the first run to each of nine others."""
X = np.linspace(-2, 2, 41)
Y = np.tanh(2 * X - 1) - 0.7 * np.tanh(-X - 1.5)
DATA = Student(X[:, np.newaxis], Y[:, np.newaxis])
LR = 0.3


@cache
def trained(runs: int = 24, steps: int = 40_000) -> Array:
    """Return the parameters of students after gradient descent on the whole data, a run a row; starts are N(0, 1)."""
    starts = np.random.Generator(np.random.PCG64(0)).standard_normal((64, 7))[:runs]
    w, b, v = (starts[:, i : i + 2, np.newaxis] for i in (0, 2, 4))
    c, scale = starts[:, 6:], LR / len(X)
    for _ in range(steps):
        h = np.tanh(w * X + b)
        errors = scale * (np.sum(v * h, axis=1) + c - Y)[:, np.newaxis]
        deltas = errors * (v * (1 - h * h))
        v = v - np.sum(errors * h, axis=2, keepdims=True)
        w, b = w - (deltas @ X)[..., np.newaxis], b - np.sum(deltas, axis=2, keepdims=True)
        c = c - np.sum(errors, axis=2)
    return np.concatenate([w[..., 0], b[..., 0], v[..., 0], c], axis=1)


def between(found: Array) -> dict[str, Array]:
    """Return barriers and distances of all pairs, as they are and matched."""
    pairs = list(combinations(found, 2))
    starts, ends = np.swapaxes(pairs, 0, 1)
    matched = [match_units(end, start, inputs=1, hidden=2).params for start, end in pairs]
    return {
        "barrier": np.array([lmc_barrier(start, end, DATA) for start, end in pairs]),
        "barrier, matched": np.array([aligned_barrier(start, end, DATA) for start, end in pairs]),
        "distance": np.linalg.norm(starts - ends, axis=1),
        "distance, matched": np.linalg.norm(starts - np.array(matched), axis=1),
    }


def measure() -> Findings:
    found = trained()
    seen, losses = between(found), np.array([DATA.value(params) for params in found])
    compared = [
        Comparison("median barrier", "0.311", float(np.median(seen["barrier"]))),
        Comparison("median barrier, matched", "4.2e-5", float(np.median(seen["barrier, matched"]))),
        Comparison("median distance", "4.62", float(np.median(seen["distance"]))),
        Comparison("median distance, matched", "0.58", float(np.median(seen["distance, matched"]))),
    ]
    poor = losses > 100 * np.median(losses)
    good = np.array([not (a or b) for a, b in combinations(poor, 2)])
    left = float(np.max(seen["barrier, matched"][good]))
    conclusions = (
        f"Between runs the loss stands {np.median(seen['barrier']):.3f} above the chord in the median; with units "
        f"matched up to order and sign {np.median(seen['barrier, matched']):.1e}: most runs are one model.",
        f"Not all: {int(np.sum(poor))} of {len(found)} runs have a loss of more than a hundred times the median, and "
        "have not settled: rounding decides where they are, so that of the largest matched barrier, "
        f"{np.max(seen['barrier, matched']):.2f}, one digit counts. Between the others it is at most {left:.1e}.",
    )
    rows = [(name, np.median(values), np.max(values)) for name, values in seen.items()]
    table = Table.of("all pairs of runs", "between two runs | median {:.3g} | largest {:.3g}", rows)
    return Findings((table,), tuple(compared), conclusions, (found, seen))


def draw(data: Any, figure: Any) -> None:
    found, seen = data
    left, right = figure.subplots(1, 2)
    shares = np.linspace(0, 1, 101)
    for k, end in enumerate(found[1:10]):
        image = match_units(end, found[0], inputs=1, hidden=2).params
        for to, colour, name in ((end, COLOURS[1], "as they are"), (image, COLOURS[0], "units matched")):
            losses = [DATA.value((1 - t) * found[0] + t * to) for t in shares]
            left.plot(shares, losses, color=colour, lw=1, label=name if k == 0 else None)
    left.set(xlabel="share of the way", ylabel="loss", yscale="log", title="the loss on straight ways between runs")
    finish(left, loc="lower right")
    floor = 1e-9
    right.loglog(seen["distance"], seen["barrier"] + floor, "o", color=COLOURS[1], ms=3, label="as they are")
    right.loglog(
        seen["distance, matched"], seen["barrier, matched"] + floor, "o", color=COLOURS[0], ms=3, label="units matched"
    )
    right.set(xlabel="distance of the two runs", ylabel="barrier (1e-9: none)", title="all pairs of runs")
    finish(right, loc="upper left")


study = Study.of("training_paths-students", WORDS, measure, draw, size=(14.0, 5.6))
