"""What ports do wrong when they measure the curvature."""

from __future__ import annotations

from gnomon.descent.homotopy import estimator as reference
from gnomon_spec.descent.homotopy.estimator import estimate

estimate.edits("""
mean_reported_on_full_calls: A full call reports the running mean instead of what it measured
    `grad_norm = joint_length([grad])` → `norm, trace = norm_average, trace_average\ngrad_norm = joint_length([grad])`
mean_started_from_zero: The running means begin at 0 and not at the first values
    `new if calls == 1 else decay * mean + (1 - decay) * new` → `decay * mean + (1 - decay) * new`
mean_with_bias_correction: The running means are corrected for a bias that they do not have
    `new if calls == 1 else decay * mean + (1 - decay) * new` →
        `(new if calls == 1 else decay * mean + (1 - decay) * new) / (1 - decay**calls)`
weights_of_the_mean_exchanged: β weighs the new value and 1-β the mean
    `decay * mean + (1 - decay) * new` → `(1 - decay) * mean + decay * new`
mean_of_the_trace_forgotten: Only the norm has a running mean: the trace on other calls is that of the last full one
    `running_mean(trace_average, trace, calls, decay)` → `trace`
full_calls_one_later: The full calls are 1, 1 + N, 1 + 2N, … instead of 1, N, 2N, …
    `calls == 1 or calls % frequency == 0` → `(calls - 1) % frequency == 0`
first_call_waits_for_its_turn: The first call is no full one unless N is 1: κ = 0 before the N-th
    `calls == 1 or calls % frequency == 0` → `calls % frequency == 0`
hessian_asked_on_every_call: The Hessian is measured on every call: between full calls, too, the norm is the one
    measured
    `if full:` → `if True:`, `calls, decay)` → `calls, decay if full else 1)`
gradient_not_squared: κ = s/‖g‖
    `norm / (grad_norm * grad_norm)` → `norm / grad_norm`, `norm / grad_norm / grad_norm` → `norm / grad_norm`
mean_square_of_the_gradient: The gradient's norm is the root of the mean square and not of the sum
    `joint_length([grad])` → `joint_length([grad]) / grad.shape[0] ** 0.5`
largest_entry_of_the_gradient: The gradient's norm is its largest entry
    `joint_length([grad])` → `np.max(np.abs(grad))`
trace_for_the_norm: κ is made of the size of the trace and not of the norm
    `curvature_of(norm, grad_norm` → `curvature_of(np.abs(trace), grad_norm`
""")
estimate.edits(
    """
guard_below_the_curvature: κ = s/(‖g‖² + 1e-8): at a critical point it is large instead of infinite, and it depends on
    the units
    `` → `return norm / (grad_norm * grad_norm + 1e-8)`
""",
    within=reference.curvature_of,
)
estimate.edits("""
critical_points_have_no_curvature: κ = 0 where the gradient is 0, in every variant: the highest rate exactly there
    `if norm == 0:` → `if norm == 0 or grad_norm == 0:`
""")
estimate.edits(
    """
code_with_the_limit: Variant "code" takes κ = ∞ where the gradient is 0
    `if variant == "code":` → `if False:`
""",
    within=reference.curvature_of,
)
estimate.edits("""
code_with_the_standard_norm: Variant "code" estimates the norm by ‖Hv‖ and not by the published |ρ|
    `rtol=rtol, variant=variant` → `rtol=rtol, variant="standard"`
probes_are_not_counted: The products with the probes are left out of the count
    `found.products + traced.products` → `found.products`
products_that_are_not_finite_count_as_nothing: A NaN or an infinity in a product with the Hessian is replaced by 0
    `operator(vector)` → `np.nan_to_num(operator(vector), nan=0.0, posinf=0.0, neginf=0.0)`
""")
