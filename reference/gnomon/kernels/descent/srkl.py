"""`gnomon.descent.srkl` as compiled loops.

The sums of κ and of the step length are those of `gnomon.kernels.reductions`: in another order than NumPy's, so that
their last bits may differ. Numba's linear algebra needs SciPy; the eigenvalues of the spectral norm are NumPy's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

from gnomon.descent import srkl as reference
from gnomon.descent.srkl import Diagnostics
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.descent.on_quadratics import BLOCK, block_of, gradient, gradients, repeated, write_block
from gnomon.kernels.domains import flat, in_place_of
from gnomon.kernels.reductions import fold_in_chunks, largest_magnitude, length, sum_of

# α, β and 1, each rounded once to the dtype of the loops, as NumPy treats a Python number beside an array.
Rates = namedtuple("Rates", "alpha beta one")
# What a variant does at each step of a quadratic. coded: take the rate from the gradient, as `step_code` does;
# otherwise each xᵢ moves by rate·gᵢ/divisorᵢ.
Plan = namedtuple("Plan", "coded rate divisors rates")


def plan_for(params: Array, hessian: Array, *, variant: str, alpha: float, beta: float) -> tuple[Plan]:
    """Return what a variant does on a quadratic with this Hessian."""
    rates = Rates(*map(hessian.dtype.type, (alpha, beta, 1)))
    rate, divisors = rates.alpha, np.ones(hessian.shape[0], hessian.dtype)
    if variant == "coordinate":
        divisors = divisors + beta * np.abs(np.diagonal(hessian))
    elif variant != "code":
        rate = reference.brake(curvature_hessian(hessian, norm=variant), alpha=alpha, beta=beta)
    return (Plan(variant == "code" and beta != 0, rate, divisors, rates),)


def fourth_power(g: Any, same: Any, divisor: Any) -> Any:
    """Return (g/divisor)⁴."""
    v = g / divisor
    return (v * v) * (v * v)


sum_of_fourth_powers = sum_of(fourth_power)


@compiled
def curvature_loop(grad: Array) -> Any:
    """Return s²·(Σ (gᵢ/s)⁴)^½ with s = max |gᵢ|, 0 if that is 0; grad (n,)."""
    largest = largest_magnitude(grad)
    return largest if largest == 0 else largest * largest * sqrt(sum_of_fourth_powers(grad, grad, largest))


@compiled
def step_loop(params: Array, grad: Array, kappa: float, rates: Rates, new: Array) -> None:
    """Write x - Φ·g, Φ = α/(1+βκ), into `new`; every array has shape (n,)."""
    rate = rates.alpha / (rates.one + rates.beta * kappa)
    for i in range(params.size):
        new[i] = params[i] - rate * grad[i]


@compiled
def coordinate_loop(params: Array, grad: Array, diagonal: Array, rates: Rates, new: Array) -> None:
    """Write xᵢ - α·gᵢ/(1+β|hᵢ|) into `new`; every array has shape (n,)."""
    for i in range(params.size):
        new[i] = params[i] - rates.alpha * grad[i] / (rates.one + rates.beta * abs(diagonal[i]))


@compiled
def code_rate(total: float, divisor: float, rates: Rates) -> Any:
    """Return what to multiply v = g/divisor with, where Σ vᵢ⁴ = total: α/(1/s + βs·‖v∘v‖₂), s = divisor."""
    return rates.alpha / (rates.one / divisor + rates.beta * divisor * sqrt(total))


@compiled
def code_loop(params: Array, grad: Array, rates: Rates, new: Array) -> None:
    """Write the parameters after `step_code` into `new`; every array has shape (n,), β is not 0."""
    largest = largest_magnitude(grad)
    divisor = rates.one if largest <= rates.one else largest
    rate = code_rate(sum_of_fourth_powers(grad, grad, divisor), divisor, rates)
    for i in range(params.size):
        new[i] = params[i] - rate * (grad[i] / divisor)


@compiled
def code_rates(grad: Array, rates: Rates, terms: Array, divisor: Array, rate: Array) -> None:
    """Write the divisor and the rate of each column of `grad` (n, replicas), as in `code_loop`. terms: room."""
    n, replicas = grad.shape
    for r in range(replicas):
        divisor[r] = rates.one
    for i in range(n):
        for r in range(replicas):
            size = abs(grad[i, r])
            divisor[r] = divisor[r] if divisor[r] >= size or divisor[r] != divisor[r] else size
    for i in range(n):
        for r in range(replicas):
            v = grad[i, r] / divisor[r]
            terms[i, r] = (v * v) * (v * v)
    fold_in_chunks(terms)
    for r in range(replicas):
        rate[r] = code_rate(terms[0, r], divisor[r], rates)


@compiled
def trajectory_loop(path: Array, hessian_rows: Array, minimiser: Array, plan: Plan) -> None:
    """Fill `path` (steps + 1, n) from its first row on. hessian_rows: Hᵀ."""
    grad = np.empty_like(path[0])
    for t in range(path.shape[0] - 1):
        x, new = path[t], path[t + 1]
        gradient(x, hessian_rows, minimiser, grad)
        if plan.coded:
            code_loop(x, grad, plan.rates, new)
        else:
            for i in range(x.size):
                new[i] = x[i] - plan.rate * grad[i] / plan.divisors[i]


@compiled
def endpoints_loop(params: Array, hessian: Array, minimiser: Array, steps: int, plan: Plan) -> Array:
    """Return where each row of `params` (replicas, n) ends, `BLOCK` replicas at a time."""
    ends = np.empty_like(params)
    for start in range(0, params.shape[0], BLOCK):
        x = block_of(params, start)
        n, replicas = x.shape
        grad, displacement = np.empty_like(x), np.empty_like(x)
        terms = np.zeros((max(n, 1), replicas), x.dtype)
        divisor, rate = np.empty(replicas, x.dtype), np.empty(replicas, x.dtype)
        for _ in range(steps):
            gradients(x, hessian, minimiser, displacement, grad)
            if plan.coded:
                code_rates(grad, plan.rates, terms, divisor, rate)
                for i in range(n):
                    for r in range(replicas):
                        x[i, r] = x[i, r] - rate[r] * (grad[i, r] / divisor[r])
            else:
                for i in range(n):
                    for r in range(replicas):
                        x[i, r] = x[i, r] - plan.rate * grad[i, r] / plan.divisors[i]
        write_block(x, start, ends)
    return ends


@in_place_of(reference.curvature)
def curvature(grad: Array) -> Any:
    return grad.dtype.type(curvature_loop(flat(grad)))


@in_place_of(reference.curvature_hessian)
def curvature_hessian(hessian: Array, norm: reference.Norm) -> Any:
    if norm == "spectral":
        return reference.curvature_hessian(hessian, norm=norm)
    return hessian.dtype.type(length(flat(np.diagonal(hessian) if norm == "diag" else hessian)))


brake = in_place_of(reference.brake)(reference.brake)


@in_place_of(reference.step)
def step(params: Array, grad: Array, curvature: Any, **rates: float) -> Array:
    kappa = params.dtype.type(curvature if rates["beta"] != 0 else 0)
    return run_loop(step_loop, params, grad, kappa, **rates)


@in_place_of(reference.step_code)
def step_code(params: Array, grad: Array, **rates: float) -> Array:
    if rates["beta"] == 0:
        return run_loop(step_loop, params, grad, params.dtype.type(0), **rates)
    return run_loop(code_loop, params, grad, **rates)


@in_place_of(reference.step_coordinate)
def step_coordinate(params: Array, grad: Array, hessian_diagonal: Array, **rates: float) -> Array:
    return run_loop(coordinate_loop, params, grad, flat(hessian_diagonal), **rates)


def run_loop(
    loop: Callable[..., None], params: Array, grad: Array, *curvature: Any, alpha: float, beta: float
) -> Array:
    """Return what a loop writes."""
    new, rates = np.empty(params.shape, params.dtype), Rates(*map(params.dtype.type, (alpha, beta, 1)))
    loop(flat(params), flat(grad), *curvature, rates, flat(new))
    return new


@in_place_of(reference.diagnostics)
def diagnostics(grad: Array, curvature: Any, **rates: float) -> Diagnostics:
    rate = reference.brake(curvature, **rates)
    return Diagnostics(curvature, rate, grad.dtype.type(length(rate * flat(grad))))


trajectory, endpoints = repeated(reference, trajectory_loop, endpoints_loop, plan_for)
