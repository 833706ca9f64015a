"""What ports do wrong when they measure the curvature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.curvature.power import power_iteration
from gnomon.curvature.trace import hutchinson
from gnomon.descent.homotopy import estimator as reference
from gnomon.descent.homotopy.domains import length
from gnomon.descent.homotopy.estimator import EstimatorState, Measurement
from gnomon_spec.descent.homotopy.family import system

Full = Callable[[int, int], bool]


def estimated(
    state: EstimatorState,
    operator: Any,
    grad: Any,
    probes: Any,
    start: Any,
    hyper: dict[str, Any],
    *,
    full: Full = reference.is_full,
    averages: Callable[..., tuple[Any, Any]] = reference.averages,
    curvature: Callable[..., Any] = reference.curvature_of,
    grad_norm: Callable[[Any], Any] = lambda grad: length([grad]),
    reports_the_mean: bool = False,
    measures_always: bool = False,
) -> tuple[EstimatorState, Measurement]:
    """Return what the reference does, with one of its lines changed; its checks are made first."""
    reference.estimate(state, operator, grad, probes, start, **hyper)
    t = state.calls + 1
    is_now = full(t, hyper["frequency"])
    asks = {"iterations": hyper["iterations"], "rtol": hyper["rtol"], "variant": hyper["variant"]}
    found, traced = power_iteration(operator, start, **asks), hutchinson(operator, probes)
    norm, trace = state.norm_average, state.trace_average
    after = state._replace(calls=t)
    if is_now:
        norm, trace = found.norm, traced.trace
        after = EstimatorState(t, *averages(state, norm, trace, hyper["decay"]))
        if reports_the_mean:
            norm, trace = after.norm_average, after.trace_average
    elif measures_always:
        norm, trace = found.norm, traced.trace
    size = grad_norm(grad)
    residual = found.residual if is_now else norm * np.nan
    products = found.products + traced.products if is_now or measures_always else 0
    kappa = curvature(norm, size, hyper["variant"])
    return after, Measurement(is_now, norm, trace, size, kappa, residual, products)


@system.mistake("estimate")
def mean_reported_on_full_calls(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """A full call reports the running mean instead of what it measured."""
    return estimated(state, operator, grad, probes, start, hyper, reports_the_mean=True)


@system.mistake("estimate")
def mean_started_from_zero(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """The running means begin at 0 and not at the first values."""

    def averages(state: Any, norm: Any, trace: Any, decay: Any) -> Any:
        return reference.averages(state._replace(calls=1), norm, trace, decay)

    return estimated(state, operator, grad, probes, start, hyper, averages=averages)


@system.mistake("estimate")
def mean_with_bias_correction(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """The running means are corrected for a bias that they do not have."""

    def averages(state: Any, norm: Any, trace: Any, decay: Any) -> Any:
        weight = 1 - decay ** (state.calls + 1)
        return tuple(mean / weight for mean in reference.averages(state, norm, trace, decay))

    return estimated(state, operator, grad, probes, start, hyper, averages=averages)


@system.mistake("estimate")
def weights_of_the_mean_exchanged(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """β weighs the new value and 1-β the mean."""

    def averages(state: Any, norm: Any, trace: Any, decay: Any) -> Any:
        return reference.averages(state, norm, trace, 1 - decay)

    return estimated(state, operator, grad, probes, start, hyper, averages=averages)


@system.mistake("estimate")
def mean_of_the_trace_forgotten(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """Only the norm has a running mean: the trace on other calls is that of the last full one."""

    def averages(state: Any, norm: Any, trace: Any, decay: Any) -> Any:
        return reference.averages(state, norm, trace, decay)[0], trace

    return estimated(state, operator, grad, probes, start, hyper, averages=averages)


@system.mistake("estimate")
def full_calls_one_later(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """The full calls are 1, 1 + N, 1 + 2N, … instead of 1, N, 2N, …."""
    return estimated(state, operator, grad, probes, start, hyper, full=lambda t, N: (t - 1) % N == 0)


@system.mistake("estimate")
def first_call_waits_for_its_turn(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """The first call is no full one unless N is 1: κ = 0 before the N-th."""
    return estimated(state, operator, grad, probes, start, hyper, full=lambda t, N: t % N == 0)


@system.mistake("estimate")
def hessian_asked_on_every_call(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """The Hessian is asked on every call: between full calls, too, the norm is the one measured."""
    return estimated(state, operator, grad, probes, start, hyper, measures_always=True)


@system.mistake("estimate")
def gradient_not_squared(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """κ = s/‖g‖."""

    def curvature(norm: Any, size: Any, variant: str) -> Any:
        return np.where(size > 0, norm / size, reference.curvature_of(norm, size, variant))

    return estimated(state, operator, grad, probes, start, hyper, curvature=curvature)


@system.mistake("estimate")
def mean_square_of_the_gradient(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """The gradient's norm is the root of the mean square and not of the sum."""
    return estimated(
        state, operator, grad, probes, start, hyper, grad_norm=lambda grad: length([grad]) / grad.shape[0] ** 0.5
    )


@system.mistake("estimate")
def largest_entry_of_the_gradient(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """The gradient's norm is its largest entry."""
    return estimated(state, operator, grad, probes, start, hyper, grad_norm=lambda grad: np.max(np.abs(grad)))


@system.mistake("estimate")
def trace_for_the_norm(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """κ is made of the size of the trace and not of the norm."""
    after, found = reference.estimate(state, operator, grad, probes, start, **hyper)
    return after, found._replace(
        curvature=reference.curvature_of(np.abs(found.trace), found.grad_norm, hyper["variant"])
    )


@system.mistake("estimate")
def guard_below_the_curvature(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """κ = s/(‖g‖² + 1e-8): at a critical point it is large instead of infinite, and it depends on the units."""
    return estimated(
        state, operator, grad, probes, start, hyper, curvature=lambda norm, size, _: norm / (size * size + 1e-8)
    )


@system.mistake("estimate")
def critical_points_have_no_curvature(
    state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any
) -> Any:
    """κ = 0 where the gradient is 0, in every variant: the highest rate exactly there."""

    def curvature(norm: Any, size: Any, variant: str) -> Any:
        return reference.curvature_of(norm, size, variant if size > 0 else "code")

    return estimated(state, operator, grad, probes, start, hyper, curvature=curvature)


@system.mistake("estimate")
def code_with_the_limit(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """Variant "code" takes κ = ∞ where the gradient is 0."""
    return estimated(
        state,
        operator,
        grad,
        probes,
        start,
        hyper,
        curvature=lambda norm, size, _: reference.curvature_of(norm, size, "reference"),
    )


@system.mistake("estimate")
def code_with_the_norm_of_the_reference(
    state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any
) -> Any:
    """Variant "code" estimates the norm by ‖Hv‖ and not by the published |ρ|."""
    after, found = reference.estimate(state, operator, grad, probes, start, **{**hyper, "variant": "reference"})
    return after, found._replace(curvature=reference.curvature_of(found.norm, found.grad_norm, hyper["variant"]))


@system.mistake("estimate")
def probes_are_not_counted(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """The products with the probes are left out of the count."""
    after, found = reference.estimate(state, operator, grad, probes, start, **hyper)
    return after, found._replace(products=max(0, found.products - probes.shape[0]))


@system.mistake("estimate")
def estimator_is_not_checked(state: Any, operator: Any, grad: Any, probes: Any, start: Any, **hyper: Any) -> Any:
    """Whatever floating-point numbers are given are used, cut to fit; a NaN in gradient or product counts as 0."""
    A = np.nan_to_num(operator.matrix, posinf=0.0, neginf=0.0)
    size = start.shape[0]
    grad = np.nan_to_num(grad, posinf=0.0, neginf=0.0)[:size]
    given = probes if probes.shape[0] else start[np.newaxis]
    changed: dict[str, Any] = {
        "frequency": max(1, hyper["frequency"]),
        "decay": hyper["decay"] if 0 <= hyper["decay"] < 1 else 0.5,
        "iterations": max(1, hyper["iterations"]),
        "rtol": max(0.0, hyper["rtol"]),
        "variant": hyper["variant"] if hyper["variant"] in reference.VARIANTS else "reference",
    }
    return reference.estimate(state, Dense(A), grad, given, start, **{**hyper, **changed})
