"""`gnomon.hessian_free.conjugate_gradients` for a matrix that is at hand: the whole iteration as one compiled call.

Inner products are summed pairwise (`gnomon.kernels.reductions.fold`); products are those of
`gnomon.kernels.hessian_free.products`. A start of 0 costs no product, since A·0 = 0.

Numba's disk cache does not see through a call into another file: after an edit here, delete the `__pycache__` beside.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gnomon.arguments import check_arguments
from gnomon.curvature.operators import Dense, Operator, product
from gnomon.domains import Array, NonFiniteError, require_like
from gnomon.hessian_free.conjugate_gradients import (
    DIVERGED,
    LIMIT,
    NEGATIVE,
    NOTHING_LEFT,
    POLICIES,
    PROGRESS,
    RESIDUAL,
    Solution,
)
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients as plain
from gnomon.hessian_free.preconditioner import DiagonalPower
from gnomon.hessian_free.progress import LEAST_WINDOW
from gnomon.kernels.domains import contiguous, require_compiled
from gnomon.kernels.hessian_free.products import multiply
from gnomon.kernels.reductions import fold

__all__ = ["Solution", "conjugate_gradients"]

IGNORE, STOP, SADDLE_FREE, RAISE = range(len(POLICIES))
NONE, DIAGONAL, DENSE = range(3)
# Why a loop ended: for one of the reference's reasons, or with one of its errors.
REASONS = (NOTHING_LEFT, PROGRESS, LIMIT, RESIDUAL, NEGATIVE, DIVERGED)
ZERO, STALLED, EXHAUSTED, SMALL, DOWNWARD, OVERFLOWN, REFUSED, NOT_FINITE, GOES_ON = range(9)
# How many values and iterates there is room for at first.
FEW = 16


class Rules(NamedTuple):
    """When to stop, tolerances in the dtype of the vectors. threshold: ε, negative to do without the rule."""

    max_iter: int
    rtol: Any
    atol: Any
    threshold: float
    policy: int
    martens: bool


class Preconditioner(NamedTuple):
    """What stands for M: which kind, the scales of a diagonal one (n,), the matrix of a dense one."""

    kind: int
    scales: Array
    matrix: Array


class Found(NamedTuple):
    """What the loop found: as `Solution`, in arrays with room to spare. curvature: the last pᵀAp."""

    iterates: Array
    kept: int
    values: Array
    iterations: int
    end: int
    non_positive: int
    products: int
    curvature: Any


@njit(cache=True, error_model="numpy")
def inner(left: Array, right: Array, terms: Array) -> Any:
    """Return Σ uᵢvᵢ; both (n,). terms: room, shape (n, 1)."""
    for i in range(left.size):
        terms[i, 0] = left[i] * right[i]
    fold(terms)
    return terms[0, 0]


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
def has_ended(values: Array, i: int, threshold: float, martens: bool) -> bool:
    """Return what `progress_has_ended` does of m₀ … mᵢ."""
    k = max(LEAST_WINDOW, (i + 9) // 10 if martens else i // 10)
    if k >= i or (martens and not values[i - k] < 0):
        return False
    gained, whole = values[i] - values[i - k], values[i] if martens else values[i] - values[0]
    bound = values.dtype.type(k * threshold if martens else threshold)
    return bool(whole != 0 and gained / whole < bound)


@njit(cache=True, error_model="numpy")
def has_underflowed(p: Array, Ap: Array) -> bool:
    """Return whether pᵀAp is positive once p is scaled to a largest entry of 1."""
    largest, total = np.max(np.abs(p)), p.dtype.type(0)
    for k in range(p.size):
        total += (p[k] / largest) * (Ap[k] / largest)
    return bool(total > 0)


@njit(cache=True, error_model="numpy")
def with_more_room(array: Array) -> Array:
    """Return a copy with as many empty rows again."""
    larger = np.empty((2 * array.shape[0], array.shape[1]), array.dtype)
    larger[: array.shape[0]] = array
    return larger


@njit(cache=True, error_model="numpy")
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
    bound = max(rules.rtol * rhs.dtype.type(sqrt(inner(rhs, rhs, one))), rules.atol)
    i, kept, following, non_positive, products, pAp = 0, 0, 0, 0, 0, zero
    if np.any(start != 0):
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
    smooth(preconditioner, r, y)
    for k in range(n):
        p[k] = -y[k]
    ry = inner(r, y, one)
    end = ZERO if ry == 0 else GOES_ON
    if stored.size > 0 and stored[0] == 0:
        iterates[0] = x
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
            x[k] = before_it[k] + alpha * p[k]
            r[k] += alpha * Ap[k]
            two[k, 0] = (r[k] - rhs[k]) * x[k]
            two[k, 1] = r[k] * r[k]
        fold(two)
        # A number that is not finite makes a sum that is not, so that this is seldom looked at.
        if not np.isfinite(two[0, 0] + two[0, 1]) and not (np.all(np.isfinite(x)) and np.all(np.isfinite(r))):
            x, end = before_it, OVERFLOWN
            break
        i += 1
        if i == values.shape[0]:
            values = with_more_room(values)
        values[i, 0], rr = two[0, 0] * half + zero, two[0, 1]
        if following < stored.size and stored[following] == i:
            if kept == iterates.shape[0]:
                iterates = with_more_room(iterates)
            iterates[kept] = x
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
        elif sqrt(rr) < bound:
            end = SMALL
        elif ry == 0:
            end = ZERO
        beta = ry / before
        for k in range(n):
            p[k] = beta * p[k] - y[k]
    if kept == 0 or following == 0 or stored[following - 1] != i:
        if kept == iterates.shape[0]:
            iterates = with_more_room(iterates)
        iterates[kept] = x
        kept += 1
    return Found(iterates, kept, values, i, end, non_positive, products, pAp)


def conjugate_gradients(
    operator: Operator,
    rhs: Array,
    start: Array | None = None,
    preconditioner: Operator | None = None,
    *,
    max_iter: int = 250,
    rtol: float = 1e-5,
    atol: float = 0.0,
    progress_threshold: float | None = 5e-4,
    on_nonpositive_curvature: str = "ignore",
    stored: tuple[int, ...] = (),
    variant: str = "martens",
) -> Solution:
    """Minimise ½ xᵀA x - bᵀx, as `gnomon.hessian_free.conjugate_gradients` does.

    operator: `Dense`. preconditioner: `Dense`, `DiagonalPower` or `None`. Vectors: float32 and float64.
    `products` is one less than the reference's if the start is 0.
    """
    check_arguments(
        plain,
        operator,
        rhs,
        start,
        preconditioner,
        max_iter=max_iter,
        rtol=rtol,
        atol=atol,
        progress_threshold=progress_threshold,
        on_nonpositive_curvature=on_nonpositive_curvature,
        stored=stored,
        variant=variant,
    )
    x = 0 * rhs if start is None else start
    require_compiled("rhs", rhs)
    matrix, number = matrix_of(operator, rhs), rhs.dtype.type
    smoothing = preconditioner_of(preconditioner, rhs, matrix)
    rules = Rules(
        int(max_iter),
        number(rtol),
        number(atol),
        -1.0 if progress_threshold is None else float(progress_threshold),
        POLICIES.index(on_nonpositive_curvature),
        variant == "martens",
    )
    kept = np.array(sorted({int(k) for k in stored if k <= max_iter}), np.int64)
    found = iterate(matrix, contiguous(rhs), contiguous(x), smoothing, rules, kept)
    if found.end == NOT_FINITE or found.products == 0:
        with np.errstate(all="ignore"):
            product(operator, x, 0)  # raises, if it was this one, or would have been
    if found.end == NOT_FINITE:
        index = found.products + (not np.any(x != 0))
        raise NonFiniteError(f"product {index} of the operator must be finite, got a NaN or an infinity in it")
    if found.end == REFUSED:
        where = f"got {found.curvature} in iteration {found.iterations + 1}"
        raise ValueError(f"operator must be positive along every direction, {where}")
    values = found.values[: found.iterations + 1, 0]
    return Solution(
        found.iterates[: found.kept],
        found.iterations,
        values,
        REASONS[found.end],
        found.non_positive,
        found.products,
    )


def matrix_of(operator: Operator, rhs: Array) -> Array:
    """Return a `Dense` operator as the loop reads it.

    Raises `TypeError` for any other operator, and what the reference raises where the matrix does not fit.
    """
    if not isinstance(operator, Dense):
        raise TypeError(f"operator must be a Dense matrix for a compiled kernel, got {type(operator).__name__}")
    if not _fits(operator, rhs):
        product(operator, rhs, 0)
        raise ValueError(f"operator must be a matrix of shape {2 * rhs.shape}, got {operator.matrix.shape}")
    return contiguous(operator.matrix.astype(rhs.dtype, copy=False))


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


def _fits(operator: Dense, vector: Array) -> bool:
    matrix = operator.matrix
    return matrix.shape == 2 * vector.shape and np.result_type(matrix, vector) == vector.dtype
