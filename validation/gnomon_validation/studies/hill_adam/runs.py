"""The runs that studies and claims share: the starts, Adam's runs beside Hill-ADAM's, the colours, a network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent import hill_adam
from gnomon.descent.hill_adam_losses import LOSSES, Colours
from gnomon.domains import Array
from gnomon.kernels.descent import nadam, rmsprop
from gnomon.kernels.descent.hill_adam import step as compiled_step
from gnomon.kernels.descent.hill_adam_runs import explore, trajectory

ADAM: dict[str, Any] = {"delta": 0.0, "hi": inf, "lo": -inf}  # what makes Hill-ADAM Adam, bit for bit
RATES = (1e-3, 1e-2, 3e-2, 1e-1, 3e-1)
ON_TARGET, WORSE_BY, CALLS, STARTS = 2e-2, 1e-3, 5000, 400
BOXES = dict(zip(LOSSES, ((-2.5, 2.5), (0.0, 4.5), (-3.0, 3.0), (-2.0, 2.0), (-2.0, 2.0)), strict=True))
SINGLE_STARTS = dict(zip(LOSSES, ((2.0,), (4.0,), (2.8,), (1.6, 1.3), (1.9, 0.9)), strict=True))
INSTANCES = range(12)
HILL, OTHERS = "Hill-ADAM", {"NAdam": nadam, "RMSprop": rmsprop}
EXACT = 2.0**-48  # a gap that is nothing but the rounding of the two losses in it: a test has their running error


def calls(
    at: Any, x: Any, times: int, *, start: Any = "min", step: Any = compiled_step, **hyper: Any
) -> Iterator[tuple[Array, float, Any, Any]]:
    """Yield what each call of a run leaves behind: parameters, loss, state, report.

    at: returns the loss and the gradient at a point. hyper: hyperparameters of `step`.
    """
    state = hill_adam.init(x, start=start, variant=hyper.get("variant", "clean"))
    for _ in range(times):
        loss, grad = at(x)
        x, state, report = step(x, np.asarray(grad), state, np.float64(loss), **hyper)
        yield x, float(loss), state, report


@cache
def starts() -> dict[str, Array]:
    """Return 400 starts for each loss, drawn once, one loss after the other."""
    rng = np.random.default_rng(0)
    return {name: rng.uniform(*BOXES[name], (STARTS, loss.dimension)) for name, loss in LOSSES.items()}


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


def others_calls(optimizer: Any, at: Any, x: Any, lr: float) -> Iterator[tuple[Array, float, Any, Any]]:
    """Yield the same of 1,000 steps of another optimizer, that makes no report."""
    state = optimizer.init(x)
    for _ in range(1000):
        loss, grad = at(x)
        x, state = optimizer.step(x, grad, state, lr=lr)
        yield x, float(loss), state, None


def instance(i: int) -> Colours:
    """Return the i-th synthetic colour correction; means in the order red, blue, green."""
    return Colours(
        np.array([0.70 - 0.01 * i, 0.25 + 0.01 * i, 0.50]), np.array([0.35 + 0.01 * i, 0.60 - 0.01 * i, 0.45])
    )


class Corrected(NamedTuple):
    """What a run came to. gap: of the best loss above the optimum. events: how many. losses: of each call."""

    gap: float
    events: int
    losses: Array


def corrected(colours: Colours, at: Any, x: Any, lr: float, method: str) -> Corrected:
    """Make 1,000 calls on a colour correction, or fewer if the loss comes to rest.

    At rest, but for rounding: 100 losses were the same, or it was the optimum 100 calls ago. at: the loss and the
    gradient of what stands for the gains.
    """
    hyper, optimum = ADAM if method == "Adam" else {}, float(colours.optimum()[1])
    run = others_calls(OTHERS[method], at, x, lr) if method in OTHERS else calls(at, x, 1000, lr=lr, **hyper)
    losses, best, events, arrived = [], inf, 0, 0
    for _, loss, _, report in run:
        losses.append(loss)
        best, events = min(best, loss), events + bool(report and report.event)
        arrived += best <= optimum + EXACT
        if arrived == 100 or (len(losses) >= 100 and max(losses[-100:]) - min(losses[-100:]) <= EXACT):
            break
    return Corrected(best - optimum, events, np.array(losses))


def gap_of_gains(i: int, start: float, method: str = HILL) -> float:
    """Return how far the best on the three gains themselves, all of which begin at `start`, is above the optimum."""
    return corrected(instance(i), instance(i).at, np.full(3, start), 1e-2, method).gap


WIDTHS = (1, 64, 128, 256, 128, 64, 3)


@cache
def network(i: int, lr: float, method: str = HILL, nudge: int = 0) -> Corrected:
    """Train the published network, a constant in and three gains out, sigmoids between, on the i-th instance.

    Weights and biases are drawn from default_rng(i), uniform within 1/√(inputs), layer by layer. nudge: the seed of
    changes in their last bits; 0 for none.
    """
    colours, rng = instance(i), np.random.default_rng(i)
    pieces, slots, end = [], [], 0
    for a, b in pairwise(WIDTHS):
        bound = a**-0.5
        pieces += [rng.uniform(-bound, bound, (b, a)).ravel(), rng.uniform(-bound, bound, b)]
        slots.append((slice(end, end + a * b), slice(end + a * b, end + a * b + b), (b, a)))
        end += a * b + b
    x = np.concatenate(pieces)
    if nudge:
        x = x * (1 + 2.0**-52 * np.random.default_rng(nudge).uniform(-1, 1, end))
    grad = np.empty(end)

    def at(x: Array) -> tuple[Any, Array]:
        outs = [np.ones(1)]
        for weights, biases, shape in slots:
            z = x[weights].reshape(shape) @ outs[-1] + x[biases]
            outs.append(1 / (1 + np.exp(-z)))
        value, back = colours.at(z)
        for (weights, biases, shape), out in zip(slots[::-1], outs[-2::-1], strict=True):
            np.multiply(back[:, np.newaxis], out, out=grad[weights].reshape(shape))
            grad[biases] = back
            back = (x[weights].reshape(shape).T @ back) * out * (1 - out)
        return value, grad

    return corrected(colours, at, x, lr, method)
