"""What ports of HysteroGrad's step get wrong: in its direction, its clipping, its state, its barrier and its gate."""

from __future__ import annotations

from gnomon_spec.descent.hysterograd import step

ROOT = "np.sqrt(metric) + eps"
SQUARE = "metric_scale * (grad * grad)"
METRIC = f"beta * state.metric + (1 - beta) * {SQUARE}"
LENGTH = "full_norm = np.sqrt(np.sum(direction * direction))"
WALK = "lr * (scale * full_norm)"
MOVE = "lr * scale * direction"
MEAN = "beta * state.mean_norm + (1 - beta) * norm"
BARRIER = "mean_norm + 1e-8"
GATE = "norm > (release_ratio * width if state.liquid else width)"
THRESHOLD = "release_ratio * width if state.liquid else width"
AFTER = "HysteroGradState(metric, path_length, temperature, mean_norm, liquid)"

# The direction
step.edits(f"""
epsilon_inside_the_root: ε is added inside the square root
    `{ROOT}` → `np.sqrt(metric + eps)`
epsilon_left_out: ε is not added at all
    `{ROOT}` → `np.sqrt(metric)`
no_root: The gradient is divided by the metric itself instead of its root (as in the text)
    `{ROOT}` → `metric + eps`
theory_with_a_root: In theory, the gradient is divided by the root of the metric
    `metric + eps` → `{ROOT}`
metric_scale_outside_the_root: metric_scale multiplies the root of the metric instead of the squared gradient
    `{SQUARE}` → `(grad * grad)`, `{ROOT}` → `metric_scale * {ROOT}`
metric_scale_left_out: metric_scale is ignored
    `{SQUARE}` → `(grad * grad)`
metric_corrected_for_its_bias_at_first: A metric of zeros is replaced by the first square instead of (1-β) of it: a bias
    correction nobody makes
    `{METRIC}` → `np.where(state.metric == 0, {SQUARE}, {METRIC})`
metric_of_the_step_before: The gradient is divided by the root of the metric as it was before this gradient entered it
    `{ROOT}` → `np.sqrt(state.metric) + eps`
metric_sums_instead_of_averaging: The metric adds the whole square instead of (1-β) of it
    `{METRIC}` → `beta * state.metric + {SQUARE}`
one_metric_for_the_whole_group: The gradient is divided by one number, the root of the mean metric of the group
    `{ROOT}` → `np.sqrt(np.sum(metric) / max(metric.size, 1)) + eps`
nothing_by_nothing_is_nothing: Where the metric is 0 without ε the direction is taken to be 0 instead of 0/0
    `grad / ({ROOT})` → `np.where({ROOT} == 0, 0, grad / ({ROOT}))`
absolute_gradient: The sign of the gradient is lost
    `` → `grad = np.abs(grad)`
ascent_instead_of_descent: The step goes up the gradient: its sign is wrong
    `` → `grad = -grad`
step_in_proportion_to_the_parameters: The gradient is multiplied by the size of the parameter (a trust ratio that nobody
    asked for)
    `` → `grad = grad * np.abs(params)`
bad_entries_taken_for_zeros: A NaN or an infinity in the gradient is replaced by 0 and the group lives on
    `` → `grad = np.where(np.isfinite(grad), grad, 0)`
moves_without_a_learning_rate: A learning rate of 0 is taken for "not given" and replaced by the default
    `` → `lr = lr if lr != 0 else 1e-3`
theory_for_the_code: The formulas of the text are used for a variant of the code
    `` → `variant, grad_clip, hysteresis_scale = "theory", None, 1.0`
head_for_v4: The newest code ("head") is used where the one published before ("v4") was asked for
    `` → `variant = "head" if variant == "v4" else variant`
clipping_ignored: grad_clip is ignored
    `` → `grad_clip = None`
clipping_the_gradient: grad_clip bounds the gradient before anything else, instead of the preconditioned one
    `` → `if grad_clip is not None:
            grad = np.minimum(1, grad_clip / (np.sqrt(np.sum(grad * grad)) + 1e-6)) * grad
            grad_clip = None`
""")

# The norm and its clipping
step.edits(f"""
root_mean_square_norm: n is the root of the mean square instead of the length (as in the text)
    `{LENGTH}` → `full_norm = np.sqrt(np.sum(direction * direction) / max(direction.size, 1))`
theory_with_the_length: In theory, n is the length of the step's direction instead of the root of its mean square
    ` / max(direction.size, 1)` → ``
norm_of_absolute_values: n is the sum of absolute values instead of the length
    `{LENGTH}` → `full_norm = np.sum(np.abs(direction))`
norm_of_the_gradient: n is the length of the gradient as it came, not divided by the root of the metric
    `{LENGTH}` → `full_norm = np.sqrt(np.sum(grad * grad))`
last_entry_left_out_of_the_norm: The last entry of the group does not count in its norm (the tail of a vectorised sum is
    missing)
    `{LENGTH}` → `full_norm = np.sqrt(np.sum((direction * direction).reshape(-1)[:-1]))`
last_entry_left_out: The last entry of the group is not moved (the tail of a vectorised loop is missing)
    `{MOVE}` → `{MOVE} * (np.arange(grad.size) < grad.size - 1).reshape(grad.shape)`
clipping_also_lengthens: The factor of clipping is c/N even where that is above 1: short steps are made longer
    ` or (variant == "v4" and not full_norm > grad_clip)` → ``, `np.minimum(1, scale)` → `scale`
clip_only_beyond_itself: In head, too, a step is clipped only if it is longer than the clip (as in v4)
    `(variant == "v4" and not full_norm > grad_clip)` → `not full_norm > grad_clip`
clipped_norm_is_the_clip: In head, a clipped norm is taken to be the clip itself (as in v4) instead of f·N, which is a
    hair less
    `scale, scale * full_norm` → `scale, np.minimum(full_norm, grad_clip)`
clip_without_its_small_constant: The factor of clipping is c/N without 1e-6 added to N
    ` + 1e-6)` → `)`
clip_missing_in_the_gate: The unclipped norm is compared with the barrier
    `{GATE}` → `full_{GATE}`
clip_missing_in_the_move: The clipped norm is reported and gated, but the parameters move by the unclipped step
    `{MOVE}` → `lr * direction`
clip_missing_in_the_path: The path grows by lr times the unclipped norm
    `{WALK}` → `lr * full_norm`
clip_missing_in_the_mean: E averages the unclipped norms
    `beta) * norm` → `beta) * full_norm`
clip_missing_in_the_report: The reported norm is the unclipped one, while all else uses the clipped
    `Report(liquid, norm,` → `Report(liquid, full_norm,`
""")

# Path, temperature and mean norm
step.edits(f"""
learning_rate_missing_in_the_path: The path grows by n instead of lr·n
    `{WALK}` → `scale * full_norm`
path_counts_liquid_steps_only: The path grows only when the step is taken: a frozen group thaws as soon as its gradient
    allows
    `{AFTER}` → `{AFTER.replace("path_length", "path_length if liquid else state.path_length")}`
path_fades_away: The path is a running mean like E instead of a sum
    `state.path_length + {WALK}` → `beta * state.path_length + (1 - beta) * {WALK}`
theory_counts_refused_steps: In theory, the path grows by refused steps, too
    `variant == "theory" and liquid` → `variant == "theory"`
theory_measures_without_the_metric: In theory, the path grows by the length of the step instead of √(ΔᵀGΔ)
    `metric * (direction * direction)` → `direction * direction`
temperature_cools_liquid_groups_only: A frozen group does not cool
    `{AFTER}` → `{AFTER.replace("temperature", "temperature if liquid else state.temperature")}`
temperature_stays: The temperature is never cooled
    `cooling_rate * state.temperature` → `state.temperature`
mean_norm_without_its_weight: E adds the whole norm instead of (1-β) of it
    `(1 - beta) * norm` → `norm`
mean_norm_of_one_step: E is the norm of this step alone
    `{MEAN}` → `norm`
mean_norm_forgotten_when_frozen: E is not updated when the step is refused
    `{AFTER}` → `{AFTER.replace("mean_norm", "mean_norm if liquid else state.mean_norm")}`
metric_kept_when_frozen: The metric is not updated when the step is refused
    `{AFTER}` → `{AFTER.replace("metric", "metric if liquid else state.metric")}`
state_kept_when_frozen: Nothing at all is updated when the step is refused
    `{AFTER}` → `{AFTER} if liquid else state._replace(liquid=False)`
status_not_remembered: The status is reported but not stored: the state stays as it was
    `{AFTER}` → `{AFTER.replace("liquid", "state.liquid")}`
""")

# The barrier
step.edits(f"""
barrier_of_the_path_before: The barrier uses the path as it was before this step
    `np.sqrt(path_length)` → `np.sqrt(state.path_length)`
barrier_in_proportion_to_the_path: The barrier grows with the path instead of its root
    `np.sqrt(path_length)` → `path_length`
barrier_of_the_mean_before: The barrier uses E as it was before this step
    `{BARRIER}` → `state.{BARRIER}`
barrier_without_its_small_constant: An adaptive barrier is multiplied by E without 1e-8 added
    `{BARRIER}` → `mean_norm`
barrier_never_adaptive: The barrier is not multiplied by the mean norm though it was asked for
    `if adaptive_threshold` → `if False`
barrier_always_adaptive: The barrier is multiplied by the mean norm though it was not asked for
    `if adaptive_threshold` → `if True`
barrier_of_the_temperature_before: The barrier uses the temperature before it is cooled (as in v4) where it should be
    cooled (as in head)
    `temperature if variant == "head" else state.temperature` → `state.temperature`
theory_cools_first: In theory, the barrier uses the temperature after cooling
    `variant == "head"` → `variant != "v4"`
temperature_not_clamped: 1 - T is used as it is: the barrier is negative while T is above 1
    `np.minimum(warmth, 1)` → `warmth`
temperature_lets_the_barrier_fall: The barrier is multiplied by T instead of 1 - T: it falls as the group cools
    `(1 - np.minimum(warmth, 1))` → `np.minimum(warmth, 1)`
hysteresis_scale_left_out: hysteresis_scale is ignored
    ` * hysteresis_scale` → ``
""")

# The gate
step.edits(f"""
equality_is_liquid: A norm equal to the barrier is let through: >= instead of >
    `norm > (` → `norm >= (`
no_number_is_liquid: The gate asks whether n <= h and lets through what is not: a NaN, too
    `bool({GATE})` → `not {GATE.replace(">", "<=")}`
gate_only_reported: A refused step is reported as such, but taken
    `if liquid:` → `if np.isfinite(norm):`
gate_for_each_entry: Every entry has a gate of its own: those of |d| up to the barrier are kept, the others moved
    `{MOVE}` → `{MOVE} * (np.abs(scale * direction) > ({THRESHOLD}))`
release_ratio_left_out: The gate has one threshold though two were asked for
    `{THRESHOLD}` → `width`
release_ratio_whatever_the_status: The lower threshold is used for frozen groups, too: one threshold, only lower
    `{THRESHOLD}` → `release_ratio * width`
release_ratio_for_frozen_groups: The thresholds are exchanged: the lower one thaws and the higher one freezes
    `if state.liquid else` → `if not state.liquid else`
gate_of_the_wrong_sign: Steps above the barrier are refused and those below taken
    `norm > (` → `norm < (`
""")
