"""The Hessian that the estimators are tried on: a small network's, dense, and as products."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.objectives import MLP


class Specimen(NamedTuple):
    """A symmetric matrix, shape (n, n), n = 128, its eigenvalues, ascending, and the loss of its network."""

    matrix: Array
    eigenvalues: Array
    loss: float


@cache
def specimen() -> Specimen:
    """Return the Hessian of a 6-8-8 network with cross-entropy after 200 steps of gradient descent with the rate ½.

    64 points of eight noisy classes. 8·(6+1) + 8·(8+1) = 128 parameters, a power of 2: there are as many orthogonal
    sign vectors, with which an estimate is exact.
    """
    draw = np.random.default_rng(0)
    centres, labels = draw.standard_normal((8, 6)), np.arange(64) % 8
    features = centres[labels] + 0.7 * draw.standard_normal((64, 6))
    network = MLP(features, labels, hidden=(8,), loss="softmax", classes=8)
    x = network.start_from(draw.standard_normal(network.dimension))
    for _ in range(200):
        x = x - 0.5 * network.gradient(x)
    columns = np.stack([network.hvp(x, column) for column in np.eye(network.dimension)])
    matrix = (columns + columns.T) / 2
    return Specimen(matrix, np.linalg.eigvalsh(matrix), float(network.value(x)))
