"""What worker processes cost and bring: start-up, a unit's overhead, one worker against two, kernels compiled or not.

    python validation/benchmarks/runs.py            # minutes: the last rows check the bundled kernels
    python validation/benchmarks/runs.py --quick    # without them

All figures are of one run on one machine; speed-ups are ratios of its own wall times. What a speed-up can be at most on
this machine is what two runs get done beside each other, each with one worker: processes share caches and memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from gnomon_spec.system import find_law
from gnomon_validation.ports.bundled import ReferencePort
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.pool import Owner, Pool
from gnomon_validation.runs.work import InProcess, Queue

UNITS = 300
LAW = find_law("sgd.step:agrees_with_the_oracle")
PLAN = Plan(1, ("float32",))


def queue_of(units: int) -> Queue:
    """Return a queue of units that are as small as a unit can be."""
    queue = Queue()
    for block in range(units):
        unit = {"law": LAW.id, "dtype": "float32", "block": block, "examples": 1}
        queue.add({"do": "examine", **unit, "shrinks": True})
    return queue


def seconds_a_unit(workers: InProcess | Pool) -> float:
    """Return how long a small unit takes."""
    for _ in workers.performed(queue_of(20)):
        pass
    began = perf_counter()
    for _ in workers.performed(queue_of(UNITS)):
        pass
    return (perf_counter() - began) / UNITS


def row(what: str, figure: str) -> None:
    print(f"{what:<78}{figure}", flush=True)


def start_up_and_overhead() -> None:
    """Print how long it takes until workers know the port, and what a unit costs more in one than in this process."""
    times = []
    for _ in range(5):
        began = perf_counter()
        with Pool(Owner("reference", {}, None, PLAN), jobs=2) as pool:
            pool.ask({"do": "describe"})
            times.append(perf_counter() - began)
    first, again = times[0], median(times[1:])
    row("two workers, until the port is known: the first time / again (median)", f"{first:.2f} s / {again:.2f} s")
    with Pool(Owner("reference", {}, None, PLAN), jobs=1) as pool:
        beside = min(seconds_a_unit(pool) for _ in range(3))
    here = min(seconds_a_unit(InProcess(ReferencePort(), PLAN)) for _ in range(3))
    figures = " / ".join(f"{seconds * 1e3:.2f}" for seconds in (here, beside, beside - here))
    row("a unit of one case: here / in a worker / overhead", f"{figures} ms")


def checked(jobs: int, cache: str) -> float:
    """Return how long `gnomon check numba` takes in an empty folder with so many workers."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gnomon_validation", "check", "numba", "--jobs", str(jobs), "-q"]
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        began = perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - began


def kernels() -> None:
    """Print how long the bundled kernels take, compiled on the way and compiled before."""
    with TemporaryDirectory() as cache:
        cold = checked(2, cache)
        one, two = checked(1, cache), checked(2, cache)
        with ThreadPoolExecutor(2) as beside:
            began = perf_counter()
            list(beside.map(lambda _: checked(1, cache), range(2)))
            both = perf_counter() - began
    row("gnomon check numba, two workers: kernels compiled on the way / before", f"{cold:.0f} s / {two:.0f} s")
    row("… one worker / two workers, kernels compiled before", f"{one:.1f} s / {two:.1f} s: {one / two:.2f} times")
    row("… two such runs with one worker each, beside each other", f"{both:.1f} s: {2 * one / both:.2f} times")


if __name__ == "__main__":
    start_up_and_overhead()
    if "--quick" not in sys.argv:
        kernels()
