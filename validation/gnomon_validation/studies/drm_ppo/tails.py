"""What a policy gives up that is trained for one part of the returns."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.drm_ppo.training import train
from gnomon_validation.studies.printed import Comparison, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """training for the mean, or for a tail
Does a policy that is trained for the upper or the lower 30 % of its returns have a better tail than one for the mean?
a stand-in for the published curves of ten million episodes: 30 periods, 250 episodes an update, 120 updates of the
clipped surrogate; directions of the effects were measured beforehand with another program for this project
picture: Training for the upper tail gives up the lower one; training for the lower tail is slow"""
UPDATES, LATEST = 120, 10
KINDS = {"mean": "the mean", "lower": "the lower 30 %", "upper": "the upper 30 %"}
# Of two seeds of another program: the mean, the lower part, and what was trained for.
STATED = {
    "mean": ((336.7, 336.2), (310.8, 311.1), (336.7, 336.2)),
    "lower": ((317.6, 321.9), (299.7, 301.7), (299.7, 301.7)),
    "upper": ((327.1, 327.4), (276.5, 280.0), (365.2, 363.7)),
}


@cache
def runs() -> dict[str, Any]:
    """Return what training for each part makes of the returns."""
    return {kind: train(kind, UPDATES) for kind in KINDS}


def share(better: Any, worse: Any, part: int) -> float:
    """Return in which share of the latest updates one run has the larger mean of all (0) or of the lower part (1)."""
    return float(np.mean(better[0][-LATEST:, part] > worse[0][-LATEST:, part]))


def measure() -> Findings:
    found = runs()
    means = {kind: np.mean(run[0][-LATEST:], axis=0) for kind, run in found.items()}
    shares = [share(found["mean"], found[kind], part) for kind, part in (("lower", 0), ("upper", 1), ("lower", 1))]
    compared = (
        Comparison("shares of the latest updates: for the mean has the larger mean than for the lower", "1", shares[0]),
        Comparison("… the larger lower part than for the upper part", "1", shares[1]),
        Comparison("… the larger lower part than for the lower part itself", "1", shares[2]),
    )
    own = {kind: means[kind][[0, 1, i]] for i, kind in enumerate(KINDS)}
    farthest = max(float(np.max(np.min(np.abs(own[kind] - np.transpose(STATED[kind])), axis=0))) for kind in KINDS)
    conclusions = (
        f"Training for the upper part accepts a worse lower part, {means['upper'][1]:.0f} against "
        f"{means['mean'][1]:.0f}; its own part is {means['upper'][2]:.0f} against {means['mean'][2]:.0f}.",
        f"Training for the lower part does not improve it within {UPDATES} updates: {means['lower'][1]:.0f} against "
        f"{means['mean'][1]:.0f} of training for the mean. Only 30 % of the episodes say anything there.",
        f"The other program's figures are others, by up to {farthest:.0f}, more than its two seeds are apart. Networks "
        "are begun and orders drawn otherwise; what makes the difference was not found. The directions of the effects "
        "are the same.",
    )
    stated = {kind: [listed(two, "{:.1f}") for two in pairs] for kind, pairs in STATED.items()}
    rows = [(KINDS[kind], run[0][0, 0], *means[kind], *stated[kind]) for kind, run in found.items()]
    ours = "trained for | at first {:.1f} | mean {:.1f} | lower 30 % {:.1f} | upper 30 % {:.1f}"
    columns = f"{ours} | mean of another program | its lower 30 % | its part trained for"
    table = Table.of(f"mean returns of the latest {LATEST} of {UPDATES} updates", columns, rows)
    return Findings((table,), compared, conclusions, found)


def draw(data: Any, figure: Any) -> None:
    left, right = figure.subplots(1, 2)
    for (kind, (curve, last)), colour in zip(data.items(), COLOURS, strict=False):
        left.plot(curve[:, 1], color=colour, lw=1.5, label=f"for {KINDS[kind]}")
        left.plot(curve[:, 2], color=colour, lw=1.0, ls=":")
        right.hist(last, bins=np.arange(150, 451, 6), density=True, histtype="step", lw=1.6, color=colour)
    left.set(xlabel="update", ylabel="mean return of the lower 30 %, dotted: upper", ylim=(0, 400))
    right.set(xlabel="return, latest 10 updates", ylabel="density")
    finish(left, loc="lower right")


study = Study.of("drm_ppo-tails", WORDS, measure, draw, size=(11.0, 4.8))
