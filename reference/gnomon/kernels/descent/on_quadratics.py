"""A compiled method iterated on a quadratic, and the gradient H(x - x*) inside its loops, for a point or for a block.

Both gradients sum H_ij·(x_j - x*_j) over j in ascending order, starting from 0, so that a point's gradient has the same
bits in either. Within a row the loops run over independent sums: they vectorise without any sum being reordered.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import Operation, contiguous, in_place_of

# How many replicas lie side by side: enough to fill vector registers many times over, few enough for the first cache.
BLOCK = 64


def repeated(
    reference: ModuleType,
    trajectory_loop: Callable[..., Any],
    endpoints_loop: Callable[..., Any],
    beginning: Callable[..., tuple[Any, ...]],
) -> tuple[Operation, Operation]:
    """Return `trajectory` and `endpoints` of a method.

    trajectory_loop: fills a path (steps + 1, n) from its first row on, given Hᵀ and x*. endpoints_loop: returns where
    each row of (replicas, n) ends, given H, x* and the number of steps. beginning: returns what both are given beyond
    that, from the parameters, the Hessian and, by name, the hyperparameters.
    """

    @in_place_of(reference.trajectory)
    def trajectory(params: Array, hessian: Array, minimiser: Array, steps: int, **given: Any) -> Array:
        path = np.empty((int(steps) + 1, params.size), params.dtype)
        path[0] = params
        trajectory_loop(path, contiguous(hessian.T), contiguous(minimiser), *beginning(params, hessian, **given))
        return path

    @in_place_of(reference.endpoints)
    def endpoints(params: Array, hessian: Array, minimiser: Array, steps: int, **given: Any) -> Array:
        quadratic = contiguous(hessian), contiguous(minimiser)
        ends: Array = endpoints_loop(contiguous(params), *quadratic, int(steps), *beginning(params, hessian, **given))
        return ends

    return trajectory, endpoints


@compiled
def gradient(params: Array, hessian_rows: Array, minimiser: Array, grad: Array) -> None:
    """Write the gradient at `params` (n,) into `grad` (n,). hessian_rows: Hᵀ, so that row j is column j of H."""
    for i in range(params.size):
        grad[i] = 0
    for j in range(params.size):
        displacement = params[j] - minimiser[j]
        for i in range(params.size):
            grad[i] += hessian_rows[j, i] * displacement


@compiled
def gradients(params: Array, hessian: Array, minimiser: Array, displacement: Array, grad: Array) -> None:
    """Write the gradient at each column of `params` (n, replicas) into `grad`. displacement: room for x - x*."""
    n, replicas = params.shape
    for j in range(n):
        for r in range(replicas):
            displacement[j, r] = params[j, r] - minimiser[j]
    for i in range(n):
        for r in range(replicas):
            grad[i, r] = 0
        for j in range(n):
            for r in range(replicas):
                grad[i, r] += hessian[i, j] * displacement[j, r]


@compiled
def block_of(params: Array, start: int) -> Array:
    """Return the rows of `params` (replicas, n) from `start` on, `BLOCK` at most, as columns (n, width)."""
    width = min(BLOCK, params.shape[0] - start)
    block = np.empty((params.shape[1], width), params.dtype)
    for i in range(params.shape[1]):
        for r in range(width):
            block[i, r] = params[start + r, i]
    return block


@compiled
def write_block(block: Array, start: int, params: Array) -> None:
    """Write the columns of `block` (n, width) into the rows of `params` from `start` on."""
    for i in range(block.shape[0]):
        for r in range(block.shape[1]):
            params[start + r, i] = block[i, r]
