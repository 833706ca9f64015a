"""Plausible mistakes in conjugate gradients."""

from __future__ import annotations

from gnomon.curvature.operators import product
from gnomon.hessian_free import conjugate_gradients as reference
from gnomon_spec.hessian_free.conjugate_gradients import conjugate_gradients

FIRST_TEST, NORM, DIRECTION = (
    'NOTHING_LEFT if ry == 0 else ""',
    "np.sqrt(np.dot(r, r)) < bound",
    "p = -y + ry / ry_before * p",
)
POLICY, KEPT, DIVERGENCE = "on_nonpositive_curvature", "kept_iterations(stored, i)", "reason = DIVERGED\nbreak"
ENDS = "if progress_threshold is not None and progress_has_ended("

conjugate_gradients.edits(f"""
products_are_not_counted: No product is counted
    `non_positive, products)` → `non_positive, -1)`
first_residual_is_not_tested: rᵀy = 0 is not looked for before the first iteration: an exact start counts as a direction
    without curvature
    `{FIRST_TEST}` → `""`
residual_is_tested_before_the_first_iteration: A start whose residual is within the tolerance is returned, without an
    iteration
    `{FIRST_TEST}` → `NOTHING_LEFT if ry == 0 else RESIDUAL if {NORM} else ""`
direction_from_the_plain_residual: The new direction is made from r and not from Mr
    `p = -y` → `p = -r`
step_from_the_plain_residual: The step length is rᵀr/pᵀAp and not rᵀMr/pᵀAp
    `alpha = ry / pAp` → `alpha = np.dot(r, r) / pAp`
directions_are_not_conjugate: Every direction is the residual alone: steepest descent
    `{DIRECTION}` → `p = -y`
ratio_of_residuals_upside_down: The old residual is divided by the new one
    `ry / ry_before` → `ry_before / ry`
warm_start_is_ignored: The iteration begins at 0, whatever the start
    `0 * rhs if start is None else start` → `0 * rhs`
values_relative_to_the_start: The model's values are counted from that at the start
    `i, np.stack(values), reason` → `i, np.stack(values) - values[0], reason`
residual_ends_nothing: The iteration does not end by the residual
    `{NORM}` → `False`
tolerance_of_the_preconditioned_residual: √(rᵀMr) is compared with the tolerance, not ‖r‖
    `{NORM}` → `np.sqrt(ry) < bound`
tolerance_is_absolute: The residual is compared with rtol itself
    `rtol * np.sqrt(np.dot(rhs, rhs))` → `rtol`
progress_ends_nothing: The rule of relative progress is not asked
    `progress_threshold is not None and` → `False and`
progress_rule_of_the_other_variant: The rules of relative progress are taken for each other
    `` → `variant = {{"code": "martens", "martens": "code"}}[variant]`
start_counts_as_an_iteration: The run ends one iteration before the limit
    `i >= max_iter` → `i >= max_iter - 1`
stops_after_the_step_uphill: Policy "stop" makes the step along the direction of non-positive curvature before it stops
    `{POLICY} == "stop" or pAp == 0` → `pAp == 0`
    `{ENDS}` → `if {POLICY} == "stop" and not pAp > 0:\n    reason = NEGATIVE\nel{ENDS}`
policy_is_ignored: The iteration goes on where the curvature is not positive, whatever the policy
    `` → `{POLICY} = "ignore"`
size_of_the_curvature_is_taken: Where "ignore" was asked for, |pᵀAp| is taken
    `np.abs(pAp) if {POLICY} == "saddle-free" else pAp` → `np.abs(pAp)`
negative_curvature_is_not_counted: Iterations with pᵀAp <= 0 are not counted
    `non_positive += 1` → `pass`
underflow_counts_as_negative_curvature: A pᵀAp of 0 counts as curvature that is not positive, also where it is too small
    for the dtype
    `pAp == 0 and _has_underflowed(p, Ap)` → `False`
iterate_that_overflowed_is_returned: Where x or r overflows that iterate is returned, not the one before
    `{DIVERGENCE}` →
        `reason, i, x = DIVERGED, i + 1, farther\niterates.append(x)\nvalues.append(_value(rest, rhs, x))\nbreak`
last_entry_is_not_moved: The last entry of x stays what it was at the start (the tail of a vectorised loop is missing)
    `x + alpha * p` → `x + alpha * p * (np.arange(len(p)) < len(p) - 1)`
last_iterate_is_not_kept: The last iterate is kept only if it is on the grid
    `{KEPT}` → `[k for k in {KEPT} if k in stored] or [i]`
start_is_not_kept: The start is not kept, although it is on the grid
    `{KEPT}` → `[k for k in {KEPT} if k > 0] or [0]`
""")

conjugate_gradients.edits(
    """
residual_is_not_preconditioned: The preconditioner is ignored
    `preconditioner is None` → `True`
""",
    within=reference._preconditioned,
)
conjugate_gradients.edits(
    """
values_without_the_half: The model's values are twice as large
    `/ 2` → `/ 1`
values_with_the_right_side_added: The model's values are ½(r + b)ᵀx, that is ½xᵀAx
    `r - rhs` → `r + rhs`
""",
    within=reference._value,
)
conjugate_gradients.edits(
    """
bad_products_count_as_nothing: A NaN or an infinity in a product is replaced by 0
    `operator(vector)` → `np.nan_to_num(operator(vector), nan=0.0, posinf=0.0, neginf=0.0)`
""",
    within=product,
)
