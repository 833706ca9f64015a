"""`gnomon.hessian_free.conjugate_gradients` for a matrix that is at hand: the whole iteration as one compiled call.

Inner products are summed pairwise (`gnomon.kernels.reductions.fold`); products are those of
`gnomon.kernels.hessian_free.products`. A start of 0 costs no product, since A·0 = 0: `products` is one less than the
reference's then. operator: `Dense`. preconditioner: `Dense`, `DiagonalPower` or `None`.
"""

from __future__ import annotations

from collections import namedtuple
from math import frexp, ldexp, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.curvature.operators import Dense, Operator, product
from gnomon.domains import Array, require_like
from gnomon.hessian_free import conjugate_gradients as plain
from gnomon.hessian_free.conjugate_gradients import POLICIES, Solution
from gnomon.hessian_free.preconditioner import DiagonalPower
from gnomon.hessian_free.progress import LEAST_WINDOW
from gnomon.kernels.compiled import compiled
from gnomon.kernels.copies import write
from gnomon.kernels.curvature.dense import matrix_of, require_finite
from gnomon.kernels.domains import contiguous, in_place_of, require_compiled
from gnomon.kernels.hessian_free.products import multiply
from gnomon.kernels.reductions import are_finite, fold, largest_magnitude, length

__all__ = ["Solution", "conjugate_gradients"]

IGNORE, STOP, SADDLE_FREE, RAISE = range(len(POLICIES))
NONE, DIAGONAL, DENSE = range(3)
# Why a loop ended: for one of the reference's reasons, or with one of its errors.
REASONS = (plain.NOTHING_LEFT, plain.PROGRESS, plain.LIMIT, plain.RESIDUAL, plain.NEGATIVE, plain.DIVERGED)
ZERO, STALLED, EXHAUSTED, SMALL, DOWNWARD, OVERFLOWN, REFUSED, NOT_FINITE, GOES_ON = range(9)
# How many values and iterates there is room for at first.
FEW = 16


# When to stop, tolerances in the dtype of the vectors. threshold: ε, negative to do without the rule.
Rules = namedtuple("Rules", "max_iter rtol atol threshold policy martens")
# What stands for M: which kind, the scales of a diagonal one (n,), the matrix of a dense one.
Preconditioner = namedtuple("Preconditioner", "kind scales matrix")
# What the loop found: as `Solution`, in arrays with room to spare. curvature: the last pᵀAp.
Found = namedtuple("Found", "iterates kept values iterations end non_positive products curvature")


@compiled
def inner(left: Array, right: Array, terms: Array) -> Any:
    """Return Σ uᵢvᵢ; both (n,). terms: room, shape (n, 1)."""
    for i in range(left.size):
        terms[i, 0] = left[i] * right[i]
    fold(terms)
    return terms[0, 0]


@compiled
def smooth(preconditioner: Preconditioner, r: Array, y: Array) -> None:
    """Write M·r into y."""
    if preconditioner.kind == DENSE:
        multiply(preconditioner.matrix, r, y)
    elif preconditioner.kind == DIAGONAL:
        for i in range(r.size):
            y[i] = r[i] * preconditioner.scales[i]
    else:
        for i in range(r.size):
            y[i] = r[i]


@compiled
def has_ended(values: Array, i: int, threshold: float, martens: bool) -> bool:
    """Return what `progress_has_ended` does of m₀ … mᵢ."""
    k = max(LEAST_WINDOW, (i + 9) // 10 if martens else i // 10)
    if k >= i or (martens and not values[i - k] < 0):
        return False
    gained, whole = values[i] - values[i - k], values[i] if martens else values[i] - values[0]
    bound = values.dtype.type(k * threshold if martens else threshold)
    return bool(whole != 0 and gained / whole < bound)


@compiled
def has_underflowed(p: Array, Ap: Array) -> bool:
    """Return whether pᵀAp is positive once p is scaled to a largest entry of 1."""
    largest, total = largest_magnitude(p), p.dtype.type(0)
    for k in range(p.size):
        total += (p[k] / largest) * (Ap[k] / largest)
    return bool(total > 0)


@compiled
def power_of_two(r: Array) -> Any:
    """Return the largest power of two that is not above max |rᵢ|; 1 where that is 0 or ∞."""
    largest = largest_magnitude(r)
    if 0 < largest < np.inf:
        return r.dtype.type(ldexp(1.0, frexp(largest)[1] - 1))
    return r.dtype.type(1)


@compiled
def with_more_room(array: Array) -> Array:
    """Return a copy with as many empty rows again."""
    larger = np.empty((2 * array.shape[0], array.shape[1]), array.dtype)
    write(array.reshape(-1), larger.reshape(-1))
    return larger


@compiled
def iterate(
    matrix: Array, rhs: Array, start: Array, preconditioner: Preconditioner, rules: Rules, stored: NDArray[np.int64]
) -> Found:
    """Do what `gnomon.hessian_free.conjugate_gradients` does, once its arguments are accepted.

    stored: which iterations to keep beside the last one, ascending and without repetition.
    """
    n, half, zero = rhs.size, rhs.dtype.type(0.5), rhs.dtype.type(0)
    x, r, y, p, Ap = start.copy(), np.empty_like(rhs), np.empty_like(rhs), np.empty_like(rhs), np.empty_like(rhs)
    before_it = np.empty_like(rhs)
    one, two = np.empty((n, 1), rhs.dtype), np.empty((n, 2), rhs.dtype)
    values, iterates = np.empty((FEW, 1), rhs.dtype), np.empty((FEW, n), rhs.dtype)
    bound = max(rules.rtol * length(rhs), rules.atol)
    i, kept, following, non_positive, products, pAp = 0, 0, 0, 0, 0, zero
    if largest_magnitude(start) != 0:
        if not multiply(matrix, start, r):
            return Found(iterates, 0, values, 0, NOT_FINITE, 0, 0, pAp)
        products = 1
        for k in range(n):
            r[k] -= rhs[k]
    else:
        for k in range(n):
            r[k] = -rhs[k]
    for k in range(n):
        one[k, 0] = (r[k] - rhs[k]) * x[k]
    fold(one)
    values[0, 0] = one[0, 0] * half + zero  # not -0
    unit = power_of_two(r)
    for k in range(n):
        r[k] = r[k] / unit
    smooth(preconditioner, r, y)
    for k in range(n):
        p[k] = -y[k]
    ry = inner(r, y, one)
    end = ZERO if ry == 0 else GOES_ON
    if stored.size > 0 and stored[0] == 0:
        write(x, iterates[0])
        kept, following = 1, 1
    while end == GOES_ON:
        if not multiply(matrix, p, Ap):
            end = NOT_FINITE
            break
        products += 1
        pAp = inner(p, Ap, one)
        if pAp == 0 and has_underflowed(p, Ap):
            end = ZERO
            break
        if not pAp > 0:
            non_positive += 1
            if rules.policy == RAISE:
                end = REFUSED
                break
            if rules.policy == STOP or pAp == 0:
                end = DOWNWARD
                break
            if rules.policy == SADDLE_FREE:
                pAp = abs(pAp)
        alpha = ry / pAp
        x, before_it = before_it, x
        for k in range(n):
            x[k] = before_it[k] + unit * (alpha * p[k])
            r[k] += alpha * Ap[k]
            two[k, 0] = (unit * r[k] - rhs[k]) * x[k]
            two[k, 1] = r[k] * r[k]
        fold(two)
        # A number that is not finite makes a sum that is not, so that this is seldom looked at.
        if not np.isfinite(two[0, 0] + two[0, 1]) and not (are_finite(x) and np.isfinite(unit * largest_magnitude(r))):
            x, end = before_it, OVERFLOWN
            break
        i += 1
        if i == values.shape[0]:
            values = with_more_room(values)
        values[i, 0], rr = two[0, 0] * half + zero, two[0, 1]
        if following < stored.size and stored[following] == i:
            if kept == iterates.shape[0]:
                iterates = with_more_room(iterates)
            write(x, iterates[kept])
            kept, following = kept + 1, following + 1
        before = ry
        if preconditioner.kind == NONE:
            for k in range(n):
                y[k] = r[k]
            ry = rr
        else:
            smooth(preconditioner, r, y)
            ry = inner(r, y, one)
        if rules.threshold >= 0 and has_ended(values[:, 0], i, rules.threshold, rules.martens):
            end = STALLED
        elif i >= rules.max_iter:
            end = EXHAUSTED
        elif unit * sqrt(rr) < bound:
            end = SMALL
        elif ry == 0:
            end = ZERO
        beta = ry / before
        for k in range(n):
            p[k] = beta * p[k] - y[k]
    if kept == 0 or following == 0 or stored[following - 1] != i:
        if kept == iterates.shape[0]:
            iterates = with_more_room(iterates)
        write(x, iterates[kept])
        kept += 1
    return Found(iterates, kept, values, i, end, non_positive, products, unit * pAp * unit)


def rules_of(number: Any, *, max_iter: int, progress_threshold: float | None, variant: str, **given: Any) -> Rules:
    """Return when to stop. number: rounds to the dtype of the vectors."""
    threshold = -1.0 if progress_threshold is None else float(progress_threshold)
    rtol, atol, policy = number(given["rtol"]), number(given["atol"]), POLICIES.index(given["on_nonpositive_curvature"])
    return Rules(int(max_iter), rtol, atol, threshold, policy, variant == "martens")


def with_compiled_rhs(given: dict[str, Any]) -> dict[str, Any]:
    require_compiled("rhs", given["rhs"])
    return given


@in_place_of(plain.conjugate_gradients, with_compiled_rhs)
def conjugate_gradients(
    operator: Operator, rhs: Array, start: Array | None, preconditioner: Operator | None, stored: Any, **stopping: Any
) -> Solution:
    x = 0 * rhs if start is None else start
    matrix = contiguous(matrix_of(operator, rhs, "rhs"))
    smoothing, rules = preconditioner_of(preconditioner, rhs, matrix), rules_of(rhs.dtype.type, **stopping)
    kept = np.array(sorted({int(k) for k in stored if k <= rules.max_iter}), np.int64)
    found = iterate(matrix, contiguous(rhs), contiguous(x), smoothing, rules, kept)
    if found.end == NOT_FINITE or found.products == 0:
        with np.errstate(all="ignore"):
            product(operator, x, 0)  # raises, if it was this one, or would have been
    if found.end == NOT_FINITE:
        require_finite(found.products + (not np.any(x != 0)))
    if found.end == REFUSED:
        where = f"got {found.curvature} in iteration {found.iterations + 1}"
        raise ValueError(f"operator must be positive along every direction, {where}")
    iterates, values = found.iterates[: found.kept], found.values[: found.iterations + 1, 0]
    return Solution(iterates, found.iterations, values, REASONS[found.end], found.non_positive, found.products)


def preconditioner_of(preconditioner: Operator | None, rhs: Array, unused: Array) -> Preconditioner:
    """Return M as the loop reads it. unused: any matrix, for where there is none.

    Raises `TypeError` for an operator that is neither `Dense` nor `DiagonalPower`, and what the reference raises where
    it does not fit.
    """
    if preconditioner is None:
        return Preconditioner(NONE, rhs[:0].copy(), unused)
    if not isinstance(preconditioner, Dense | DiagonalPower):
        kind = type(preconditioner).__name__
        raise TypeError(f"preconditioner must be None, Dense or DiagonalPower for a compiled kernel, got {kind}")
    require_like("preconditioner's product", preconditioner(rhs), rhs, "rhs")
    if isinstance(preconditioner, DiagonalPower):
        return Preconditioner(DIAGONAL, contiguous(preconditioner.scales), unused)
    return Preconditioner(DENSE, rhs[:0].copy(), contiguous(preconditioner.matrix.astype(rhs.dtype, copy=False)))
