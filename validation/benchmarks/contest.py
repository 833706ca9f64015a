"""What benchmarks share: one processor for all, contenders that take turns, and the same loop built in C.

Import it before NumPy: a second BLAS thread would only wait for the one processor that all share.
"""

from __future__ import annotations

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import ctypes
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numba
import numpy as np

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


def share_one_processor() -> bool:
    """Bind every thread to one processor, where the system can, so that no library computes on two."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    processor = min(os.sched_getaffinity(0))
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), {processor})
    return True


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


def rounds(contenders: Mapping[str, Callable[[], Any]], repeats: int) -> list[dict[str, float]]:
    """Return the seconds of each contender in each of `repeats` rounds, in which they take turns; one warms up."""
    return [{name: seconds(run) for name, run in contenders.items()} for _ in range(repeats + 1)][1:]


def times_as_long(taken: list[dict[str, float]], name: str, yardstick: str) -> float:
    """Return the median over the rounds of how many times as long as `yardstick` a contender took in that round."""
    return median(one[name] / one[yardstick] for one in taken)


def seconds(run: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    start = perf_counter()
    run()
    return perf_counter() - start


def versions() -> str:
    """Return what the figures depend on, as one sentence."""
    return (
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, Numba {numba.__version__}."
    )
