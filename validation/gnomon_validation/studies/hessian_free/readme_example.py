"""The README's minimal example with numbers that are not drawn: a ReLU network, five steps, new data at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import autograd.numpy as traced
import numpy as np

from gnomon import derivatives
from gnomon.domains import Array
from gnomon.hessian_free.optimizer import Report, init, step
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.hessian_free.runs import sine
from gnomon_validation.studies.hessian_free.sources import README, RUN
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = f"""the README's minimal example
What does the README's example do, once its random numbers are replaced by a formula?
{README}; {RUN}"""
BATCHES = 5
STATED = (
    "0.521263168202 0.347394244112 6 4 1.59174 1",
    "0.353540911914 0.243046295355 6 4 1.58985 1",
    "0.249166973876 0.175740745244 6 4 1.33443 1",
    "0.189411733048 0.143569062237 7 7 0.806165 1",
    "0.15438315782 0.127313777525 8 6 0.785801 1",
)


@dataclass(frozen=True, eq=False)
class ReluNetwork:
    """f = mean of (z - y)² over all entries, z = W₂·max(W₁x, 0) + b: ten inputs, ten hidden units, ten outputs.

    features, targets: X and Y, shape (N, 10). Parameters: the rows of W₁, those of W₂, b; 210 numbers.
    """

    features: Array
    targets: Array

    def outputs(self, params: Array) -> Array:
        """Return z, shape (N, 10)."""
        W1, W2 = (traced.reshape(params[k : k + 100], (10, 10)) for k in (0, 100))
        z: Array = traced.maximum(self.features @ traced.transpose(W1), 0) @ traced.transpose(W2) + params[200:]
        return z

    def output_loss(self, outputs: Array) -> Any:
        """Return the mean of (z - y)²."""
        return traced.sum((outputs - self.targets) ** 2) / self.targets.size

    def value(self, params: Array) -> Any:
        return self.output_loss(self.outputs(params))

    def gradient(self, params: Array) -> Array:
        return derivatives.gradient(self.value, params)

    def hvp(self, params: Array, vector: Array) -> Array:
        return derivatives.hvp(self.value, params, vector)

    def ggnvp(self, params: Array, vector: Array) -> Array:
        return derivatives.ggnvp(self.outputs, self.output_loss, params, vector)


def batch(k: int) -> ReluNetwork:
    """Return the network on batch k: X = ½ + ½cos(1.3i + 0.9j + k), Y = ½ + ½sin(0.4i² + 1.1j + k), 16 examples."""
    i, j = np.arange(16.0)[:, np.newaxis], np.arange(10.0)
    return ReluNetwork(0.5 + 0.5 * np.cos(1.3 * i + 0.9 * j + k), 0.5 + 0.5 * np.sin(0.4 * i**2 + 1.1 * j + k))


def measure() -> Findings:
    batches, params = [batch(k) for k in range(BATCHES)], sine(0.3, 0.1, 210)
    state, reports, points = init(params), [], [params]
    for f in batches:
        params, state, report = step(params, state, f, variant="code")
        reports.append(report)
        points.append(params)
    on_all = np.array([[f.value(x) for f in batches] for x in points])
    compared = []
    for k, (r, stated) in enumerate(zip(reports, STATED, strict=True), start=1):
        measured = {"f before": r.loss, "f after": r.final_loss, "iterations": r.iterations}
        measured |= {"iteration taken": r.chosen, "ρ": r.ratio, "a": r.step_length}
        compared += compare_each(f"step {k}: {{}}", dict(zip(measured, stated.split(), strict=True)), measured)
    compared.append(Comparison("λ after the five steps", "0.131687", state.damping))
    compared.append(Comparison("‖θ‖ after them", "3.0683479910", float(np.linalg.norm(params))))
    table = Table.of(
        "the five steps; f of the batch that the step sees (after the last: of the first batch)",
        "step | f before {:.9f} | f after {:.9f} | f of the next batch {:.9f} | iterate taken | ρ {:.6f} | λ {:.6f}",
        (
            (k, r.loss, r.final_loss, on_all[k, k % BATCHES], f"{r.chosen} of {r.iterations}", r.ratio, r.damping)
            for k, r in enumerate(reports, start=1)
        ),
    )
    early = sum(r.chosen < r.iterations for r in reports)
    helped = sum(bool(on_all[k + 1, k + 1] < on_all[k, k + 1]) for k in range(BATCHES - 1))
    conclusions = (
        f"{sum(c.reproduced for c in compared)} of {len(compared)} figures of the {BATCHES} steps reproduce. In "
        f"{early} of them backtracking takes an earlier iterate of conjugate gradients than the last one.",
        f"The data of the example are drawn anew at each step; here the batches are shifted waves. {helped} of "
        f"{BATCHES - 1} steps lower f of the next batch, too; the mean of f over all {BATCHES} goes from "
        f"{np.mean(on_all[0]):.3f} to {np.mean(on_all[-1]):.3f}.",
    )
    return Findings((table,), tuple(compared), conclusions, (reports, on_all))


def draw(data: tuple[list[Report], Array], figure: Any) -> None:
    reports, on_all = data
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
    entitle(
        figure,
        f"The README's example, a step on each of {BATCHES} batches: the mean of f over all of them goes from "
        f"{np.mean(on_all[0]):.3f} to {np.mean(on_all[-1]):.3f}",
        "A 10-10-10 network with ReLU, 210 parameters, 16 examples a batch, all defaults of the package. Nothing is "
        "drawn: data and parameters are sines and cosines.",
    )
    for k in range(BATCHES):
        left.plot(range(BATCHES + 1), on_all[:, k], "o-", color=COLOURS[k], lw=1.2, ms=4, label=f"batch {k + 1}")
        left.plot([k, k + 1], on_all[k : k + 2, k], "-", color=COLOURS[k], lw=5, alpha=0.6)
    left.set(xlabel="step", ylabel="f, mean squared error", title="thick: the step that saw the batch", ylim=(0, None))
    left.set_xticks(range(BATCHES + 1))
    finish(left)
    steps = np.arange(1, BATCHES + 1)
    chosen, iterations = np.array([(r.chosen, r.iterations) for r in reports]).T
    right.bar(steps - 0.2, iterations, 0.38, color=COLOURS[0], label="iterations N")
    right.bar(steps + 0.2, chosen, 0.38, color=COLOURS[5], label="iteration taken")
    right.set(xlabel="step", ylabel="iterations of conjugate gradients", ylim=(0, 10.5))
    right.set_title(f"an earlier one is taken in {np.sum(chosen < iterations)} of {BATCHES} steps")
    right.legend(fontsize=10, loc="upper left")


study = Study.of("hessian_free-readme", WORDS, measure, draw, size=(12.0, 5.4))
