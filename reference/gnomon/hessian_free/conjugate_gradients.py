"""Preconditioned conjugate gradients on the quadratic model of a loss, with the iterates that backtracking needs.

Source beside those of the folder: Hestenes & Stiefel 1952.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import Operator, product
from gnomon.domains import Array, Choice, Entries, NonNegative, PositiveInt, require_finite, require_like
from gnomon.hessian_free.progress import progress_has_ended
from gnomon.hessian_free.storage_grid import kept_iterations
from gnomon.hessian_free.variants import Variant
from gnomon.norms import length

POLICIES = ("ignore", "stop", "saddle-free", "raise")
Policy: TypeAlias = Annotated[str, Choice(POLICIES)]
NOTHING_LEFT = "zero residual"
PROGRESS = "relative progress"
LIMIT = "number of iterations"
RESIDUAL = "residual"
NEGATIVE = "non-positive curvature"
DIVERGED = "divergence"


class Solution(NamedTuple):
    """What conjugate gradients found.

    iterates: the kept ones as rows, ascending, the last one x_N as the last row, shape (s, n); which they are says
    `kept_iterations`. iterations: N. values: m₀ … m_N of the model, shape (N + 1,). reason: why it stopped.
    non_positive: in how many iterations pᵀAp was not positive. products: how many times the operator was applied.
    """

    iterates: Array
    iterations: int
    values: Array
    reason: str
    non_positive: int
    products: int


@checked()
def conjugate_gradients(
    operator: Operator, rhs: Annotated[Array, Entries(("n",), least=1, finite=True)],
    start: Annotated[Array, Entries(("n",), fit="rhs", finite=True)] | None = None,
    preconditioner: Operator | None = None, *,
    max_iter: PositiveInt = 250, rtol: NonNegative = 1e-5, atol: NonNegative = 0.0,
    progress_threshold: NonNegative | None = 5e-4, on_nonpositive_curvature: Policy = "ignore",
    stored: tuple[int, ...] = (), variant: Variant = "martens",
) -> Solution:  # fmt: skip
    """Minimise m(x) = ½ xᵀA x - bᵀx from x₀; at most `max_iter` iterations, one product each and one before.

    ::

        r = A x₀ - b;  y = M r;  p = -y
        for i = 1, 2, …:   α = rᵀy / pᵀA p;   x += α p;   r += α A p;   m_i = ½ (r - b)ᵀx
            y = M r;   p = -y + (rᵀy)_new / (rᵀy)_old · p

    It stops before the first iteration if rᵀy = 0, and after every one, in this order, with these words as the reason:
    "relative progress" if `progress_has_ended`; "number of iterations" after `max_iter`; "residual" if
    ‖r‖ < max(rtol·‖b‖, atol); "zero residual" if rᵀy = 0. If x or r would not be finite it stops without that
    iteration: "divergence".

    operator: A, symmetric, with the damping in it. rhs: b, shape (n,), finite. start: x₀, shape (n,), finite; `None` is
    0. preconditioner: M, an approximation of A⁻¹, symmetric and positive definite; `None` is the identity.
    progress_threshold: ε of the rule of relative progress, `None` to do without it; variant: "code" or "martens" of
    that rule. on_nonpositive_curvature: what to do where pᵀAp <= 0: "ignore" goes on as if nothing had happened, "stop"
    returns what there is (the iterate before), for the reason "non-positive curvature", "saddle-free" takes |pᵀAp|, for
    which there is no theorem, and "raise" is a `ValueError`; where it is 0 all others stop. stored: iterations whose
    iterates are kept beside the last one (see `storage_grid`), integers >= 0. Raises as well for products that do not
    fit or are not finite.

    Choices: rᵀy = 0 is looked for, where the package divides 0 by 0: at an exact start, and for b = 0, whose tolerance
    of 0 nothing can meet. A pᵀAp of 0 that is positive once p has been scaled has underflowed: nothing is left to do,
    and it does not count as curvature that is not positive. Where x or r overflows the package returns that iterate;
    here it is the one before, "divergence". The test of the residual is strict, as in the package (its text says <=).
    The residual is the recursive one and is never computed afresh. r, y and p are kept in units of a power of two near
    the largest entry of the first r, so that rᵀy leaves the range for no b.
    """
    x = 0 * rhs if start is None else start
    bound = np.maximum(rtol * length(rhs), atol)
    r = product(operator, x, 0) - rhs
    values, unit = [_value(r, rhs, x)], _power_of_two(r)
    r = r / unit
    y = _preconditioned(preconditioner, r)
    p = -y
    ry, iterates = np.dot(r, y), [x]
    products, non_positive, i = 1, 0, 0
    reason = NOTHING_LEFT if ry == 0 else ""
    while not reason:
        Ap = product(operator, p, products)
        products, pAp = products + 1, np.dot(p, Ap)
        if pAp == 0 and _has_underflowed(p, Ap):
            reason = NOTHING_LEFT
            break
        if not pAp > 0:
            non_positive += 1
            if on_nonpositive_curvature == "raise":
                along = f"got {unit * pAp * unit} in iteration {i + 1}"
                raise ValueError(f"operator must be positive along every direction, {along}")
            if on_nonpositive_curvature == "stop" or pAp == 0:
                reason = NEGATIVE
                break
            pAp = np.abs(pAp) if on_nonpositive_curvature == "saddle-free" else pAp
        alpha = ry / pAp
        farther, rest = x + unit * (alpha * p), r + alpha * Ap
        if not (np.all(np.isfinite(farther)) and np.all(np.isfinite(unit * rest))):
            reason = DIVERGED
            break
        i, x, r = i + 1, farther, rest
        iterates.append(x)
        values.append(_value(unit * r, rhs, x))
        y = _preconditioned(preconditioner, r)
        ry_before, ry = ry, np.dot(r, y)
        p = -y + ry / ry_before * p
        if progress_threshold is not None and progress_has_ended(
            np.stack(values), threshold=progress_threshold, variant=variant
        ):
            reason = PROGRESS
        elif i >= max_iter:
            reason = LIMIT
        elif unit * np.sqrt(np.dot(r, r)) < bound:
            reason = RESIDUAL
        elif ry == 0:
            reason = NOTHING_LEFT
    kept = [iterates[k] for k in kept_iterations(stored, i)]
    return Solution(np.stack(kept), i, np.stack(values), reason, non_positive, products)


def _power_of_two(r: Array) -> Any:
    """Return the largest power of two that is not above max |rᵢ|; 1 where that is 0 or ∞."""
    largest = np.max(np.abs(r))
    mantissa, _ = np.frexp(largest)  # from ½ to 1
    return largest / (2 * mantissa) if 0 < largest < np.inf else np.ones_like(largest)[()]


def _value(r: Array, rhs: Array, x: Array) -> Any:
    """Return m(x), given the residual there."""
    return np.dot(r - rhs, x) / 2


def _preconditioned(preconditioner: Operator | None, r: Array) -> Array:
    """Return M·r."""
    if preconditioner is None:
        return r
    y = preconditioner(r)
    require_like("preconditioner's product", y, r, "rhs")
    require_finite({"preconditioner's product": y})
    return y


def _has_underflowed(p: Array, Ap: Array) -> bool:
    """Return whether pᵀAp is positive once p is scaled to a largest entry of 1."""
    largest = np.max(np.abs(p))
    return bool(np.dot(p / largest, Ap / largest) > 0)
