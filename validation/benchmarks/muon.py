"""What does a step of Muon cost? The NumPy reference and the kernel against torch.optim.Muon, square float32 matrices.

Run `python validation/benchmarks/muon.py --help`. Contenders of one size take turns in one process, on one processor.
torch makes its Newton-Schulz steps in bfloat16; a second torch has them in float32, by what the port's option
`ns_dtype` does.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch

from gnomon.descent import muon
from gnomon.kernels.descent import muon as compiled
from gnomon_validation.ports.torch_dtypes import InsteadOfBfloat16

NUMPY, NUMBA, TORCH, SINGLE = "gnomon, NumPy", "gnomon, Numba", "torch, bfloat16", "torch, float32"
LARGEST_FOR_NUMBA = 64


def torch_step(matrix: Any, mode: AbstractContextManager[Any]) -> contest.Run:
    """Return a step of torch's optimizer on a matrix that is its own gradient."""
    params = torch.nn.Parameter(torch.from_numpy(matrix.copy()))
    params.grad = torch.from_numpy(matrix.copy())
    optimizer = torch.optim.Muon([params])

    def run() -> None:
        with mode:
            optimizer.step()

    return run


def contenders(side: int) -> dict[str, contest.Run]:
    """Return a step of each on a matrix of this many rows and columns."""
    matrix = np.random.default_rng(side).standard_normal((side, side)).astype(np.float32)
    state = muon.init(matrix)
    runs = {
        NUMPY: lambda: muon.step(matrix, matrix, state),
        NUMBA: lambda: compiled.step(matrix, matrix, state),
        TORCH: torch_step(matrix, nullcontext()),
        SINGLE: torch_step(matrix, InsteadOfBfloat16(torch.float32)),
    }
    return {name: run for name, run in runs.items() if name != NUMBA or side <= LARGEST_FOR_NUMBA}


@contest.command(7, sides=("16,64,128,256,512,1024", "Sides of the matrices."))
def main(sides: list[int], repeats: int) -> None:
    """Time steps and print a row a size and contender: milliseconds, and the ratio to torch's own step."""
    torch.set_num_threads(1)
    processors, rows = contest.share_one_processor(), []
    for side in sides:
        times = max(1, (256 // side) ** 2)
        runs = {name: contest.repeated(run, times) for name, run in contenders(side).items()}
        taken = contest.rounds(runs, repeats)
        rows += [
            (side, name, 1e3 * taken.seconds(name) / times, taken.ratio(name, TORCH), taken.ratio(name, SINGLE))
            for name in runs
        ]
    columns = "side {} | contender | ms a step {:.3f} | ÷ torch's {:.2f} | ÷ torch's in float32 {:.2f}"
    table = contest.table("One step of Muon, five Newton-Schulz steps, float32 parameters", columns, rows, left=2)
    note = f"torch {torch.__version__}. "
    contest.print_tables(table, repeats=repeats, processors=processors, note=note)


if __name__ == "__main__":
    main()
