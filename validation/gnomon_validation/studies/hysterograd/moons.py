"""The published moons run, from six seeds, beside the same runs without the gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gnomon_validation.studies.hysterograd import training
from gnomon_validation.studies.hysterograd.moons_picture import draw
from gnomon_validation.studies.hysterograd.training import GATES, SEEDS, MoonsRun, from_every_seed
from gnomon_validation.studies.printed import Comparison, spread
from gnomon_validation.studies.study import Findings, Study, Table


class Figure(NamedTuple):
    """A figure of a run.

    published: in the second revision of `validation_results.csv` (2025-12-29, commit 98fd4e1), whose barrier is that
    of an epoch's last step and whose other columns are means over an epoch. spread: what six seeds gave us, smallest …
    largest. of: computes it from a run. shown: how it is printed.
    """

    name: str
    published: str
    spread: str
    of: Callable[[MoonsRun], Any]
    shown: str


UNSEEN = 43
FIRST_WIDTH = Figure(
    "epoch 0: barrier h at its last step", ".1655", ".1525 … .1843", lambda run: run.width[0, -1], "{:.4f}"
)
LAST_WIDTHS = "epochs 90-99: mean of each epoch's last h"
FROZEN = Figure("all epochs: Frozen steps of 1600", "710", "658 … 791", lambda run: run.frozen, "{:.0f}")
FIGURES = (
    Figure("epoch 0: mean loss", ".3797", ".343 … .425", lambda run: np.mean(run.loss[0]), "{:.4f}"),
    Figure("epoch 0: mean norm n", "54.56", "52.0 … 59.0", lambda run: np.mean(run.norm[0]), "{:.2f}"),
    FIRST_WIDTH,
    Figure("epochs 90-99: mean loss", ".00285", ".0024 … .0073", lambda run: np.mean(run.loss[90:]), "{:.5f}"),
    Figure("epochs 90-99: Liquid steps of 160", "53", "46 … 65", lambda run: np.sum(run.liquid[90:]), "{:.0f}"),
    Figure(LAST_WIDTHS, "2.26", "2.19 … 3.31", lambda run: np.mean(run.width[90:, -1]), "{:.2f}"),
    FROZEN,
)


def rank(figure: Figure) -> Comparison:
    """Return how many runs of v4 lie below the published figure: some but not all, if it is one of their kind."""
    below = sum(figure.of(run) < float(figure.published) for run in from_every_seed("v4"))
    return Comparison(f"{figure.name}, published {figure.published}: seeds below it", f"1 … {len(SEEDS) - 1}", below)


def ends(name: str, spread: str, values: Sequence[float]) -> tuple[Comparison, Comparison]:
    """Return the smallest and the largest of the values beside the range that both should lie in."""
    return Comparison(f"{name}: smallest", spread, min(values)), Comparison(f"{name}: largest", spread, max(values))


def losses(gate: str, seed: int = 42) -> list[float]:
    """Return the loss of all training examples after each run, or of the examples of another seed."""
    return [training.loss_and_gradient(run.params, *training.moons(seed))[0] for run in from_every_seed(gate)]


def measure() -> Findings:
    """Train from six seeds, gated and not, and hold the published figures against the spread."""
    runs = {gate: from_every_seed(gate) for gate in GATES}
    ranks = [rank(figure) for figure in FIGURES]
    gated, ungated, new_gated, new_ungated = (losses(gate, seed) for seed in (42, UNSEEN) for gate in ("v4", "ungated"))
    same_gate = all(np.array_equal(v4.liquid, head.liquid) for v4, head in zip(runs["v4"], runs["head"], strict=True))
    return Findings(
        tables=(beside_published(), by_gate()),
        comparisons=(
            *ranks,
            *(end for f in FIGURES for end in ends(f"v4, {f.name}", f.spread, [f.of(run) for run in runs["v4"]])),
            *ends(f"head, {FIRST_WIDTH.name}", ".162 … .196", [FIRST_WIDTH.of(run) for run in runs["head"]]),
            *ends("v4: loss of all 500 examples at the end", ".0010 … .0079", gated),
            *ends("no gate: loss of all 500 examples at the end", ".0009 … .0032", ungated),
            *ends(f"v4, fixed barrier, {FROZEN.name}", "206 … 369", [FROZEN.of(run) for run in runs["v4 fixed"]]),
        ),
        conclusions=(
            f"{sum(c.reproduced for c in ranks)} of the {len(ranks)} published figures lie within the spread of six "
            "seeds of the code of December 2025 (v4): larger than some seed's, smaller than another's. The source sets "
            "no seed, so nothing sharper can be asked.",
            f"The seeds are {SEEDS[0]} to {SEEDS[-1]} of NumPy's default generator, the first six; none was left out. "
            "The stated ranges are this project's own, of these seeds.",
            "The version of January 2026 (head) refuses "
            + ("the very same steps" if same_gate else "other steps")
            + "; its h is larger in the first epochs, because it cools before it takes the barrier.",
            f"With the gate the loss of the training data ends lower for {lower(gated, ungated)} of {len(SEEDS)} "
            f"seeds, the loss of as many unseen examples for {lower(new_gated, new_ungated)} (on average "
            f"{np.mean(new_gated):.3f} with it, {np.mean(new_ungated):.3f} without). Without the gate (s = 0) the "
            "method is RMSprop; the source shows no such baseline.",
        ),
        data=runs,
    )


def lower(losses: Sequence[float], others: Sequence[float]) -> int:
    """Return for how many seeds the loss is lower than the other."""
    return sum(a < b for a, b in zip(losses, others, strict=True))


def beside_published() -> Table:
    """Return the published figures beside the spread of either version."""
    rows = []
    for figure in FIGURES:
        values = [[figure.of(run) for run in from_every_seed(version)] for version in ("v4", "head")]
        spreads = [figure.shown.format(end) for group in values for end in (min(group), max(group))]
        rows.append((figure.name, figure.published, *spreads))
    return Table.of(
        "the published run (validation_results.csv, 2nd revision) and six seeds of either version",
        "figure | published | v4 smallest | v4 largest | head smallest | head largest",
        rows,
    )


def by_gate() -> Table:
    """Return what each kind of gate did."""
    names = (
        "v4: h follows the mean norm",
        "head: h follows the mean norm",
        "v4, fixed: h does not",
        "head, fixed: h does not",
        "no gate (s = 0): RMSprop",
    )
    rows = []
    for name, gate in zip(names, GATES, strict=True):
        frozen, changes = zip(*((run.frozen, run.changes) for run in from_every_seed(gate)), strict=True)
        trained, unseen = spread(losses(gate), "{:.4f}"), spread(losses(gate, UNSEEN), "{:.3f}")
        rows.append((name, spread(frozen), spread(changes), trained, unseen))
    return Table.of(
        "what the gate does, six seeds: smallest … largest",
        "gate | Frozen of 1600 | changes of status | loss of training data | loss of unseen data",
        rows,
    )


study = Study(
    "hysterograd-moons",
    title="two moons: the published run, and what its gate was good for",
    question="Are the published moons figures what the published code gives, and does the gate help?",
    source="github.com/dingste/HysteroGrad, validation_results.csv of 2025-12-29 (commit 98fd4e1) and "
    "examples/basic_moons.py",
    measure=measure,
    draw=draw,
    size=(12.0, 8.5),
)
