"""The colour correction that Hill-ADAM was published with: the network's form, and the three gains themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.hill_adam.runs import (
    EXACT,
    HILL,
    INSTANCES,
    OTHERS,
    Corrected,
    gap_of_gains,
    instance,
    network,
)
from gnomon_validation.studies.printed import Comparison, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """the colour correction
Is Hill-ADAM better than Adam at the published colour correction, and is that so for the reason given, local minima?
network, rate and steps are those of github.com/2manikan/Hill-ADAM; images and tables were not to be had, and the means
here are ours: gaps above the exact optimum, measured beforehand with another program for this project, as bounds
picture: Hill-ADAM wins at lr = 0.01, and Adam with a smaller rate wins more"""
SLOW, FEW, SOME, SIX = (1e-3, 3e-3), range(3), range(4), range(6)
ROUNDING = f"{-EXACT!r} … {EXACT!r}"
GAPS = {
    "Adam": ".368 .414 .575 .286 .154 .327 .097 .129 .395 .850 .626 .948",
    HILL: "1.1e-4 4.5e-5 2.9e-4 2.4e-5 1.0e-4 2.2e-5 1.7e-5 6.1e-4 1.3e-4 1.2e-4 5.1e-5 9.6e-5",
}
SLOWLY = {"Adam": ROUNDING, HILL: "3e-5 … 1.9e-3"}
ROUNDED = (3, 5, 6, 10)  # instances of which the last bits of the weights decide when Hill-ADAM turns


def measure() -> Findings:
    found = {who: [network(i, 1e-2, who) for i in INSTANCES] for who in GAPS}
    beside = {who: [network(i, 1e-2, who) for i in SOME] for who in OTHERS}
    slow = {(who, lr): [network(i, lr, who) for i in (FEW if who == HILL else SIX)] for who in GAPS for lr in SLOW}
    gains = {who: [[gap_of_gains(i, x, who) for x in (1.0, 0.0)] for i in INSTANCES] for who in GAPS}
    adams, hills = found.values()
    rows = [
        (f"{i}", adams[i].gap, hills[i].gap, hills[i].events,
         *(f"{runs[i].gap:.1e}" if i in SOME else "" for runs in beside.values()), max(gains[HILL][i]),
         max(gains["Adam"][i]))
        for i in INSTANCES
    ]  # fmt: skip
    slower = [(f"{who}, lr {lr:g}", len(runs), min(gaps := [run.gap for run in runs]), max(gaps))
              for (who, lr), runs in slow.items()]  # fmt: skip
    compared = [
        Comparison(f"network {i}, lr 0.01: gap of {who}", stated, found[who][i].gap)
        for who, figures in GAPS.items()
        for i, stated in enumerate(figures.split())
        if who == "Adam" or i not in ROUNDED
    ]
    turns = [run.events for run in hills]
    compared += [
        Comparison("network, lr 0.01: largest gap of Hill-ADAM", "0 … 5e-3", max(run.gap for run in hills)),
        Comparison("network, lr 0.01: smallest gap of Adam", "5e-2 … 1", min(run.gap for run in adams)),
        Comparison("network, lr 0.01: turns, fewest", "16", min(turns)),
        *(Comparison(f"network, lr {lr:g}: {end} gap of {who}", SLOWLY[who], pick(run.gap for run in runs))
          for (who, lr), runs in slow.items() for end, pick in (("smallest", min), ("largest", max))),
        Comparison("gains, lr 0.01: smallest gap of Hill-ADAM", "6e-4 … 3.9e-3", float(np.min(gains[HILL]))),
        Comparison("gains, lr 0.01: largest gap of Hill-ADAM", "6e-4 … 3.9e-3", float(np.max(gains[HILL]))),
        Comparison("gains, lr 0.01: largest gap of Adam", ROUNDING, float(np.max(gains["Adam"]))),
    ]  # fmt: skip
    conclusions = (
        f"At the published rate Hill-ADAM is nearer to the optimum than Adam in {ahead(hills, adams)} of 12 instances: "
        "the claim reproduces.",
        f"Of the gaps that were measured beforehand Adam's and {len(INSTANCES) - len(ROUNDED)} of Hill-ADAM's come out "
        f"to the digits given. Those of instances {listed(ROUNDED, '{}')} are matters of rounding, as a claim about "
        f"Hill-ADAM shows; so is the largest number of turns, 28 beforehand, here {max(turns)} in instance "
        f"{int(np.argmax(turns))}.",
        "Adam with a smaller rate comes to the optimum but for rounding in all instances that are tried: at 0.01 it is "
        "stuck in saturated sigmoids, not in local minima. Hill-ADAM with these rates does not.",
        f"Beside others at the published rate, in {len(SOME)} instances: Hill-ADAM is nearer to the optimum than NAdam "
        f"in {ahead(hills, beside['NAdam'])} and than RMSprop in {ahead(hills, beside['RMSprop'])}. RMSprop comes to "
        "the optimum but for rounding, or is stuck far above it.",
        "On the three gains themselves Adam is exact and Hill-ADAM the worse in every instance.",
    )
    columns = (
        "instance | network, Adam {:.3f} | network, Hill-ADAM {:.1e} | its turns | network, NAdam | network, RMSprop | "
        "gains, Hill-ADAM {:.1e} | gains, Adam {:.1e}"
    )
    gap = "gap of the best loss above the exact optimum in 1,000 calls, or until the loss rests; lr 0.01"
    tables = (
        Table.of(gap, columns, rows),
        Table.of("the same on the network with smaller rates", "who | instances | smallest {:.1e} | largest {:.1e}",
                 slower),
    )  # fmt: skip
    return Findings(tables, tuple(compared), conclusions, (adams, hills, slow["Adam", 1e-3]))


def ahead(runs: Sequence[Corrected], others: Sequence[Corrected]) -> int:
    """Return in how many instances, of those that both have, the first is nearer to the optimum."""
    return sum(run.gap < other.gap for run, other in zip(runs, others, strict=False))


def draw(data: Any, figure: Any) -> None:
    axes = figure.subplots()
    names = ("Adam, lr 0.01", "Hill-ADAM, lr 0.01", "Adam, lr 0.001")
    for runs, colour, words in zip(data, COLOURS, names, strict=False):
        for i, run in enumerate(runs):
            above = np.maximum(run.losses - instance(i).optimum()[1], 1e-16)
            best = np.pad(np.minimum.accumulate(above), (0, 1000 - len(above)), "edge")
            axes.plot(best, color=colour, lw=1, alpha=0.8, label=words if i == 0 else None)
    axes.set(yscale="log", xlabel="call", ylabel="best loss so far above the optimum")
    finish(axes)


study = Study.of("hill_adam-colours", WORDS, measure, draw, size=(9.0, 5.5))
