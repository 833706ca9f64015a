"""The curvature κ = ‖H‖₂/‖g‖₂² along a run: measured now and then by products with the Hessian, remembered in between.

Source: class CurvatureEstimator of TorchType's `homotopy_lr` (commit 8b8a54b).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.operators import Operator, require_probes, require_start, require_vector
from gnomon.curvature.power import power_iteration
from gnomon.curvature.trace import hutchinson
from gnomon.descent.homotopy.domains import length
from gnomon.domains import Array, require_choice, require_count, require_floating, require_number

VARIANTS = ("reference", "code")


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


def init_estimator(grad: Array) -> EstimatorState:
    """Return the state before the first call. grad: floating-point array, for its dtype."""
    require_floating("grad", grad)
    zero = grad.dtype.type(0)
    return EstimatorState(0, zero, zero)


def estimate(
    state: EstimatorState,
    operator: Operator,
    grad: Array,
    probes: Array,
    start: Array,
    *,
    frequency: int = 10,
    decay: float = 0.9,
    iterations: int = 20,
    rtol: float = 1e-6,
    variant: str = "reference",
) -> tuple[EstimatorState, Measurement]:
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
    zero. One dtype for all; the last two are drawn by the caller, and not looked at where they are not needed.
    frequency: N >= 1. decay: β in [0, 1). iterations: K >= 1. rtol: in [0, 1), of the power iteration. At most K + m
    products on a full call. variant: "reference", or "code", which takes the published power iteration (with rtol an
    absolute tolerance), and κ = 0 for ‖g‖ <= 1e-10.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value; `NonFiniteError`, a
    `ValueError`, for a gradient or a product with a NaN or an infinity in it.

    Choices: where the gradient is 0 κ is the limit, ∞, or 0 if H is 0, too; the code's 0 makes the rate largest
    exactly there. κ is computed as (s/‖g‖)/‖g‖, which stays in the range longer than s/‖g‖².
    """
    require_estimator(frequency, decay, iterations, rtol)
    require_choice("variant", variant, VARIANTS)
    require_vectors(grad, probes, start)
    require_count("state.calls", state.calls)
    calls, full = state.calls + 1, is_full(state.calls + 1, frequency)
    grad_norm = length([grad])
    if full:
        asked = FiniteProducts(operator)
        found = power_iteration(
            asked, start, iterations=iterations, rtol=rtol, variant="code" if variant == "code" else "standard"
        )
        traced = hutchinson(asked, probes)
        norm, trace, residual = found.norm, traced.trace, found.residual
        products = found.products + traced.products
        after = EstimatorState(calls, *averages(state, norm, trace, decay))
    else:
        norm, trace, products = state.norm_average, state.trace_average, 0
        residual = norm * np.nan
        after = state._replace(calls=calls)
    kappa = curvature_of(norm, grad_norm, variant)
    return after, Measurement(full, norm, trace, grad_norm, kappa, residual, products)


def is_full(calls: int, frequency: int) -> bool:
    """Return whether the call of that number, from 1, measures: the first one and every N-th."""
    return calls == 1 or calls % frequency == 0


def averages(state: EstimatorState, norm: Any, trace: Any, decay: float) -> tuple[Any, Any]:
    """Return the running means after a full call; they begin at the first values."""
    if state.calls == 0:
        return norm, trace
    return decay * state.norm_average + (1 - decay) * norm, decay * state.trace_average + (1 - decay) * trace


def curvature_of(norm: Any, grad_norm: Any, variant: str) -> Any:
    """Return κ = s/‖g‖², its limit (or the code's 0) where the gradient is 0."""
    if variant == "code":
        return norm / (grad_norm * grad_norm) if grad_norm > 1e-10 else np.zeros_like(norm)
    if norm == 0:
        return np.zeros_like(norm)
    with np.errstate(divide="ignore", over="ignore"):
        return norm / grad_norm / grad_norm


class NonFiniteError(ValueError):
    """A gradient, or a product with the Hessian, has a NaN or an infinity in it."""


class FiniteProducts:
    """An operator that raises `NonFiniteError` instead of returning a product that is not finite."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator

    def __call__(self, vector: Array) -> Array:
        """Return H·v. vector: v, shape (n,)."""
        result = self.operator(vector)
        if not np.all(np.isfinite(result)):
            raise NonFiniteError("products of the operator must be finite, got a NaN or an infinity in one")
        return result


def require_estimator(frequency: int, decay: float, iterations: int, rtol: float) -> None:
    """Raise `ValueError` or `TypeError` for the first hyperparameter out of its domain (see `estimate`)."""
    require_count("frequency", frequency, 1)
    require_number("decay", decay, 0, 1)
    require_count("iterations", iterations, 1)
    require_number("rtol", rtol, 0, 1)


def require_vectors(grad: Array, probes: Array, start: Array) -> None:
    """Raise `ValueError` or `TypeError` unless grad and start are (n,), probes (m, n), of one dtype and all finite."""
    require_floating("grad", grad)
    if grad.ndim != 1 or grad.shape[0] == 0:
        raise ValueError(f"grad must have shape (n,) with n >= 1, got {grad.shape}")
    require_probes("probes", probes)
    require_vector("start", start)
    require_start("start", start)
    for name, array in (("probes", probes), ("start", start)):
        if array.shape[-1:] != grad.shape:
            raise ValueError(f"{name} must have vectors of the shape of grad {grad.shape}, got {array.shape}")
        if array.dtype != grad.dtype:
            raise TypeError(f"{name} must have the dtype of grad {grad.dtype}, got {array.dtype}")
    if not np.all(np.isfinite(grad)):
        raise NonFiniteError("grad must be finite, got a NaN or an infinity in it")
