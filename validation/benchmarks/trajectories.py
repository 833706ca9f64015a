"""How fast is the compiled Adam? Many replicas on one quadratic, against NumPy, C, torch and optax.

Run `python validation/benchmarks/trajectories.py --help`. Every contender starts from the same data, and the result of
each is compared with the kernel's.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

import ctypes
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from gnomon.descent import adam as reference
from gnomon.domains import Array
from gnomon.kernels.descent import adam as kernel

SETTINGS: dict[str, Any] = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
REFERENCE_SECONDS = 20.0
KERNEL, AS_WRITTEN = "gnomon kernel (Numba)", "NumPy reference as written"
COMPILATION = """
from time import perf_counter
import numpy as np
from gnomon.kernels.descent import adam
start = perf_counter()
adam.endpoints(np.zeros((1, 1)), np.eye(1), np.zeros(1), steps=1)
print(perf_counter() - start)
"""
Run = Callable[[], Array]


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


def endpoints(module: Any, problem: Problem, replicas: int | None = None) -> Run:
    """Return the operation of the reference or of the kernels as a call, on the first `replicas` starts."""
    params, hessian, minimiser, steps = problem
    return lambda: module.endpoints(params[:replicas], hessian, minimiser, steps=steps, **SETTINGS)


def affordable_replicas(problem: Problem, repeats: int) -> int:
    """Return on how many replicas the reference takes its share of `REFERENCE_SECONDS`."""
    affordable = int(REFERENCE_SECONDS / (repeats + 1) / contest.seconds(endpoints(reference, problem, 1)))
    return min(len(problem.params), max(1, affordable))


def numpy_over_replicas(problem: Problem) -> Run:
    def run() -> Array:
        x, hessian, minimiser, steps = problem
        state = reference.init(x)
        for _ in range(steps):
            x, state = reference.step(x, (x - minimiser) @ hessian, state, **SETTINGS)
        return x

    return run


def in_c(library: contest.Library, problem: Problem) -> Run | str:
    if library.loaded is None:
        return library.note
    adam_endpoints = library.loaded.adam_endpoints
    matrix, vector = (np.ctypeslib.ndpointer(np.float64, ndim, flags="C") for ndim in (2, 1))
    adam_endpoints.argtypes = [matrix, matrix, vector, matrix, *[ctypes.c_long] * 3, *[ctypes.c_double] * 4]

    def run() -> Array:
        params, hessian, minimiser, steps = problem
        ends = np.empty_like(params)
        if adam_endpoints(params, hessian, minimiser, ends, *params.shape, steps, *SETTINGS.values()):
            raise MemoryError("the C loop found no memory")
        return ends

    return run


def in_torch(problem: Problem) -> Run | str:
    if find_spec("torch") is None:
        return "torch is not installed"
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

    return run


def in_optax(problem: Problem) -> Run | str:
    if find_spec("optax") is None or find_spec("jax") is None:
        return "optax is not installed"
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
    return lambda: np.asarray(scan(params))


@click.command()
@contest.count_option("--replicas", 1000)
@contest.count_option("--steps", 1000)
@contest.count_option("--size", 10, "Parameters of a replica.")
@contest.repeats_option(7)
def main(replicas: int, steps: int, size: int, repeats: int) -> None:
    """Time Adam on a quadratic and print one table."""
    processors = contest.share_one_processor()
    problem = Problem.drawn(replicas, steps, size)
    few = affordable_replicas(problem, repeats)
    with tempfile.TemporaryDirectory() as temporary:
        folder, source = Path(temporary), Path(__file__).with_name("adam_endpoints.c")
        cold, warm = contest.seconds_in_new_processes(COMPILATION, folder / "numba")
        libraries = [contest.built_in_c(source, flags, folder) for flags in contest.C_FLAGS]
        contenders: dict[str, Run | str] = {
            KERNEL: endpoints(kernel, problem),
            AS_WRITTEN: endpoints(reference, problem, few),
            "NumPy, all replicas at once": numpy_over_replicas(problem),
            **{library.name: in_c(library, problem) for library in libraries},
            "torch.optim.Adam": in_torch(problem),
            "optax.adam, jitted scan": in_optax(problem),
        }
        runs = {name: run for name, run in contenders.items() if not isinstance(run, str)}
        taken, ends = contest.rounds(runs, repeats), {name: run() for name, run in runs.items()}
    title = f"Adam on a quadratic: {replicas:,} replicas × {steps:,} steps × {size:,} parameters, float64"
    table = contest.table(title, "contender", "seconds", "÷ kernel", "largest deviation", "note")
    for name, contender in contenders.items():
        if isinstance(contender, str):
            table.add_row(name, "–", "–", "–", contender)
            continue
        scale = replicas / few if name == AS_WRITTEN else 1.0
        note = f"timed on {few} replicas, scaled linearly" if scale > 1 else ""
        deviation = np.max(np.abs(ends[name] - ends[KERNEL][: len(ends[name])]), initial=0.0)
        cells = f"{scale * taken.seconds(name):.4f}", f"{scale * taken.ratio(name, KERNEL):.2f}", f"{deviation:.1e}"
        table.add_row(name, *cells, note)
    first = f"First call of the kernel in a new process: {cold:.2f} s without, {warm:.2f} s with its disk cache. "
    contest.print_tables(table, repeats=repeats, processors=processors, note=first)


if __name__ == "__main__":
    main()
