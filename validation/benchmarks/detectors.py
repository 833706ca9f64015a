"""How fast do M-FISHER's compiled detectors read scores, and NumPy's vectorised e-process beside them?

Run `python validation/benchmarks/detectors.py --help`.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from math import log
from typing import Any

import numpy as np

from gnomon.kernels.probability.m_fisher import detector
from gnomon.probability.m_fisher.nulls import Gaussian

KERNEL, VECTORISED = "kernel", "NumPy"


def vectorised(scores: Any, lam: float, delta: float, restart: str) -> Any:
    """Return what a detector returns, by whole-array operations on one stream."""
    x = lam * scores - lam * lam / 2
    wealth = np.cumsum(x)
    statistic = wealth
    if restart == "cusum":
        statistic = wealth - np.minimum.accumulate(np.concatenate([[0.0], wealth[:-1]]))
    elif restart == "sr":
        statistic = wealth + np.logaddexp.accumulate(np.concatenate([[0.0], -wealth[:-1]]))
    largest = np.maximum.accumulate(statistic)
    reached = statistic >= log(1 / delta)
    return wealth, x, statistic, largest, reached, int(np.argmax(reached)) + 1 if reached.any() else 0


@contest.command(7, scores=(1_000_000, "Scores of one stream without a shift."))
def main(scores: int, repeats: int) -> None:
    """Time detectors and print one table."""
    contest.keep_freed_memory()
    processors, rows = contest.share_one_processor(), []
    stream = np.random.default_rng(0).standard_normal((1, scores))
    for restart in ("none", "cusum", "sr"):
        runs = {
            KERNEL: lambda r=restart: detector.detect(stream, Gaussian(0.0, 1.0), lam=0.5, delta=1e-9, restart=r),
            VECTORISED: lambda r=restart: vectorised(stream[0], 0.5, 1e-9, r),
        }
        taken = contest.rounds(runs, repeats)
        rows.append((restart, scores / taken.seconds(KERNEL) / 1e6, taken.ratio(VECTORISED, KERNEL)))
    columns = "detector | million scores a second {:.1f} | NumPy ÷ kernel {:.1f}"
    table = contest.table(f"One stream of {scores:,} scores, float64", columns, rows)
    contest.print_tables(table, repeats=repeats, processors=processors, goals={"5 times NumPy, plain": rows[0][2] >= 5})


if __name__ == "__main__":
    main()
