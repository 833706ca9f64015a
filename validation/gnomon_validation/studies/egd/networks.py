"""The two-layer network of the published runs, and its training on sparse parity, epoch by epoch."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

import numpy as np

from gnomon.descent.egd.training import EGDState, Switch, Variant, step, switch
from gnomon.domains import Array

Rule = Literal["plain", "paper", "colnorm"]
Params = tuple[Array, ...]
BATCH, DECAY, PASSED = 32, 0.01, 0.95


class Task(NamedTuple):
    """How many signs there are, how many of them count, the hidden units, the examples of training and of test."""

    inputs: int = 40
    bits: int = 3
    hidden: int = 64
    train: int = 1000
    test: int = 5000


class Epochs(NamedTuple):
    """What a run had after each epoch: accuracies, and the singular values of the gradient of W₁ in its first batch."""

    train: Array
    test: Array
    spectra: Array

    @property
    def passed(self) -> int:
        """How many epochs came before the one after which the test accuracy is above 95 %; all if there is none."""
        above = np.flatnonzero(self.test > PASSED)
        return int(above[0]) if above.size else len(self.test)


def outputs(params: Params, X: Array) -> Array:
    """Return relu(X·W₁ + b₁)·W₂, shape (N,)."""
    W, b, v = params
    found: Array = (np.maximum(X @ W + b, 0) @ v)[:, 0]
    return found


def gradients(params: Params, X: Array, y: Array) -> Params:
    """Return the gradients of the mean of (output - y)², without decay."""
    W, b, v = params
    hidden = X @ W + b
    active = np.maximum(hidden, 0)
    error = 2 * (active @ v - y[:, np.newaxis]) / len(y)
    back = (error @ v.T) * (hidden > 0)
    return X.T @ back, np.sum(back, axis=0), active.T @ error


@cache
def parity(
    seed: int,
    rule: Rule,
    lr: float = 0.05,
    most: int = 600,
    after: int = 0,
    switching: Switch | None = None,
    task: Task = Task(),  # noqa: B008
) -> Epochs:
    """Train on the product of a task's first signs until the test accuracy is above 95 %, and `after` epochs on.

    seed: of the first weights; 42 less of the data and batches. switching: how the transform is turned off; `None`:
    never. Setting: batches of 32, decay 0.01, float64.
    """
    inputs, bits, hidden, *counts = task
    drawn, first = np.random.RandomState(seed - 42), np.random.RandomState(seed)
    X, X_test = (drawn.choice([-1.0, 1.0], size=(count, inputs)) for count in counts)
    y, y_test = (np.prod(x[:, :bits], axis=1) for x in (X, X_test))
    shapes = ((inputs, hidden), (hidden,), (hidden, 1))
    sizes = (inputs, inputs, hidden)
    params: Params = tuple(first.randn(*shape) * (2 / n) ** 0.5 for shape, n in zip(shapes, sizes, strict=True))
    state, end = EGDState(rule != "plain"), most
    train: list[float] = []
    test: list[float] = []
    spectra: list[Array] = []
    variant: Variant = "colnorm" if rule == "colnorm" else "paper"
    while len(test) < end:
        order = drawn.permutation(task.train)
        for k in range(0, task.train - BATCH + 1, BATCH):
            chosen = order[k : k + BATCH]
            grads = gradients(params, X[chosen], y[chosen])
            if k == 0:
                spectra.append(np.linalg.svd(grads[0] + DECAY * params[0], compute_uv=False))
            params, state = step(params, grads, state, lr=lr, weight_decay=DECAY, variant=variant)
        for found, data, answers in ((train, X, y), (test, X_test, y_test)):
            found.append(float(np.mean(outputs(params, data) * answers > 0)))
        if switching is not None:
            state = switch(state, test[-1], threshold=PASSED, variant=switching)
        if test[-1] > PASSED and end == most:
            end = min(most, len(test) + after)
    return Epochs(np.array(train), np.array(test), np.stack(spectra))
