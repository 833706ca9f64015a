"""The scheduler: estimator, target and rate together."""

from __future__ import annotations

from collections.abc import Iterable
from math import nan
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy import rate as rates
from gnomon.descent.homotopy import scheduler as reference
from gnomon.descent.homotopy.estimator import EstimatorState
from gnomon.descent.homotopy.scheduler import Report, SchedulerState
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, operator, probes, regular_matrix, signs
from gnomon_spec.descent.homotopy import inputs, system
from gnomon_spec.descent.homotopy.estimator import UP_TO_3
from gnomon_spec.descent.homotopy.rate import PERCENTILES
from gnomon_spec.facts import Fact, agree, equal, identical
from gnomon_spec.strategies import SMALL_CODES, count, nonzero, number, poisons, steps_of
from gnomon_spec.system import WITH_ROOM, Misfits


def states(most: int = 7) -> Quantity:
    """The scheduler's state: fresh in one case of four, or after 1 to `most` calls, with a history of as many."""

    def draw_state(draw: Draw, context: Context) -> SchedulerState:
        code = draw(SMALL_CODES)
        calls = 0 if code % 4 == 0 else 1 + code // 4 % most
        numbers = [inputs.near_one.draw(draw, context) if calls else 0.0 for _ in range(2)]
        history = [inputs.near_one.draw(draw, context) for _ in range(calls)]
        last = inputs.near_one.draw(draw, context)
        norm, trace = (np.array(x, context.dtype) for x in numbers)
        return SchedulerState(calls, norm, trace, np.array(history, context.dtype), np.array(last, context.dtype))

    return Quantity(draw_state, f"SchedulerState: fresh, or any after 1 to {most} calls")


fresh_state = Quantity(
    lambda _draw, context: SchedulerState(
        0, inputs.zero(context), inputs.zero(context), np.zeros(0, context.dtype), inputs.zero(context)
    ),
    "fresh SchedulerState",
)
vectors = Cases(
    {
        "state": states(),
        "operator": operator(regular_matrix()),
        "grad": nonzero,
        "probes": probes(2),
        "start": nonzero_vector(),
    },
    UP_TO_3,
)
hyperparameters = {
    "base_lr": number(1e-3, 1.0, 4.0, 0.5, exponents=(-8, 4)),
    "target_curvature": inputs.near_one,
    "alpha": inputs.alpha,
    "min_lr": inputs.min_lr,
    "max_lr": inputs.max_lr,
    "warmup_steps": count(0, 2, 4, high=7),
    "percentile": PERCENTILES,
    "window": count(1000, 3, 5, low=7, high=12),
    "frequency": inputs.frequency,
    "decay": inputs.decay,
    "iterations": count(1, 2, low=1, high=3),
    "variant": choice(*rates.VARIANTS),
}
schedules = vectors.but(step_index=count(0, 1, 5, high=8)).but(
    **hyperparameters, adaptive=choice(True, False), rtol=0.0, on_nonfinite="raise"
)
plain = schedules.but(variant="standard", min_lr=0.0, max_lr=inputs.HIGHEST)
# A run on balls cₜ·I from a fresh state, whose norms are known after one product.
on_balls = plain.but(
    state=fresh_state,
    iterations=1,
    probes=signs(1),
    norms=inputs.series(inputs.near_one, 5),
    grads=steps_of(nonzero, 5),
)
fresh = schedules.but(state=fresh_state)
schedule = system.operation(reference.schedule, cases=schedules, rejecting=fresh, dtypes=WITH_ROOM)
inputs.declare_order_of_bounds(schedule)


def along_balls(port: Any, case: Case, scale: Any = 1.0, **changed: Any) -> list[Report]:
    """Return the reports along the balls of a case, the loss `scale` times as large."""
    state, reports = case.state, []
    for k, size in enumerate(case.norms):
        ball, grad = Dense(scale * size * np.eye(len(case.start))), scale * case.grads[k % len(case.grads)]
        state, report = schedule.call(port, case, state=state, operator=ball, grad=grad, step_index=k, **changed)
        reports.append(report)
    return reports


@schedule.law("invariance", cases=schedules.but(variant="standard"))
def the_estimator_is_the_estimator(port: Any, case: Case) -> Iterable[Fact]:
    """What is measured and remembered of H is what `estimate` gives, and κ is the newest entry of the history."""
    state, report = schedule.call(port, case)
    measuring = {name: case[name] for name in ("frequency", "decay", "iterations", "rtol", "variant")}
    before = EstimatorState(case.state.calls, case.state.norm_average, case.state.trace_average)
    after, found = port.oracle.estimate(before, case.operator, case.grad, case.probes, case.start, **measuring)
    yield agree("calls", state.calls, after.calls)
    yield equal("norm_average", state.norm_average, after.norm_average)
    yield equal("norm", report.norm, found.norm)
    yield equal("curvature", report.curvature, found.curvature)
    yield identical("history", state.history[-1], report.curvature)
    yield agree("products", report.products, found.products)


@schedule.law("closed form", cases=plain)
def the_rate_is_that_of_the_curvature_and_the_target(port: Any, case: Case) -> Iterable[Fact]:
    """lr = b/(1 + α·max(0, κ/target - 1)), κ and target those of the report; the state has the same rate."""
    state, report = schedule.call(port, case)
    excess = np.maximum(report.curvature / report.target - 1, 0)
    yield equal("rate", report.lr, case.base_lr / (1 + case.alpha * excess))
    yield identical("state", state.lr, report.lr)


@schedule.law("closed form", cases=plain.but(warmup_steps=count(4, 3, 5, low=1, high=9), adaptive=choice(True, False)))
def the_target_is_fixed_until_both_clocks_have_run(port: Any, case: Case) -> Iterable[Fact]:
    """The target is target_curvature unless adaptive, as long as step_index < W, and as long as fewer than W calls were
    made."""
    for label, step_index, changed in (
        ("early step", case.warmup_steps - 1, {"warmup_steps": case.warmup_steps}),
        ("few calls", 1000, {"warmup_steps": case.state.calls + 2}),
        ("not adaptive", 1000, {"warmup_steps": 0, "adaptive": False}),
    ):
        _, report = schedule.call(port, case, step_index=step_index, **changed)
        yield equal(label, report.target, case.target_curvature)


@schedule.law("closed form", cases=plain.but(adaptive=True))
def then_it_is_the_order_statistic_of_all_curvatures(port: Any, case: Case) -> Iterable[Fact]:
    """From step_index = W and W calls on, this one counted, the target is that of the history, κ of now included."""
    W = case.state.calls + 1
    _, report = schedule.call(port, case, step_index=W, warmup_steps=W)
    history = np.concatenate([case.state.history, report.curvature.reshape(1)])
    expected = port.adaptive_target(history, percentile=case.percentile, window=case.window)
    yield identical("target", report.target, expected)


@schedule.law("closed form", cases=plain.but(adaptive=False, alpha=1.0))
def the_rate_times_the_norm_is_large_where_the_gradient_is(port: Any, case: Case) -> Iterable[Fact]:
    """With α = 1 and a fixed target, lr·‖H‖ = b·min(‖H‖, target·‖g‖²): beyond 2 exactly where both are."""
    _, report = schedule.call(port, case)
    squared = np.sum(case.grad**2)
    yield equal(
        "edge", report.lr * report.norm, case.base_lr * np.minimum(report.norm, case.target_curvature * squared)
    )


@schedule.law(
    "fixed point", cases=on_balls.but(adaptive=True, warmup_steps=0, min_lr=inputs.min_lr, max_lr=inputs.max_lr)
)
def a_constant_curvature_is_its_own_target(port: Any, case: Case) -> Iterable[Fact]:
    """If H and g stay what they are, the adaptive target is κ and the rate b, within its bounds."""
    state, ball = case.state, Dense(case.norms[0] * np.eye(len(case.start)))
    for k in range(3):
        state, report = schedule.call(port, case, state=state, operator=ball, step_index=k)
        yield equal("target", report.target, report.curvature)
        yield equal("rate", report.lr, np.clip(case.base_lr, case.min_lr, case.max_lr))


@schedule.law("invariance", cases=on_balls.but(power=inputs.power))
def an_adaptive_target_knows_no_units_of_the_loss(port: Any, case: Case) -> Iterable[Fact]:
    """A loss 2ᵏ times as large has the same rates, bit for bit, where the target is adaptive from the start; a fixed
    target must be divided by 2ᵏ."""
    scale = 2.0**case.power
    free = {"adaptive": True, "warmup_steps": 0}
    rates, others = along_balls(port, case, **free), along_balls(port, case, scale, **free)
    yield identical("adaptive", np.stack([r.lr for r in others]), np.stack([r.lr for r in rates]))
    fixed = {"adaptive": False}
    rates = along_balls(port, case, **fixed)
    others = along_balls(port, case, scale, **fixed, target_curvature=case.target_curvature / scale)
    yield identical("fixed", np.stack([r.lr for r in others]), np.stack([r.lr for r in rates]))


# Bounds well apart from all rates that are not beyond them, so that rounding cannot decide.
@schedule.law(
    "closed form",
    cases=plain.but(adaptive=False, alpha=0.0, base_lr=choice(1.0, 0.25, 4.0), min_lr=choice(0.5, 0.0), max_lr=2.0),
)
def the_report_says_whether_a_bound_was_met(port: Any, case: Case) -> Iterable[Fact]:
    """clamped is whether the formula's rate, b for α = 0, lies outside of [min_lr, max_lr]."""
    _, report = schedule.call(port, case)
    yield agree("clamped", report.clamped, bool(case.base_lr < case.min_lr or case.base_lr > case.max_lr))


@schedule.law("closed form", cases=schedules.but(on_nonfinite="hold", bad=poisons))
def a_call_that_is_held_changes_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """With "hold", a gradient that is not finite leaves state and rate as they were, and the report has NaN."""
    bad = np.where(np.arange(len(case.grad)) == 0, case.bad, case.grad)
    state, report = schedule.call(port, case, grad=bad)
    yield agree("calls", state.calls, case.state.calls)
    yield identical("norm_average", state.norm_average, case.state.norm_average)
    yield identical("history", state.history, case.state.history)
    yield identical("rate", report.lr, case.state.lr)
    yield identical("curvature", report.curvature, nan + 0 * case.state.lr)
    yield agree("products", report.products, 0)


@schedule.misfits(cases=schedules.but(bad=poisons))
def a_gradient_that_is_not_finite_is_rejected(case: Case) -> Misfits:
    """Unless it is asked to hold, a gradient that is not finite is an error: it is no low curvature."""
    bad = np.where(np.arange(len(case.grad)) == 0, case.bad, case.grad)
    return {"gradient": {"grad": bad}}


CLOCKS, TARGET = "step_index >= warmup_steps and after.calls >= warmup_steps", "adaptive_target(history, "
schedule.edits(f"""
calls_do_not_count_for_the_target: Only the step index must reach W, even if there were fewer calls
    `{CLOCKS}` → `step_index >= warmup_steps`
step_index_does_not_count_for_the_target: Only the number of calls must reach W: the caller's clock is taken for the
    estimator's
    `{CLOCKS}` → `after.calls >= warmup_steps`
target_adapts_one_call_late: More than W calls are needed, or this one is not counted
    `after.calls >= warmup_steps` → `state.calls >= warmup_steps`
target_stays_fixed: The adaptive target is never used
    `adaptive and {CLOCKS}` → `False`
target_adapts_at_once: The target is adaptive from the first call, whatever W is
    ` and {CLOCKS}` → ``
current_curvature_left_out_of_the_history: The adaptive target is that of the earlier curvatures, without the one of now
    `{TARGET}` → `adaptive_target(history[:-1] if state.calls > 0 else history, `
mean_curvature_as_the_target: The adaptive target is the mean of the curvatures
    `{TARGET}percentile=percentile, window=window)` → `np.sum(history) / history.shape[0]`
curvature_of_the_call_before: Between full calls κ stays what it was: the gradient's norm is stale, too
    `history = np.concatenate` → `if not found.full and state.history.shape[0] > 0:
            found = found._replace(curvature=state.history[-1])
        history = np.concatenate`
schedule_by_the_readme: The rate is always the README's
    `max_lr=max_lr, variant=variant` → `max_lr=max_lr, variant="readme"`
rate_is_not_remembered: The state keeps its first rate: a call that is held returns to it
    `SchedulerState(*after, history, lr)` → `SchedulerState(*after, history, state.lr)`
a_bound_is_never_reported: clamped is always False
    `lr, clamped)` → `lr, False)`
a_nan_is_a_low_curvature: A gradient that is not finite gives κ = 0 and with it the highest rate
    `if on_nonfinite == "raise":` → `if False:`
    `held(state)` → `held(state)._replace(curvature=0 * state.lr, lr=np.clip(0 * state.lr + base_lr, min_lr, max_lr))`
a_held_call_is_counted: A call that is held counts as a call of the estimator
    `return state, held` → `return state._replace(calls=state.calls + 1), held`
a_held_call_is_remembered: A call that is held leaves its NaN in the mean norm, and in the place of the last curvature
    `return state, held(state)` → `unknown = np.append(state.history[:-1], state.lr * np.nan)[: len(state.history)]
        return state._replace(norm_average=state.lr * np.nan, history=unknown), held(state)`
a_held_call_costs_a_product: The report of a call that is held counts the product that failed
    `return state, held(state)` → `return state, held(state)._replace(products=1)`
a_call_is_counted_twice: The scheduler counts a call that the estimator has counted
    `SchedulerState(*after, ` → `SchedulerState(*after._replace(calls=after.calls + 1), `
the_history_is_newest_first: The newest curvature stands at the beginning of the history
    `[state.history, found.curvature.reshape(1)]` → `[found.curvature.reshape(1), state.history]`
""")
