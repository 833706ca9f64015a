"""How fast are the compiled steps that need a norm before they move? SRKL's code and HysteroGrad, against NumPy.

Run `python validation/benchmarks/gated_steps.py --help`. Bytes are those that no step can do without: each array that
comes in or goes out, once. A plain copy of one array is what the same processor does with them at best.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from collections.abc import Callable
from typing import Any, NamedTuple

import click
import numpy as np

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

    def gated(variant: Any) -> list[Callable[[], Any]]:
        return [lambda m=m: m.step(params, grad, state, variant=variant) for m in (hysterograd, compiled_hysterograd)]

    return [
        Pair("copy of one array", *[lambda: np.copyto(copy, params)] * 2, 2),
        Pair("srkl.step_code", *(lambda m=m: m.step_code(params, grad) for m in (srkl, compiled_srkl)), 3),
        *(Pair(f"hysterograd.step, {variant}", *gated(variant), 5) for variant in hysterograd.VARIANTS),
    ]


def repeated(call: Callable[[], Any], times: int) -> Callable[[], None]:
    """Return `times` calls as one, so that the grain of the clock does not count."""

    def run() -> None:
        for _ in range(times):
            call()

    return run


@click.command()
@contest.sizes_option("1000,100000,1000000", "Entries, with commas between.")
@contest.repeats_option(15)
def main(sizes: list[int], repeats: int) -> None:
    """Time single steps and print one table."""
    processors = contest.share_one_processor()
    headings = "step", "dtype", "entries", "kernel µs", "NumPy µs", "NumPy ÷ kernel", "kernel GB/s"
    table = contest.table("One step, compiled and in NumPy", *headings, left=2)
    for size in sizes:
        for dtype in (np.float32, np.float64):
            for pair in pairs(size, dtype):
                times = max(1, 200_000 // size)
                runs = {"kernel": repeated(pair.kernel, times), "NumPy": repeated(pair.reference, times)}
                taken = contest.rounds(runs, repeats)
                ours, numpys = (taken.seconds(name) / times for name in runs)
                moved = pair.arrays * size * np.dtype(dtype).itemsize / ours / 1e9
                both = [f"{numpys * 1e6:,.1f}", f"{taken.ratio('NumPy', 'kernel'):.2f}"]
                cells = [f"{ours * 1e6:,.1f}", *(both if pair.reference is not pair.kernel else "––"), f"{moved:.1f}"]
                table.add_row(pair.name, np.dtype(dtype).name, f"{size:,}", *cells)
    contest.print_tables(table, repeats=repeats, processors=processors)


if __name__ == "__main__":
    main()
