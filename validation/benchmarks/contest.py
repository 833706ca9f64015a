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
from collections.abc import Callable, Iterable, Mapping, Sequence
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


def built_in_c(source: Path, folder: Path, called: Callable[[ctypes.CDLL], Run]) -> dict[str, Run | str]:
    """Build `source` with several flags in `folder` and return what `called` makes of it; a text says why not."""
    made: dict[str, Run | str] = {}
    for flags in C_FLAGS:
        name, library = f"C {' '.join(flags)}", folder / f"{source.stem}{'_'.join(flags)}.so"
        command = ["cc", *flags, "-shared", "-fPIC", str(source), "-o", str(library), "-lm"]
        if shutil.which("cc") is None:
            made[name] = "no C compiler `cc`"
        elif (built := subprocess.run(command, capture_output=True, text=True, check=False)).returncode:
            made[name] = f"cc refused: {built.stderr.splitlines()[0]}"
        else:
            made[name] = called(ctypes.CDLL(str(library)))
    return made


def as_c(*values: Any) -> list[Any]:
    """Return arrays, whole and real numbers as C's pointers, longs and doubles."""
    kinds = {np.ndarray: lambda array: ctypes.c_void_p(array.ctypes.data), int: ctypes.c_long, float: ctypes.c_double}
    return [kinds[type(value)](value) for value in values]


def share_one_processor() -> str:
    """Bind every thread to one processor, where the system can, so that no library computes on two; say so."""
    if not hasattr(os, "sched_setaffinity"):
        return "threads as each library chooses"
    processor = min(os.sched_getaffinity(0))
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), {processor})
    return "one processor"


def keep_freed_memory() -> None:
    """Ask glibc to keep what is freed, so that not the system's fresh pages are timed, from 128 KiB an array on."""
    trim_threshold, mmap_threshold, plenty = -1, -3, 2**30
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt and mallopt(mmap_threshold, plenty):
        mallopt(trim_threshold, plenty)


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


def exponent(sizes: Sequence[int], figures: Sequence[float]) -> float:
    """Return the slope of the logarithms over the last decade of sizes, by least squares."""
    last = [(n, figure) for n, figure in zip(sizes, figures, strict=True) if 10 * n >= sizes[-1]]
    x, y = np.log([[n, figure] for n, figure in last]).T
    return float(np.polyfit(x, y, 1)[0])


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


def command(repeats: int, **options: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Make a function a command with options that are counts, or lists of them, and the number of rounds.

    options: of each the default, which is a text for a list, what it is of, and the least that is allowed.
    """

    def numbers(_context: Any, _option: Any, given: Any) -> Any:
        return [int(size) for size in given.split(",")] if isinstance(given, str) else given

    def decorated(main: Any) -> Any:
        for name, option in reversed([*options.items(), ("repeats", (repeats, "Rounds; medians count."))]):
            default, text, least = (*option, *(None, 1)[len(option) - 1 :])
            kind = str if isinstance(default, str) else click.IntRange(min=least)
            how: dict[str, Any] = {"show_default": True, "type": kind, "callback": numbers, "help": text}
            main = click.option(f"--{name}", default=default, **how)(main)
        return click.command()(main)

    return decorated
