"""The published moons run, from six seeds, beside the same runs without the gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.hysterograd import training
from gnomon_validation.studies.hysterograd.training import BATCHES, EPOCHS, GATES, SEEDS, MoonsRun, from_every_seed
from gnomon_validation.studies.printed import Comparison, spread
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """two moons: the published run, and what its gate was good for
Are the published moons figures what the published code gives, and does the gate help?
github.com/dingste/HysteroGrad, validation_results.csv of 2025-12-29 (commit 98fd4e1) and examples/basic_moons.py"""


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


BLUE, ORANGE, GREEN = COLOURS[:3]
UNSEEN = 43
LAST_WIDTHS = "epochs 90-99: mean of each epoch's last h"
FIGURES = (
    Figure("epoch 0: mean loss", ".3797", ".343 … .425", lambda run: np.mean(run.loss[0]), "{:.4f}"),
    Figure("epoch 0: mean norm n", "54.56", "52.0 … 59.0", lambda run: np.mean(run.norm[0]), "{:.2f}"),
    Figure("epoch 0: barrier h at its last step", ".1655", ".1525 … .1843", lambda run: run.width[0, -1], "{:.4f}"),
    Figure("epochs 90-99: mean loss", ".00285", ".0024 … .0073", lambda run: np.mean(run.loss[90:]), "{:.5f}"),
    Figure("epochs 90-99: Liquid steps of 160", "53", "46 … 65", lambda run: np.sum(run.liquid[90:]), "{:.0f}"),
    Figure(LAST_WIDTHS, "2.26", "2.19 … 3.31", lambda run: np.mean(run.width[90:, -1]), "{:.2f}"),
    Figure("all epochs: Frozen steps of 1600", "710", "658 … 791", lambda run: run.frozen, "{:.0f}"),
)
FIRST_WIDTH, FROZEN = FIGURES[2], FIGURES[-1]


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
    runs = {gate: from_every_seed(gate) for gate in GATES}
    ranks = [rank(figure) for figure in FIGURES]
    gated, ungated, new_gated, new_ungated = (losses(gate, seed) for seed in (42, UNSEEN) for gate in ("v4", "ungated"))
    same_gate = all(np.array_equal(v4.liquid, head.liquid) for v4, head in zip(runs["v4"], runs["head"], strict=True))
    return Findings(
        tables=tables(),
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


def tables() -> tuple[Table, Table]:
    """Return the published figures beside the spread of either version, and what each kind of gate did."""
    figures, kinds = [], []
    for figure in FIGURES:
        values = [[figure.of(run) for run in from_every_seed(version)] for version in ("v4", "head")]
        spreads = [figure.shown.format(end) for group in values for end in (min(group), max(group))]
        figures.append((figure.name, figure.published, *spreads))
    for gate, (name, _) in GATES.items():
        frozen, changes = zip(*((run.frozen, run.changes) for run in from_every_seed(gate)), strict=True)
        trained, unseen = spread(losses(gate), "{:.4f}"), spread(losses(gate, UNSEEN), "{:.3f}")
        kinds.append((name, spread(frozen), spread(changes), trained, unseen))
    return Table.of(
        "the published run (validation_results.csv, 2nd revision) and six seeds of either version",
        "figure | published | v4 smallest | v4 largest | head smallest | head largest",
        figures,
    ), Table.of(
        "what the gate does, six seeds: smallest … largest",
        "gate | Frozen of 1600 | changes of status | loss of training data | loss of unseen data",
        kinds,
    )


def draw(runs: dict[str, tuple[MoonsRun, ...]], figure: Any) -> None:
    """Draw one gated run, its last epochs enlarged, and the losses."""
    axes = figure.subplot_mosaic([["whole", "whole"], ["end", "loss"]], height_ratios=[1.15, 1])
    draw_whole_run(runs["v4"][0], axes["whole"])
    draw_end(runs["v4"][0], axes["end"], epochs=4)
    draw_losses(runs, axes["loss"])
    figure.suptitle(
        "HysteroGrad (v4, lr 0.01, κ 0.05) trains a 2-16-16-2 network on two moons. A step is taken only if its norm n "
        "exceeds the barrier h.\nn and h are lengths of the gradient divided by √G + ε, entry by entry, and have no "
        "unit.",
        fontsize="medium",
    )


def draw_whole_run(run: MoonsRun, ax: Any) -> None:
    """Draw norm and barrier of every step, and behind them the share of Frozen steps of each epoch."""
    norm, width, frozen = run.norm.reshape(-1), run.width.reshape(-1), ~run.liquid.reshape(-1)
    epoch = np.arange(norm.size) / BATCHES
    ax.plot(epoch[~frozen], norm[~frozen], ".", ms=3, color=BLUE, label="norm n of a Liquid step (taken)")
    ax.plot(epoch[frozen], norm[frozen], ".", ms=3, color=ORANGE, label="norm n of a Frozen step (refused)")
    ax.plot(epoch[1:], width[1:], color="black", lw=1.2, label="barrier h")
    ax.set(yscale="log", ylim=(1e-3, 2e3), xlim=(0, EPOCHS), xlabel="epoch (16 steps each)", ylabel="norm n, barrier h")
    ax.set_title(
        f"From epoch {int(epoch[frozen][0])} on the gate flickers, to the end: {run.frozen} of {norm.size} steps are "
        "refused, the run never settles"
    )
    behind = ax.twinx()
    share = np.mean(~run.liquid, axis=1)
    behind.bar(np.arange(EPOCHS) + 0.5, share, width=1, color=ORANGE, alpha=0.2, lw=0, label="share of Frozen steps")
    behind.set(ylim=(0, 1), ylabel="share of Frozen steps in each epoch (shaded)")
    behind.legend(loc="upper left", fontsize="small")
    ax.set_zorder(behind.get_zorder() + 1)
    ax.patch.set_visible(False)
    ax.legend(loc="upper right", ncols=3, fontsize="small", markerscale=3, framealpha=1)


def draw_end(run: MoonsRun, ax: Any, *, epochs: int) -> None:
    norm, width, frozen = (part[-epochs:].reshape(-1) for part in (run.norm, run.width, ~run.liquid))
    steps = np.arange(run.norm.size - norm.size, run.norm.size)
    style = {"width": 1, "color": ORANGE, "alpha": 0.25, "label": "Frozen: n ≤ h"}
    ax.bar(steps[frozen], 1, transform=ax.get_xaxis_transform(), **style)
    ax.plot(steps, norm, ".-", lw=0.6, color=BLUE, label="norm n")
    ax.plot(steps, width, color="black", lw=1.2, label="barrier h")
    ax.set(yscale="log", ylim=(norm.min() / 10, norm.max() * 2), xlim=(steps[0] - 0.5, steps[-1] + 0.5), xlabel="step")
    ax.set(ylabel="norm n, barrier h", title=f"The last {epochs} epochs of it, step by step (Frozen shaded)")
    ax.legend(loc="lower center", ncols=3, fontsize="small", framealpha=1)


def draw_losses(runs: dict[str, tuple[MoonsRun, ...]], ax: Any) -> None:
    """Draw the loss of each epoch with and without the gate: mean and spread of the seeds."""
    epochs = np.arange(EPOCHS)
    for gate, colour, name in (("v4", ORANGE, "with the gate"), ("ungated", GREEN, "without it (s = 0)")):
        losses = np.array([np.mean(run.loss, axis=1) for run in runs[gate]])
        ax.fill_between(epochs, losses.min(axis=0), losses.max(axis=0), color=colour, alpha=0.2, lw=0)
        ax.plot(epochs, np.exp(np.mean(np.log(losses), axis=0)), color=colour, label=name)
    ax.set(yscale="log", xlim=(0, EPOCHS - 1), xlabel="epoch", ylabel="mean loss of the epoch")
    ax.set_title("The loss falls as fast without the gate")
    ax.legend(title="line: geometric mean, band: all six seeds", fontsize="small", title_fontsize="small")


study = Study.of("hysterograd-moons", WORDS, measure, draw, size=(12.0, 8.5))
