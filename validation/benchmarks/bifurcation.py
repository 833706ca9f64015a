"""How fast is the compiled map of SRKL? A bifurcation diagram and its Lyapunov exponents, against NumPy and C.

Run `python validation/benchmarks/bifurcation.py --help`. The last line says if the diagram takes less than a second.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

import ctypes
import tempfile
from collections.abc import Callable
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
COMPILATION = """
from time import perf_counter
import numpy as np
from gnomon.kernels.descent import srkl_map
start = perf_counter()
srkl_map.attractor(np.ones(1), np.ones(1), burn_in=1, kept=1)
print(perf_counter() - start)
"""


class Diagram(NamedTuple):
    """The ratios a in (0, 8], one start for all of them, how many steps to drop and how many points to keep."""

    start: Array
    ratio: Array
    burn_in: int
    kept: int

    @classmethod
    def of(cls, ratios: int, steps: int, kept: int) -> Diagram:
        return cls(np.full(ratios, 0.37), np.linspace(0, 8, ratios + 1)[1:], steps - kept, kept)


def in_c(library: contest.Library, diagram: Diagram) -> Callable[[], Array]:
    """Return the C loop as a call that returns the points."""
    assert library.loaded is not None
    attractor = library.loaded.attractor
    vector, matrix = (np.ctypeslib.ndpointer(np.float64, ndim, flags="C") for ndim in (1, 2))
    attractor.argtypes = [vector, vector, matrix, *[ctypes.c_long] * 3]
    attractor.restype = None

    def run() -> Array:
        start, ratio, burn_in, kept = diagram
        points = np.empty((kept, start.size))
        attractor(start, ratio, points, start.size, burn_in, kept)
        return points

    return run


def diagram_table(diagram: Diagram, repeats: int, folder: Path) -> tuple[Table, float]:
    """Return the table of the diagram's contenders, and the kernel's median seconds."""
    start, ratio, burn_in, kept = diagram
    libraries = [
        contest.built_in_c(Path(__file__).with_name("bifurcation.c"), flags, folder) for flags in contest.C_FLAGS
    ]
    runs: dict[str, Callable[[], Array]] = {
        KERNEL: lambda: kernel.attractor(start, ratio, burn_in=burn_in, kept=kept),
        NUMPY: lambda: reference.attractor(start, ratio, burn_in=burn_in, kept=kept),
        **{library.name: in_c(library, diagram) for library in libraries if library.loaded},
    }
    taken, expected = contest.rounds(runs, repeats), runs[KERNEL]()
    title = f"Bifurcation diagram: {ratio.size:,} ratios × {burn_in + kept:,} steps, {kept:,} kept, float64"
    table = contest.table(title, "contender", "seconds", "÷ kernel", "million steps / s", "kernel's bits")
    for name, run in runs.items():
        typical = taken.seconds(name)
        rate = (burn_in + kept) * ratio.size / typical / 1e6
        cells = f"{typical:.4f}", f"{taken.ratio(name, KERNEL):.2f}", f"{rate:,.0f}"
        table.add_row(name, *cells, "yes" if np.array_equal(run(), expected) else "no")
    for library in libraries:
        if not library.loaded:
            table.add_row(library.name, "–", "–", "–", library.note)
    return table, taken.seconds(KERNEL)


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
    table = contest.table(title, "contender", "seconds", "÷ kernel")
    for name in runs:
        table.add_row(name, f"{taken.seconds(name):.4f}", f"{taken.ratio(name, KERNEL):.2f}")
    return table


@click.command()
@contest.count_option("--ratios", 2000)
@contest.count_option("--steps", 10_000, "Iterations of each ratio.")
@contest.count_option("--kept", 200, "The last of them are kept.")
@contest.repeats_option(7)
def main(ratios: int, steps: int, kept: int, repeats: int) -> None:
    """Time the map and print two tables."""
    processors = contest.share_one_processor()
    diagram = Diagram.of(ratios, steps, min(kept, steps))
    with tempfile.TemporaryDirectory() as temporary:
        cold, warm = contest.seconds_in_new_processes(COMPILATION, Path(temporary) / "numba")
        table, typical = diagram_table(diagram, repeats, Path(temporary))
    exponents = exponents_table(diagram, repeats)
    start, ratio, burn_in, kept = diagram
    held, points = contest.peak_bytes(lambda: kernel.attractor(start, ratio, burn_in=burn_in, kept=kept))
    note = (
        f"Kernel: first call in a new process {cold:.2f} s without, {warm:.2f} s with its disk cache; peak memory "
        f"{held / 1e6:.2f} MB, of which the result is {points.nbytes / 1e6:.2f} MB. "
    )
    contest.print_tables(table, exponents, repeats=repeats, processors=processors, note=note)
    goal = f"{typical:.3f} s for the diagram after compilation (less than {GOAL:g} s)"
    contest.print_goals({goal: typical < GOAL})


if __name__ == "__main__":
    main()
