"""The runs that studies and claims share: the starts, Adam's runs beside Hill-ADAM's, the colours, a network."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import hill_adam
from gnomon.descent.hill_adam_losses import LOSSES, Colours
from gnomon.domains import Array
from gnomon.kernels.descent.hill_adam import step as compiled_step
from gnomon.kernels.descent.hill_adam_runs import explore, trajectory

ADAM: dict[str, Any] = {"delta": 0.0, "hi": inf, "lo": -inf}  # what makes Hill-ADAM Adam, bit for bit
RATES = (1e-3, 1e-2, 3e-2, 1e-1, 3e-1)
ON_TARGET, WORSE_BY, CALLS, STARTS = 2e-2, 1e-3, 5000, 400
BOXES = {
    "tilted": (-2.5, 2.5),
    "bumps": (0.0, 4.5),
    "three-wells": (-3.0, 3.0),
    "four-wells": (-2.0, 2.0),
    "camel": (-2.0, 2.0),
}
SINGLE_STARTS = {
    "tilted": (2.0,),
    "bumps": (4.0,),
    "three-wells": (2.8,),
    "four-wells": (1.6, 1.3),
    "camel": (1.9, 0.9),
}


@cache
def starts() -> dict[str, Array]:
    """Return 400 starts for each loss, drawn once, one loss after the other."""
    rng = np.random.default_rng(0)
    sizes = {name: (STARTS, LOSSES[name].dimension) for name in LOSSES}
    return {name: rng.uniform(*BOXES[name], size) for name, size in sizes.items()}


class Shares(NamedTuple):
    """Of the starts: where Adam and Hill-ADAM come to the global minimum, and where Hill-ADAM's best is the worse."""

    adam: float
    hill: float
    worse: float


@cache
def adams_best(loss: str, lr: float) -> Array:
    """Return the lowest losses of Adam's runs from 400 starts, 5,000 calls each."""
    best: Array = explore(starts()[loss], loss=loss, steps=CALLS, lr=lr, **ADAM).best_loss
    return best


@cache
def shares(loss: str, lr: float, delta: float = 1e-4) -> Shares:
    """Return the shares of 400 starts, 5,000 calls each."""
    least, adam = LOSSES[loss].minimum, adams_best(loss, lr)
    hill = explore(starts()[loss], loss=loss, steps=CALLS, lr=lr, delta=delta).best_loss
    near_adam, near_hill = (float(np.mean(best < least + ON_TARGET)) for best in (adam, hill))
    return Shares(near_adam, near_hill, float(np.mean(hill > adam + WORSE_BY)))


def both_from(loss: str, **given: Any) -> tuple[Any, Any]:
    """Return Hill-ADAM's and Adam's 3,000 calls from the single start for a loss, lr 0.01."""
    x = np.array(SINGLE_STARTS[loss])
    return trajectory(x, loss=loss, steps=3000, **given), trajectory(x, loss=loss, steps=3000, **ADAM)


def instance(i: int) -> Colours:
    """Return the i-th synthetic colour correction; means in the order red, blue, green."""
    return Colours(
        np.array([0.70 - 0.01 * i, 0.25 + 0.01 * i, 0.50]), np.array([0.35 + 0.01 * i, 0.60 - 0.01 * i, 0.45])
    )


def gap_of_gains(colours: Colours, start: Any, lr: float = 1e-2, **given: Any) -> float:
    """Return how far the best of 1,000 calls on the three gains themselves is above the optimum."""
    x = np.array(start, float)
    state = hill_adam.init(x)
    for _ in range(1000):
        x, state, _ = compiled_step(x, colours.gradient(x), state, np.float64(colours.value(x)), lr=lr, **given)
    return float(state.best_loss - colours.optimum()[1])


WIDTHS = (1, 64, 128, 256, 128, 64, 3)


class NetworkRun(NamedTuple):
    """What training the published network came to. gap: of the best loss above the optimum. events: how many."""

    gap: float
    events: int
    losses: Array


@cache
def network(i: int, lr: float, is_adam: bool, calls: int = 1000) -> NetworkRun:
    """Train the published network, a constant in and three gains out, sigmoids between, on the i-th instance.

    Weights and biases are drawn from default_rng(i), uniform within 1/√(inputs), layer by layer.
    """
    colours, rng = instance(i), np.random.default_rng(i)
    pieces, slots, at = [], [], 0
    for a, b in pairwise(WIDTHS):
        bound = a**-0.5
        pieces += [rng.uniform(-bound, bound, (b, a)).ravel(), rng.uniform(-bound, bound, b)]
        slots.append((at, at + a * b, at + a * b + b, (b, a)))
        at += a * b + b
    x = np.concatenate(pieces)
    state, events, losses = hill_adam.init(x), 0, []
    for _ in range(calls):
        outs, grad = [np.ones(1)], np.empty_like(x)
        for k, (first, middle, last, shape) in enumerate(slots):
            z = x[first:middle].reshape(shape) @ outs[-1] + x[middle:last]
            outs.append(z if k == len(slots) - 1 else 1 / (1 + np.exp(-z)))
        gains = outs[-1][[0, 1, 2]]
        losses.append(float(colours.value(gains)))
        back = colours.gradient(gains)
        for k in range(len(slots) - 1, -1, -1):
            first, middle, last, shape = slots[k]
            grad[first:middle], grad[middle:last] = np.outer(back, outs[k]).ravel(), back
            back = (x[first:middle].reshape(shape).T @ back) * outs[k] * (1 - outs[k])
        x, state, report = compiled_step(x, grad, state, np.float64(losses[-1]), lr=lr, **(ADAM if is_adam else {}))
        events += bool(report.event)
    return NetworkRun(float(state.best_loss - colours.optimum()[1]), events, np.array(losses))
