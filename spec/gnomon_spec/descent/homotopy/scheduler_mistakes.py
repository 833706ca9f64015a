"""What ports do wrong when they schedule."""

from __future__ import annotations

from gnomon_spec.descent.homotopy.scheduler import schedule

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
""")
