"""Natural-gradient steps without the matrix: F = SᵀS of few rows, by Woodbury's formula or by conjugate gradients."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative, Positive, PositiveInt
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.probability.m_fisher.natural import Vector, in_units, limited, require_radius

FisherRows: TypeAlias = Annotated[Array, Entries(("m", "d"), least=1, finite=True)]


class LowRankStep(NamedTuple):
    """What `NaturalStep` has, without the condition. iterations: of conjugate gradients, 0 where there are none."""

    params: Array
    direction: Array
    slope: Any
    predicted_kl: Any
    iterations: int


@checked(require_radius)
def low_rank_step(
    params: Vector, grad: Vector, rows: FisherRows, *, lr: Positive = 0.1, damping: Positive = 1e-3,
    kl_radius: Positive | None = None, mode: Literal["damped", "trust_region"] = "damped",
    solver: Literal["woodbury", "cg"] = "woodbury", max_iter: PositiveInt = 50, rtol: NonNegative = 1e-8,
) -> LowRankStep:  # fmt: skip
    """Make the step of `natural_step` with F = SᵀS and R = I, from S alone.

    ::

        woodbury   d = (g - Sᵀ(ρI + SSᵀ)⁻¹Sg)/ρ                              O(m²d + m³), for m < d
        cg         (SᵀS + ρI)d = g by conjugate gradients from 0 on          O(md) an iteration

    params: φ, shape (d,). grad: g. rows: S, shape (m, d), see `fisher_rows`. lr, damping, kl_radius, mode: η, ρ > 0, ε
    and how it limits the step, as in `natural_step`. max_iter, rtol: at most so many iterations; they end where the
    residual is below rtol·‖g‖. In exact arithmetic m + 1 are enough: SᵀS has at most m eigenvalues that are not 0.

    Choices: the sources name neither solver. Woodbury's difference loses the digits of the largest eigenvalue over ρ.
    """
    unit, largest = in_units(grad)
    iterations = 0
    if solver == "woodbury":
        small = damping * np.eye(len(rows), dtype=rows.dtype) + rows @ np.transpose(rows)
        d = (unit - np.transpose(rows) @ np.linalg.solve(small, rows @ unit)) / damping
    else:

        def damped(vector: Array) -> Array:
            product: Array = np.transpose(rows) @ (rows @ vector) + damping * vector
            return product

        found = conjugate_gradients(damped, unit, max_iter=max_iter, rtol=rtol, progress_threshold=None)
        d, iterations = found.iterates[-1], found.iterations
    along = rows @ d
    return LowRankStep(*limited(params, (unit, largest), d, np.dot(along, along), lr, kl_radius, mode), iterations)
