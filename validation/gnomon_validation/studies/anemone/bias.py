"""What small batches do to mini-batch EM and not to anemone: a biased target, and components that become one."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import factorial, prod
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.probability.anemone import passes
from gnomon.probability.anemone.structures import mixture
from gnomon.probability.anemone.updates import init, mini_em, update
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, listed
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """what small batches do
Where do mini-batch EM and anemone go on average, begun at the truth, and what becomes of a mixture?
own enumeration of all batches: the abstract of arXiv 2505.19982 says that existing methods regularise too little
picture: Small batches pull mini-batch EM away from the truth, and its components together
below: A mixture of two components of two bits, begun at the parameters that the data comes from."""
CIRCUIT = mixture(2, [2, 2])
TRUTH = np.array([0.2, 0.8, 0.2, 0.8, 0.7, 0.3, 0.7, 0.3, 0.5, 0.5])  # P(x = 1 | c) is 0.8, 0.3
SIZES = (1, 2, 3, 4, 6, 8, 12, 16)
STATED = {1: "0.55", 2: "0.6887628748", 3: "0.7354692124", 4: "0.7558080867"}
STEPS, RATE = 40, 0.2


def expected_target(size: int) -> tuple[float, float]:
    """Return where mini-batch EM and anemone pull P(x₀ = 1 | c = 0) on average over all batches of a size.

    Of mini-batch EM it is the mean of the target, of anemone the ratio of the mean totals: Q is linear in the batch.
    """
    rows = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    p = np.exp(passes.log_likelihood(TRUTH, CIRCUIT, rows))
    each = [passes.statistics(TRUTH, CIRCUIT, rows[i : i + 1]).moments.totals[:2] for i in range(4)]
    target, mean = 0.0, np.zeros(2)
    for batch in combinations_with_replacement(range(4), size):
        counts = [batch.count(i) for i in range(4)]
        chance = factorial(size) / prod(map(factorial, counts)) * np.prod(p**counts)
        totals = np.sum([n * S for n, S in zip(counts, each, strict=True)], axis=0)
        target += chance * totals[1] / np.sum(totals)
        mean += chance * totals
    return float(target), float(mean[1] / np.sum(mean))


def gaps(method: str) -> Array:
    """Return how far P(x₀ = 1) is apart in the two components along batches of one sample of the truth."""
    rng, params, found = np.random.default_rng(0), TRUTH, []
    state = init(params, CIRCUIT)
    for _ in range(STEPS + 1):
        found.append(params[1] - params[5])
        component = rng.integers(0, 2)
        x = (rng.uniform(size=(1, 2)) < (0.8, 0.3)[component]).astype(float)
        said = passes.statistics(params, CIRCUIT, x)
        if method == "anemone":
            params, state, _ = update(params, CIRCUIT, said, state, step_size=RATE, momentum=0.0, eps=0.0)
        else:
            params = mini_em(params, CIRCUIT, said, step_size=RATE)
    return np.array(found)


def measure() -> Findings:
    targets = np.array([expected_target(size) for size in SIZES])
    apart = {method: gaps(method) for method in ("mini-batch EM", "anemone")}
    compared = [
        Comparison(f"mini-batch EM, B = {size}", figure, targets[SIZES.index(size), 0])
        for size, figure in STATED.items()
    ]
    last = 0.5 * (1 - RATE) ** STEPS
    compared.append(Comparison("mini-batch EM: distance after 40 samples", f"{last:.6e}", apart["mini-batch EM"][-1]))
    conclusions = (
        f"Begun at the truth, 0.8, batches of {listed(SIZES[:4], '{}')} pull mini-batch EM to "
        f"{listed(targets[:4, 0], '{:.4f}')}; what anemone makes of them is unbiased, {targets[0, 1]:.4f} for all.",
        f"One sample moves all inputs of a variable as far, whosever it is: after {STEPS} samples the components are "
        f"{apart['mini-batch EM'][-1]:.1e} apart, with anemone {apart['anemone'][-1]:.2f}.",
    )
    table = Table.of(
        "expected target for P(x₀ = 1 | c = 0), truth 0.8", "B | mini-batch EM {:.6f} | anemone {:.6f}",
        ((size, *pair) for size, pair in zip(SIZES, targets, strict=True)),
    )  # fmt: skip
    return Findings((table,), tuple(compared), conclusions, (targets, apart))


def draw(data: Any, figure: Any) -> None:
    targets, apart = data
    left, right = figure.subplots(1, 2)
    for column, (name, colour) in enumerate(zip(apart, COLOURS, strict=False)):
        left.plot(SIZES, targets[:, column], "o-", color=colour, label=name)
        right.plot(np.abs(apart[name]), color=colour, label=name)
    left.axhline(0.8, color="grey", ls="--", label="truth")
    left.set(xscale="log", xlabel="samples in a batch", ylabel="expected target for P(x₀ = 1 | c = 0)")
    left.set_xticks(SIZES, [str(size) for size in SIZES])
    right.set(
        yscale="log", xlabel=f"updates by one sample, step size {RATE}", ylabel="distance of the components' P(x₀ = 1)"
    )
    for axes in (left, right):
        finish(axes)


study = Study.of("anemone-bias", WORDS, measure, draw, size=(11.0, 5.0))
