"""How far paths are apart, and how high a loss stands between two points."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Any, Protocol, runtime_checkable

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Count, Entries, Finite
from gnomon.dynamics.training_paths.points import Path, Points


@runtime_checkable
class Loss(Protocol):
    """A function of a vector of parameters."""

    def value(self, params: Array) -> Any:
        """Return L(θ)."""


@checked()
def frechet(first: Path, second: Annotated[Array, Points(1, 0, "first")]) -> Any:
    """Return the discrete Fréchet distance: how long a leash must be if both walk on, point by point, or wait.

    ::

        C_ij = max(‖p_i - q_j‖, min(C_i-1,j, C_i,j-1, C_i-1,j-1))        the distance is the last C

    first, second: p and q, shapes (m, n) and (k, n). Points twice in a row change nothing. Squares must stay in range.
    """
    gaps = first[:, np.newaxis] - second
    reach = np.sqrt(np.sum(gaps * gaps, axis=-1))
    for i, j in product(range(first.shape[0]), range(second.shape[0])):
        before = [reach[at] for at in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if min(at) >= 0]
        if before:
            reach[i, j] = np.maximum(reach[i, j], np.min(np.stack(before)))
    return reach[-1, -1]


@checked()
def lmc_barrier(
    start: Annotated[Array, Entries(("n",), least=1, finite=True)], end: Annotated[Array, Finite("start")],
    loss: Loss, *, points: Annotated[int, Count(2)] = 101,
) -> Any:  # fmt: skip
    """Return max over t of L((1 - t)·θ₀ + t·θ₁) - (1 - t)·L(θ₀) - t·L(θ₁), t = 0, 1/(points - 1), …, 1.

    It is >= 0, as t = 0 counts, and 0 for convex losses. A loss of ∞ or NaN, at an end or between, is not passed over:
    then the barrier is ∞ or NaN. start, end: θ₀, θ₁. points: an odd number has t = ½ among them.
    """
    shares = [k / (points - 1) for k in range(points)]
    losses = [loss.value((1 - t) * start + t * end) for t in shares]
    with np.errstate(invalid="ignore"):  # ∞ - ∞
        heights = [value - ((1 - t) * losses[0] + t * losses[-1]) for t, value in zip(shares, losses, strict=True)]
    return np.max(np.stack(heights))
