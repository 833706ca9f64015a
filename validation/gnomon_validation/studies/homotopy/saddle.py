"""A warm-up that can be proved: gradient descent on L = ½(pq-1)² from p = q = x, close to the saddle at 0.

There ‖g‖² = 2x²(1-x²)², the Hessian has the eigenvalues 3x²-1 and 1-x², and κ = max(|3x²-1|, 1-x²)/(2x²(1-x²)²) falls
up to x = 1/√2, where it is 2, and rises after that. p = q is kept by gradient descent. κ is large near the saddle
because the gradient is small, not because the Hessian is large: ‖H‖ is 1 there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnomon.descent.homotopy.estimator import curvature_of
from gnomon.descent.homotopy.norms import length
from gnomon.descent.homotopy.rate import rate
from gnomon.domains import Array

RATE, TARGET, GOAL = 0.2, 2.0, 1e-3


class Path(NamedTuple):
    """The loss before each step and its rate, up to the first step with a loss below 1e-3 (that loss included)."""

    losses: Array
    rates: Array

    @property
    def steps(self) -> int:
        return len(self.rates)


def descend(start: float, homotopy: bool) -> Path:
    """Return gradient descent from p = q = start, with the rate 0.2 or the homotopy rate (b = 0.2, target 2, a = 1)."""
    x = np.array([start, start])
    losses, rates = [value(x)], []
    while losses[-1] >= GOAL:
        grad = (x[0] * x[1] - 1) * x[::-1]
        lr = np.float64(RATE)
        if homotopy:
            kappa = curvature_of(spectral_norm(x), length([grad]), "standard")
            lr = rate(kappa, np.float64(TARGET), base_lr=RATE, min_lr=0.0)
        x = x - lr * grad
        losses.append(value(x))
        rates.append(lr)
    return Path(np.array(losses), np.array(rates))


def value(x: Array) -> float:
    """Return ½(pq-1)²."""
    return float((x[0] * x[1] - 1) ** 2 / 2)


def spectral_norm(x: Array) -> np.float64:
    """Return ‖H‖₂ of H = [[q², 2pq-1], [2pq-1, p²]]."""
    p, q = x
    hessian = np.array([[q * q, 2 * p * q - 1], [2 * p * q - 1, p * p]])
    return np.float64(np.max(np.abs(np.linalg.eigvalsh(hessian))))
