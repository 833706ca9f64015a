"""`gnomon.descent.sam.quadratics` as one compiled loop: runs of tens of thousands of steps in one call."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.sam import quadratics as reference
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.kernels.reductions import largest_magnitude, sum_of_squares

__all__ = ["descend"]


@compiled
def descend_loop(iterates: Array, eigenvalues: Array, every: int, weights: Array, rho: Any, lr: Any) -> None:
    """Fill the iterates from the first on. weights: that of the PSF j steps after a sample; 0 beyond."""
    grad, psf = np.empty_like(eigenvalues), np.zeros_like(eigenvalues)
    for t in range(iterates.shape[0] - 1):
        x, j = iterates[t], t % every
        for i in range(x.size):
            grad[i] = eigenvalues[i] * x[i]
        if j == 0:
            largest = largest_magnitude(grad)
            size = np.sqrt(sum_of_squares(grad, grad, largest)) if largest > 0 else largest
            for i in range(x.size):
                ahead = x[i] + rho * (grad[i] / largest / size) if largest > 0 else x[i]
                psf[i] = eigenvalues[i] * ahead - grad[i]
                iterates[t + 1, i] = x[i] - lr * (eigenvalues[i] * ahead)
        else:
            weight = weights[j] if j < weights.size else weights[0]
            for i in range(x.size):
                iterates[t + 1, i] = x[i] - lr * (grad[i] + weight * psf[i])


@in_place_of(reference.descend)
def descend(
    params: Array, eigenvalues: Array, steps: int, rho: float, lr: float, every: int, beta: float, horizon: int
) -> Array:
    number = params.dtype.type
    iterates = np.empty((int(steps) + 1, params.shape[0]), params.dtype)
    iterates[0] = params
    used = range(1, min(int(horizon), int(every)) + 1)
    weights = np.array([0.0, *(beta**j for j in used)], params.dtype)
    descend_loop(iterates, contiguous(eigenvalues), int(every), weights, number(rho), number(lr))
    return iterates
