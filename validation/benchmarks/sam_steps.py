"""What do SAM's steps cost beside the gradients? Bookkeeping of ARSAM's steps, and the compiled parts against NumPy.

Run `python validation/benchmarks/sam_steps.py --help`. The share of bookkeeping is what a step takes beyond its one or
two gradients, which are timed in the same rounds.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from functools import partial
from typing import Any

import numpy as np

from gnomon.descent.sam import decomposition, quadratics
from gnomon.descent.sam.steps import init_sampled, step_sampled
from gnomon.kernels.descent.sam import decomposition as compiled_decomposition
from gnomon.kernels.descent.sam import quadratics as compiled_quadratics
from gnomon.objectives import MLP
from gnomon.objectives.several_arrays import Joined
from gnomon.several_arrays import Arrays

EXAMPLES, CLASSES = 256, 10


def network(width: int, rng: np.random.Generator) -> tuple[Joined, Arrays]:
    """Return the loss of a network with two layers of a width, and its parameters: an array for each layer."""
    features, labels = rng.standard_normal((EXAMPLES, 32)), rng.integers(0, CLASSES, EXAMPLES)
    layers = ((32 + 1) * width, (width + 1) * width, (width + 1) * CLASSES)
    params = tuple(rng.standard_normal(size) / width**0.5 for size in layers)
    return Joined(MLP(features, labels, (width, width), "softmax", CLASSES)), params


def share_of_bookkeeping(width: int, repeats: int) -> tuple[Any, ...]:
    """Return the number of parameters, milliseconds of a gradient, and the shares of a sampled and of a plain step."""
    rng = np.random.default_rng(2026)
    objective, params = network(width, rng)
    state, given = init_sampled(params), (objective, 0.5)
    runs = {
        "gradient": partial(objective.gradient, params),
        "sampled": partial(step_sampled, params, state, *given, schedule="always"),
        "plain": partial(step_sampled, params, state, *given, schedule="never"),
    }
    taken = contest.rounds(runs, repeats)
    shares = [1 - number / taken.ratio(name, "gradient") for name, number in (("sampled", 2), ("plain", 1))]
    return sum(w.size for w in params), 1e3 * taken.seconds("gradient"), *shares


def pairs(size: int) -> dict[str, tuple[Any, Any]]:
    """Return the compiled parts on flat vectors of a size, each with NumPy's."""
    rng = np.random.default_rng(2026)
    w, g = (rng.standard_normal(size) for _ in range(2))
    start, eigenvalues = rng.standard_normal(5), np.linspace(4.0, 1.0, 5)
    run = {"steps": 20_000, "lr": 0.1}
    return {
        f"perturb, {size:,} entries": tuple(
            partial(m.perturb, (w,), (g,)) for m in (compiled_decomposition, decomposition)
        ),
        "descend, 20,000 steps of 5 entries": tuple(
            partial(m.descend, start, eigenvalues, **run) for m in (compiled_quadratics, quadratics)
        ),
    }


@contest.command(9, widths=("32,128,256", "Widths of the network's layers, with commas between."))
def main(widths: list[int], repeats: int) -> None:
    """Time steps and their parts and print two tables."""
    processors = contest.share_one_processor()
    rows = [share_of_bookkeeping(width, repeats) for width in widths]
    columns = "parameters {:,} | gradient ms {:.2f} | share of a sampled step {:.1%} | of a plain step {:.1%}"
    shares = contest.table(f"Bookkeeping of ARSAM's steps, {EXAMPLES} examples", columns, rows, left=0)
    parts = []
    for name, both in pairs(1_000_000).items():
        taken = contest.rounds(dict(zip(("kernel", "NumPy"), both, strict=True)), max(1, repeats // 3))
        parts.append((name, 1e3 * taken.seconds("kernel"), taken.ratio("NumPy", "kernel")))
    kernels = contest.table("Compiled parts", "part | kernel ms {:.2f} | NumPy ÷ kernel {:.1f}", parts)
    contest.print_tables(shares, kernels, repeats=repeats, processors=processors)


if __name__ == "__main__":
    main()
