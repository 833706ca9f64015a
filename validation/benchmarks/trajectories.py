"""How fast is the compiled Adam? Many replicas on one quadratic, against NumPy, C, torch and optax.

Run `python validation/benchmarks/trajectories.py --help`. Every contender starts from the same data, and the result of
each is compared with the kernel's.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

import ctypes
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import adam as reference
from gnomon.domains import Array
from gnomon.kernels.descent import adam as kernel

SETTINGS: dict[str, Any] = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
REFERENCE_SECONDS = 20.0
KERNEL, AS_WRITTEN = "gnomon kernel (Numba)", "NumPy reference as written"
FIRST_CALL = "adam", "adam.endpoints(np.zeros((1, 1)), np.eye(1), np.zeros(1), steps=1)"


class Problem(NamedTuple):
    """The quadratic ½(x-x*)ᵀH(x-x*) with eigenvalues from 1 to 10, and where the replicas start."""

    params: Array
    hessian: Array
    minimiser: Array
    steps: int


def drawn(replicas: int, steps: int, size: int) -> Problem:
    rng = np.random.default_rng(2014)
    basis = np.linalg.qr(rng.standard_normal((size, size))).Q
    hessian = basis @ np.diag(np.linspace(1, 10, size)) @ basis.T
    return Problem(rng.standard_normal((replicas, size)), (hessian + hessian.T) / 2, rng.standard_normal(size), steps)


def endpoints(module: Any, problem: Problem, replicas: int | None = None) -> contest.Run:
    """Return the operation of the reference or of the kernels as a call, on the first `replicas` starts."""
    params, hessian, minimiser, steps = problem
    return lambda: module.endpoints(params[:replicas], hessian, minimiser, steps=steps, **SETTINGS)


def affordable_replicas(problem: Problem, repeats: int) -> int:
    """Return on how many replicas the reference takes its share of `REFERENCE_SECONDS`."""
    affordable = int(REFERENCE_SECONDS / (repeats + 1) / contest.seconds(endpoints(reference, problem, 1)))
    return min(len(problem.params), max(1, affordable))


def numpy_over_replicas(problem: Problem) -> contest.Run:
    def run() -> Array:
        x, hessian, minimiser, steps = problem
        state = reference.init(x)
        for _ in range(steps):
            x, state = reference.step(x, (x - minimiser) @ hessian, state, **SETTINGS)
        return x

    return run


def in_c(problem: Problem, library: ctypes.CDLL) -> contest.Run:
    def run() -> Array:
        params, hessian, minimiser, steps = problem
        ends = np.empty_like(params)
        given = params, hessian, minimiser, ends, *params.shape, steps, *SETTINGS.values()
        if library.adam_endpoints(*contest.as_c(*given)):
            raise MemoryError("the C loop found no memory")
        return ends

    return run


def in_torch(problem: Problem) -> contest.Run | str:
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
        return x.numpy()

    return run


def in_optax(problem: Problem) -> contest.Run | str:
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


@contest.command(7, replicas=(1000,), steps=(1000,), size=(10, "Parameters of a replica."))
def main(replicas: int, steps: int, size: int, repeats: int) -> None:
    """Time Adam on a quadratic and print one table."""
    processors = contest.share_one_processor()
    problem = drawn(replicas, steps, size)
    few = affordable_replicas(problem, repeats)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        first = contest.seconds_of_a_first_call(*FIRST_CALL, folder)
        source = Path(__file__).with_name("adam_endpoints.c")
        contenders: dict[str, contest.Run | str] = {
            KERNEL: endpoints(kernel, problem),
            AS_WRITTEN: endpoints(reference, problem, few),
            "NumPy, all replicas at once": numpy_over_replicas(problem),
            **contest.built_in_c(source, folder, partial(in_c, problem)),
            "torch.optim.Adam": in_torch(problem),
            "optax.adam, jitted scan": in_optax(problem),
        }
        taken, expected, rows = contest.rounds(contenders, repeats), endpoints(kernel, problem)(), []
        for name, run in contenders.items():
            if isinstance(run, str):
                rows.append((name, "–", "–", "–", run))
                continue
            ends, scale = run(), replicas / few if name == AS_WRITTEN else 1.0
            deviation = np.max(np.abs(ends - expected[: len(ends)]), initial=0.0)
            note = f"timed on {few} replicas, scaled linearly" if scale > 1 else ""
            rows.append((name, scale * taken.seconds(name), scale * taken.ratio(name, KERNEL), deviation, note))
    title = f"Adam on a quadratic: {replicas:,} replicas × {steps:,} steps × {size:,} parameters, float64"
    columns = "contender | seconds {:.4f} | ÷ kernel {:.2f} | largest deviation {:.1e} | note"
    note = f"First call of the kernel in a new process: {first}. "
    contest.print_tables(contest.table(title, columns, rows), repeats=repeats, processors=processors, note=note)


if __name__ == "__main__":
    main()
