"""What the curvature costs: Hessian products counted, and how much a product costs in gradients.

The latter in operations of products of matrices, for a network with tanh layers and squared error.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import autograd.numpy as traced
import numpy as np
from autograd import grad, make_vjp

from gnomon.descent.homotopy.estimator import estimate, init_estimator
from gnomon.descent.homotopy.layers import init_layers, schedule_layers
from gnomon.domains import Array
from gnomon.objectives import Quadratic
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.counted import Counted, operations
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """what the curvature costs
How many Hessian products does the rule take, and how much do they cost beside the claimed 5–10 %?
the claim and the settings: README of TorchType's homotopy_lr (github.com/thehalleyyoung/TorchType, commit 8b8a54b);
stated figures: own count
picture: The curvature estimate costs hundreds of percent, not 5–10 %, in operations counted one by one"""
STEPS = 1000
CLAIMED = (5.0, 10.0)


class Setting(NamedTuple):
    """N, K and m of the estimator: a full estimate every N steps, at most K products for ‖H‖, m for the trace."""

    name: str
    frequency: int
    iterations: int
    probes: int

    @property
    def full(self) -> int:
        """How many full estimates 1,000 steps have, by the formula."""
        return STEPS if self.frequency == 1 else 1 + STEPS // self.frequency


class Counts(NamedTuple):
    """Operations of the forward pass, of the backward pass, and of the backward pass through both that gives H·v."""

    forward: int
    backward: int
    second: int

    @property
    def rebuilt(self) -> float:
        """One H·v in forward and backward passes, the gradient computed anew, as published, its forward pass kept."""
        return (self.backward + self.second) / (self.forward + self.backward)

    @property
    def reused(self) -> float:
        """One H·v in forward and backward passes if the graph of the gradient is kept."""
        return self.second / (self.forward + self.backward)


class Network(NamedTuple):
    """A network of the published tests, its batch size, and the stated cost of a product: rebuilt, reused."""

    name: str
    widths: tuple[int, ...]
    batch: int
    stated: tuple[str, str]

    def counts(self) -> Counts:
        """Return the operations, counted while autograd carries them out."""
        draw = np.random.default_rng(0)
        weights = [draw.standard_normal(shape) / shape[0] ** 0.5 for shape in pairwise(self.widths)]
        features, targets = (draw.standard_normal((self.batch, self.widths[end])) for end in (0, -1))

        def loss(layers: tuple[Array, ...]) -> Any:
            a = features
            for W in layers[:-1]:
                a = traced.tanh(a @ W)
            return traced.sum((a @ layers[-1] - targets) ** 2)

        forward = operations(lambda *layers: loss(layers), *weights)
        first = operations(lambda *layers: grad(loss)(layers), *weights)
        both = operations(lambda *layers: make_vjp(grad(loss))(layers)[0](layers), *weights)
        return Counts(forward, first - forward, both - first)


DEFAULT = Setting("defaults of the code", 10, 20, 10)
SETTINGS = (
    DEFAULT,
    Setting("test of the README, “7.3 %”", 5, 10, 5),
    Setting("stored MNIST run", 10, 10, 5),
    Setting("at every step", 1, 20, 10),
    Setting("N = 100", 100, 20, 10),
    Setting("N = 1000", 1000, 20, 10),
)
NETWORKS = (
    Network("20-64-10", (20, 64, 10), 32, ("2.00", "1.43")),
    Network("784-128-128-10", (784, 128, 128, 10), 128, ("1.74", "1.21")),
    Network("ten layers of 256", (256,) * 11, 64, ("2.59", "1.93")),
)
OVERHEADS = {"least, rebuilt": "523", "most, rebuilt": "776", "least, graph kept": "363", "most, graph kept": "579"}
FREQUENCIES = dict(zip(OVERHEADS, ("5.2e2", "7.8e2", "3.6e2", "5.8e2"), strict=True))


def measure() -> Findings:
    taken = {setting: products(setting) for setting in SETTINGS}
    cost = {network: network.counts() for network in NETWORKS}
    ends = [end(getattr(one, kind) for one in cost.values()) for kind in ("rebuilt", "reused") for end in (min, max)]
    per_step = taken[DEFAULT][1] / STEPS
    overheads = dict(zip(OVERHEADS, (300 * passes for passes in ends), strict=True))
    least, most = min(overheads.values()), max(overheads.values())
    stored = 100 * 1.5 * cost[NETWORKS[1]].rebuilt
    wrong = sum(found != (one.full, one.full * (one.iterations + one.probes)) for one, found in taken.items())
    compared = [
        Comparison("defaults: products in 1,000 steps", "3030", taken[DEFAULT][1]),
        Comparison("defaults: products a step", "3.03", per_step),
        Comparison("the README's test setting: products a step", "3.0", taken[SETTINGS[1]][1] / STEPS),
        Comparison("settings whose number of full estimates is not the formula's", "0", wrong),
    ]
    for network, one in cost.items():
        compared.append(Comparison(f"{network.name}: a product, gradient rebuilt", network.stated[0], one.rebuilt))
        compared.append(Comparison(f"{network.name}: a product, graph kept", network.stated[1], one.reused))
    compared += compare_each("overhead in percent, N = 10, 30 products: {}", OVERHEADS, overheads)
    compared += compare_each("N from which 30 products cost 10 %: {}", FREQUENCIES, overheads)
    compared.append(Comparison("overhead in percent, stored run (N = 10, 15 products)", "262", stored))
    conclusions = (
        f"With the defaults 1,000 steps take {taken[DEFAULT][1]:,} products, {per_step:.2f} a step, each of which is "
        f"{min(ends):.2f} to {max(ends):.2f} forward and backward passes: +{least:.0f} % to +{most:.0f} %, "
        f"{least / CLAIMED[1]:.0f} to {most / CLAIMED[0]:.0f} times the claimed 5–10 %.",
        f"The stored run of the authors themselves took 18.89 s against 5.81 s, +{100 * (18.89 / 5.81 - 1):.0f} %; "
        f"counted in operations it is +{stored:.0f} %.",
        "An ideal product, as dear as one forward and backward pass, would still need N = 300 for 10 %.",
        f"Layer by layer the two frequencies multiply: with 10 and 10 the Hessian is asked at steps "
        f"{', '.join(map(str, layer_steps(300)))} of the first 300.",
    )
    table = Table.of(
        "Hessian products in 1,000 steps: every N steps at most K for ‖H‖ and m for the trace",
        "setting | N | K | m | full estimates {:,} | 1 + ⌊1000/N⌋ {:,} | products {:,} | products a step {:.3f}",
        (
            (*one, full, one.full if one.frequency > 1 else "- (every step)", total, total / STEPS)
            for one, (full, total) in taken.items()
        ),
    )
    return Findings((table, cost_table(cost)), tuple(compared), conclusions, tuple(cost.values()))


def products(setting: Setting) -> tuple[int, int]:
    """Return the full estimates and the products of 1,000 calls, counted; the tolerance is 0, so that none stops early.

    The number of products does not depend on the operator, here diag(1, 2, 3).
    """
    one, asked = np.ones(3), Counted(Quadratic(np.diag([1.0, 2.0, 3.0]), np.zeros(3)))
    state, full = init_estimator(one), 0
    measured = partial(estimate, frequency=setting.frequency, iterations=setting.iterations, rtol=0.0)
    for _ in range(STEPS):
        state, found = measured(state, lambda v: asked.hvp(one, v), one, np.ones((setting.probes, 3)), one)
        full += found.full
    return full, asked.effort.products


def layer_steps(steps: int) -> list[int]:
    """Return the steps at which the scheduler for each layer asks for products, with both frequencies 10."""
    one, state, seen = np.ones(1), init_layers(("one",)), []
    for step in range(steps):
        state, total = schedule_layers(state, (lambda v: v,), (one,), (one[None],), (one,), step)
        seen += [step] if total else []
    return seen


def cost_table(cost: dict[Network, Counts]) -> Table:
    rows = []
    for network, one in cost.items():
        passes, product = (flop / 1e6 for flop in one), np.array([one.rebuilt, one.reused])
        rows.append((f"{network.name} ({network.batch})", *passes, *product, *(300 * product)))
    return Table.of(
        "operations counted in products of matrices; a product H·v in units of one forward and backward pass, and the "
        "overhead with N = 10, K = 20, m = 10",
        "network (batch) | forward, MFLOP {:.3g} | backward {:.3g} | second backward {:.3g} | "
        "H·v, gradient rebuilt {:.3f} | graph kept {:.3f} | overhead, rebuilt {:+.0f} % | graph kept {:+.0f} %",
        rows,
    )


def draw(data: tuple[Counts, ...], figure: Any) -> None:
    axes = figure.subplots()
    every = np.geomspace(1, 2000, 200)
    names = {"rebuilt": "gradient rebuilt for each product, as published", "reused": "graph of the gradient kept"}
    for (kind, name), colour in zip(names.items(), COLOURS[1::-1], strict=True):
        low, high = (3000 * end(getattr(one, kind) for one in data) / every for end in (min, max))
        axes.fill_between(every, low, high, color=colour, alpha=0.35, lw=0)
        axes.plot(every, high, color=colour, lw=1.2)
        axes.plot(every, low, color=colour, lw=1.2, label=f"{name} (three networks)")
    axes.plot(every, 3000 / every, "--", color="black", lw=1.2, label="an ideal product, as dear as one gradient")
    axes.axhspan(*CLAIMED, color=COLOURS[2], alpha=0.5, lw=0)
    axes.annotate("claimed: 5–10 %", (1.15, 6.6), fontsize=10, va="center")
    axes.axvline(10, color="black", lw=1)
    axes.annotate(" the default, N = 10", (10, 3.2), fontsize=10)
    axes.set(xscale="log", yscale="log", xlim=(1, 2000), ylim=(2, 12_000))
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.set_yticks([5, 10, 100, 1000, 10_000], ["5 %", "10 %", "100 %", "1,000 %", "10,000 %"])
    axes.set_xlabel("N: the curvature is measured every N steps, with K + m = 30 Hessian products")
    axes.set_ylabel("overhead: extra operations\nrelative to training alone")
    finish(axes, loc="upper right")


study = Study.of("homotopy-cost", WORDS, measure, draw, size=(10.5, 6.0))
