"""A network 30-64-64-6, trained with AdamW, and trained on with other methods when its classes have moved.

The stand-in for the fine-tuning of a language model: features of sizes over two decades, six classes of normal points
about means of their own, 300 steps of AdamW, then means that are 0.6 normal numbers away, 400 points and 100 steps. All
methods are given the learning rate and steps of one root mean square, 0.2 of it, as Muon's is matched to AdamW.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import adam, adamw, muon
from gnomon.descent.reg import optimizer as reg
from gnomon.domains import Array
from gnomon.objectives import MLP

WIDTHS, BATCH, POINTS, PRETRAINING, FINE_TUNING, SHIFT = (30, 64, 64, 6), (128, 64), (2000, 400), 300, 100, 0.6
MIDDLE, GAMMA, BETA, DECAY, PRETRAINING_RATE, PRETRAINING_DECAY = 1, 0.2, 0.95, 0.1, 1e-3, 0.01
SEEDS, RATES = (0, 1, 2), (3e-4, 1.5e-3)
Layers = list[Array]
Step = Callable[..., Any]


class Task(NamedTuple):
    """Points (N, 30), their classes, and the means (6, 30) and sizes (30,) of features they were drawn with."""

    points: Array
    classes: Any
    means: Array
    sizes: Array


class Tuned(NamedTuple):
    """What fine-tuning did to the middle layer: σ of what was added, the largest first; and the share that is right."""

    values: Array
    accuracy: float

    @property
    def stable_rank(self) -> float:
        return float(np.sum(self.values**2) / self.values[0] ** 2)


def task(draw: np.random.Generator, points: int, means: Array, sizes: Array) -> Task:
    """Return points about the means."""
    classes = draw.integers(0, len(means), points)
    return Task((means[classes] + draw.standard_normal((points, len(sizes)))) * sizes, classes, means, sizes)


def network(points: Array, classes: Any) -> MLP:
    """Return the loss, cross-entropy, of the network on some points; its biases stay 0."""
    return MLP(points, classes, WIDTHS[1:-1], "softmax", WIDTHS[-1])


def with_biases(layers: Layers) -> list[tuple[Array, Array]]:
    return [(weights, np.zeros(len(weights))) for weights in layers]


def gradients(layers: Layers, points: Array, classes: Any) -> Layers:
    """Return the gradients of the mean cross-entropy."""
    loss = network(points, classes)
    return [weights for weights, _ in loss.layers(loss.gradient(loss.flat(with_biases(layers))))]


METHODS: dict[str, tuple[Callable[[Array], Any], Step]] = {
    "AdamW": (adam.init, partial(adamw.step, weight_decay=DECAY)),
    "REG": (reg.init, partial(reg.step, gamma=GAMMA, beta=BETA, weight_decay=DECAY)),
    "Muon": (
        muon.init,
        partial(
            muon.step,
            momentum=BETA,
            nesterov=False,
            weight_decay=DECAY,
            eps=0.0,
            scale="match-rms-adamw",
            variant="torch",
        ),
    ),
}


def trained(layers: Layers, data: Task, init: Any, step: Step, steps: int, batch: int, seed: int, lr: float) -> Layers:
    """Return the layers after as many steps, on batches that are the same for all methods."""
    draw = np.random.default_rng(seed)
    states = [init(weights) for weights in layers]
    for _ in range(steps):
        chosen = draw.integers(0, len(data.points), batch)
        found = gradients(layers, data.points[chosen], data.classes[chosen])
        pairs = [step(*given, lr=lr) for given in zip(layers, found, states, strict=True)]
        layers, states = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return layers


@cache
def pretrained(seed: int) -> tuple[Layers, Task]:
    """Return layers trained with AdamW, and the task whose classes have moved since."""
    draw = np.random.default_rng(seed)
    sizes = 10 ** draw.uniform(-1.5, 0.5, WIDTHS[0])
    first = task(draw, POINTS[0], draw.standard_normal((WIDTHS[-1], WIDTHS[0])), sizes)
    layers = [draw.standard_normal((b, a)) / a**0.5 for a, b in pairwise(WIDTHS)]
    step = partial(adamw.step, weight_decay=PRETRAINING_DECAY)
    layers = trained(layers, first, adam.init, step, PRETRAINING, BATCH[0], seed, PRETRAINING_RATE)
    moved = first.means + SHIFT * draw.standard_normal(first.means.shape)
    return layers, task(draw, POINTS[1], moved, sizes)


@cache
def tuned(method: str, seed: int, lr: float) -> Tuned:
    """Return what a method makes of the trained network."""
    layers, data = pretrained(seed)
    after = trained(layers, data, *METHODS[method], FINE_TUNING, BATCH[1], seed, lr)
    values = np.linalg.svd(after[MIDDLE] - layers[MIDDLE], compute_uv=False)
    scores = network(data.points, data.classes).activations(with_biases(after))[-1]
    right = np.argmax(scores, axis=1) == data.classes
    return Tuned(values, float(np.mean(right)))


def runs() -> Iterator[tuple[int, float, dict[str, Tuned]]]:
    """Yield every seed and rate with what each method did."""
    for lr in RATES:
        for seed in SEEDS:
            yield seed, lr, {method: tuned(method, seed, lr) for method in METHODS}
