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
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import click
import numba
import numpy as np
from rich.console import Console
from rich.table import Column, Table

C_FLAGS = (("-O3",), ("-O3", "-march=native"), ("-O3", "-march=native", "-fno-math-errno"))


class Library(NamedTuple):
    """A C source, built: `loaded` None says in `note` why not. seconds: what building took."""

    name: str
    loaded: ctypes.CDLL | None
    note: str = ""
    seconds: float = 0.0


def built_in_c(source: Path, flags: tuple[str, ...], folder: Path) -> Library:
    """Build `source` as a shared library in `folder`, if there is a compiler, and load it."""
    name = f"C {' '.join(flags)}"
    compiler = shutil.which("cc")
    if compiler is None:
        return Library(name, None, "no C compiler `cc`")
    library = folder / f"{source.stem}{'_'.join(flags)}.so"
    start = perf_counter()
    command = [compiler, *flags, "-shared", "-fPIC", str(source), "-o", str(library), "-lm"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        return Library(name, None, f"cc refused: {built.stderr.splitlines()[0]}")
    seconds = perf_counter() - start
    return Library(name, ctypes.CDLL(str(library)), "", seconds)


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


def seconds_in_new_processes(program: str, cache: Path) -> tuple[float, float]:
    """Return the number that `program` prints in a new process, with an empty and with a filled disk cache."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", program]
    cold, warm = (float(subprocess.check_output(command, env=environment, text=True)) for _ in range(2))
    return cold, warm


class Taken(NamedTuple):
    """The seconds of each contender in each round."""

    rounds: list[dict[str, float]]

    def seconds(self, name: str) -> float:
        """Return the median over the rounds of what a contender took."""
        return median(one[name] for one in self.rounds)

    def ratio(self, name: str, yardstick: str) -> float:
        """Return the median over the rounds of how many times as long as `yardstick` a contender took in that round."""
        return median(one[name] / one[yardstick] for one in self.rounds)


def seconds(run: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    start = perf_counter()
    run()
    return perf_counter() - start


def rounds(runs: Mapping[str, Any], repeats: int, time: Callable[[Any], float] = seconds) -> Taken:
    """Return what the contenders take in `repeats` rounds, in which they take turns, after one that warms up."""
    return Taken([{name: time(run) for name, run in runs.items()} for _ in range(repeats + 1)][1:])


def peak_bytes(run: Callable[[], Any]) -> tuple[int, Any]:
    """Return the most memory that a call holds at once, and what it returns."""
    tracemalloc.start()
    result = run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, result


def table(title: str, *headings: str, left: int = 1) -> Table:
    """Return a table whose figures, which follow `left` columns of words, stand at the right."""
    columns = [Column(heading, justify="left" if i < left else "right") for i, heading in enumerate(headings)]
    return Table(*columns, title=title)


def console() -> Console:
    """Return a console that is wide enough where there is no terminal."""
    return Console(width=None if sys.stdout.isatty() else 160)


def print_tables(*tables: Table | str, repeats: int, processors: str, note: str = "") -> None:
    """Print tables, and under them how they were measured."""
    for one in (*tables, f"Medians of {repeats} interleaved rounds, {processors}. {note}{versions()}"):
        console().print(one)


def print_goals(goals: Mapping[str, bool]) -> None:
    """Print of each goal whether it is met."""
    for goal, met in goals.items():
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


def versions() -> str:
    """Return what the figures depend on, as one sentence."""
    return (
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, Numba {numba.__version__}."
    )
