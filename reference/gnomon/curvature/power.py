"""Power iteration: the spectral norm and the eigenvector of the eigenvalue of largest size.

Sources: von Mises & Pollaczek-Geiringer 1929; variant "code" as in TorchType's `homotopy_lr` (commit 8b8a54b).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.operators import Operator, product, require_probes, require_start
from gnomon.domains import Array, require_choice, require_count, require_number


class Power(NamedTuple):
    """Where power iteration stopped.

    norm: the estimate of ‖A‖₂, never above it: ν = ‖A v‖ ("code": |ρ|). rayleigh: ρ = vᵀA v, with its sign. vector: v,
    of length 1. residual: ‖A v - ρ v‖; an eigenvalue lies no further from ρ. converged: whether the tolerance was met.
    products: how many times the operator was applied.
    """

    norm: Any
    rayleigh: Any
    vector: Array
    residual: Any
    converged: bool
    products: int


def power_iteration(
    operator: Operator,
    start: Array,
    deflated: Array | None = None,
    *,
    iterations: int = 100,
    rtol: float = 1e-10,
    variant: str = "reference",
) -> Power:
    """Return the spectral norm of A by the power method; `iterations` products at most.

    ::

        v = v₀/‖v₀‖;  repeat:  w = A v;  ρ = v·w;  ν = ‖w‖
            stop if ν = 0, or from the second time on if |ν - ν_before| <= rtol·ν
            v = w/ν

    operator: A, symmetric. start: v₀, shape (n,), not zero. deflated: `None`, or orthonormal rows (j, n), j < n, that
    are projected out of v before and out of w after every product; if they are eigenvectors, the next eigenvalue in
    size is found. iterations: K >= 1. rtol: in [0, 1), relative; 0 never stops early. variant: "reference", or "code",
    the published function: |ρ| with v·v + 1e-10 below it, stops if ρ changes by less than an *absolute* rtol, leaves w
    as it is if ‖w‖ <= 1e-10.
    Raises `ValueError` or `TypeError` naming the argument, and for products that do not fit or are not finite.

    Choice: ‖A v‖ and not |ρ| estimates the norm: for eigenvalues ±λ of equal size ρ stays anywhere between.
    """
    require_start("start", start)
    require_count("iterations", iterations, 1)
    require_number("rtol", rtol, 0, 1)
    require_choice("variant", variant, ("reference", "code"))
    basis = require_basis(deflated, start)
    v = without(basis, start)
    if not np.any(v != 0):
        raise ValueError("start must not be in the span of deflated")
    v = v / np.sqrt(np.dot(v, v))
    before: Any = None
    for k in range(iterations):
        v = without(basis, v)
        w = without(basis, product(operator, v, k))
        rayleigh, length = np.dot(v, w), np.sqrt(np.dot(w, w))
        if variant == "code":
            rayleigh = rayleigh / (np.dot(v, v) + 1e-10)
        watched = rayleigh if variant == "code" else length
        tolerance = rtol if variant == "code" else rtol * length
        rest = w - rayleigh * v
        residual = np.sqrt(np.dot(rest, rest))
        nothing = variant == "reference" and bool(length == 0)
        met = before is not None and rtol > 0 and bool(_close(watched, before, tolerance, variant))
        if nothing or met or k == iterations - 1:
            return Power(abs(watched), rayleigh, v, residual, nothing or met, k + 1)
        before = watched
        v = w if variant == "code" and bool(length <= 1e-10) else w / length
    raise AssertionError("the loop returns")


def _close(now: Any, before: Any, tolerance: Any, variant: str) -> Any:
    return np.abs(now - before) < tolerance if variant == "code" else np.abs(now - before) <= tolerance


def without(basis: Array | None, vector: Array) -> Array:
    """Return the vector without its components along the rows of the basis."""
    return vector if basis is None else vector - (basis @ vector) @ basis


def require_basis(deflated: Array | None, start: Array) -> Array | None:
    """Return the rows to deflate, `None` if there are none; raise `ValueError` or `TypeError` if they do not fit."""
    if deflated is None:
        return None
    require_probes("deflated", deflated, 0)
    if deflated.shape[1] != start.shape[0] or deflated.dtype != start.dtype:
        raise ValueError(f"deflated must have rows like start {start.shape}, got {deflated.shape}")
    if deflated.shape[0] >= deflated.shape[1]:
        raise ValueError(f"deflated must have fewer than n = {deflated.shape[1]} rows, got {deflated.shape[0]}")
    return deflated if deflated.shape[0] else None
