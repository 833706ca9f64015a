"""The scheduler: measure the curvature, choose the target, return the rate.

Source: class HomotopyLRScheduler of TorchType's `homotopy_lr` (commit 8b8a54b).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.operators import Operator
from gnomon.descent.homotopy.domains import require_positive, require_rates
from gnomon.descent.homotopy.estimator import (
    EstimatorState,
    Measurement,
    NonFiniteError,
    estimate,
    require_estimator,
)
from gnomon.descent.homotopy.rate import VARIANTS, adaptive_target, rate, unbounded
from gnomon.domains import Array, require_choice, require_count, require_flag, require_floating, require_number


class SchedulerState(NamedTuple):
    """What the scheduler remembers.

    calls, norm_average, trace_average: the estimator's. history: the last curvatures, at most `window`, the newest
    last, shape (k,). lr: the rate of the last call. All of the gradient's dtype.
    """

    calls: int
    norm_average: Any
    trace_average: Any
    history: Array
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


def init_scheduler(grad: Array, *, base_lr: float = 1e-3) -> SchedulerState:
    """Return the state before the first call: no history, the rate base_lr. grad: for its dtype."""
    require_floating("grad", grad)
    require_positive("base_lr", base_lr)
    zero = grad.dtype.type(0)
    return SchedulerState(0, zero, zero, np.zeros(0, grad.dtype), zero + base_lr)


def schedule(
    state: SchedulerState,
    operator: Operator,
    grad: Array,
    probes: Array,
    start: Array,
    step_index: int,
    *,
    base_lr: float = 1e-3,
    target_curvature: float = 1e4,
    alpha: float = 1.0,
    min_lr: float = 1e-7,
    max_lr: float = 1.0,
    warmup_steps: int = 100,
    adaptive: bool = True,
    percentile: float = 0.75,
    window: int = 1000,
    frequency: int = 10,
    decay: float = 0.9,
    iterations: int = 20,
    rtol: float = 1e-6,
    variant: str = "reference",
    on_nonfinite: str = "raise",
) -> tuple[SchedulerState, Report]:
    """Return the state after one more call, and the report, with the rate in it.

    With κ from `estimate`, W = warmup_steps, h the curvatures of all calls so far, this one's included::

        target = adaptive_target(h)   if adaptive, step_index >= W and at least W calls were made, this one included
               = target_curvature     otherwise
        lr = rate(κ, target)

    state … start: as in `estimate`. step_index: the caller's number of the step, from 0; it is another clock than the
    number of calls. target_curvature: finite, > 0, in units of 1/loss. warmup_steps: >= 0; nothing is warmed up before,
    only the target is fixed. percentile, window: as in `adaptive_target`. base_lr, alpha, min_lr, max_lr: as in `rate`.
    variant: "reference"; "code", which is "code" in every part; "readme", with that formula and else "reference".
    on_nonfinite: "raise"; or "hold": with a gradient or a product that is not finite the state and the rate stay as
    they were, as if there had been no call, and the report has NaN.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choice: the source takes a NaN for a low curvature or for none at all, so that it diverges at its highest rate.
    """
    require_schedule(base_lr, target_curvature, alpha, min_lr, max_lr, warmup_steps, adaptive, percentile, window)
    require_estimator(frequency, decay, iterations, rtol)
    require_choice("variant", variant, VARIANTS)
    require_choice("on_nonfinite", on_nonfinite, ("raise", "hold"))
    require_count("step_index", step_index)
    before = EstimatorState(state.calls, state.norm_average, state.trace_average)
    try:
        after, found = estimate(
            before,
            operator,
            grad,
            probes,
            start,
            frequency=frequency,
            decay=decay,
            iterations=iterations,
            rtol=rtol,
            variant="code" if variant == "code" else "reference",
        )
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
    clamped = bool(free < min_lr) or bool(free > max_lr)
    return SchedulerState(*after, history, lr), Report(*found, target, lr, clamped)


def held(state: SchedulerState) -> Report:
    """Return the report of a call that could not be made."""
    unknown = state.lr * np.nan
    measured = Measurement(False, unknown, unknown, unknown, unknown, unknown, 0)
    return Report(*measured, unknown, state.lr, False)


def require_schedule(
    base_lr: float,
    target_curvature: float,
    alpha: float,
    min_lr: float,
    max_lr: float,
    warmup_steps: int,
    adaptive: bool,
    percentile: float,
    window: int,
) -> None:
    """Raise `ValueError` or `TypeError` for the first hyperparameter out of its domain (see `schedule`)."""
    require_rates(base_lr, min_lr, max_lr)
    require_positive("target_curvature", target_curvature)
    require_number("alpha", alpha, 0)
    require_count("warmup_steps", warmup_steps)
    require_flag("adaptive", adaptive)
    require_number("percentile", percentile, 0, 1, closed=True)
    require_count("window", window, 1)
