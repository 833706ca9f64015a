"""What benchmarks share: one processor for all, contenders that take turns, the same loop built in C, tables.

The contenders take turns; a figure is the median of the rounds, and a ratio the median of the rounds' ratios. Import it
before NumPy: a second BLAS thread would only wait for the one processor that all share.
"""

from __future__ import annotations

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import ctypes
import platform
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import click
import numba
import numpy as np
from rich.console import Console
from rich.table import Column, Table

from gnomon_validation.studies import study

C_FLAGS = (("-O3",), ("-O3", "-march=native"), ("-O3", "-march=native", "-fno-math-errno"))
FIRST_CALL = """
from time import perf_counter
import numpy as np
from gnomon.kernels.descent import {}
start = perf_counter()
{}
print(perf_counter() - start)
"""
Run = Callable[[], Any]


def built_in_c(source: Path, folder: Path) -> dict[str, ctypes.CDLL | str]:
    """Build `source` with several flags as shared libraries in `folder` and load them; a text says why not."""
    return {f"C {' '.join(flags)}": _built(source, flags, folder) for flags in C_FLAGS}


def _built(source: Path, flags: tuple[str, ...], folder: Path) -> ctypes.CDLL | str:
    compiler, library = shutil.which("cc"), folder / f"{source.stem}{'_'.join(flags)}.so"
    if compiler is None:
        return "no C compiler `cc`"
    command = [compiler, *flags, "-shared", "-fPIC", str(source), "-o", str(library), "-lm"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"cc refused: {built.stderr.splitlines()[0]}" if built.returncode else ctypes.CDLL(str(library))


def share_one_processor() -> str:
    """Bind every thread to one processor, where the system can, so that no library computes on two; say so."""
    if not hasattr(os, "sched_setaffinity"):
        return "threads as each library chooses"
    processor = min(os.sched_getaffinity(0))
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), {processor})
    return "one processor"


def keep_freed_memory() -> bool:
    """Ask glibc to keep what is freed, so that not the system's fresh pages are timed, from 128 KiB an array on."""
    trim_threshold, mmap_threshold, plenty = -1, -3, 2**30
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    return mallopt is not None and bool(mallopt(mmap_threshold, plenty) and mallopt(trim_threshold, plenty))


def seconds_of_a_first_call(kernels: str, call: str, folder: Path) -> str:
    """Return, in words, what the first call of a module of kernels takes with an empty and with a filled disk cache."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "numba")}
    command = [sys.executable, "-c", FIRST_CALL.format(kernels, call)]
    cold, warm = (float(subprocess.check_output(command, env=environment, text=True)) for _ in range(2))
    return f"{cold:.2f} s without, {warm:.2f} s with its disk cache"


class Taken(NamedTuple):
    """What each contender took in each round: seconds, or something that `of` finds a figure in."""

    rounds: list[dict[str, Any]]

    def seconds(self, name: str, of: Callable[[Any], float] = float) -> float:
        """Return the median over the rounds of what a contender took."""
        return median(of(one[name]) for one in self.rounds)

    def ratio(self, name: str, yardstick: str, of: Callable[[Any], float] = float) -> float:
        """Return the median over the rounds of how many times as long as `yardstick` a contender took in that round."""
        return median(of(one[name]) / of(one[yardstick]) for one in self.rounds)


def seconds(run: Run) -> float:
    """Return how long a call takes."""
    start = perf_counter()
    run()
    return perf_counter() - start


def repeated(call: Run, times: int) -> Run:
    """Return `times` calls as one, so that the grain of the clock does not count."""

    def run() -> None:
        for _ in range(times):
            call()

    return run


def rounds(contenders: Mapping[str, Any], repeats: int, time: Callable[[Any], Any] = seconds) -> Taken:
    """Return what the contenders take in `repeats` rounds, in which they take turns, after one that warms up.

    Where a text stands for a contender, it says why there is none.
    """
    runs = {name: run for name, run in contenders.items() if not isinstance(run, str)}
    return Taken([{name: time(run) for name, run in runs.items()} for _ in range(repeats + 1)][1:])


def peak_bytes(run: Run) -> tuple[int, Any]:
    """Return the most memory that a call holds at once, and what it returns."""
    tracemalloc.start()
    result = run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, result


def table(title: str, columns: str, rows: Iterable[Iterable[Any]], left: int = 1) -> Table:
    """Return a table whose figures, which follow `left` columns of words, stand at the right.

    columns: the names and how their cells are printed, "contender | seconds {:.4f}", as for a study's table.
    """
    _, heads, cells = study.Table.of(title, columns, rows)
    columned = (Column(head, justify="right" if i >= left else "left") for i, head in enumerate(heads))
    printed = Table(*columned, title=title)
    for row in cells:
        printed.add_row(*row)
    return printed


def console() -> Console:
    """Return a console that is wide enough where there is no terminal."""
    return Console(width=None if sys.stdout.isatty() else 160)


def print_tables(
    *tables: Table | str, repeats: int, processors: str, note: str = "", goals: Mapping[str, bool] | None = None
) -> None:
    """Print tables, under them how they were measured, and of each goal whether it is met."""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, Numba {numba.__version__}."
    how = f"Medians of {repeats} interleaved rounds, {processors}. {note}{platform.machine()}, {versions}"
    for one in (*tables, how):
        console().print(one)
    for goal, met in (goals or {}).items():
        click.echo(f"goal {'met' if met else 'missed'}: {goal}")


def count_option(name: str, default: int, text: str | None = None, least: int = 1) -> Callable[[Any], Any]:
    """Return an option that is a count."""
    return click.option(name, default=default, show_default=True, type=click.IntRange(min=least), help=text)


def repeats_option(default: int) -> Callable[[Any], Any]:
    """Return the option that says how many rounds there are."""
    return count_option("--repeats", default, "Rounds; medians count.")


def sizes_option(default: str, text: str) -> Callable[[Any], Any]:
    """Return the option that lists sizes."""

    def numbers(_context: Any, _option: Any, given: str) -> list[int]:
        return [int(size) for size in given.split(",")]

    return click.option("--sizes", default=default, show_default=True, callback=numbers, help=text)
