"""A deep autoencoder on 8×8 images of digits, and what it costs five methods to train it.

64-32-16-8-16-32-64, tanh, ½‖z - x‖² per image, the first 200 images of scikit-learn's `load_digits` divided by 16.
W normal of variance scale²/inputs and b = 0: with a small scale the outputs hardly depend on the image, six layers
shrink the gradient, and the beginning is flat.

Cost is counted in gradients over all images: a loss is charged ½, a Gauss-Newton product 2 (both are more than is
counted, see `operations`); a gradient over a batch of b of the N images is b/N of one.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import adam, sgd
from gnomon.domains import Array
from gnomon.hessian_free.optimizer import init, step
from gnomon.objectives import MLP

IMAGES, BATCH, HIDDEN = 200, 50, (32, 16, 8, 16, 32)
LOSS_COST, PRODUCT_COST, RECORDED = 0.5, 2.0, 10


class Curve(NamedTuple):
    """costs: in gradients, ascending from 0. losses: f over all images there. updates: steps taken in all."""

    costs: Array
    losses: Array
    updates: int

    def at(self, costs: Array) -> Array:
        """Return the last known f at each of some costs."""
        found: Array = self.losses[np.searchsorted(self.costs, costs, side="right") - 1]
        return found


def curve(told: list[tuple[float, Any]], updates: int) -> Curve:
    """Return a curve of pairs of cost and f."""
    costs, losses = np.array(told, dtype=np.float64).T
    return Curve(costs, losses, updates)


class Training(NamedTuple):
    """f over all images, and over each batch."""

    whole: MLP
    parts: tuple[MLP, ...]

    def start(self, seed: int, scale: float) -> Array:
        """Return starting parameters."""
        return scale * self.whole.start_from(np.random.default_rng(seed).standard_normal(self.whole.dimension))


class Method(NamedTuple):
    """A method and the settings that are tried: dampings λ₀, or learning rates.

    run: from a training, a start, a setting, a budget and a seed for the order of batches.
    """

    name: str
    symbol: str
    settings: tuple[float, ...]
    run: Callable[[Training, Array, float, float, int], Curve]


def digits(count: int = IMAGES) -> Array | None:
    """Return the images as rows with entries in [0, 1]; nothing without scikit-learn."""
    if find_spec("sklearn") is None:
        return None
    images: Array = import_module("sklearn.datasets").load_digits().data[:count]
    return images / 16


def training(images: Array, batch: int = BATCH, hidden: tuple[int, ...] = HIDDEN) -> Training:
    """Return the autoencoder of some images."""
    batches = (images[k : k + batch] for k in range(0, len(images), batch))
    return Training(MLP(images, images, hidden), tuple(MLP(part, part, hidden) for part in batches))


def hessian_free(variant: str) -> Callable[[Training, Array, float, float, int], Curve]:
    """Return the optimizer, its setting the first damping, as a method; all else default."""

    def run(train: Training, start: Array, setting: float, budget: float, seed: int) -> Curve:
        params, state, told = start, init(start, damping=setting), [(0.0, train.whole.value(start))]
        while told[-1][0] < budget:
            params, state, report = step(params, state, train.whole, variant=variant)
            cost = 1 + PRODUCT_COST * report.products + LOSS_COST * report.evaluations
            told.append((told[-1][0] + cost, report.final_loss))
        return curve(told, len(told) - 1)

    return run


def first_order(module: Any, batched: bool, **hyper: float) -> Callable[[Training, Array, float, float, int], Curve]:
    """Return a first-order method, its setting the learning rate, over all images or over batches in random order."""

    def run(train: Training, start: Array, setting: float, budget: float, seed: int) -> Curve:
        draw, params, state = np.random.default_rng(1000 + seed), start, module.init(start)
        parts = train.parts if batched else (train.whole,)
        told, passes, updates = [(0.0, train.whole.value(start))], 0, 0
        with np.errstate(over="ignore", invalid="ignore"):
            while passes < budget and np.isfinite(told[-1][1]):
                for k in draw.permutation(len(parts)):
                    params, state = module.step(params, parts[k].gradient(params), state, lr=setting, **hyper)
                passes, updates = passes + 1, updates + len(parts)
                if not np.all(np.isfinite(params)):
                    told.append((float(passes), np.inf))
                elif passes % RECORDED == 0:
                    told.append((float(passes), train.whole.value(params)))
        return curve(told, updates)

    return run


METHODS = (
    Method("Hessian-free", "λ₀", (0.1, 1.0, 10.0), hessian_free("martens")),
    Method("gradient descent", "lr", (0.03, 0.1, 0.3), first_order(sgd, batched=False)),
    Method("Adam on all images", "lr", (0.003, 0.01, 0.03), first_order(adam, batched=False)),
    Method("momentum 0.9 on batches", "lr", (0.003, 0.01, 0.03), first_order(sgd, True, momentum=0.9)),
    Method("Adam on batches", "lr", (0.001, 0.003, 0.01), first_order(adam, batched=True)),
)
RELEASED = Method("Hessian-free as released", "λ₀", (1.0,), hessian_free("code"))
