"""What the curvature costs: Hessian products counted, and how much a product costs in gradients."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent.homotopy.estimator import estimate, init_estimator
from gnomon.descent.homotopy.layers import init_layers, schedule_layers
from gnomon.objectives import Quadratic
from gnomon_validation.pictures import COLOURS, entitle, finish
from gnomon_validation.studies.counted import Counted
from gnomon_validation.studies.homotopy.matmuls import Counts, counts
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

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


class Network(NamedTuple):
    """A network of the published tests, its batch size, and the stated cost of a product: rebuilt, reused."""

    name: str
    widths: tuple[int, ...]
    batch: int
    stated: tuple[str, str]


DEFAULT = Setting("defaults of the code", 10, 20, 10)
STORED = Setting("stored MNIST run", 10, 10, 5)
SETTINGS = (
    DEFAULT,
    Setting("test of the README, “7.3 %”", 5, 10, 5),
    STORED,
    Setting("at every step", 1, 20, 10),
    Setting("N = 100", 100, 20, 10),
    Setting("N = 1000", 1000, 20, 10),
)
NETWORKS = (
    Network("20-64-10", (20, 64, 10), 32, ("2.00", "1.43")),
    Network("784-128-128-10", (784, 128, 128, 10), 128, ("1.74", "1.21")),
    Network("ten layers of 256", (256,) * 11, 64, ("2.59", "1.93")),
)
MNIST = NETWORKS[1]


def measure() -> Findings:
    taken = {setting: products(setting) for setting in SETTINGS}
    cost = {network: counts(network.widths, network.batch) for network in NETWORKS}
    rebuilt, reused = ([getattr(one, kind) for one in cost.values()] for kind in ("rebuilt", "reused"))
    per_step = taken[DEFAULT][1] / STEPS
    overheads = [300 * c for c in (min(rebuilt), max(rebuilt), min(reused), max(reused))]
    stored = 100 * 1.5 * cost[MNIST].rebuilt
    compared = [
        Comparison("defaults: products in 1,000 steps", "3030", taken[DEFAULT][1]),
        Comparison("defaults: products a step", "3.03", per_step),
        Comparison("the README's test setting: products a step", "3.0", taken[SETTINGS[1]][1] / STEPS),
        Comparison("settings whose number of full estimates is not the formula's", "0", wrong(taken)),
    ]
    for network in NETWORKS:
        one = cost[network]
        compared.append(Comparison(f"{network.name}: a product, gradient rebuilt", network.stated[0], one.rebuilt))
        compared.append(Comparison(f"{network.name}: a product, graph kept", network.stated[1], one.reused))
    names = ("least, rebuilt", "most, rebuilt", "least, graph kept", "most, graph kept")
    for name, stated, overhead in zip(names, ("523", "776", "363", "579"), overheads, strict=True):
        compared.append(Comparison(f"overhead in percent, N = 10, 30 products: {name}", stated, overhead))
    for name, stated, overhead in zip(names, ("5.2e2", "7.8e2", "3.6e2", "5.8e2"), overheads, strict=True):
        compared.append(Comparison(f"N from which 30 products cost 10 %: {name}", stated, overhead))
    compared.append(Comparison("overhead in percent, stored run (N = 10, 15 products)", "262", stored))
    conclusions = (
        f"With the defaults 1,000 steps take {taken[DEFAULT][1]:,} products, {per_step:.2f} a step, each of which is "
        f"{min(reused):.2f} to {max(rebuilt):.2f} forward and backward passes: +{min(overheads):.0f} % to "
        f"+{max(overheads):.0f} %, {min(overheads) / CLAIMED[1]:.0f} to {max(overheads) / CLAIMED[0]:.0f} times the "
        f"claimed 5–10 %.",
        f"The stored run of the authors themselves took 18.89 s against 5.81 s, +{100 * (18.89 / 5.81 - 1):.0f} %; "
        f"counted in operations it is +{stored:.0f} %.",
        "An ideal product, as dear as one forward and backward pass, would still need N = 300 for 10 %.",
        f"Layer by layer the two frequencies multiply: with 10 and 10 the Hessian is asked at steps "
        f"{', '.join(map(str, layer_steps(300)))} of the first 300.",
    )
    return Findings((product_table(taken), cost_table(cost)), tuple(compared), conclusions, tuple(cost.values()))


def products(setting: Setting) -> tuple[int, int]:
    """Return the full estimates and the products of 1,000 calls, counted; the tolerance is 0, so that none stops early.

    The number of products does not depend on the operator, here diag(1, 2, 3).
    """
    grad, asked = np.ones(3), Counted(Quadratic(np.diag([1.0, 2.0, 3.0]), np.zeros(3)))
    state, full = init_estimator(grad), 0
    measured = partial(estimate, frequency=setting.frequency, iterations=setting.iterations, rtol=0.0)
    for _ in range(STEPS):
        state, found = measured(state, lambda v: asked.hvp(grad, v), grad, np.ones((setting.probes, 3)), grad)
        full += found.full
    return full, asked.effort.products


def wrong(taken: dict[Setting, tuple[int, int]]) -> int:
    """Return how many settings have another number of full estimates, or of products, than the formulas say."""
    return sum(
        (full, total) != (setting.full, setting.full * (setting.iterations + setting.probes))
        for setting, (full, total) in taken.items()
    )


def layer_steps(steps: int) -> list[int]:
    """Return the steps at which the scheduler for each layer asks for products, with both frequencies 10."""
    one, state = np.ones(1), init_layers(("one",))
    seen = []
    for step in range(steps):
        state, total = schedule_layers(state, (lambda v: v,), (one,), (one[None],), (one,), step)
        if total:
            seen.append(step)
    return seen


def product_table(taken: dict[Setting, tuple[int, int]]) -> Table:
    return Table.of(
        "Hessian products in 1,000 steps: every N steps at most K for ‖H‖ and m for the trace",
        "setting | N | K | m | full estimates {:,} | 1 + ⌊1000/N⌋ {:,} | products {:,} | products a step {:.3f}",
        (
            (*setting, full, setting.full if setting.frequency > 1 else "- (every step)", total, total / STEPS)
            for setting, (full, total) in taken.items()
        ),
    )


def cost_table(cost: dict[Network, Counts]) -> Table:
    rows = []
    for network, one in cost.items():
        passes = (flop / 1e6 for flop in (one.forward, one.backward, one.second))
        overheads = (300 * one.rebuilt, 300 * one.reused)
        rows.append((f"{network.name} ({network.batch})", *passes, one.rebuilt, one.reused, *overheads))
    return Table.of(
        "operations counted in products of matrices; a product H·v in units of one forward and backward pass, and the "
        "overhead with N = 10, K = 20, m = 10",
        "network (batch) | forward, MFLOP {:.3g} | backward {:.3g} | second backward {:.3g} | "
        "H·v, gradient rebuilt {:.3f} | graph kept {:.3f} | overhead, rebuilt {:+.0f} % | graph kept {:+.0f} %",
        rows,
    )


def draw(data: tuple[Counts, ...], figure: Any) -> None:
    axes = figure.subplots()
    entitle(figure, "The curvature estimate costs hundreds of percent, not 5–10 %, in operations counted one by one")
    every = np.geomspace(1, 2000, 200)
    kinds = (
        ("gradient rebuilt for each product, as published", "rebuilt", COLOURS[1]),
        ("graph of the gradient kept", "reused", COLOURS[0]),
    )
    for name, kind, colour in kinds:
        costs = [getattr(one, kind) for one in data]
        axes.fill_between(every, 3000 * min(costs) / every, 3000 * max(costs) / every, color=colour, alpha=0.35, lw=0)
        axes.plot(every, 3000 * max(costs) / every, color=colour, lw=1.2)
        axes.plot(every, 3000 * min(costs) / every, color=colour, lw=1.2, label=f"{name} (three networks)")
    axes.plot(every, 3000 / every, "--", color="black", lw=1.2, label="an ideal product, as dear as one gradient")
    axes.axhspan(*CLAIMED, color=COLOURS[2], alpha=0.5, lw=0)
    axes.annotate("claimed: 5–10 %", (1.15, 6.6), fontsize=10, va="center")
    axes.axvline(10, color="black", lw=1)
    axes.annotate(" the default, N = 10", (10, 3.2), fontsize=10)
    axes.set(xscale="log", yscale="log", xlim=(1, 2000), ylim=(2, 12_000))
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.set_yticks([5, 10, 100, 1000, 10_000], ["5 %", "10 %", "100 %", "1,000 %", "10,000 %"])
    axes.set(xlabel="N: the curvature is measured every N steps, with K + m = 30 Hessian products")
    axes.set(ylabel="overhead: extra operations\nrelative to training alone")
    finish(axes, loc="upper right")


study = Study(
    "homotopy-cost",
    title="what the curvature costs",
    question="How many Hessian products does the rule take, and how much do they cost beside the claimed 5–10 %?",
    source="the claim and the settings: README of TorchType's homotopy_lr (github.com/thehalleyyoung/TorchType, commit "
    "8b8a54b); stated figures: own count",
    measure=measure,
    draw=draw,
    size=(10.5, 6.0),
)
