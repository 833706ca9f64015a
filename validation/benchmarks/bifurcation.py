"""How fast is the compiled map of SRKL? A bifurcation diagram and its Lyapunov exponents, against NumPy and C.

Run `python validation/benchmarks/bifurcation.py --help`. The last line says if the diagram takes less than a second.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

import ctypes
import tempfile
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
from rich.table import Table

from gnomon.descent import srkl_map as reference
from gnomon.domains import Array
from gnomon.kernels.descent import srkl_map as kernel

GOAL = 1.0
KERNEL, NUMPY = "gnomon kernel (Numba)", "NumPy over all ratios (the reference)"
FIRST_CALL = "srkl_map", "srkl_map.attractor(np.ones(1), np.ones(1), burn_in=1, kept=1)"


class Diagram(NamedTuple):
    """The ratios a in (0, 8], one start for all of them, how many steps to drop and how many points to keep."""

    start: Array
    ratio: Array
    burn_in: int
    kept: int

    @classmethod
    def of(cls, ratios: int, steps: int, kept: int) -> Diagram:
        return cls(np.full(ratios, 0.37), np.linspace(0, 8, ratios + 1)[1:], steps - kept, kept)


def in_c(library: ctypes.CDLL | str, diagram: Diagram) -> contest.Run | str:
    """Return the C loop as a call that returns the points."""
    if isinstance(library, str):
        return library
    attractor = library.attractor
    vector, matrix = (np.ctypeslib.ndpointer(np.float64, ndim, flags="C") for ndim in (1, 2))
    attractor.argtypes, attractor.restype = [vector, vector, matrix, *[ctypes.c_long] * 3], None

    def run() -> Array:
        start, ratio, burn_in, kept = diagram
        points = np.empty((kept, start.size))
        attractor(start, ratio, points, start.size, burn_in, kept)
        return points

    return run


def diagram_table(diagram: Diagram, repeats: int, folder: Path) -> tuple[Table, float]:
    """Return the table of the diagram's contenders, and the kernel's median seconds."""
    start, ratio, burn_in, kept = diagram
    libraries = contest.built_in_c(Path(__file__).with_name("bifurcation.c"), folder)
    contenders: dict[str, contest.Run | str] = {
        KERNEL: lambda: kernel.attractor(start, ratio, burn_in=burn_in, kept=kept),
        NUMPY: lambda: reference.attractor(start, ratio, burn_in=burn_in, kept=kept),
        **{name: in_c(library, diagram) for name, library in libraries.items()},
    }
    taken, expected = contest.rounds(contenders, repeats), kernel.attractor(start, ratio, burn_in=burn_in, kept=kept)
    rows = []
    for name, run in contenders.items():
        if isinstance(run, str):
            rows.append((name, "–", "–", "–", run))
            continue
        typical, same = taken.seconds(name), np.array_equal(run(), expected)
        rate = (burn_in + kept) * ratio.size / typical / 1e6
        rows.append((name, typical, taken.ratio(name, KERNEL), rate, "yes" if same else "no"))
    title = f"Bifurcation diagram: {ratio.size:,} ratios × {burn_in + kept:,} steps, {kept:,} kept, float64"
    columns = "contender | seconds {:.4f} | ÷ kernel {:.2f} | million steps / s {:,.0f} | kernel's bits"
    return contest.table(title, columns, rows), taken.seconds(KERNEL)


def exponents_table(diagram: Diagram, repeats: int) -> Table:
    """Return the table of the Lyapunov exponents' contenders."""
    start, ratio, burn_in, kept = diagram
    options = {"burn_in": 0, "steps": burn_in + kept}
    runs = {
        KERNEL: lambda: kernel.lyapunov_exponent(start, ratio, **options),
        NUMPY: lambda: reference.lyapunov_exponent(start, ratio, **options),
    }
    taken = contest.rounds(runs, repeats)
    title = f"Lyapunov exponents: {ratio.size:,} ratios × {burn_in + kept:,} steps, float64"
    rows = ((name, taken.seconds(name), taken.ratio(name, KERNEL)) for name in runs)
    return contest.table(title, "contender | seconds {:.4f} | ÷ kernel {:.2f}", rows)


@click.command()
@contest.count_option("--ratios", 2000)
@contest.count_option("--steps", 10_000, "Iterations of each ratio.")
@contest.count_option("--kept", 200, "The last of them are kept.")
@contest.repeats_option(7)
def main(ratios: int, steps: int, kept: int, repeats: int) -> None:
    """Time the map and print two tables."""
    processors = contest.share_one_processor()
    diagram = Diagram.of(ratios, steps, min(kept, steps))
    with tempfile.TemporaryDirectory() as folder:
        first = contest.seconds_of_a_first_call(*FIRST_CALL, Path(folder))
        table, typical = diagram_table(diagram, repeats, Path(folder))
    exponents = exponents_table(diagram, repeats)
    start, ratio, burn_in, kept = diagram
    held, points = contest.peak_bytes(lambda: kernel.attractor(start, ratio, burn_in=burn_in, kept=kept))
    note = (
        f"Kernel: first call in a new process {first}; peak memory {held / 1e6:.2f} MB, of which the result is "
        f"{points.nbytes / 1e6:.2f} MB. "
    )
    goals = {f"{typical:.3f} s for the diagram after compilation (less than {GOAL:g} s)": typical < GOAL}
    contest.print_tables(table, exponents, repeats=repeats, processors=processors, note=note, goals=goals)


if __name__ == "__main__":
    main()
