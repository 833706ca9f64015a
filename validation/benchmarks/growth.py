"""How do time and memory of the curvature estimators grow with the number of parameters, matrix-free?

Run `python validation/benchmarks/growth.py --help`. The operator is the second difference (-1, 2, -1), whose product
takes time in proportion to n, so every estimator should: the expected exponent is 1 in time and in memory. Exponents
are fitted to the last decade of sizes by least squares in the logarithms; below, the calls of Python dominate.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from rich.table import Table

from gnomon.curvature.diagonal import bekas
from gnomon.curvature.draws import gaussian, rademacher
from gnomon.curvature.frobenius import frobenius_squared
from gnomon.curvature.lanczos import lanczos
from gnomon.curvature.power import power_iteration
from gnomon.curvature.quadrature import spectral_measure
from gnomon.curvature.trace import hutchinson, hutchpp
from gnomon.domains import Array
from gnomon_validation.pictures import entitle, finish, new_figure

EXPECTED = 1.0
PROBES, SKETCH, STEPS, ITERATIONS = 10, 5, 20, 20


class Measured(NamedTuple):
    """One estimator at one size: seconds, the most bytes it held at once beyond its arguments, products."""

    seconds: float
    peak: int
    products: int


def second_difference(vector: Array) -> Array:
    """Return A·v, A the matrix with 2 on the diagonal and -1 beside it."""
    product = 2 * vector
    product[1:] -= vector[:-1]
    product[:-1] -= vector[1:]
    return product


def estimators(n: int) -> dict[str, contest.Run]:
    """Return the estimators with their probes drawn, as calls."""
    rng = np.random.default_rng(2026)
    signs, sketch = rademacher(rng, PROBES, n), gaussian(rng, SKETCH, n)
    options: dict[str, Any] = {"iterations": ITERATIONS, "rtol": 0.0}
    return {
        f"hutchinson, {PROBES} probes": partial(hutchinson, second_difference, signs),
        f"hutchpp, {SKETCH} + {PROBES} probes": partial(hutchpp, second_difference, sketch, signs),
        f"bekas, {PROBES} probes": partial(bekas, second_difference, signs),
        f"frobenius_squared, {PROBES} probes": partial(frobenius_squared, second_difference, signs),
        f"power_iteration, {ITERATIONS} products": partial(power_iteration, second_difference, sketch[0], **options),
        f"lanczos, {STEPS} steps": partial(lanczos, second_difference, sketch[0], steps=STEPS),
        f"spectral_measure, 2 × {STEPS} steps": partial(spectral_measure, second_difference, sketch[:2], steps=STEPS),
    }


def measured(sizes: list[int], repeats: int) -> dict[str, list[Measured]]:
    """Return what each estimator took at each size."""
    found: dict[str, list[Measured]] = {}
    for n in sizes:
        runs = estimators(n)
        taken = contest.rounds(runs, repeats)
        for name, run in runs.items():
            peak, result = contest.peak_bytes(run)
            found.setdefault(name, []).append(Measured(taken.seconds(name), peak, result.products))
    return found


def growth_table(sizes: list[int], found: dict[str, list[Measured]]) -> Table:
    """Return the table: time and memory at some sizes, and the fitted exponents beside the expected one."""
    shown = [i for i, n in enumerate(sizes) if n in (sizes[0], sizes[len(sizes) // 2], sizes[-1])]
    times, peaks = ([f"n = {sizes[i]:,}\n{unit}" for i in shown] for unit in ("ms {:,.2f}", "MB {:,.3f}"))
    exponents = [f"exponent\nof {of} {{:.2f}}" for of in ("time", "memory")]
    columns = "estimator", "products", *times, exponents[0], *peaks, exponents[1], "expected {:g}"
    rows = []
    for name, all_sizes in found.items():
        row: list[Any] = [name, all_sizes[0].products]
        for figures in ([1e3 * m.seconds for m in all_sizes], [m.peak / 1e6 for m in all_sizes]):
            row += [*(figures[i] for i in shown), contest.exponent(sizes, figures)]
        rows.append((*row, EXPECTED))
    return contest.table("Growth with n, the product of time ~ n", " | ".join(columns), rows)


def draw(sizes: list[int], found: dict[str, list[Measured]], picture: Path) -> None:
    """Draw time and memory over n, both logarithmic, beside lines of the expected slope."""
    figure = new_figure((13, 5.5))
    left, right = figure.subplots(1, 2)
    entitle(figure, "Curvature estimators, matrix-free: time and memory grow in proportion to the number of parameters")
    panels = (
        (left, "time of one call", "milliseconds", lambda m: 1e3 * m.seconds),
        (right, "most memory held at once, beyond the arguments", "megabytes", lambda m: m.peak / 1e6),
    )
    for axes, title, unit, figure_of in panels:
        panel = {name: [figure_of(m) for m in all_sizes] for name, all_sizes in found.items()}
        for name, figures in panel.items():
            axes.loglog(sizes, figures, "o-", label=f"{name}: n^{contest.exponent(sizes, figures):.2f}")
        least = min(figures[-1] for figures in panel.values())
        guide = [least / 2 * n / sizes[-1] for n in sizes]
        axes.loglog(sizes, guide, "k--", label=f"expected slope: n^{EXPECTED:g}")
        axes.set(title=title, xlabel="n, number of parameters", ylabel=unit)
        finish(axes, fontsize="small", title="exponents fitted to the last decade")
    figure.savefig(picture, dpi=110)


@contest.command(7, largest=(100_000, "The last n.", 1000))
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Also draw a picture (extra `plot`).")
def main(largest: int, repeats: int, plot: Path | None) -> None:
    """Time the estimators at growing sizes and print one table."""
    processors = contest.share_one_processor()
    contest.keep_freed_memory()
    sizes = [round(float(n)) for n in np.geomspace(100, largest, 13)]
    found = measured(sizes, repeats)
    contest.print_tables(growth_table(sizes, found), repeats=repeats, processors=processors)
    if plot is not None:
        draw(sizes, found, plot)
        click.echo(f"picture: {plot}")


if __name__ == "__main__":
    main()
