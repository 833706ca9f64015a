"""The curvature κ = ‖H‖₂/‖g‖₂² along a run: measured now and then by products with the Hessian, remembered in between.

Source: class CurvatureEstimator.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import FiniteOperator
from gnomon.curvature.power import power_iteration
from gnomon.curvature.trace import hutchinson
from gnomon.domains import Array, Entries, Fraction, PositiveInt
from gnomon.norms import joint_length
from gnomon.rounding import rounded_once

Variant = Literal["standard", "code"]
VARIANTS = get_args(Variant)
Gradient: TypeAlias = Annotated[Array, Entries(("n",), least=1, finite=True)]
Probes: TypeAlias = Annotated[Array, Entries(("m", "n"), least=1, fit="grad", finite=True)]
Start: TypeAlias = Annotated[Array, Entries(("n",), fit="grad", finite=True, nonzero=True)]


class EstimatorState(NamedTuple):
    """What is remembered between calls: how many there were, and running means of ‖H‖₂ and tr H.

    calls: t. norm_average, trace_average: numbers of the gradient's dtype; 0 as long as t = 0.
    """

    calls: int
    norm_average: Any
    trace_average: Any


class Measurement(NamedTuple):
    """What one call found: numbers of the gradient's dtype.

    full: whether the Hessian was asked. norm, trace: of H, as measured on a full call, the running means on another.
    grad_norm: ‖g‖₂ now. curvature: κ. residual: ‖Hv - ρv‖ of the power iteration, NaN on a call that is not full.
    products: how many times the Hessian was applied.
    """

    full: bool
    norm: Any
    trace: Any
    grad_norm: Any
    curvature: Any
    residual: Any
    products: int


@checked()
def init_estimator(grad: Array) -> EstimatorState:
    """Return the state before the first call. grad: floating-point array, for its dtype."""
    zero = grad.dtype.type(0)
    return EstimatorState(0, zero, zero)


@checked()
def estimate(
    state: EstimatorState, operator: FiniteOperator, grad: Gradient, probes: Probes, start: Start, *,
    frequency: PositiveInt = 10, decay: Fraction = 0.9, iterations: PositiveInt = 20, rtol: Fraction = 1e-6,
    variant: Variant = "standard",
) -> tuple[EstimatorState, Measurement]:  # fmt: skip
    """Return the state after one more call, and what it found.

    With N = frequency and β = decay, t counting the calls from 1::

        if t = 1 or N divides t:            a full call
            s = ‖H‖₂ by power iteration,  T = tr H by Hutchinson's estimator
            s̄, T̄ ← s, T  if t = 1,  else  β·s̄ + (1-β)·s, β·T̄ + (1-β)·T
        else:  s, T = s̄, T̄                  no product at all
        κ = s/‖g‖²

    A full call reports what it measured and not the mean, so that the norm jumps when it is followed by others. The
    gradient is that of now on every call.

    operator: H at the same point (and batch) as grad. grad: g, shape (n,). probes: (m, n), m >= 1. start: (n,), not
    zero. One dtype for all; the last two are drawn by the caller, and not used where they are not needed.
    frequency: N >= 1. decay: β in [0, 1). iterations: K >= 1. rtol: in [0, 1), of the power iteration. At most K + m
    products on a full call. variant: "standard", or "code", which takes the published power iteration (with rtol an
    absolute tolerance), and κ = 0 for ‖g‖ <= 1e-10.
    Raises `NonFiniteError`, a `ValueError`, for a gradient or a product with a NaN or an infinity in it.

    Choices: where the gradient is 0 κ is the limit, ∞, or 0 if H is 0, too; the code's 0 makes the rate largest
    exactly there. κ is computed as (s/‖g‖)/‖g‖, which stays in the range longer than s/‖g‖².
    """
    calls = state.calls + 1
    full = calls == 1 or calls % frequency == 0
    norm, trace = state.norm_average, state.trace_average
    norm_average, trace_average = norm, trace
    residual, products = norm * np.nan, 0
    if full:
        found = power_iteration(operator, start, iterations=iterations, rtol=rtol, variant=variant)
        traced = hutchinson(operator, probes)
        norm, trace = found.norm, traced.trace
        norm_average = running_mean(norm_average, norm, calls, decay)
        trace_average = running_mean(trace_average, trace, calls, decay)
        residual, products = found.residual, found.products + traced.products
    grad_norm = joint_length([grad])
    kappa = curvature_of(norm, grad_norm, variant)
    after = EstimatorState(calls, norm_average, trace_average)
    return after, Measurement(full, norm, trace, grad_norm, kappa, residual, products)


@rounded_once
def running_mean(mean: Any, new: Any, calls: int, decay: float) -> Any:
    """Return the mean after the call of that number, from 1; it begins at the first value."""
    return new if calls == 1 else decay * mean + (1 - decay) * new


@rounded_once
def curvature_of(norm: Any, grad_norm: Any, variant: str) -> Any:
    """Return κ = s/‖g‖², its limit (in variant "code" 0) where the gradient is 0."""
    if variant == "code":
        return norm / (grad_norm * grad_norm) if grad_norm > 1e-10 else np.zeros_like(norm)[()]
    if norm == 0:
        return np.zeros_like(norm)[()]
    with np.errstate(divide="ignore", over="ignore"):
        return norm / grad_norm / grad_norm
