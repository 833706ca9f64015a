"""Mistakes in a call of Hill-ADAM: when it turns, what it forgets then, what it records."""

from __future__ import annotations

from gnomon_spec.descent.hill_adam import step

step.edits("""
last_entry_left_out: The last entry of an array is not updated (the tail of a vectorised loop is missing)
    `report, inside = turn(loss,` → `before = params\nreport, inside = turn(loss,`
    `return params, HillAdamState(` → `last = np.arange(params.size).reshape(params.shape) == params.size - 1
return np.where(last, before, params), HillAdamState(`
plateau_not_strict: A change of just δ counts as a plateau, so that with δ = 0 a loss that repeats turns it
    `change < delta` → `change <= delta`
threshold_of_its_own: A change below 1e-4 is a plateau, whatever δ is given
    [github.com/2manikan/Hill-ADAM, commit 68abef4]
    `change < delta` → `change < 1e-4`
rise_is_a_plateau: The change of the loss is not taken without its sign: every fall is a plateau
    `np.abs(loss - state.previous_loss)` → `loss - state.previous_loss`
relative_plateau: The change of the loss is measured in units of the loss
    `np.abs(loss - state.previous_loss)` → `np.abs(loss - state.previous_loss) / np.abs(loss)`
moments_survive_a_turn: The moments are not thrown away when it turns
    `m, v, t = np.zeros_like(m), np.zeros_like(v), 0` → `pass`
only_the_first_moment_is_thrown_away: The second moment survives a turn
    `np.zeros_like(v), 0` → `v, 0`
only_the_second_moment_is_thrown_away: The first moment survives a turn
    `np.zeros_like(m), np.zeros_like(v), 0` → `m, np.zeros_like(v), 0`
absolute_gradient: The sign of the gradient is lost
    `` → `grad = np.abs(grad)`
step_skipped_when_a_gradient_is_not_finite: Nothing is done at a call whose gradient is not finite in every entry
    `` → `if not bool(np.all(np.isfinite(grad))):\n    return params, state, Report("", state.ascending, False, loss)`
nan_is_above_the_band: A NaN for a loss is taken to be above hi
    `if loss > hi:` → `if not loss <= hi:`
step_count_survives_a_turn: The bias corrections go on after a turn as if the moments had been kept
    `np.zeros_like(v), 0` → `np.zeros_like(v), t`
turns_one_call_late: The step at an event still goes the old way
    `if report.ascending:` → `if state.ascending:`
    `-m if report.ascending` → `-m if state.ascending`
ascent_by_the_gradient_alone: On the way up the gradient is negated and the kept first moment is not
    `grad, m = -grad, -m` → `grad = -grad`
always_downhill: It turns in name only: the step goes down whatever the direction is
    `if report.ascending:` → `if False:`
    `-m if report.ascending` → `-m if False`
moment_of_the_negated_gradient: On the way up the first moment averages the negated gradient
    [torch: Adam with maximize=True keeps it so]
    `-m if report.ascending else m` → `m`
    `grad, m = -grad, -m` → `grad = -grad`
previous_loss_survives_an_event: The loss at an event is compared with the next one
    `loss if passed else loss * 0 + nan` → `loss`
band_before_the_plateau: A plateau outside of the band is left to the band
    `if change < delta:` → `if change < delta and lo <= loss <= hi:`
band_resets_at_every_call_above: Above hi the moments are thrown away at every call
    `Report(event, False, inside, margin)` → `Report(event, False, True, margin)`
band_resets_at_every_call_below: Below lo the moments are thrown away at every call
    [github.com/2manikan/Hill-ADAM, commit 68abef4]
    `inside = inside or variant == "code"` → `inside = True`
code_without_its_resets_below: The variant "code" enters the band's lower end only once
    `inside = inside or variant == "code"` → `pass`
band_turns_instead_of_sending_back: Above hi the direction is turned instead of being down
    `Report(event, False, inside, margin)` → `Report(event, not state.ascending, inside, margin)`
never_inside_again: Once outside of the band it never counts as inside
    `Report("", state.ascending, False, margin), True` → `Report("", state.ascending, False, margin), inside`
losses_at_events_unrecorded: A loss at an event or outside of the band is not recorded
    [github.com/2manikan/Hill-ADAM, commit 68abef4]
    `(variant == "clean" or passed) and` → `passed and`
everything_recorded_in_the_code: The variant "code" records losses at events
    `(variant == "clean" or passed) and` → ``
last_of_equals_recorded: Of equal losses the last one's parameters are recorded
    `loss < best_loss` → `loss <= best_loss`
parameters_after_the_step_recorded: With the lowest loss the parameters after the step are recorded, which have another
    `HillAdamState(m, v, best_params,` → `HillAdamState(m, v, params if best_loss is loss else best_params,`
highest_loss_recorded: The largest loss is recorded
    `loss < best_loss` → `loss > best_loss`
weight_decay_done: The weight decay is added to the gradient
    `call(params, grad, state,` → `call(params, grad + weight_decay * params, state,`
corrections_in_double_precision: float32 corrections are asked for and not made
    `bias_dtype == "float64"` → `True`
squared_corrections_not_rooted: The float32 correction of the second moment is taken outside of the root
    `in_single(np.sqrt(in_single(1 - p2)))` → `in_single(1 - p2)`
""")
