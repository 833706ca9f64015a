"""How fast are the compiled steps that need a norm before they move? SRKL's code and HysteroGrad, against NumPy.

Run `python validation/benchmarks/gated_steps.py --help`. The contenders take turns; a figure is the median of the
rounds, and a ratio the median of the rounds' ratios. Bytes are those that no step can do without: each array that comes
in or goes out, once. A plain copy of one array is what the same processor does with them at best.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

import sys
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from gnomon.descent import hysterograd, srkl
from gnomon.kernels.descent import hysterograd as compiled_hysterograd
from gnomon.kernels.descent import srkl as compiled_srkl


class Pair(NamedTuple):
    """A step as NumPy and as a kernel perform it, and how many arrays it must read and write."""

    name: str
    reference: Callable[[], Any]
    kernel: Callable[[], Any]
    arrays: int


def pairs(size: int, dtype: Any) -> list[Pair]:
    """Return the steps on arrays of `size` entries."""
    rng = np.random.default_rng(2026)
    params, grad = (rng.standard_normal(size).astype(dtype) for _ in range(2))
    state, copy = hysterograd.init(params), np.empty_like(params)
    gated = (hysterograd, compiled_hysterograd)
    return [
        Pair("copy of one array", *[lambda: np.copyto(copy, params)] * 2, 2),
        Pair("srkl.step_code", *(lambda m=m: m.step_code(params, grad) for m in (srkl, compiled_srkl)), 3),
        *(
            Pair(
                f"hysterograd.step, {variant}",
                *(lambda m=m, v=variant: m.step(params, grad, state, variant=v) for m in gated),
                5,
            )
            for variant in hysterograd.VARIANTS
        ),
    ]


def repeated(call: Callable[[], Any], times: int) -> Callable[[], None]:
    """Return `times` calls as one, so that the grain of the clock does not count."""

    def run() -> None:
        for _ in range(times):
            call()

    return run


@click.command()
@click.option("--sizes", default="1000,100000,1000000", show_default=True, help="Entries, with commas between.")
@click.option("--repeats", default=15, show_default=True, type=click.IntRange(min=1), help="Rounds; medians count.")
def main(sizes: str, repeats: int) -> None:
    """Time single steps and print one table."""
    processors = "one processor" if contest.share_one_processor() else "threads as each library chooses"
    table = Table("step", "dtype", title="One step, compiled and in NumPy")
    for heading in ("entries", "kernel µs", "NumPy µs", "NumPy ÷ kernel", "kernel GB/s"):
        table.add_column(heading, justify="right")
    for size in (int(size) for size in sizes.split(",")):
        for dtype in (np.float32, np.float64):
            for pair in pairs(size, dtype):
                times = max(1, 200_000 // size)
                runs = {"kernel": repeated(pair.kernel, times), "reference": repeated(pair.reference, times)}
                taken = contest.rounds(runs, repeats)
                ours, numpys = (median(one[name] for one in taken) / times for name in runs)
                moved = pair.arrays * size * np.dtype(dtype).itemsize / ours / 1e9
                cells = [f"{size:,}", f"{ours * 1e6:,.1f}", "–", "–", f"{moved:.1f}"]
                if pair.reference is not pair.kernel:
                    cells[2:4] = f"{numpys * 1e6:,.1f}", f"{contest.times_as_long(taken, 'reference', 'kernel'):.2f}"
                table.add_row(pair.name, np.dtype(dtype).name, *cells)
    table.caption = f"Medians of {repeats} interleaved rounds, {processors}. {contest.versions()}"
    Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    main()
