"""Plausible mistakes in the step of the optimizer."""

from __future__ import annotations

from typing import Any

from gnomon.hessian_free import optimizer as reference
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.hessian_free.step import step

PRESET, STAYS = "PRESETS[variant]", "selected is not None and solution.reason == NOTHING_LEFT"
DAMPED, NEW_DAMPING = "B(v) + state.damping * v", "HessianFreeState(warm_start, adaptation.damping)"
POLICY = "ON_NONPOSITIVE_CURVATURE[variant] if on_nonpositive_curvature is None else on_nonpositive_curvature"

step.edits(f"""
ratio_measured_from_the_warm_start: In "martens" ρ is that from the warm start to the last iterate, with the damped
    model, and a quotient even where the loss rose: the rule of a released package, under which λ can grow for ever
    `{PRESET}` → `PRESETS["code"]`
ratio_of_the_code_measured_from_the_parameters: In "code" ρ is measured from θ and not from the warm start
    `{PRESET}` → `{PRESET}._replace(origin="zero")`
ratio_with_the_other_model: The damped and the undamped model are taken for each other in ρ
    `rules.model == "undamped"` → `rules.model == "damped"`
ratio_of_the_other_iterate: The last and the selected iterate are taken for each other in ρ
    `rules.iterate == "last"` → `rules.iterate == "selected"`
a_step_that_is_the_warm_start_is_not_judged: ρ is NaN where the step is the warm start, in "martens", too: λ grows
    `model.start if warm else 0 * model.start` → `model.start`
origin_that_was_asked_for_is_ignored: ρ is always measured from the point of the variant's preset, whatever `rho_origin`
    says
    `` → `rho_origin = None`
ascent_is_not_rejected_by_the_step: The step ignores `reject_ascent`
    `` → `reject_ascent = False`
ascent_is_always_rejected_by_the_step: No step is made uphill, whether that was asked for or not
    `` → `reject_ascent = True`
damping_stays_where_nothing_was_found: In "martens" λ stays after a step that was refused or could not begin: the same
    step is tried for ever
    `{STAYS}` → `True`
damping_grows_at_a_minimum: In "martens" λ grows where the step is 0 and there is nothing to judge it by
    `{STAYS}` → `False`
warm_start_scaled_by_the_line_search: The next warm start is decay·a·x_N
    `decay * x[-1]` → `decay * found.step_length * x[-1]`
warm_start_from_the_backtracked_iterate: The next warm start is decay times the iterate that backtracking took
    `decay * x[-1]` → `decay * direction`
warm_start_does_not_decay: The next warm start is x_N itself
    `decay * x[-1]` → `x[-1]`
every_start_is_cold: Conjugate gradients begin at 0; ρ still looks at the warm start
    `-grad,\nstate.warm_start` → `-grad,\n0 * state.warm_start`
damping_is_not_in_the_system: λ is adapted, but not added to the curvature
    `{DAMPED}` → `B(v)`
damping_counts_twice: 2λ is added to the curvature
    `{DAMPED}` → `B(v) + 2 * state.damping * v`
damping_is_never_adapted: λ stays as it was
    `{NEW_DAMPING}` → `HessianFreeState(warm_start, state.damping)`
damping_of_the_step_is_clipped: λ is kept between 1e-6 and 100, whatever the units of the loss and the parameters
    `{NEW_DAMPING}` → `HessianFreeState(warm_start, np.minimum(np.maximum(adaptation.damping, 1e-6), 100))`
damping_of_the_state_is_ignored: λ is 1 in every step, whatever the state says: what a checkpoint brings back is lost
    `` → `state = state._replace(damping=0 * state.damping + 1)`
last_parameter_is_not_moved: The last parameter stays where it is (the tail of a vectorised loop is missing)
    `params + found.step_length * direction` →
        `params + found.step_length * direction * (np.arange(len(params)) < len(params) - 1)`
last_iterate_is_always_taken: There is no backtracking
    `if backtracking:` → `if False:`
no_line_is_searched: The step length is always lr
    `` → `linesearch = False`
rate_is_ignored: The first step length is 1, whatever lr is
    `` → `lr = 1.0`
curvatures_taken_for_each_other: The Hessian is used for "ggn" and the Gauss-Newton matrix for "hessian"
    `curvature == "hessian"` → `curvature == "ggn"`
policies_taken_for_each_other: Where the curvature is not positive "martens" goes on and "code" stops
    `ON_NONPOSITIVE_CURVATURE[variant]` → `{{"martens": "ignore", "code": "stop"}}[variant]`
policy_of_the_step_is_ignored: Where the curvature is not positive the step does what the variant's preset says,
    whatever was asked for
    `{POLICY}` → `ON_NONPOSITIVE_CURVATURE[variant]`
preconditioner_is_lost: The step runs without the preconditioner that it was given
    `` → `preconditioner = None`
steps_into_nowhere_are_made: If no iterate has a finite loss the last one is taken
    `selection.taken < 0` → `False`, `not np.isfinite(found.value)` → `False`
loss_of_the_full_step_is_told: The final loss reported is the one before the step
    `loss, found.value` → `loss, loss`
evaluation_at_the_start_is_not_counted: The evaluation at θ is not counted
    `1 + selection.visited` → `selection.visited`
loss_of_no_number_is_stepped_from: It is not looked whether the loss is finite before the step
    `not np.isfinite(loss)` → `False`
a_rise_is_never_distrusted: ρ is the quotient, also where the loss rose and -∞ was asked for
    `"code" if rules.on_increase == "ratio" else "martens"` → `"code"`
a_rise_is_always_distrusted: ρ is -∞ where the loss rose, also if the quotient was asked for
    `"code" if rules.on_increase == "ratio" else "martens"` → `"martens"`
""")


@system.mistake("step")
def damping_of_the_next_step(params: Any, state: Any, objective: Any, preconditioner: Any = None, **hyper: Any) -> Any:
    """The step is made again with the damping that was meant for the next one."""
    _, after, _ = reference.step(params, state, objective, preconditioner, **hyper)
    again = state._replace(damping=after.damping)
    new, later, report = reference.step(params, again, objective, preconditioner, **{**hyper, "adapt_damping": False})
    return new, later._replace(damping=after.damping), report
