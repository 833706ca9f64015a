"""How fast are the compiled steps that need a norm before they move? SRKL's code and HysteroGrad, against NumPy.

Run `python validation/benchmarks/gated_steps.py --help`. Bytes are those that no step can do without: each array that
comes in or goes out, once. A plain copy of one array is what the same processor does with them at best.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from functools import partial
from typing import Any

import numpy as np

from gnomon.descent import hysterograd, srkl
from gnomon.kernels.descent import hysterograd as compiled_hysterograd
from gnomon.kernels.descent import srkl as compiled_srkl


def steps(size: int, dtype: Any) -> dict[str, tuple[int, contest.Run, contest.Run | None]]:
    """Return steps on arrays of `size` entries: how many arrays each must read and write, its kernel, and NumPy's."""
    rng = np.random.default_rng(2026)
    params, grad = (rng.standard_normal(size).astype(dtype) for _ in range(2))
    state, copy = hysterograd.init(params), np.empty_like(params)
    gated = {
        f"hysterograd.step, {variant}": (
            5,
            *(partial(m.step, params, grad, state, variant=variant) for m in (compiled_hysterograd, hysterograd)),
        )
        for variant in hysterograd.VARIANTS
    }
    return {
        "copy of one array": (2, partial(np.copyto, copy, params), None),
        "srkl.step_code": (3, *(partial(m.step_code, params, grad) for m in (compiled_srkl, srkl))),
        **gated,
    }


@contest.command(15, sizes=("1000,100000,1000000", "Entries, with commas between."))
def main(sizes: list[int], repeats: int) -> None:
    """Time single steps and print one table."""
    processors, rows = contest.share_one_processor(), []
    for size in sizes:
        times = max(1, 200_000 // size)
        for dtype in map(np.dtype, (np.float32, np.float64)):
            for name, (arrays, *both) in steps(size, dtype).items():
                pair = zip(("kernel", "NumPy"), both, strict=True)
                runs = {who: contest.repeated(run, times) for who, run in pair if run}
                taken = contest.rounds(runs, repeats)
                micro = [1e6 * taken.seconds(who) / times for who in runs]
                numpys = (micro[1], taken.ratio("NumPy", "kernel")) if len(runs) > 1 else "––"
                moved = arrays * size * dtype.itemsize / micro[0] / 1e3
                rows.append((name, dtype.name, size, micro[0], *numpys, moved))
    words, figures = "step | dtype", "NumPy µs {:,.1f} | NumPy ÷ kernel {:.2f} | kernel GB/s {:.1f}"
    columns = f"{words} | entries {{:,}} | kernel µs {{:,.1f}} | {figures}"
    table = contest.table("One step, compiled and in NumPy", columns, rows, left=2)
    contest.print_tables(table, repeats=repeats, processors=processors)


if __name__ == "__main__":
    main()
