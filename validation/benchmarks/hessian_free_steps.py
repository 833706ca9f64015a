"""How long does a step of Hessian-free optimization take: the reference in NumPy against the port in torch?

Run `python validation/benchmarks/hessian_free_steps.py --help` (extra `torch`). Both make the same step on the same
network in float64, with two threads, or as many as OMP_NUM_THREADS says: a Gauss-Newton step of a fixed number of
iterations of conjugate gradients, without tolerance and rule of progress, and all that belongs to it. Torch records the
graph of the outputs and that of u ↦ Jᵀu once a step and multiplies by double backward through them. What one product
and one loss cost is shown beside the step. Each contender has a process of its own, so that no thread that waits for
work is in the other's way, and pauses before each of its turns.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "2")
os.environ.update(OPENBLAS_NUM_THREADS=os.environ["OMP_NUM_THREADS"], MKL_NUM_THREADS=os.environ["OMP_NUM_THREADS"])

import numpy as np  # isort: skip (both before `contest`, which asks for one thread)
import torch  # isort: skip
import contest  # isort: skip

from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from time import sleep
from typing import Any

from gnomon.curvature.operators import ggn_operator
from gnomon.curvature.products import Classification, Problem, Regression, network
from gnomon.hessian_free.optimizer import init, step
from gnomon_validation.ports.torch_functions import tensors
from gnomon_validation.ports.torch_hessian_free import hessian_free_step
from gnomon_validation.ports.torch_hessian_free.objectives import rebuilt

THREADS = torch.get_num_threads()
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
INPUTS, CLASSES, HIDDEN = 64, 10, (32, 32)
NAMES, TIMED, PAUSE = ("reference", "torch"), ("step", "product", "loss"), 0.1
Contenders = dict[str, contest.Run]


def problems(examples: int) -> dict[str, Problem]:
    """Return a classification and a regression of the size of the digits' images, on drawn data."""
    rng = np.random.default_rng(2026)
    X = rng.standard_normal((examples, INPUTS))
    y, Y = rng.integers(0, CLASSES, examples), rng.standard_normal((examples, CLASSES))
    return {"cross-entropy": Classification(X, y, CLASSES, HIDDEN), "squares": Regression(X, Y, HIDDEN)}


@cache
def contenders(name: str, examples: int, iterations: int) -> dict[str, Contenders]:
    """Return what is timed: a step, a product, a loss, each by both. Raises `RuntimeError` if the steps differ."""
    problem = problems(examples)[name]
    net, rng = network(problem), np.random.default_rng(7)
    params, vector = net.start_from(rng.standard_normal(net.dimension)), rng.standard_normal(net.dimension)
    state, (f, w, v) = init(params), tensors((problem, params, vector))
    f = rebuilt(f)
    at = f.at(w)
    product = ggn_operator(net, params)
    hyper: dict[str, Any] = {"max_iter": iterations, "rtol": 0.0, "progress_threshold": None}
    steps: Contenders = {
        "reference": lambda: step(params, state, problem, **hyper),
        "torch": lambda: hessian_free_step(params, state, problem, **hyper),
    }
    (ours, _, report), (theirs, _, told) = (run() for run in steps.values())
    if report.iterations != iterations or told.iterations != iterations:
        raise RuntimeError(f"{report.iterations} and {told.iterations} iterations were made, not {iterations}")
    if np.max(np.abs(ours - theirs)) > 1e-6 * np.max(np.abs(ours - params)):
        raise RuntimeError("the two do not make the same step")
    return {
        "step": steps,
        "product": {"reference": lambda: product(vector), "torch": lambda: at.ggnvp(v)},
        "loss": {"reference": lambda: net.value(params), "torch": lambda: f.value(w)},
    }


@contest.command(15, sizes=("500,1797", "Examples, with commas between."), iterations=(30, "Of conjugate gradients."))
def main(sizes: list[int], iterations: int, repeats: int) -> None:
    """Time steps and their parts and print one table."""
    rows = []
    os.environ.update(dict.fromkeys(VARIABLES, str(THREADS)))  # `contest` asks for one; the processes inherit these
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as numpy_process, ProcessPoolExecutor(1, spawn) as torch_process:
        processes = dict(zip(NAMES, (numpy_process, torch_process), strict=True))
        for size in sizes:
            for name, problem in problems(size).items():
                widths = "-".join(map(str, network(problem).widths))
                for timed in TIMED:
                    what = timed, name, size, iterations
                    run = {who: partial(process.submit, seconds, who, *what) for who, process in processes.items()}
                    taken = contest.rounds(run, repeats, lambda submit: submit().result())
                    ms = [1e3 * taken.seconds(who) for who in NAMES]
                    rows.append((f"{widths}, {name}", timed, size, *ms, taken.ratio(*NAMES)))
    title = f"One step with {iterations} iterations of conjugate gradients, float64"
    columns = "network | timed | examples {:,} | reference ms {:.2f} | torch ms {:.2f} | reference ÷ torch {:.2f}"
    table = contest.table(title, columns, rows, left=2)
    processors = f"{THREADS} thread(s) each, {os.cpu_count()} cores"
    contest.print_tables(table, repeats=repeats, processors=processors, note=f"torch {torch.__version__}. ")


def seconds(who: str, timed: str, name: str, examples: int, iterations: int) -> float:
    """Return what one call of a contender takes: one that warms up, then one step or 20 of the others."""
    call, times = contenders(name, examples, iterations)[timed][who], 1 if timed == "step" else 20
    sleep(PAUSE)
    call()
    return contest.seconds(contest.repeated(call, times)) / times


if __name__ == "__main__":
    main()
