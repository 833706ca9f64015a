"""One run of the moons experiment: its settings, and what each step reported.

Source: `examples/basic_moons.py` of github.com/dingste/HysteroGrad, which sets no seed.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.descent import hysterograd
from gnomon.descent.hysterograd import Variant
from gnomon.domains import Array
from gnomon_validation.studies.hysterograd import relu_network
from gnomon_validation.studies.hysterograd.two_moons import two_moons

EXAMPLES, BATCH, EPOCHS = 500, 32, 100
BATCHES = -(-EXAMPLES // BATCH)
LR, STIFFENING_FACTOR = 0.01, 0.05
SEEDS = tuple(range(6))


class Run(NamedTuple):
    """Loss, norm n, barrier h and liquid of every step, each of shape (epochs, batches an epoch); the parameters after.

    loss: of the batch, before the step.
    """

    loss: Array
    norm: Array
    width: Array
    liquid: NDArray[np.bool_]
    params: Array

    @property
    def frozen(self) -> int:
        """How many steps were refused."""
        return int(np.sum(~self.liquid))


class Runs(NamedTuple):
    """One run a seed: of either version, of either with a fixed barrier (without the mean norm), of none (s = 0)."""

    v4: tuple[Run, ...]
    head: tuple[Run, ...]
    v4_fixed: tuple[Run, ...]
    head_fixed: tuple[Run, ...]
    ungated: tuple[Run, ...]


def all_runs() -> Runs:
    """Return every run of the study."""
    return Runs(
        from_every_seed(),
        from_every_seed("head"),
        from_every_seed(adaptive=False),
        from_every_seed("head", adaptive=False),
        from_every_seed(hysteresis_scale=0.0),
    )


def from_every_seed(variant: Variant = "v4", adaptive: bool = True, hysteresis_scale: float = 1.0) -> tuple[Run, ...]:
    """Return one run a seed."""
    return tuple(train(seed, variant, adaptive, hysteresis_scale) for seed in SEEDS)


@cache
def train(seed: int, variant: Variant = "v4", adaptive: bool = True, hysteresis_scale: float = 1.0) -> Run:
    """Return the run of that seed, which draws the start and the order of the examples in each epoch."""
    features, labels = moons()
    draw = np.random.default_rng(seed)
    params = relu_network.start(draw)
    state = hysterograd.init(params)
    gate: dict[str, Any] = {"variant": variant, "adaptive_threshold": adaptive, "hysteresis_scale": hysteresis_scale}
    told = []
    for _ in range(EPOCHS):
        order = draw.permutation(EXAMPLES)
        for begin in range(0, EXAMPLES, BATCH):
            batch = order[begin : begin + BATCH]
            loss, grad = relu_network.loss_and_gradient(params, features[batch], labels[batch])
            params, state, report = hysterograd.step(
                params, grad, state, lr=LR, stiffening_factor=STIFFENING_FACTOR, **gate
            )
            told.append((loss, report.norm, report.width, report.liquid))
    losses, norms, widths, liquid = (np.reshape(column, (EPOCHS, BATCHES)) for column in zip(*told, strict=True))
    return Run(losses, norms, widths, liquid, params)


@cache
def moons() -> tuple[Array, relu_network.Labels]:
    """Return the data that are trained on."""
    return two_moons(EXAMPLES, 0.15, 42)


@cache
def unseen_moons() -> tuple[Array, relu_network.Labels]:
    """Return as many moons again, of the next seed. Choice: the source has no test set."""
    return two_moons(EXAMPLES, 0.15, 43)
