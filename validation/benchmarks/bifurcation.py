"""How fast is the compiled map of SRKL? A bifurcation diagram and its Lyapunov exponents, against NumPy and C.

Run `python validation/benchmarks/bifurcation.py --help`. The last line says if the diagram takes less than a second.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

import ctypes
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from gnomon.descent import srkl_map as reference
from gnomon.domains import Array
from gnomon.kernels.descent import srkl_map as kernel

GOAL = 1.0
KERNEL = "gnomon kernel (Numba)"
MODULES = {KERNEL: kernel, "NumPy over all ratios (the reference)": reference}
FIRST_CALL = "srkl_map", "srkl_map.attractor(np.ones(1), np.ones(1), burn_in=1, kept=1)"


def in_c(start: Array, ratio: Array, burn_in: int, kept: int, library: ctypes.CDLL) -> contest.Run:
    """Return the C loop as a call that returns the points."""

    def run() -> Array:
        points = np.empty((kept, start.size))
        library.attractor(*contest.as_c(start, ratio, points, start.size, burn_in, kept))
        return points

    return run


@contest.command(
    7, ratios=(2000,), steps=(10_000, "Iterations of each ratio."), kept=(200, "The last of them are kept.")
)
def main(ratios: int, steps: int, kept: int, repeats: int) -> None:
    """Time the map and print two tables."""
    processors = contest.share_one_processor()
    kept = min(kept, steps)
    # One start for all ratios a in (0, 8].
    diagram = np.full(ratios, 0.37), np.linspace(0, 8, ratios + 1)[1:]
    of_points, of_exponents = {"burn_in": steps - kept, "kept": kept}, {"burn_in": 0, "steps": steps}
    runs = {name: partial(module.attractor, *diagram, **of_points) for name, module in MODULES.items()}
    source, rows = Path(__file__).with_name("bifurcation.c"), []
    with tempfile.TemporaryDirectory() as temporary:
        first = contest.seconds_of_a_first_call(*FIRST_CALL, Path(temporary))
        in_c_runs = contest.built_in_c(source, Path(temporary), partial(in_c, *diagram, steps - kept, kept))
        contenders = {**runs, **in_c_runs}
        taken, expected = contest.rounds(contenders, repeats), runs[KERNEL]()
        for name, run in contenders.items():
            if isinstance(run, str):
                rows.append((name, "–", "–", "–", run))
                continue
            rate, same = steps * ratios / taken.seconds(name) / 1e6, np.array_equal(run(), expected)
            rows.append((name, taken.seconds(name), taken.ratio(name, KERNEL), rate, "yes" if same else "no"))
    title = f"Bifurcation diagram: {ratios:,} ratios × {steps:,} steps, {kept:,} kept, float64"
    columns = "contender | seconds {:.4f} | ÷ kernel {:.2f}"
    points = contest.table(title, f"{columns} | million steps / s {{:,.0f}} | kernel's bits", rows)
    lyapunov = {name: partial(module.lyapunov_exponent, *diagram, **of_exponents) for name, module in MODULES.items()}
    slower = contest.rounds(lyapunov, repeats)
    title = f"Lyapunov exponents: {ratios:,} ratios × {steps:,} steps, float64"
    rows = [(name, slower.seconds(name), slower.ratio(name, KERNEL)) for name in lyapunov]
    held, _ = contest.peak_bytes(runs[KERNEL])
    note = (
        f"Kernel: first call in a new process {first}; peak memory {held / 1e6:.2f} MB, of which the result is "
        f"{expected.nbytes / 1e6:.2f} MB. "
    )
    typical = taken.seconds(KERNEL)
    goals = {f"{typical:.3f} s for the diagram after compilation (less than {GOAL:g} s)": typical < GOAL}
    tables = points, contest.table(title, columns, rows)
    contest.print_tables(*tables, repeats=repeats, processors=processors, note=note, goals=goals)


if __name__ == "__main__":
    main()
