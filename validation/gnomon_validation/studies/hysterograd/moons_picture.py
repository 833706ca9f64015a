"""The picture of the moons runs: norm and barrier of one run, and the loss of all runs with and without the gate."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_validation.pictures import COLOURS
from gnomon_validation.studies.hysterograd.training import BATCHES, EPOCHS, MoonsRun

BLUE, ORANGE, GREEN = COLOURS[:3]


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
    ax.set(
        yscale="log",
        ylim=(1e-3, 2e3),
        xlim=(0, EPOCHS),
        xlabel="epoch (16 steps each)",
        ylabel="norm n, barrier h",
        title=f"From epoch {int(epoch[frozen][0])} on the gate flickers, to the end: {run.frozen} of {norm.size} steps "
        "are refused, the run never settles",
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
    """Draw norm and barrier of the last epochs, Frozen steps shaded."""
    norm, width, frozen = (part[-epochs:].reshape(-1) for part in (run.norm, run.width, ~run.liquid))
    steps = np.arange(run.norm.size - norm.size, run.norm.size)
    ax.bar(
        steps[frozen], 1, width=1, color=ORANGE, alpha=0.25, transform=ax.get_xaxis_transform(), label="Frozen: n ≤ h"
    )
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
