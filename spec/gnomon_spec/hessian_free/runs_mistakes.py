"""Plausible mistakes in runs on many problems, beside those that a wrong step makes of them."""

from __future__ import annotations

from gnomon_spec.hessian_free.runs import fit_linear_models, minimise_quadratics

STEP, FIRST_STATE = (
    "x, state, report = step(x, state, objective, **hyper)",
    "HessianFreeState(0 * x, 0 * x[0] + damping)",
)
LOSSES = "[*(report.loss for report in reports), reports[-1].final_loss]"
DAMPINGS = "*(report.damping for report in reports), state.damping"
BEGIN, MODEL = "x, reports = start, []", "LinearModel(X, y, ridge, loss)"


def replaced(model: str, **methods: str) -> str:
    """Return the expression for a subclass of a model, with other methods: what they return for `params`, `vector`."""
    arguments = {"hvp": "self, params, vector, start=None"}
    lambdas = (f'"{name}": lambda {arguments.get(name, "self, params")}: {body}' for name, body in methods.items())
    return f'type("Other", ({model},), {{{", ".join(lambdas)}}})'


def other_curvature(hvp: str) -> str:
    """Return the beginning of a run whose objective has another Hessian product."""
    return (
        f"{BEGIN}\nobjective = {replaced('type(objective)', hvp=hvp).replace('start=None', 'start=start')}(*objective)"
    )


def other_model(**methods: str) -> str:
    """Return the linear model with other methods."""
    return MODEL.replace("LinearModel", replaced("LinearModel", **methods))


# In runs of whatever problems, of quadratics and of models alike.
minimise_quadratics.edits(f"""
damping_is_handed_from_problem_to_problem: A run begins with the damping that the run before it ended with
    `{FIRST_STATE}` → `HessianFreeState(0 * x, state.damping if runs else 0 * x[0] + damping)`
warm_start_is_handed_from_problem_to_problem: A run begins with the warm start that the run before it ended with
    `{FIRST_STATE}` → `HessianFreeState(state.warm_start if runs else 0 * x, 0 * x[0] + damping)`
steps_go_uphill: Every step is taken the wrong way round: θ - a·s
    `{STEP}` → `before = x\n{STEP}\nx = before - (x - before)\nreport = report._replace(final_loss=objective.value(x))`
first_damping_is_one: Whatever damping is asked for, the first step has 1
    `0 * x[0] + damping` → `0 * x[0] + 1`
curvature_of_the_first_problem: The curvature of the first problem serves all of them
    `{BEGIN}` → `{other_curvature("objectives[0].hvp(params, vector)")}`
problems_in_reverse: The runs come back in the opposite order
    `zip(*runs,` → `zip(*runs[::-1],`
last_step_is_not_made: The last step is not made: the parameters are those before it
    `{STEP}` → `before = x\n{STEP}\nx = before if len(reports) == steps - 1 else x`
state_is_new_in_every_step: Every step begins with the first damping and without a warm start
    `{STEP}` → `{STEP.replace("x, state, objective", f"x, {FIRST_STATE}, objective")}`
losses_are_told_a_step_late: The loss told of every step is the one before it
    `{LOSSES}` → `[reports[0].loss, *(report.loss for report in reports)]`
dampings_are_told_a_step_early: The damping told of every step is that of the next one
    `{DAMPINGS}` → `{DAMPINGS.replace("in reports", "in reports[1:]")}, state.damping`
iterations_are_counted_with_the_start: The start of conjugate gradients counts as an iteration
    `report.iterations` → `report.iterations + 1`
quadratics_around_nought: The stationary points are taken to be 0
    `Quadratic(H, x)` → `Quadratic(H, 0 * x)`
matrices_are_doubled: The loss is (x - x*)ᵀH(x - x*), without the half
    `Quadratic(H, x)` → `Quadratic(2 * H, x)`
""")

SUMMED = "len(self.targets) * LinearModel(*self[:2], self.ridge / len(self.targets), self.loss)"
CUT_OFF = (
    "(np.sum(np.log(1 + np.exp(np.minimum(self.features @ params, 60))) - self.targets * (self.features @ params))"
    " / len(self.targets) + self.ridge * np.sum(params**2) / 2"
    ' if self.loss == "logistic" else LinearModel.value(self, params))'
)
SUMS = {"value": "value(params)", "gradient": "gradient(params)", "hvp": "hvp(params, vector)"}
fit_linear_models.edits(f"""
examples_are_summed: The loss is the sum over the examples and not their mean
    `{MODEL}` → `{other_model(**{name: f"{SUMMED}.{call}" for name, call in SUMS.items()})}`
ridge_without_its_half: The loss has ρ‖w‖² and not ½ρ‖w‖²
    `{MODEL}` → `LinearModel(X, y, 2 * ridge, loss)`
ridge_is_not_in_the_curvature: The curvature is that of the data alone; the ridge is in loss and gradient only
    `{MODEL}` → `{other_model(hvp="LinearModel.hvp(self._replace(ridge=0), params, vector)")}`
curvature_is_not_weighted: The curvature is XᵀX/N + ρI for every loss: ℓ″ is left out
    `{MODEL}` → `{other_model(hvp="LinearModel.hvp(self._replace(loss='squared'), params, vector)")}`
curvature_of_the_start: The curvature is that at the start in every step
    `{BEGIN}` → `{other_curvature("type(self).__base__.hvp(self, start, vector)")}`
exponential_overflows: The logistic loss is log(1 + eᶻ) - y·z with z cut off at 60, lest eᶻ overflows
    `{MODEL}` → `{other_model(value=CUT_OFF)}`
labels_become_signs: For "logistic" y is replaced by 2y - 1, in formulas that are meant for 0 and 1
    `{MODEL}` → `LinearModel(X, 2 * y - 1 if loss == "logistic" else y, ridge, loss)`
""")
