"""Training on episodes as long as the published ones: 100 periods."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.drm_ppo.tails import STATED
from gnomon_validation.studies.drm_ppo.training import train
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.sampled import around
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """training on 100 periods
Does a policy that is trained for the mean get beyond the best constant order in episodes of 100 periods?
a stand-in for the published curves of ten million episodes: 250 episodes an update, 100 updates of the clipped
surrogate; 92 at first and 782 at the end were measured beforehand with another program for this project
picture: Trained for the mean, a policy leaves the best constant order behind"""
UPDATES, PERIODS, LATEST = 100, 100, 10
CONSTANT = 495.3  # ten units a period at each stage: the study drm_ppo-orders
AT_RANDOM, ERROR = 102.8, 226.6 / 250**0.5  # orders at random, as at first: mean, and its standard error in a batch
APART = max(max(one, other) / min(one, other) - 1 for pairs in STATED.values() for one, other in pairs)


def measure() -> Findings:
    curve, last = train("mean", UPDATES, periods=PERIODS)
    means = curve[:, 0]
    latest = float(np.mean(means[-LATEST:]))
    crossed = int(np.argmax(means > CONSTANT))
    first, beyond = float(means[0]), float(np.mean(means[-LATEST:] > CONSTANT))
    at_first, at_last = around(AT_RANDOM, 3 * ERROR, 1), around(782, 782 * APART, 1)
    compared = (
        Comparison("mean at first (92 elsewhere), within three standard errors of orders at random", at_first, first),
        Comparison("share of the latest updates beyond the best constant order", "1", beyond),
        Comparison("mean of the latest updates (782): as near as two seeds of 30 periods were", at_last, latest),
    )
    conclusions = (
        f"After {UPDATES} updates the mean is {latest:.0f}, {latest - 782:+.0f} beside the 782 of another program; ten "
        f"units a period, the best constant order, return {CONSTANT:.0f}.",
        f"It is beyond that for the first time in update {crossed + 1}, after {250 * crossed:,} episodes; the "
        "published runs have ten million.",
    )
    rows = [(k + 1, *map(float, curve[k])) for k in (0, 9, 24, 49, 74, UPDATES - 1)]
    columns = "update | mean {:.1f} | lower 30 % {:.1f} | upper 30 % {:.1f}"
    table = Table.of(f"returns of 250 episodes of {PERIODS} periods", columns, rows)
    return Findings((table,), compared, conclusions, (curve, last))


def draw(data: Any, figure: Any) -> None:
    curve, last = data
    left, right = figure.subplots(1, 2)
    for part, name, colour in zip(range(3), ("mean", "lower 30 %", "upper 30 %"), COLOURS, strict=False):
        left.plot(curve[:, part], color=colour, lw=1.5, label=name)
    left.axhline(CONSTANT, color="black", ls="--", lw=1)
    left.set(xlabel="update", ylabel="return of 100 periods; dashed: ten units each")
    right.hist(last, bins=40, density=True, histtype="step", color=COLOURS[0])
    right.axvline(CONSTANT, color="black", ls="--", lw=1)
    right.set(xlabel=f"return, latest {LATEST} updates", ylabel="density")
    finish(left, loc="lower right")


study = Study.of("drm_ppo-long_run", WORDS, measure, draw, size=(11.0, 4.8))
