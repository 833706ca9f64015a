"""SAM, and SAM with reuse, on ½Σ λᵢxᵢ²: where its limit is known."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.sam.decomposition import perturb
from gnomon.descent.sam.reuse import reuse_weight
from gnomon.domains import Array, Entries, NonNegative, NonNegativeInt, PositiveInt, UnitInterval


@checked()
def descend(
    params: Annotated[Array, Entries(("n",), least=1, finite=True)],
    eigenvalues: Annotated[Array, Entries(("n",), fit="params", finite=True)], *,
    steps: NonNegativeInt, rho: NonNegative = 0.05, lr: NonNegative = 0.05, every: PositiveInt = 1,
    beta: UnitInterval = 0.7, horizon: NonNegativeInt = 6,
) -> Array:  # fmt: skip
    """Return the iterates x₀ … x_T, shape (T + 1, n), of SAM without momentum on ½Σ λᵢxᵢ², whose gradient is λ∘x.

    Every `every`-th step, from the first on, is x ← x - lr·λ∘(x + ρ·g/‖g‖), g = λ∘x, its PSF ρ·λ∘g/‖g‖; the j-th step
    after it x ← x - lr·(g + βʲ·psf) for j <= horizon, x ← x - lr·g beyond. 1 is SAM. params, eigenvalues: x₀ and λ,
    shape (n,), of one dtype, finite. Rotated quadratics give rotated runs.
    """
    iterates, psf = [params], 0 * params
    for t in range(steps):
        x, j = iterates[-1], t % every
        grad = eigenvalues * x
        if j == 0:
            (ahead,) = perturb((x,), (grad,), rho=rho)
            direction = eigenvalues * ahead
            psf = direction - grad
        else:
            direction = grad + reuse_weight(j, np.ones_like(x[0]), beta=beta, horizon=horizon)[0] * psf
        iterates.append(x - lr * direction)
    return np.stack(iterates)
