"""Power iteration: the spectral norm and the eigenvector of the eigenvalue of largest size.

Sources: von Mises & Pollaczek-Geiringer 1929; variant "code" as in TorchType's `homotopy_lr` (commit 8b8a54b).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import FiniteOperator, Start, orthogonal_part, product
from gnomon.domains import Array, Entries, Fraction, PositiveInt
from gnomon.norms import length

Variant = Literal["standard", "code"]
Deflated: TypeAlias = Annotated[Array, Entries(("j", "n"), fit="start", finite=True)]


class Power(NamedTuple):
    """Where power iteration stopped.

    norm: the estimate of ‖A‖₂, never above it: ν = ‖A v‖ ("code": |ρ|). rayleigh: ρ = vᵀA v, with its sign. vector: v,
    of length 1 ("code": as it was left). residual: ‖A v - ρ v‖; an eigenvalue lies no further from ρ. converged:
    whether the tolerance was met. products: how many times the operator was applied.
    """

    norm: Any
    rayleigh: Any
    vector: Array
    residual: Any
    converged: bool
    products: int


def require_fewer_than_n(given: Mapping[str, Any]) -> None:
    rows = given["deflated"]
    if rows is not None and rows.shape[0] >= rows.shape[1]:
        raise ValueError(f"deflated must have fewer than n = {rows.shape[1]} rows, got {rows.shape[0]}")


@checked(require_fewer_than_n)
def power_iteration(
    operator: FiniteOperator, start: Start, deflated: Deflated | None = None, *,
    iterations: PositiveInt = 100, rtol: Fraction = 1e-10, variant: Variant = "standard",
) -> Power:  # fmt: skip
    """Return the spectral norm of A by the power method; `iterations` products at most.

    ::

        v = v₀/‖v₀‖;  repeat:  w = A v;  ρ = v·w;  ν = ‖w‖
            stop if ν = 0, or from the second time on if |ν - ν_before| < rtol·ν
            v = w/ν

    operator: A, symmetric. start: v₀, shape (n,), not zero. deflated: `None`, or orthonormal rows (j, n), j < n, that
    are projected out of v before and out of w after every product; if they are eigenvectors, the next eigenvalue in
    size is found. iterations: K >= 1. rtol: in [0, 1), relative; 0 never stops early. variant: "standard", or "code",
    the published function: |ρ| with v·v + 1e-10 below it, stops if ρ changes by less than an *absolute* rtol, leaves w
    as it is if ‖w‖ <= 1e-10. Raises as well for products that do not fit or are not finite.

    Choice: ‖A v‖ and not |ρ| estimates the norm: for eigenvalues ±λ of equal size ρ stays anywhere between.
    """
    v, basis = first_vector(start, deflated)
    before: Any = inf
    for k in range(iterations):
        v = orthogonal_part(v, basis)
        w = orthogonal_part(product(operator, v, k), basis)
        rayleigh, norm = np.dot(v, w), length(w)
        if variant == "code":
            rayleigh = rayleigh / (np.dot(v, v) + 1e-10)
            watched, tolerance, is_zero = rayleigh, rtol, False
        else:
            watched, tolerance, is_zero = norm, rtol * norm, bool(norm == 0)
        converged = is_zero or bool(np.abs(watched - before) < tolerance)
        if converged or k == iterations - 1:
            break
        before = watched
        v = w if variant == "code" and bool(norm <= 1e-10) else w / norm
    rest = w - rayleigh * v
    return Power(np.abs(watched), rayleigh, v, length(rest), converged, k + 1)


def first_vector(start: Array, deflated: Array | None) -> tuple[Array, Array]:
    """Return v, of length 1, and the rows that are projected out of it and of every product, shape (j, n)."""
    basis = start[np.newaxis][:0] if deflated is None else deflated
    v = orthogonal_part(start, basis)
    if not np.any(v != 0):
        raise ValueError("start must not be in the span of deflated")
    return v / length(v), basis
