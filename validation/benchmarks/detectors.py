"""How fast do M-FISHER's compiled detectors read scores, and NumPy's vectorised e-process beside them?

Run `python validation/benchmarks/detectors.py --help`. Contenders return the same and reject the same: scores that are
not finite. "First alarm" is `passage`: when it is, the evidence there and the largest. Nothing is written, so that the
goal is for it: without restarts blocks that cannot reach a new largest are summed side by side, and half of the time is
the look for scores that are not finite; CUSUM waits for a maximum and a sum, Shiryaev and Roberts for an exponential a
score, which NumPy takes as long for. "Every score" is `detect`: four numbers and a truth value a score, 33 bytes
written for 8 read. The last column is how long a loop takes that only writes them; the ratio to NumPy, divided by it,
is what no loop with these outputs can exceed.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from math import log
from time import process_time
from typing import Any

import numpy as np

from gnomon.kernels.compiled import compiled
from gnomon.kernels.probability.m_fisher import detector
from gnomon.probability.m_fisher.nulls import Gaussian

KERNEL, VECTORISED, FIRST, NUMPY_FIRST, WRITES = "kernel", "NumPy", "first", "NumPy's first", "writes"
LAM, DELTA = 0.5, 1e-9


def vectorised(scores: Any, lam: float, delta: float, restart: str) -> Any:
    """Return what `detect` returns, by whole-array operations on one stream."""
    x, wealth, statistic = evidence(scores, lam, restart)
    largest = np.maximum.accumulate(statistic)
    reached = statistic >= log(1 / delta)
    return wealth, x, statistic, largest, reached, int(np.argmax(reached)) + 1 if reached.any() else 0


def evidence(scores: Any, lam: float, restart: str) -> tuple[Any, Any, Any]:
    """Return increments, log wealth and the statistic of a restart."""
    if not np.all(np.isfinite(scores)):
        raise ValueError("scores must be finite")
    x = lam * scores - lam * lam / 2
    wealth = np.cumsum(x)
    statistic = wealth
    if restart == "cusum":
        statistic = wealth - np.minimum.accumulate(np.concatenate([[0.0], wealth[:-1]]))
    elif restart == "sr":
        statistic = wealth + np.logaddexp.accumulate(np.concatenate([[0.0], -wealth[:-1]]))
    return x, wealth, statistic


def vectorised_passage(scores: Any, lam: float, delta: float, restart: str) -> Any:
    """Return what `passage` returns, by whole-array operations on one stream."""
    _, _, statistic = evidence(scores, lam, restart)
    reached = statistic >= log(1 / delta)
    first = int(np.argmax(reached)) + 1 if reached.any() else 0
    last = first or len(statistic)
    return first, statistic[last - 1], np.max(statistic[:last])


@compiled
def write(scores: Any, a: Any, b: Any, c: Any, d: Any, reached: Any) -> None:
    """Write as much as `detect` does: nothing is computed."""
    for t in range(scores.size):
        s = scores[t]
        a[t], b[t], c[t], d[t], reached[t] = s, s, s, s, s > 0


def only_writes(scores: Any) -> Any:
    outputs = [np.empty_like(scores) for _ in range(4)]
    write(scores, *outputs, np.empty(scores.shape, bool))
    return outputs


def processor_seconds(run: contest.Run) -> float:
    """Return the processor time of a call, the mean of five: other work on the machine does not count."""
    start = process_time()
    contest.repeated(run, 5)()
    return (process_time() - start) / 5


@contest.command(9, scores=(1_000_000, "Scores of one stream without a shift."))
def main(scores: int, repeats: int) -> None:
    """Time detectors and print one table."""
    contest.keep_freed_memory()
    processors, rows, null = contest.share_one_processor(), [], Gaussian(0.0, 1.0)
    stream = np.random.default_rng(0).standard_normal((1, scores))
    for restart in ("none", "cusum", "sr"):
        given: dict[str, Any] = {"lam": LAM, "delta": DELTA if restart == "none" else 1e-200, "restart": restart}
        beside = stream[0], LAM, given["delta"], restart
        taken = contest.rounds(
            {
                FIRST: lambda g=given: detector.passage(stream, null, **g),
                NUMPY_FIRST: lambda b=beside: vectorised_passage(*b),
                KERNEL: lambda g=given: detector.detect(stream, null, **g),
                VECTORISED: lambda b=beside: vectorised(*b),
                WRITES: lambda: only_writes(stream[0]),
            },
            repeats,
            processor_seconds,
        )
        for words, one, other in (("first alarm", FIRST, NUMPY_FIRST), ("every score", KERNEL, VECTORISED)):
            share = f"{taken.ratio(WRITES, one):.2f}" if one == KERNEL else "–"
            rows.append((words, restart, scores / taken.seconds(one) / 1e6, taken.ratio(other, one), share))
    columns = "outputs | restart | million scores a second {:.0f} | NumPy ÷ kernel {:.1f} | writes alone ÷ kernel"
    table = contest.table(f"One stream of {scores:,} scores without an alarm, float64", columns, rows, left=2)
    goals = {"5 times NumPy, first alarm, no restarts": rows[0][3] >= 5}
    contest.print_tables(table, repeats=repeats, processors=processors, goals=goals)


if __name__ == "__main__":
    main()
