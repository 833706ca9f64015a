"""The functions that the compiled optimizer minimises, with their derivatives: quadratics, generalised linear models.

They are those of `gnomon.hessian_free.small_objectives` and `gnomon.hessian_free.linear_models`. Sums
are made in ascending order.
"""

from __future__ import annotations

from collections import namedtuple
from math import exp, log1p
from typing import Any

from gnomon.domains import Array
from gnomon.hessian_free.linear_models import LOSSES
from gnomon.kernels.compiled import compiled

KINDS = (*LOSSES, "quadratic")
SQUARED, LOGISTIC, POISSON, QUADRATIC = range(len(KINDS))


# A function. kind: which of `KINDS`. rows, answers: H and x*, or X and y. ridge: ρ. outputs: room, as answers.
Problem = namedtuple("Problem", "kind rows answers ridge outputs")


@compiled
def softplus(z: Any, zero: Any) -> Any:
    """Return log(1 + eᶻ). zero: 0 in the dtype."""
    return max(z, zero) + log1p(exp(-abs(z)))


@compiled
def sigmoid(z: Any, zero: Any) -> Any:
    """Return σ(z) = exp(-log(1 + e⁻ᶻ)). zero: 0 in the dtype."""
    return exp(-softplus(-z, zero))


@compiled
def set_outputs(problem: Problem, params: Array) -> None:
    """Write z = X·w, or H·(x - x*), into `problem.outputs`."""
    rows, z = problem.rows, problem.outputs
    for i in range(z.size):
        total = params.dtype.type(0)
        if problem.kind == QUADRATIC:
            for j in range(params.size):
                total += rows[i, j] * (params[j] - problem.answers[j])
        else:
            for j in range(params.size):
                total += rows[i, j] * params[j]
        z[i] = total


@compiled
def loss_of(kind: int, z: Any, y: Any, zero: Any, one: Any, half: Any) -> Any:
    """Return ℓ(z, y)."""
    if kind == SQUARED:
        return (z - y) * (z - y) * half
    if kind == LOGISTIC:
        return y * softplus(-z, zero) + (one - y) * softplus(z, zero)
    return exp(z) - y * z


@compiled
def slope_of(kind: int, z: Any, y: Any, zero: Any, one: Any) -> Any:
    """Return ℓ'(z, y)."""
    if kind == SQUARED:
        return z - y
    if kind == LOGISTIC:
        return (one - y) * sigmoid(z, zero) - y * sigmoid(-z, zero)
    return exp(z) - y


@compiled
def curvature_of(kind: int, z: Any, zero: Any, one: Any) -> Any:
    """Return ℓ″(z)."""
    if kind == SQUARED:
        return one
    if kind == LOGISTIC:
        return sigmoid(z, zero) * sigmoid(-z, zero)
    return exp(z)


@compiled
def value(problem: Problem, params: Array) -> Any:
    """Return f(w)."""
    number = params.dtype.type
    zero, one, half = number(0), number(1), number(0.5)
    set_outputs(problem, params)
    z, y, total = problem.outputs, problem.answers, number(0)
    if problem.kind == QUADRATIC:
        for i in range(params.size):
            total += (params[i] - y[i]) * z[i]
        return total * half
    for i in range(z.size):
        total += loss_of(problem.kind, z[i], y[i], zero, one, half)
    squares = number(0)
    for j in range(params.size):
        squares += params[j] * params[j]
    return total / number(z.size) + problem.ridge * squares * half


@compiled
def derive(problem: Problem, params: Array, grad: Array, curvature: Array) -> None:
    """Write ∇f(w) into `grad` (n,) and ∇²f(w) into `curvature` (n, n)."""
    number, n = params.dtype.type, params.size
    zero, one = number(0), number(1)
    set_outputs(problem, params)
    rows, z, y = problem.rows, problem.outputs, problem.answers
    if problem.kind == QUADRATIC:
        for j in range(n):
            grad[j] = z[j]
            for k in range(n):
                curvature[j, k] = rows[j, k]
        return
    grad[:] = 0
    curvature[:] = 0
    for i in range(z.size):
        slope, curved = slope_of(problem.kind, z[i], y[i], zero, one), curvature_of(problem.kind, z[i], zero, one)
        for j in range(n):
            grad[j] += slope * rows[i, j]
            weighted = curved * rows[i, j]
            for k in range(n):
                curvature[j, k] += weighted * rows[i, k]
    count = number(z.size)
    for j in range(n):
        grad[j] = grad[j] / count + problem.ridge * params[j]
        for k in range(n):
            curvature[j, k] = curvature[j, k] / count
        curvature[j, j] += problem.ridge
