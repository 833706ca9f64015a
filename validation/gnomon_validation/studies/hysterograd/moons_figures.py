"""The figures that were published of the moons run, beside those of a run of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gnomon_validation.studies.hysterograd.training import Run
from gnomon_validation.studies.printed import Comparison


class Figure(NamedTuple):
    """A figure of a run.

    published: in the second revision of `validation_results.csv` (2025-12-29, commit 98fd4e1), whose barrier is that
    of an epoch's last step and whose other columns are means over an epoch. spread: what six seeds gave us, smallest …
    largest. of: computes it from a run. shown: how it is printed.
    """

    name: str
    published: str
    spread: str
    of: Callable[[Run], float]
    shown: str


FIRST_WIDTH = Figure(
    "epoch 0: barrier h at its last step", ".1655", ".1525 … .1843", lambda run: float(run.width[0, -1]), "{:.4f}"
)
FROZEN = Figure("all epochs: Frozen steps of 1600", "710", "658 … 791", lambda run: float(run.frozen), "{:.0f}")
FIGURES = (
    Figure("epoch 0: mean loss", ".3797", ".343 … .425", lambda run: float(np.mean(run.loss[0])), "{:.4f}"),
    Figure("epoch 0: mean norm n", "54.56", "52.0 … 59.0", lambda run: float(np.mean(run.norm[0])), "{:.2f}"),
    FIRST_WIDTH,
    Figure("epochs 90-99: mean loss", ".00285", ".0024 … .0073", lambda run: float(np.mean(run.loss[90:])), "{:.5f}"),
    Figure("epochs 90-99: Liquid steps of 160", "53", "46 … 65", lambda run: float(np.sum(run.liquid[90:])), "{:.0f}"),
    Figure(
        "epochs 90-99: mean of each epoch's last h",
        "2.26",
        "2.19 … 3.31",
        lambda run: float(np.mean(run.width[90:, -1])),
        "{:.2f}",
    ),
    FROZEN,
)


def rank(figure: Figure, runs: Sequence[Run]) -> Comparison:
    """Return how many of our runs lie below the published figure: some but not all, if it is one of their kind."""
    below = sum(figure.of(run) < float(figure.published) for run in runs)
    return Comparison(
        f"{figure.name}, published {figure.published}: seeds below it", f"1 … {len(runs) - 1}", float(below)
    )


def ends(name: str, spread: str, values: Sequence[float]) -> tuple[Comparison, Comparison]:
    """Return the smallest and the largest of the values beside the range that both should lie in."""
    return Comparison(f"{name}: smallest", spread, min(values)), Comparison(f"{name}: largest", spread, max(values))
