"""How many steps a second do ODOG's compiled searches make, and Hill-ADAM's explorations, against NumPy's?

Run `python validation/benchmarks/searches.py --help`.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from functools import partial
from typing import Any

import numpy as np

from gnomon.descent import hill_adam_runs
from gnomon.descent.hill_adam_losses import LOSSES
from gnomon.descent.odog import search
from gnomon.kernels.descent import hill_adam_runs as compiled_runs
from gnomon.kernels.descent.odog import search as compiled_search

KERNEL, AS_WRITTEN = "kernel", "NumPy, as written"
FEW = 1000  # of how many steps NumPy makes one


@contest.command(7, steps=(1_000_000, "Steps of a search, which finds nothing, and of all runs of an exploration."))
def main(steps: int, repeats: int) -> None:
    """Time searches and explorations and print a table of each."""
    processors, rows, explored = contest.share_one_processor(), [], []

    def timed(kernel: Any, plain: Any) -> tuple[float, float]:
        taken = contest.rounds({KERNEL: kernel, AS_WRITTEN: plain}, repeats)
        return steps / taken.seconds(KERNEL) / 1e6, FEW * taken.ratio(AS_WRITTEN, KERNEL)

    for problem, start in (("tail", [0.5]), ("ramp", [0.0, 1.0])):
        for method in search.METHODS:
            length = 1 if method == "gradient descent" else 20
            given: dict[str, Any] = {
                "eps": 1e-9,
                "problem": problem,
                "method": method,
                "radius": 1e-6,
                "length": length,
            }
            runs = (
                partial(module.stationary, np.array(start), most=steps // length // share, **given)
                for module, share in ((compiled_search, 1), (search, FEW))
            )
            rows.append((problem, method, *timed(*runs)))
    for loss, of in LOSSES.items():
        starts = np.random.default_rng(0).uniform(-2, 2, (400, of.dimension))
        begun = (
            partial(module.explore, some, loss=loss, steps=calls, lr=0.1)
            for module, some, calls in (
                (compiled_runs, starts, steps // 400),
                (hill_adam_runs, starts[:1], steps // FEW),
            )
        )
        explored.append((loss, *timed(*begun)))
    figures = "million steps a second {:.1f} | NumPy ÷ kernel {:,.0f}"
    tables = (
        contest.table(f"Searches of {steps:,} steps, float64", f"function | method | {figures}", rows, left=2),
        contest.table(f"Hill-ADAM from 400 starts, {steps:,} steps in all, float64", f"loss | {figures}", explored),
    )
    contest.print_tables(*tables, repeats=repeats, processors=processors)


if __name__ == "__main__":
    main()
