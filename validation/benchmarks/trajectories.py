"""How fast is the compiled Adam? Many replicas on one quadratic, against NumPy, C, torch and optax.

Run `python validation/benchmarks/trajectories.py --help`. Every contender starts from the same data, the repeats take
turns, the best repeat counts, and the result of each is compared with the kernel's.
"""

from __future__ import annotations

from contest import C_FLAGS, built_in_c, seconds_in_new_processes, share_one_processor, versions  # isort: skip

import ctypes
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from gnomon.descent import adam as reference
from gnomon.domains import Array
from gnomon.kernels.descent import adam as kernel

SETTINGS: dict[str, Any] = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
REFERENCE_SECONDS = 20.0
COMPILATION = """
from time import perf_counter
import numpy as np
from gnomon.kernels.descent import adam
start = perf_counter()
adam.endpoints(np.zeros((1, 1)), np.eye(1), np.zeros(1), steps=1)
print(perf_counter() - start)
"""


class Problem(NamedTuple):
    """The quadratic ½(x-x*)ᵀH(x-x*) with eigenvalues from 1 to 10, and where the replicas start."""

    params: Array
    hessian: Array
    minimiser: Array
    steps: int

    @classmethod
    def drawn(cls, replicas: int, steps: int, size: int) -> Problem:
        rng = np.random.default_rng(2014)
        basis = np.linalg.qr(rng.standard_normal((size, size))).Q
        hessian = basis @ np.diag(np.linspace(1, 10, size)) @ basis.T
        return cls(rng.standard_normal((replicas, size)), (hessian + hessian.T) / 2, rng.standard_normal(size), steps)


@dataclass
class Contender:
    """One row: `run` returns the endpoints of the first `replicas` starts; `run` None says why it cannot."""

    name: str
    run: Callable[[], Array] | None
    replicas: int = 0
    note: str = ""
    preparation: float = 0.0
    best: float = np.inf
    ends: Array = field(default_factory=lambda: np.empty((0, 0)))

    def warm_up(self) -> None:
        """Run once, for compilation and caches; what this takes beyond the best repeat is the preparation."""
        self.preparation += self.timed()

    def timed(self) -> float:
        assert self.run is not None
        start = perf_counter()
        self.ends = self.run()
        return perf_counter() - start


def compiled_kernel(problem: Problem) -> Contender:
    params, hessian, minimiser, steps = problem
    return Contender(
        "gnomon kernel (Numba)",
        lambda: kernel.endpoints(params, hessian, minimiser, steps=steps, **SETTINGS),
        len(params),
    )


def numpy_as_written(problem: Problem, repeats: int) -> Contender:
    """The reference, on as many replicas as its share of `REFERENCE_SECONDS` allows."""
    params, hessian, minimiser, steps = problem
    start = perf_counter()
    reference.endpoints(params[:1], hessian, minimiser, steps=steps, **SETTINGS)
    affordable = int(REFERENCE_SECONDS / (repeats + 1) / (perf_counter() - start))
    replicas = min(len(params), max(1, affordable))
    note = f"timed on {replicas} replicas, scaled linearly" if replicas < len(params) else ""
    return Contender(
        "NumPy reference as written",
        lambda: reference.endpoints(params[:replicas], hessian, minimiser, steps=steps, **SETTINGS),
        replicas,
        note,
    )


def numpy_over_replicas(problem: Problem) -> Contender:
    def run() -> Array:
        x, hessian, minimiser, steps = problem
        state = reference.init(x)
        for _ in range(steps):
            x, state = reference.step(x, (x - minimiser) @ hessian, state, **SETTINGS)
        return x

    return Contender("NumPy, all replicas at once", run, len(problem.params))


def in_c(problem: Problem, flags: tuple[str, ...], folder: Path) -> Contender:
    library = built_in_c(Path(__file__).with_name("adam_endpoints.c"), flags, folder)
    if library.loaded is None:
        return Contender(library.name, None, note=library.note)
    endpoints = library.loaded.adam_endpoints
    matrix, vector = (np.ctypeslib.ndpointer(np.float64, ndim, flags="C") for ndim in (2, 1))
    endpoints.argtypes = [matrix, matrix, vector, matrix, *[ctypes.c_long] * 3, *[ctypes.c_double] * 4]

    def run() -> Array:
        params, hessian, minimiser, steps = problem
        ends = np.empty_like(params)
        if endpoints(params, hessian, minimiser, ends, *params.shape, steps, *SETTINGS.values()):
            raise MemoryError("the C loop found no memory")
        return ends

    return Contender(library.name, run, len(problem.params), preparation=library.seconds)


def in_torch(problem: Problem) -> Contender:
    name = "torch.optim.Adam"
    if find_spec("torch") is None:
        return Contender(name, None, note="torch is not installed")
    import torch

    torch.set_num_threads(1)
    hessian, minimiser = torch.from_numpy(problem.hessian), torch.from_numpy(problem.minimiser)

    def run() -> Array:
        x = torch.from_numpy(problem.params.copy())
        betas = (SETTINGS["beta1"], SETTINGS["beta2"])
        optimiser = torch.optim.Adam([x], lr=SETTINGS["lr"], betas=betas, eps=SETTINGS["eps"])
        for _ in range(problem.steps):
            x.grad = (x - minimiser) @ hessian
            optimiser.step()
        ends: Array = x.numpy()
        return ends

    return Contender(name, run, len(problem.params))


def in_optax(problem: Problem) -> Contender:
    name = "optax.adam, jitted scan"
    if find_spec("optax") is None or find_spec("jax") is None:
        return Contender(name, None, note="optax is not installed")
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    params, hessian, minimiser = (jax.numpy.asarray(array) for array in problem[:3])
    method = optax.adam(SETTINGS["lr"], b1=SETTINGS["beta1"], b2=SETTINGS["beta2"], eps=SETTINGS["eps"])

    def advance(carry: Any, _: None) -> tuple[Any, None]:
        x, state = carry
        updates, state = method.update((x - minimiser) @ hessian, state)
        return (optax.apply_updates(x, updates), state), None

    scan = jax.jit(lambda x: jax.lax.scan(advance, (x, method.init(x)), length=problem.steps)[0][0])
    return Contender(name, lambda: np.asarray(scan(params)), len(problem.params))


def contenders(problem: Problem, repeats: int, folder: Path) -> Iterator[Contender]:
    """Yield all rows, the kernel first."""
    yield compiled_kernel(problem)
    yield numpy_as_written(problem, repeats)
    yield numpy_over_replicas(problem)
    yield from (in_c(problem, flags, folder) for flags in C_FLAGS)
    yield in_torch(problem)
    yield in_optax(problem)


def table_of(rows: list[Contender], problem: Problem) -> Table:
    replicas, size = problem.params.shape
    table = Table(
        title=f"Adam on a quadratic: {replicas:,} replicas × {problem.steps:,} steps × {size:,} parameters, float64"
    )
    table.add_column("contender")
    for heading in ("seconds", "÷ kernel", "preparation s", "largest deviation"):
        table.add_column(heading, justify="right")
    table.add_column("note")
    fastest = rows[0]
    for row in rows:
        if row.run is None:
            table.add_row(row.name, "–", "–", "–", "–", row.note)
            continue
        seconds = row.best * replicas / row.replicas
        deviation = np.max(np.abs(row.ends - fastest.ends[: row.replicas]), initial=0.0)
        table.add_row(
            row.name,
            f"{seconds:.4f}",
            f"{seconds / fastest.best:.2f}",
            f"{max(row.preparation - row.best, 0):.2f}",
            f"{deviation:.1e}",
            row.note,
        )
    return table


@click.command()
@click.option("--replicas", default=1000, show_default=True, type=click.IntRange(min=1))
@click.option("--steps", default=1000, show_default=True, type=click.IntRange(min=1))
@click.option("--size", default=10, show_default=True, type=click.IntRange(min=1), help="Parameters of a replica.")
@click.option("--repeats", default=7, show_default=True, type=click.IntRange(min=1), help="The best of them counts.")
def main(replicas: int, steps: int, size: int, repeats: int) -> None:
    """Time Adam on a quadratic and print one table."""
    processors = "one processor" if share_one_processor() else "threads as each library chooses"
    problem = Problem.drawn(replicas, steps, size)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cold, warm = seconds_in_new_processes(COMPILATION, folder / "numba")
        rows = list(contenders(problem, repeats, folder))
        runnable = [row for row in rows if row.run is not None]
        for row in runnable:
            row.warm_up()
        for _ in range(repeats):
            for row in runnable:
                row.best = min(row.best, row.timed())
    table = table_of(rows, problem)
    table.caption = (
        f"Best of {repeats} interleaved repeats, {processors}. Preparation: compiling and the first call, not in the "
        f"seconds. First call of the kernel in a new process: {cold:.2f} s without, {warm:.2f} s with its disk cache. "
        f"{versions()}"
    )
    Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    main()
