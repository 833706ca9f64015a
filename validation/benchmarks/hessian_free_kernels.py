"""How fast are the compiled conjugate gradients beside SciPy's, and the compiled optimizer beside the reference?

Run `python validation/benchmarks/hessian_free_kernels.py --help`; SciPy is needed (extra `curvature`). Both solve the
same dense systems from 0 to the same tolerance. The last lines say whether the goals are met.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from typing import Any, NamedTuple

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


class System(NamedTuple):
    """A dense system."""

    matrix: Array
    rhs: Array

    @classmethod
    def of(cls, n: int, dtype: str) -> System:
        """Eigenvalues from 1 to `CONDITION`, evenly on a logarithmic scale, along random directions."""
        rng = np.random.default_rng(2026)
        Q, _ = np.linalg.qr(rng.standard_normal((n, n)))
        matrix = (Q * np.geomspace(1, CONDITION, n)) @ Q.T
        return cls(((matrix + matrix.T) / 2).astype(dtype), rng.standard_normal(n).astype(dtype))


def systems_table(dtype: str, repeats: int) -> tuple[Table, dict[int, float], bool]:
    """Return the table, how many times as fast as SciPy the kernel is for each n, and if iterations are the same."""
    from scipy.sparse.linalg import cg

    rtol = TOLERANCES[dtype]
    title = f"Conjugate gradients, dense systems of condition {CONDITION:g}, {dtype}, rtol = {rtol:g}"
    headings = f"iterations: {KERNEL}", SCIPY, f"ms: {KERNEL}", SCIPY, REFERENCE, f"{SCIPY} ÷ {KERNEL}"
    table = contest.table(title, "n", *headings)
    ratios, same = {}, True
    for n in SIZES:
        A, b = System.of(n, dtype)
        options: dict[str, Any] = {"rtol": rtol, "progress_threshold": None, "max_iter": 10 * n}
        counted: list[Array] = []
        cg(A, b, rtol=rtol, atol=0.0, callback=counted.append)
        calls = min(400, max(1, 4_000_000 // n**2))  # some hundredths of a second

        def by_kernel(A: Array = A, b: Array = b, options: Any = options, calls: int = calls) -> None:
            for _ in range(calls):
                conjugate_gradients(Dense(A), b, **options)

        def by_scipy(A: Array = A, b: Array = b, calls: int = calls) -> None:
            for _ in range(calls):
                cg(A, b, rtol=rtol, atol=0.0)

        def by_reference(A: Array = A, b: Array = b, options: Any = options) -> None:
            plain(Dense(A), b, **options)

        taken = contest.rounds({KERNEL: by_kernel, SCIPY: by_scipy, REFERENCE: by_reference}, repeats)
        ratios[n] = taken.ratio(SCIPY, KERNEL)
        iterations = conjugate_gradients(Dense(A), b, **options).iterations
        same = same and iterations == len(counted)
        each = ((KERNEL, calls), (SCIPY, calls), (REFERENCE, 1))
        cells = [f"{1e3 * taken.seconds(name) / times:.3f}" for name, times in each]
        table.add_row(f"{n:,}", str(iterations), str(len(counted)), *cells, f"{ratios[n]:.2f}")
    return table, ratios, same


def runs_table(problems: int, steps: int, repeats: int) -> Table:
    """Return the table of the whole optimizer on many problems at once.

    The reference runs a tenth of the problems, and its time is taken tenfold.
    """
    rng = np.random.default_rng(1)
    P, N, n = problems, 20, 5
    X, w = rng.standard_normal((P, N, n)), np.zeros((P, n))
    y, H = (rng.standard_normal((P, N)) > 0).astype(float), np.swapaxes(X, 1, 2) @ X / N
    part = max(1, P // 10)
    title = f"{P:,} problems of {n} parameters, {steps} steps, default hyperparameters, float64"
    headings = f"ms: {KERNEL}", f"{REFERENCE}, scaled", f"{REFERENCE} ÷ {KERNEL}", f"a step, μs: {KERNEL}"
    table = contest.table(title, "runs", *headings)
    for name, operation, arrays, loss in (
        ("quadratics", "minimise_quadratics", (w + 1, H, w), {}),
        *((f"{loss} loss", "fit_linear_models", (w, X, y), {"loss": loss}) for loss in reference.LOSSES),
    ):
        options: dict[str, Any] = {"steps": steps, **loss}
        contenders = {
            KERNEL: lambda o=operation, a=arrays, k=options: getattr(compiled, o)(*a, **k),
            REFERENCE: lambda o=operation, a=arrays, k=options: getattr(reference, o)(*(x[:part] for x in a), **k),
        }
        taken = contest.rounds(contenders, repeats)
        ratio = taken.ratio(REFERENCE, KERNEL) * P / part
        kernel, plainly = map(taken.seconds, contenders)
        cells = [f"{1e3 * kernel:.1f}", f"{1e3 * plainly * P / part:.0f}", f"{ratio:.0f}"]
        table.add_row(name, *cells, f"{1e6 * kernel / P / steps:.2f}")
    return table


@click.command()
@contest.count_option("--problems", 1000, "Of the second table.")
@contest.count_option("--steps", 10, "Of each run.")
@contest.repeats_option(9)
@click.option("--dtype", default="float64", show_default=True, type=click.Choice(list(TOLERANCES)))
def main(problems: int, steps: int, repeats: int, dtype: str) -> None:
    """Time conjugate gradients on dense systems and runs of the optimizer and print two tables."""
    processors = contest.share_one_processor()
    contest.keep_freed_memory()
    table, ratios, same = systems_table(dtype, repeats)
    whole = runs_table(problems, steps, max(2, repeats // 3))
    contest.print_tables(table, whole, repeats=repeats, processors=processors)
    goals = {
        n: f"n = {n:,}: {ratios[n]:.2f} times as fast as SciPy's cg (at least {goal:g})" for n, goal in GOALS.items()
    }
    met = {text: ratios[n] >= GOALS[n] for n, text in goals.items()}
    contest.print_goals({**met, "as many iterations as SciPy's cg for every n": same})


if __name__ == "__main__":
    main()
