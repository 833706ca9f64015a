"""How fast is the picture of a fractal region? Basins of large-step gradient descent, against NumPy and C.

Run `python validation/benchmarks/basin_grid.py --help`. The last line says if the kernel makes 2e8 steps a second.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

import ctypes
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.gd_chaos import outcomes as reference
from gnomon.dynamics.gd_chaos.outcomes import DIVERGED, MINUS, ORIGIN, PLUS, Basins
from gnomon.kernels.dynamics.gd_chaos import outcomes

GOAL, KERNEL = 2e8, "gnomon kernel (Numba)"
Y, LAM, STEPS, ESCAPE, TOLERANCE = 0.5, 0.2, 400, 1e10, 1e-10  # the defaults, at η = 1


def in_numpy(u: Array, v: Array) -> Basins:
    """Return the basins by NumPy over all starts that are not done, which is what one writes for speed."""
    labels, steps = np.zeros(u.size, np.int8), np.full(u.size, STEPS, np.int32)
    a, b, place = (u + v).ravel(), (u - v).ravel(), np.arange(u.size)
    for t in range(STEPS + 1):
        A, B = a * a, b * b
        R, size = (A - B) / 4 - Y, (A + B) / 2
        slope = ((LAM + R) * (LAM + R) * A + (LAM - R) * (LAM - R) * B) / 2
        going = (size <= ESCAPE) & (slope > TOLERANCE**2)
        done = ~going
        named = np.where(size[done] < Y - LAM, ORIGIN, np.where(a[done] >= 0, PLUS, MINUS))
        labels[place[done]] = np.where(size[done] <= ESCAPE, named, DIVERGED)
        steps[place[done]] = t
        place, R = place[going], R[going]
        a, b = (1 - LAM - R) * a[going], (1 - LAM + R) * b[going]
        if not place.size:
            break
    return Basins(labels.reshape(u.shape), steps.reshape(u.shape))


def in_c(u: Array, v: Array, library: ctypes.CDLL) -> contest.Run:
    """Return the C loop as a call that returns the basins."""

    def run() -> Basins:
        found = Basins(np.zeros(u.shape, np.int8), np.full(u.shape, STEPS, np.int32))
        numbers = Y, LAM, 1.0, TOLERANCE**2, Y - LAM, ESCAPE
        library.settle(*contest.as_c(u, v, *found, u.size, STEPS, *numbers))
        return found

    return run


@contest.command(7, n=(1024, "Cells along a side of the window [-4, 4]²."))
def main(n: int, repeats: int) -> None:
    """Time the basins of one picture and print a table."""
    processors = contest.share_one_processor()
    u, v = np.meshgrid(*[reference.cell_centres(-4, 4, n)] * 2)
    runs: dict[str, Any] = {
        KERNEL: partial(outcomes.basin_grid, u, v),
        "NumPy, starts that are done left out": partial(in_numpy, u, v),
    }
    source = Path(__file__).with_name("basin_grid.c")
    with tempfile.TemporaryDirectory() as temporary:
        runs |= contest.built_in_c(source, Path(temporary), partial(in_c, u, v))
        taken, expected = contest.rounds(runs, repeats), runs[KERNEL]()
        made_steps = int(np.sum(expected.steps, dtype=np.int64)) + u.size
        rows = []
        for name, run in runs.items():
            if isinstance(run, str):
                rows.append((name, "–", "–", "–", run))
                continue
            same = all(map(np.array_equal, run(), expected))
            rate = made_steps / taken.seconds(name) / 1e6
            rows.append((name, taken.seconds(name), taken.ratio(name, KERNEL), rate, "yes" if same else "no"))
    title = f"Basins: {n} × {n} starts, {made_steps / u.size:.1f} steps each, y = 0.5, λ = 0.2, η = 1, float64"
    columns = "contender | seconds {:.4f} | ÷ kernel {:.2f} | million steps / s {:,.0f} | same labels"
    rate = made_steps / taken.seconds(KERNEL)
    goals = {f"{rate:.3g} steps a second ({GOAL:g})": rate >= GOAL}
    contest.print_tables(contest.table(title, columns, rows), repeats=repeats, processors=processors, goals=goals)


if __name__ == "__main__":
    main()
