"""`gnomon.descent.srkl` as compiled loops.

The sums of κ and of the step length are those of `gnomon.kernels.reductions`: in another order than NumPy's, so that
their last bits may differ. Numba's linear algebra needs SciPy; the eigenvalues of the spectral norm are NumPy's.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gnomon.arguments import check_arguments
from gnomon.descent import srkl as reference
from gnomon.descent.srkl import Diagnostics
from gnomon.domains import Array
from gnomon.kernels.descent.on_quadratics import (
    BLOCK,
    block_of,
    gradient,
    gradients,
    write_block,
)
from gnomon.kernels.domains import contiguous, flat, require_compiled
from gnomon.kernels.reductions import CHUNK, fold, fold_in_chunks, largest_magnitude, sum_of_squares

__all__ = [
    "Diagnostics",
    "brake",
    "curvature",
    "curvature_hessian",
    "diagnostics",
    "endpoints",
    "step",
    "step_code",
    "step_coordinate",
    "trajectory",
]


class Rates(NamedTuple):
    """α, β and 1, each rounded once to the dtype of the loops, as NumPy treats a Python number beside an array."""

    alpha: Any
    beta: Any
    one: Any


def rates_for(dtype: Any, alpha: float, beta: float) -> Rates:
    """Return the constants of the loops over arrays of `dtype`."""
    number = dtype.type
    return Rates(number(alpha), number(beta), number(1))


class Plan(NamedTuple):
    """What a variant does at each step of a quadratic.

    coded: take the rate from the gradient, as `step_code` does; otherwise each xᵢ moves by rate·gᵢ/divisorᵢ.
    """

    coded: bool
    rate: Any
    divisors: Array
    rates: Rates


def plan_for(hessian: Array, variant: reference.Variant, alpha: float, beta: float) -> Plan:
    """Return the plan of a variant on a quadratic with this Hessian."""
    rates = rates_for(hessian.dtype, alpha, beta)
    rate, divisors = rates.alpha, np.ones(hessian.shape[0], hessian.dtype)
    if variant == "coordinate":
        divisors = divisors + beta * np.abs(np.diagonal(hessian))
    elif variant != "code":
        rate = brake(curvature_hessian(hessian, norm=variant), alpha=alpha, beta=beta)
    return Plan(variant == "code" and bool(beta != 0), rate, divisors, rates)


@njit(cache=True, error_model="numpy")
def sum_of_fourth_powers(array: Array, divisor: float) -> Any:
    """Return Σ (xᵢ/divisor)⁴; array (n,), divisor of its dtype."""
    chunks = (array.size + CHUNK - 1) // CHUNK
    terms, sums = np.empty((min(array.size, CHUNK), 1), array.dtype), np.zeros((max(chunks, 1), 1), array.dtype)
    for c in range(chunks):
        chunk = array[c * CHUNK : (c + 1) * CHUNK]
        for i in range(chunk.size):
            v = chunk[i] / divisor
            terms[i, 0] = (v * v) * (v * v)
        fold(terms[: chunk.size])
        sums[c, 0] = terms[0, 0]
    fold(sums)
    return sums[0, 0]


@njit(cache=True, error_model="numpy")
def curvature_loop(grad: Array) -> Any:
    """Return s²·(Σ (gᵢ/s)⁴)^½ with s = max |gᵢ|, 0 if that is 0; grad (n,)."""
    largest = largest_magnitude(grad)
    return largest if largest == 0 else largest * largest * sqrt(sum_of_fourth_powers(grad, largest))


@njit(cache=True, error_model="numpy")
def step_loop(params: Array, grad: Array, kappa: float, rates: Rates, new: Array) -> None:
    """Write x - Φ·g, Φ = α/(1+βκ), into `new`; every array has shape (n,)."""
    rate = rates.alpha / (rates.one + rates.beta * kappa)
    for i in range(params.size):
        new[i] = params[i] - rate * grad[i]


@njit(cache=True, error_model="numpy")
def coordinate_loop(params: Array, grad: Array, diagonal: Array, rates: Rates, new: Array) -> None:
    """Write xᵢ - α·gᵢ/(1+β|hᵢ|) into `new`; every array has shape (n,)."""
    for i in range(params.size):
        new[i] = params[i] - rates.alpha * grad[i] / (rates.one + rates.beta * abs(diagonal[i]))


@njit(cache=True, error_model="numpy")
def code_rate(total: float, divisor: float, rates: Rates) -> Any:
    """Return what to multiply v = g/divisor with, where Σ vᵢ⁴ = total: (α/s)/(s⁻² + β‖v∘v‖₂), s = divisor."""
    return (rates.alpha / divisor) / (rates.one / divisor / divisor + rates.beta * sqrt(total))


@njit(cache=True, error_model="numpy")
def code_loop(params: Array, grad: Array, rates: Rates, new: Array) -> None:
    """Write the parameters after `step_code` into `new`; every array has shape (n,), β is not 0."""
    largest = largest_magnitude(grad)
    divisor = rates.one if largest <= rates.one else largest
    rate = code_rate(sum_of_fourth_powers(grad, divisor), divisor, rates)
    for i in range(params.size):
        new[i] = params[i] - rate * (grad[i] / divisor)


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
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


def curvature(grad: Array) -> Any:
    """Return κ = ‖g∘g‖₂, as `gnomon.descent.srkl.curvature` does; float32 and float64 only."""
    check_arguments(reference.curvature, grad)
    require_compiled("grad", grad)
    return grad.dtype.type(curvature_loop(flat(grad)))


def curvature_hessian(hessian: Array, *, norm: reference.Norm = "fro") -> Any:
    """Return κ = ‖H‖, as `gnomon.descent.srkl.curvature_hessian` does; float32 and float64 only."""
    check_arguments(reference.curvature_hessian, hessian, norm=norm)
    require_compiled("hessian", hessian)
    if norm == "spectral":
        return reference.curvature_hessian(hessian, norm=norm)
    number = hessian.dtype.type
    entries = np.diagonal(hessian) if norm == "diag" else hessian
    return np.sqrt(number(sum_of_squares(flat(entries), number(1))))


def brake(curvature: Any, *, alpha: float = 1e-3, beta: float = 0.1) -> Any:
    """Return the rate Φ = α/(1+βκ), as `gnomon.descent.srkl.brake` does; a single number, which needs no loop."""
    rate = reference.brake(curvature, alpha=alpha, beta=beta)
    require_compiled("curvature", curvature)
    return rate


def step(params: Array, grad: Array, curvature: Any, *, alpha: float = 1e-3, beta: float = 0.1) -> Array:
    """Return w - Φ·g with one rate Φ = α/(1+βκ), as `gnomon.descent.srkl.step` does; float32 and float64 only."""
    check_arguments(reference.step, params, grad, curvature, alpha=alpha, beta=beta)
    require_compiled("params", params)
    new, rates = np.empty(params.shape, params.dtype), rates_for(params.dtype, alpha, beta)
    kappa = params.dtype.type(curvature if beta != 0 else 0)
    step_loop(flat(params), flat(grad), kappa, rates, new.reshape(-1))
    return new


def step_code(params: Array, grad: Array, *, alpha: float = 1e-3, beta: float = 0.1) -> Array:
    """Return w - α·g/(1+β‖g∘g‖₂), as `gnomon.descent.srkl.step_code` does; float32 and float64 only."""
    check_arguments(reference.step_code, params, grad, alpha=alpha, beta=beta)
    require_compiled("params", params)
    new, rates = np.empty(params.shape, params.dtype), rates_for(params.dtype, alpha, beta)
    if beta == 0:
        step_loop(flat(params), flat(grad), params.dtype.type(0), rates, new.reshape(-1))
    else:
        code_loop(flat(params), flat(grad), rates, new.reshape(-1))
    return new


def step_coordinate(
    params: Array, grad: Array, hessian_diagonal: Array, *, alpha: float = 1e-3, beta: float = 0.1
) -> Array:
    """Return wᵢ - α·gᵢ/(1+β|hᵢ|), as `gnomon.descent.srkl.step_coordinate` does; float32 and float64 only."""
    check_arguments(reference.step_coordinate, params, grad, hessian_diagonal, alpha=alpha, beta=beta)
    require_compiled("params", params)
    new, rates = np.empty(params.shape, params.dtype), rates_for(params.dtype, alpha, beta)
    coordinate_loop(flat(params), flat(grad), flat(hessian_diagonal), rates, new.reshape(-1))
    return new


def diagnostics(grad: Array, curvature: Any, *, alpha: float = 1e-3, beta: float = 0.1) -> Diagnostics:
    """Return κ, Φ and ‖Φg‖₂, as `gnomon.descent.srkl.diagnostics` does; float32 and float64 only."""
    check_arguments(reference.diagnostics, grad, curvature, alpha=alpha, beta=beta)
    require_compiled("grad", grad)
    rate = brake(curvature, alpha=alpha, beta=beta)
    return Diagnostics(curvature, rate, np.sqrt(grad.dtype.type(sum_of_squares(flat(grad), rate))))


def trajectory(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    variant: reference.Variant = "fro",
    alpha: float = 1e-3,
    beta: float = 0.1,
) -> Array:
    """Return x₀ … x_steps on a quadratic, (steps + 1, n), as `gnomon.descent.srkl.trajectory` does, in one call."""
    rates = {"alpha": alpha, "beta": beta}
    check_arguments(reference.trajectory, params, hessian, minimiser, steps=steps, variant=variant, **rates)
    require_compiled("params", params)
    path = np.empty((int(steps) + 1, params.size), params.dtype)
    path[0] = params
    trajectory_loop(path, contiguous(hessian.T), contiguous(minimiser), plan_for(hessian, variant, alpha, beta))
    return path


def endpoints(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    variant: reference.Variant = "fro",
    alpha: float = 1e-3,
    beta: float = 0.1,
) -> Array:
    """Return where `trajectory` ends from each row of `params`, shape (replicas, n), in one call."""
    rates = {"alpha": alpha, "beta": beta}
    check_arguments(reference.endpoints, params, hessian, minimiser, steps=steps, variant=variant, **rates)
    require_compiled("params", params)
    plan = plan_for(hessian, variant, alpha, beta)
    ends: Array = endpoints_loop(contiguous(params), contiguous(hessian), contiguous(minimiser), int(steps), plan)
    return ends
