"""How fast are the compiled conjugate gradients beside SciPy's, and the compiled optimizer beside the reference?

Run `python validation/benchmarks/hessian_free_kernels.py --help`; SciPy is needed (extra `curvature`). Both solve the
same dense systems from 0 to the same tolerance. The last lines say whether the goals are met.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from functools import partial
from typing import Any

import click
import numpy as np
from rich.table import Table

from gnomon.curvature.operators import Dense
from gnomon.domains import Array
from gnomon.hessian_free import runs as reference
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients as plain
from gnomon.kernels.hessian_free import runs as compiled
from gnomon.kernels.hessian_free.conjugate_gradients import conjugate_gradients

SIZES = (50, 100, 200, 500, 1000, 2000)
CONDITION = 20.0
TOLERANCES = {"float64": 1e-8, "float32": 1e-4}
# How many times as fast as SciPy the kernel should be, at least, by n; the number of iterations must be the same.
GOALS = {50: 5.0, 1000: 1.0, 2000: 1.0}
KERNEL, SCIPY, REFERENCE = "kernel", "scipy cg", "reference"


def system(n: int, dtype: str) -> tuple[Array, Array]:
    """Return a matrix of eigenvalues from 1 to `CONDITION`, evenly on a logarithmic scale, and a right-hand side."""
    rng = np.random.default_rng(2026)
    Q, _ = np.linalg.qr(rng.standard_normal((n, n)))
    matrix = (Q * np.geomspace(1, CONDITION, n)) @ Q.T
    return ((matrix + matrix.T) / 2).astype(dtype), rng.standard_normal(n).astype(dtype)


def on_system(n: int, dtype: str, repeats: int) -> tuple[int, int, int, float, float, float, float]:
    """Return n, the iterations of kernel and SciPy, milliseconds of kernel, SciPy and reference, SciPy ÷ kernel."""
    from scipy.sparse.linalg import cg

    (A, b), rtol = system(n, dtype), TOLERANCES[dtype]
    options: dict[str, Any] = {"rtol": rtol, "progress_threshold": None, "max_iter": 10 * n}
    iterates: list[Array] = []
    cg(A, b, rtol=rtol, atol=0.0, callback=iterates.append)
    calls = min(400, max(1, 4_000_000 // n**2))  # some hundredths of a second
    runs = {
        KERNEL: contest.repeated(lambda: conjugate_gradients(Dense(A), b, **options), calls),
        SCIPY: contest.repeated(lambda: cg(A, b, rtol=rtol, atol=0.0), calls),
        REFERENCE: lambda: plain(Dense(A), b, **options),
    }
    taken = contest.rounds(runs, repeats)
    kernel, scipy, reference = (1e3 * taken.seconds(name) for name in runs)
    iterations = conjugate_gradients(Dense(A), b, **options).iterations
    return n, iterations, len(iterates), kernel / calls, scipy / calls, reference, taken.ratio(SCIPY, KERNEL)


def runs_table(problems: int, steps: int, repeats: int) -> Table:
    """Return the table of the whole optimizer on many problems at once.

    The reference runs a tenth of the problems, and its time is taken tenfold.
    """
    rng = np.random.default_rng(1)
    P, N, n = problems, 20, 5
    X, w = rng.standard_normal((P, N, n)), np.zeros((P, n))
    y, H = (rng.standard_normal((P, N)) > 0).astype(float), np.swapaxes(X, 1, 2) @ X / N
    part = max(1, P // 10)
    rows = []
    for name, operation, arrays, loss in (
        ("quadratics", "minimise_quadratics", (w + 1, H, w), {}),
        *((f"{loss} loss", "fit_linear_models", (w, X, y), {"loss": loss}) for loss in reference.LOSSES),
    ):
        contenders = {
            KERNEL: partial(getattr(compiled, operation), *arrays, steps=steps, **loss),
            REFERENCE: partial(getattr(reference, operation), *(x[:part] for x in arrays), steps=steps, **loss),
        }
        taken = contest.rounds(contenders, repeats)
        kernel, plainly, ratio = *map(taken.seconds, contenders), taken.ratio(REFERENCE, KERNEL) * P / part
        rows.append((name, 1e3 * kernel, 1e3 * plainly * P / part, ratio, 1e6 * kernel / P / steps))
    title = f"{P:,} problems of {n} parameters, {steps} steps, default hyperparameters, float64"
    ours, theirs = f"runs | ms: {KERNEL} {{:.1f}}", f"{REFERENCE}, scaled {{:.0f}} | {REFERENCE} ÷ {KERNEL} {{:.0f}}"
    return contest.table(title, f"{ours} | {theirs} | a step, μs: {KERNEL} {{:.2f}}", rows)


@contest.command(9, problems=(1000, "Of the second table."), steps=(10, "Of each run."))
@click.option("--dtype", default="float64", show_default=True, type=click.Choice(list(TOLERANCES)))
def main(problems: int, steps: int, repeats: int, dtype: str) -> None:
    """Time conjugate gradients on dense systems and runs of the optimizer and print two tables."""
    processors = contest.share_one_processor()
    contest.keep_freed_memory()
    rows = [on_system(n, dtype, repeats) for n in SIZES]
    title = f"Conjugate gradients, dense systems of condition {CONDITION:g}, {dtype}, rtol = {TOLERANCES[dtype]:g}"
    iterations = f"n {{:,}} | iterations: {KERNEL} | {SCIPY}"
    columns = (
        f"{iterations} | ms: {KERNEL} {{:.3f}} | {SCIPY} {{:.3f}} | {REFERENCE} {{:.3f}} | {SCIPY} ÷ {KERNEL} {{:.2f}}"
    )
    goals = {
        f"n = {n:,}: {ratio:.2f} times as fast as SciPy's cg (at least {GOALS[n]:g})": ratio >= GOALS[n]
        for n, *_, ratio in rows
        if n in GOALS
    }
    goals["as many iterations as SciPy's cg for every n"] = all(ours == theirs for _, ours, theirs, *_ in rows)
    tables = contest.table(title, columns, rows), runs_table(problems, steps, max(2, repeats // 3))
    contest.print_tables(*tables, repeats=repeats, processors=processors, goals=goals)


if __name__ == "__main__":
    main()
