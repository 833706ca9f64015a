"""A deep autoencoder on 8×8 images of digits, and what it costs five methods to train it.

64-32-16-8-16-32-64, tanh, ½‖z - x‖² per image, the first 200 images of scikit-learn's `load_digits` divided by 16.
W normal of variance scale²/inputs and b = 0: with a small scale the outputs hardly depend on the image, six layers
shrink the gradient, and the beginning is flat.

Cost is counted in gradients over all images: a loss is charged ½, a Gauss-Newton product 2 (both are more than `costs`
counts); a gradient over a batch of b of the N images is b/N of one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import adam, sgd
from gnomon.domains import Array
from gnomon.hessian_free.optimizer import init, step
from gnomon.objectives import MLP
from gnomon_validation.studies.counted import operations

IMAGES, BATCH, HIDDEN = 200, 50, (32, 16, 8, 16, 32)
LOSS_COST, PRODUCT_COST, RECORDED = 0.5, 2.0, 10


class Curve(NamedTuple):
    """costs: in gradients, ascending from 0. losses: f over all images there. updates: steps taken in all."""

    costs: Array
    losses: Array
    updates: int

    def at(self, costs: Any) -> Array:
        """Return the last known f at each of some costs."""
        return np.asarray(self.losses[np.searchsorted(self.costs, costs, side="right") - 1])


class Training(NamedTuple):
    """f over all images, and over each batch."""

    whole: MLP
    parts: tuple[MLP, ...]

    def start(self, seed: int, scale: float) -> Array:
        return scale * self.whole.start_from(np.random.default_rng(seed).standard_normal(self.whole.dimension))


class Method(NamedTuple):
    """A method and the settings that are tried: dampings λ₀, or learning rates.

    run: from a training, a start, a setting, a budget and a seed for the order of batches.
    """

    name: str
    symbol: str
    settings: tuple[float, ...]
    run: Callable[[Training, Array, float, float, int], Curve]


def digits() -> Array | None:
    """Return the images as rows with entries in [0, 1]; nothing without scikit-learn."""
    if find_spec("sklearn") is None:
        return None
    images: Array = import_module("sklearn.datasets").load_digits().data[:IMAGES]
    return images / 16


def training(images: Array, batch: int = BATCH, hidden: tuple[int, ...] = HIDDEN) -> Training:
    """Return the autoencoder of some images."""
    batches = (images[k : k + batch] for k in range(0, len(images), batch))
    return Training(MLP(images, images, hidden), tuple(MLP(part, part, hidden) for part in batches))


def hessian_free(train: Training, start: Array, setting: float, budget: float, seed: int, variant: str) -> Curve:
    """Return what the optimizer does, its setting the first damping, all else default."""
    params, state, told = start, init(start, damping=setting), [(0.0, train.whole.value(start))]
    while told[-1][0] < budget:
        params, state, report = step(params, state, train.whole, variant=variant)
        cost = 1 + PRODUCT_COST * report.products + LOSS_COST * report.evaluations
        told.append((told[-1][0] + cost, report.final_loss))
    spent, losses = np.array(told).T
    return Curve(spent, losses, len(told) - 1)


def first_order(
    module: Any, batched: bool, train: Training, start: Array, setting: float, budget: float, seed: int, **hyper: float
) -> Curve:
    """Return what a first-order method does, its setting the learning rate, on all or on batches in random order."""
    draw, params, state = np.random.default_rng(1000 + seed), start, module.init(start)
    parts = train.parts if batched else (train.whole,)
    told, passes = [(0.0, train.whole.value(start))], 0
    with np.errstate(over="ignore", invalid="ignore"):
        while passes < budget and np.isfinite(told[-1][1]):
            for k in draw.permutation(len(parts)):
                params, state = module.step(params, parts[k].gradient(params), state, lr=setting, **hyper)
            passes += 1
            if not np.all(np.isfinite(params)):
                told.append((passes, np.inf))
            elif passes % RECORDED == 0:
                told.append((passes, train.whole.value(params)))
    spent, losses = np.array(told).T
    return Curve(spent, losses, passes * len(parts))


METHODS = (
    Method("Hessian-free", "λ₀", (0.1, 1.0, 10.0), partial(hessian_free, variant="martens")),
    Method("gradient descent", "lr", (0.03, 0.1, 0.3), partial(first_order, sgd, False)),
    Method("Adam on all images", "lr", (0.003, 0.01, 0.03), partial(first_order, adam, False)),
    Method("momentum 0.9 on batches", "lr", (0.003, 0.01, 0.03), partial(first_order, sgd, True, momentum=0.9)),
    Method("Adam on batches", "lr", (0.001, 0.003, 0.01), partial(first_order, adam, True)),
)
RELEASED = Method("Hessian-free as released", "λ₀", (1.0,), partial(hessian_free, variant="code"))


def costs(objective: MLP) -> tuple[float, float]:
    """Return what a loss and a Gauss-Newton product cost in gradients, counted while the reference computes them."""
    w = np.full(objective.dimension, 0.5)
    gradient = operations(objective.gradient, w)
    return operations(objective.value, w) / gradient, operations(objective.ggnvp, w, w) / gradient
