"""How fast is the compiled scaling of rows and columns beside the reference, and beside five Newton-Schulz products?

Run `python validation/benchmarks/scaled_rows_and_columns.py --help`. All scale the same matrices of normal numbers, in
float64 and float32. The last lines say whether the goals are met.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from gnomon.descent.newton_schulz import MUON, newton_schulz
from gnomon.descent.reg.racs import racs_reg as plain
from gnomon.kernels.descent.reg.racs import racs_reg
from gnomon.norms import length

SIZE, GOAL, CALLS = 1024, 10.0, 5
SHAPES = ((64, 64), (256, 1024), (SIZE, SIZE), (1024, 256))
KERNEL, REFERENCE, PRODUCTS = "kernel", "reference", "5 Newton-Schulz steps"


def processor_seconds(run: Callable[[], Any]) -> float:
    """Return how long a call keeps the processor: other work on the machine does not count."""
    start = process_time()
    run()
    return process_time() - start


def on(shape: tuple[int, int], dtype: str, repeats: int) -> tuple[Any, ...]:
    """Return shape, dtype, milliseconds of the three, how many times as long as the kernel, and the deviation in ε."""
    matrix = np.random.default_rng(2026).standard_normal(shape).astype(dtype)
    wide = matrix if shape[0] <= shape[1] else matrix.T
    contenders = {KERNEL: contest.repeated(lambda: racs_reg(matrix), CALLS)}
    contenders[REFERENCE] = contest.repeated(lambda: plain(matrix), CALLS)
    taken = contest.rounds(contenders, repeats, processor_seconds)
    products = contest.rounds({PRODUCTS: lambda: newton_schulz(wide / length(wide), [MUON] * 5)}, 3, processor_seconds)
    off = float(np.max(np.abs(racs_reg(matrix) - plain(matrix)) / np.abs(plain(matrix)))) / np.finfo(dtype).eps
    ours, theirs, steps = *(taken.seconds(name) / CALLS for name in contenders), products.seconds(PRODUCTS)
    milliseconds = (1e3 * ours, 1e3 * theirs, 1e3 * steps)
    return " × ".join(map(str, shape)), dtype, *milliseconds, taken.ratio(REFERENCE, KERNEL), steps / ours, off


@contest.command(15)
def main(repeats: int) -> None:
    """Time the three and print a table."""
    processors = contest.share_one_processor()
    rows = [on(shape, dtype, repeats) for dtype in ("float64", "float32") for shape in SHAPES]
    columns = " | ".join(f"{name} {{:.2f}}" for name in (f"ms: {KERNEL}", REFERENCE, PRODUCTS))
    ratios = f"{REFERENCE} ÷ {KERNEL} {{:.1f}} | products ÷ {KERNEL} {{:.0f}} | off by, in ε {{:.1f}}"
    (ratio,) = (row[5] for row in rows if row[:2] == (f"{SIZE} × {SIZE}", "float64"))
    words = f"{SIZE} × {SIZE} in float64: {ratio:.1f} times as fast as the reference (at least {GOAL:g})"
    title = "Rows, then columns, divided by their Euclidean norms"
    table = contest.table(title, f"matrix | dtype | {columns} | {ratios}", rows, left=2)
    contest.print_tables(
        table, repeats=repeats, processors=processors, note="Processor time. ", goals={words: ratio >= GOAL}
    )


if __name__ == "__main__":
    main()
