"""How many steps a second do ODOG's compiled searches make, and gradient descent's beside them, against NumPy's?

Run `python validation/benchmarks/searches.py --help`.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from functools import partial
from typing import Any

import numpy as np

from gnomon.descent.odog import search as reference
from gnomon.kernels.descent.odog import search as compiled

KERNEL, AS_WRITTEN = "kernel", "NumPy, as written"
FEW = 1000  # of how many steps NumPy makes one


@contest.command(7, steps=(1_000_000, "Steps of a search, which finds nothing."))
def main(steps: int, repeats: int) -> None:
    """Time searches and print one table."""
    processors, rows = contest.share_one_processor(), []
    for problem, start in (("tail", [0.5]), ("ramp", [0.0, 1.0])):
        for method in reference.METHODS:
            length = 1 if method == "gradient descent" else 20
            given: dict[str, Any] = {
                "eps": 1e-9,
                "problem": problem,
                "method": method,
                "radius": 1e-6,
                "length": length,
            }
            runs = {
                who: partial(module.stationary, np.array(start), most=steps // length // share, **given)
                for who, module, share in ((KERNEL, compiled, 1), (AS_WRITTEN, reference, FEW))
            }
            taken = contest.rounds(runs, repeats)
            rows.append((problem, method, steps / taken.seconds(KERNEL) / 1e6, FEW * taken.ratio(AS_WRITTEN, KERNEL)))
    columns = "function | method | million steps a second {:.1f} | NumPy ÷ kernel {:,.0f}"
    table = contest.table(f"Searches of {steps:,} steps, float64", columns, rows, left=2)
    contest.print_tables(table, repeats=repeats, processors=processors)


if __name__ == "__main__":
    main()
