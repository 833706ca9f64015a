"""The scheduler: measure the curvature, choose the target, return the rate (class HomotopyLRScheduler)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked, with_keywords
from gnomon.curvature.operators import FiniteOperator
from gnomon.descent.homotopy.estimator import EstimatorState, Measurement, Probes, Start, estimate
from gnomon.descent.homotopy.rate import Variant, adaptive_target, rate, require_ordered_bounds, unbounded
from gnomon.domains import (
    Array,
    Entries,
    NonFiniteError,
    NonNegative,
    NonNegativeInt,
    Positive,
    PositiveInt,
    UnitInterval,
    kept,
)


class SchedulerState(NamedTuple):
    """What the scheduler remembers.

    calls, norm_average, trace_average: the estimator's. history: the last curvatures, at most `window`, the newest
    last, shape (k,). lr: the rate of the last call. All of the gradient's dtype.
    """

    calls: int
    norm_average: Any
    trace_average: Any
    history: Annotated[Array, Entries(("k",))]
    lr: Any


class Report(NamedTuple):
    """What one call did: the estimator's `Measurement`, then the target, the rate, and whether a bound was met.

    clamped: whether the formula's rate was outside of [min_lr, max_lr]. All numbers are of the gradient's dtype; on a
    call that was held those that were not measured are NaN.
    """

    full: bool
    norm: Any
    trace: Any
    grad_norm: Any
    curvature: Any
    residual: Any
    products: int
    target: Any
    lr: Any
    clamped: bool


@checked(kept("base_lr", "grad"))
def init_scheduler(grad: Array, *, base_lr: Positive = 1e-3) -> SchedulerState:
    """Return the state before the first call: no history, the rate base_lr. grad: for its dtype."""
    zero = grad.dtype.type(0)
    return SchedulerState(0, zero, zero, np.zeros(0, grad.dtype), zero + base_lr)


@checked(require_ordered_bounds)
@with_keywords(estimate)
def schedule(
    state: SchedulerState, operator: FiniteOperator, grad: Annotated[Array, Entries(("n",), least=1)], probes: Probes,
    start: Start, step_index: NonNegativeInt, *,
    base_lr: Positive = 1e-3, target_curvature: Positive = 1e4, alpha: NonNegative = 1.0, min_lr: NonNegative = 1e-7,
    max_lr: NonNegative = 1.0, warmup_steps: NonNegativeInt = 100, adaptive: bool = True,
    percentile: UnitInterval = 0.75, window: PositiveInt = 1000, variant: Variant = "standard",
    on_nonfinite: Literal["raise", "hold"] = "raise", **measuring: Any,
) -> tuple[SchedulerState, Report]:  # fmt: skip
    """Return the state after one more call, and the report, with the rate in it.

    With κ from `estimate`, W = warmup_steps, h the curvatures of all calls so far, this one's included::

        target = adaptive_target(h)   if adaptive, step_index >= W and at least W calls were made, this one included
               = target_curvature     otherwise
        lr = rate(κ, target)

    state … start: as in `estimate`. step_index: the caller's number of the step, from 0; it is another clock than the
    number of calls. target_curvature: finite, > 0, in units of 1/loss. warmup_steps: >= 0; nothing is warmed up before,
    only the target is fixed. percentile, window: as in `adaptive_target`. base_lr, alpha, min_lr, max_lr: as in `rate`.
    measuring: frequency, decay, iterations, rtol of `estimate`. variant: "standard"; "code", which is "code" in every
    part; "readme", with that formula and else "standard". on_nonfinite: "raise"; or "hold": with a gradient or a
    product that is not finite the state and the rate stay as they were, as if there had been no call, and the report
    has NaN.

    Choice: the source takes a NaN for a low curvature or for none at all, so that it diverges at its highest rate.
    """
    part: Literal["code", "standard"] = "code" if variant == "code" else "standard"
    before = EstimatorState(*state[:3])
    try:
        after, found = estimate(before, operator, grad, probes, start, variant=part, **measuring)
    except NonFiniteError:
        if on_nonfinite == "raise":
            raise
        return state, held(state)
    history = np.concatenate([state.history, found.curvature.reshape(1)])[-window:]
    target = target_curvature + np.zeros_like(found.curvature)
    if adaptive and step_index >= warmup_steps and after.calls >= warmup_steps:
        target = adaptive_target(history, percentile=percentile, window=window)
    lr = rate(found.curvature, target, base_lr=base_lr, alpha=alpha, min_lr=min_lr, max_lr=max_lr, variant=variant)
    free = unbounded(found.curvature, target, base_lr, alpha, variant)
    clamped = bool(free < min_lr or free > max_lr)
    return SchedulerState(*after, history, lr), Report(*found, target, lr, clamped)


def held(state: SchedulerState) -> Report:
    """Return the report of a call that could not be made."""
    unknown = state.lr * np.nan
    measured = Measurement(False, unknown, unknown, unknown, unknown, unknown, 0)
    return Report(*measured, unknown, state.lr, False)
