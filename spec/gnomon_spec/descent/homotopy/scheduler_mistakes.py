"""What ports do wrong when they schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon.descent.homotopy import rate as rates
from gnomon.descent.homotopy import scheduler as reference
from gnomon.descent.homotopy.scheduler import Report, SchedulerState
from gnomon_spec.descent.homotopy.family import system


def chosen_target(state: SchedulerState, kappa: Any, step_index: int, clock: Any, hyper: dict[str, Any]) -> Any:
    """Return the target as the reference chooses it; clock: whether both clocks have run."""
    fixed = hyper["target_curvature"] + np.zeros_like(kappa)
    if not (hyper["adaptive"] and clock(state, step_index, hyper["warmup_steps"])):
        return fixed
    history = np.concatenate([state.history, kappa.reshape(1)])
    return rates.adaptive_target(history, percentile=hyper["percentile"], window=hyper["window"])


def both_clocks(state: SchedulerState, step_index: int, warmup_steps: int) -> bool:
    """Return whether the step index and the calls, this one counted, have reached W."""
    return step_index >= warmup_steps and state.calls + 1 >= warmup_steps


def scheduled(
    inputs: tuple[Any, ...],
    hyper: dict[str, Any],
    *,
    clock: Callable[[SchedulerState, int, int], bool] = both_clocks,
    target: Callable[..., Any] = chosen_target,
    curvature: Callable[[SchedulerState, Report], Any] = lambda _, report: report.curvature,
    rate_of: Callable[..., Any] = rates.rate,
    remembers: bool = True,
) -> tuple[SchedulerState, Report]:
    """Return what the reference does, with one of its lines changed."""
    state, _, grad, _, _, step_index = inputs
    after, report = reference.schedule(*inputs, **hyper)
    if not np.all(np.isfinite(grad)):
        return after, report
    kappa = curvature(state, report)
    aim = target(state, kappa, step_index, clock, hyper)
    bounds = {name: hyper[name] for name in ("base_lr", "alpha", "min_lr", "max_lr", "variant")}
    lr = rate_of(kappa, aim, **bounds)
    free = rates.unbounded(kappa, aim, hyper["base_lr"], hyper["alpha"], hyper["variant"])
    clamped = bool(free < hyper["min_lr"]) or bool(free > hyper["max_lr"])
    history = np.concatenate([state.history, kappa.reshape(1)])[-hyper["window"] :]
    after = after._replace(history=history, lr=lr if remembers else state.lr)
    return after, report._replace(curvature=kappa, target=aim, lr=lr, clamped=clamped)


@system.mistake("schedule")
def calls_do_not_count_for_the_target(*inputs: Any, **hyper: Any) -> Any:
    """Only the step index must reach W, even if there were fewer calls."""
    return scheduled(inputs, hyper, clock=lambda state, step_index, W: step_index >= W)


@system.mistake("schedule")
def step_index_does_not_count_for_the_target(*inputs: Any, **hyper: Any) -> Any:
    """Only the number of calls must reach W: the caller's clock is taken for the estimator's."""
    return scheduled(inputs, hyper, clock=lambda state, step_index, W: state.calls + 1 >= W)


@system.mistake("schedule")
def target_adapts_one_call_late(*inputs: Any, **hyper: Any) -> Any:
    """More than W calls are needed, or this one is not counted."""
    return scheduled(inputs, hyper, clock=lambda state, step_index, W: step_index >= W and state.calls >= W)


@system.mistake("schedule")
def target_stays_fixed(*inputs: Any, **hyper: Any) -> Any:
    """The adaptive target is never used."""
    return scheduled(inputs, hyper, clock=lambda *_: False)


@system.mistake("schedule")
def target_adapts_at_once(*inputs: Any, **hyper: Any) -> Any:
    """The target is adaptive from the first call, whatever W is."""
    return scheduled(inputs, hyper, clock=lambda *_: True)


@system.mistake("schedule")
def current_curvature_left_out_of_the_history(*inputs: Any, **hyper: Any) -> Any:
    """The adaptive target is that of the earlier curvatures, without the one of now."""

    def target(state: SchedulerState, kappa: Any, step_index: int, clock: Any, hyper: Any) -> Any:
        if state.history.shape[0] == 0:
            return chosen_target(state, kappa, step_index, clock, hyper)
        earlier = state._replace(history=state.history[:-1])
        return chosen_target(earlier, state.history[-1], step_index, clock, hyper)

    return scheduled(inputs, hyper, target=target)


@system.mistake("schedule")
def mean_curvature_as_the_target(*inputs: Any, **hyper: Any) -> Any:
    """The adaptive target is the mean of the curvatures."""

    def target(state: SchedulerState, kappa: Any, step_index: int, clock: Any, hyper: Any) -> Any:
        aim = chosen_target(state, kappa, step_index, clock, hyper)
        history = np.concatenate([state.history, kappa.reshape(1)])[-hyper["window"] :]
        if not (hyper["adaptive"] and clock(state, step_index, hyper["warmup_steps"])):
            return aim
        return np.sum(history) / history.shape[0]

    return scheduled(inputs, hyper, target=target)


@system.mistake("schedule")
def curvature_of_the_call_before(*inputs: Any, **hyper: Any) -> Any:
    """Between full calls κ stays what it was: the gradient's norm is stale, too."""

    def curvature(state: SchedulerState, report: Report) -> Any:
        return report.curvature if report.full or state.history.shape[0] == 0 else state.history[-1]

    return scheduled(inputs, hyper, curvature=curvature)


@system.mistake("schedule")
def schedule_by_the_readme(*inputs: Any, **hyper: Any) -> Any:
    """The rate is always the README's."""
    return scheduled(
        inputs, hyper, rate_of=lambda *args, **kwargs: rates.rate(*args, **{**kwargs, "variant": "readme"})
    )


@system.mistake("schedule")
def rate_is_not_remembered(*inputs: Any, **hyper: Any) -> Any:
    """The state keeps its first rate: a call that is held returns to it."""
    return scheduled(inputs, hyper, remembers=False)


@system.mistake("schedule")
def a_bound_is_never_reported(*inputs: Any, **hyper: Any) -> Any:
    """clamped is always False."""
    after, report = reference.schedule(*inputs, **hyper)
    return after, report._replace(clamped=False)


@system.mistake("schedule")
def a_nan_is_a_low_curvature(
    state: Any, operator: Any, grad: Any, probes: Any, start: Any, step_index: int, **hyper: Any
) -> Any:
    """A gradient that is not finite gives κ = 0 and with it the highest rate."""
    if np.all(np.isfinite(grad)):
        return reference.schedule(state, operator, grad, probes, start, step_index, **hyper)
    _, held = reference.schedule(state, operator, grad, probes, start, step_index, **{**hyper, "on_nonfinite": "hold"})
    low = 0 * state.lr
    highest = np.clip(low + hyper["base_lr"], hyper["min_lr"], hyper["max_lr"])
    return state._replace(lr=highest), held._replace(curvature=low, lr=highest)


@system.mistake("schedule")
def a_held_call_is_counted(
    state: Any, operator: Any, grad: Any, probes: Any, start: Any, step_index: int, **hyper: Any
) -> Any:
    """A call that is held counts as a call of the estimator."""
    after, report = reference.schedule(state, operator, grad, probes, start, step_index, **hyper)
    return after._replace(calls=state.calls + 1), report


@system.mistake("schedule")
def schedules_are_not_checked(
    state: Any, operator: Any, grad: Any, probes: Any, start: Any, step_index: int, **hyper: Any
) -> Any:
    """Hyperparameters out of their domains are replaced by others, and a call with a NaN is always held."""
    good: dict[str, Any] = {
        "base_lr": hyper["base_lr"] if 0 < hyper["base_lr"] < np.inf else 1.0,
        "min_lr": max(0.0, hyper["min_lr"]),
        "target_curvature": hyper["target_curvature"] if hyper["target_curvature"] > 0 else 1.0,
        "alpha": max(0.0, hyper["alpha"]),
        "warmup_steps": max(0, hyper["warmup_steps"]),
        "percentile": min(1.0, hyper["percentile"]),
        "window": max(1, hyper["window"]),
        "frequency": max(1, hyper["frequency"]),
        "decay": hyper["decay"] if hyper["decay"] < 1 else 0.5,
        "variant": hyper["variant"] if hyper["variant"] in rates.VARIANTS else "reference",
        "on_nonfinite": "hold",
    }
    good["max_lr"] = max(good["min_lr"], hyper["max_lr"])
    return reference.schedule(state, operator, grad, probes, start, max(0, step_index), **{**hyper, **good})
