"""What do the passes of a circuit cost? Hidden Markov models: kernel, NumPy's reference, torch by layers.

Run `python validation/benchmarks/circuits.py --help`. All compute log p and flows in float64. torch has matrices for
the layers and differentiates them, as a program for one structure does; the kernel takes any circuit.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from functools import partial
from time import process_time
from typing import Any

import numpy as np
import torch

from gnomon.kernels.probability.anemone.passes import Pass, counted, unobserved
from gnomon.probability.anemone import passes
from gnomon.probability.anemone.circuits import require_segments
from gnomon.probability.anemone.structures import hmm, initial

LENGTH, SYMBOLS = 16, 32
KERNEL, TORCH, NUMPY, MODEL = "kernel", "torch, by layers", "NumPy, as written", "kernel, of the model itself"


def by_layers(params: Any, data: Any, states: int) -> None:
    """Compute log p by matrices of a tied model and its derivatives, which are the flows of parameters."""
    logs = torch.log(torch.from_numpy(params)).requires_grad_()
    B = logs[: states * SYMBOLS].reshape(states, SYMBOLS)
    A = logs[states * SYMBOLS : -states].reshape(states, states)
    x, later = torch.from_numpy(data).long(), None
    for t in range(LENGTH - 1, -1, -1):
        below = B[:, x[:, t]].T
        if later is not None:
            top = later.amax(1, keepdim=True)
            below = below + top + torch.log(torch.exp(later - top) @ torch.exp(A).T)
        later = below
    torch.logsumexp(later + logs[-states:], 1).sum().backward()


def processor_seconds(run: contest.Run) -> float:
    """Return the processor time of a call, the mean of ten: other work on the machine does not count."""
    start = process_time()
    contest.repeated(run, 10)()
    return (process_time() - start) / 10


@contest.command(
    5, states=("8,16,32,64", "States of the model."), batch=("16,64,256", "Samples in a batch."),
)  # fmt: skip
def main(states: list[int], batch: list[int], repeats: int) -> None:
    """Time both passes and print a row a size: milliseconds, and ratios to the kernel."""
    torch.set_num_threads(1)
    processors, rows = contest.share_one_processor(), []
    rng = np.random.default_rng(0)
    for count in states:
        circuit = hmm(LENGTH, count, SYMBOLS)
        params = initial(rng.uniform(size=require_segments(circuit)), circuit)
        edges = sum(len(node.children) for node in circuit)
        for size in batch:
            data = rng.integers(0, SYMBOLS, (size, LENGTH)).astype(float)
            runs: dict[str, contest.Run] = {
                KERNEL: lambda p=params, c=circuit, x=data: counted(Pass(p, c, x, None), None),
                TORCH: partial(by_layers, params, data, count),
                MODEL: partial(unobserved, params, circuit),
            }
            if count <= 16:
                runs[NUMPY] = partial(passes.statistics, params, circuit, data)
            taken = contest.rounds(runs, repeats, processor_seconds)
            slow = f"{taken.ratio(NUMPY, KERNEL):.0f}" if NUMPY in runs else "–"
            per_edge = taken.seconds(KERNEL) / edges / size * 1e9
            share = taken.ratio(MODEL, KERNEL)
            rows.append(
                (count, size, edges, 1e3 * taken.seconds(KERNEL), per_edge, taken.ratio(TORCH, KERNEL), slow, share)
            )
    columns = (
        "states | samples | edges {:,} | kernel, ms {:.2f} | ns an edge and sample {:.2f} | torch ÷ kernel {:.2f} | "
        "NumPy ÷ kernel | the model's own pass ÷ kernel {:.2f}"
    )
    table = contest.table(f"log p and flows of hidden Markov models of {LENGTH} steps, float64", columns, rows)
    contest.print_tables(table, repeats=repeats, processors=processors)


if __name__ == "__main__":
    main()
