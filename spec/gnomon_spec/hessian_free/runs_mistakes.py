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


def other_curvature(hvp: str) -> str:
    """Return the beginning of a run whose objective has another Hessian product."""
    methods = f"    def hvp(self, params, vector, start=start):\n        return {hvp}\n"
    return f"{BEGIN}\nclass Other(type(objective)):\n{methods}objective = Other(*objective)"


def other_model(*methods: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the pieces of an edit that makes the linear models of a class with other methods."""
    body = "\n".join(f"    {line}" for method in methods for line in method.split("\n"))
    return ("", f"class Other(LinearModel):\n{body}\n"), (MODEL, MODEL.replace("LinearModel", "Other"))


# In runs of whatever problems, of quadratics and of models alike.
for name, statement, *pieces in (
    (
        "damping_is_handed_from_problem_to_problem",
        "A run begins with the damping that the run before it ended with",
        (FIRST_STATE, "HessianFreeState(0 * x, state.damping if runs else 0 * x[0] + damping)"),
    ),
    (
        "warm_start_is_handed_from_problem_to_problem",
        "A run begins with the warm start that the run before it ended with",
        (FIRST_STATE, "HessianFreeState(state.warm_start if runs else 0 * x, 0 * x[0] + damping)"),
    ),
    (
        "steps_go_uphill",
        "Every step is taken the wrong way round: θ - a·s",
        (
            STEP,
            f"before = x\n{STEP}\nx = before - (x - before)\nreport = report._replace(final_loss=objective.value(x))",
        ),
    ),
    (
        "first_damping_is_one",
        "Whatever damping is asked for, the first step has 1",
        ("0 * x[0] + damping", "0 * x[0] + 1"),
    ),
    (
        "curvature_of_the_first_problem",
        "The curvature of the first problem serves all of them",
        (BEGIN, other_curvature("objectives[0].hvp(params, vector)")),
    ),
    ("problems_in_reverse", "The runs come back in the opposite order", ("zip(*runs,", "zip(*runs[::-1],")),
    (
        "last_step_is_not_made",
        "The last step is not made: the parameters are those before it",
        (STEP, f"before = x\n{STEP}\nx = before if len(reports) == steps - 1 else x"),
    ),
    (
        "state_is_new_in_every_step",
        "Every step begins with the first damping and without a warm start",
        (STEP, STEP.replace("x, state, objective", f"x, {FIRST_STATE}, objective")),
    ),
    (
        "losses_are_told_a_step_late",
        "The loss told of every step is the one before it",
        (LOSSES, "[reports[0].loss, *(report.loss for report in reports)]"),
    ),
    (
        "dampings_are_told_a_step_early",
        "The damping told of every step is that of the next one",
        (DAMPINGS, DAMPINGS.replace("in reports", "in reports[1:]") + ", state.damping"),
    ),
    (
        "iterations_are_counted_with_the_start",
        "The start of conjugate gradients counts as an iteration",
        ("report.iterations", "report.iterations + 1"),
    ),
    (
        "quadratics_around_nought",
        "The stationary points are taken to be 0",
        ("Quadratic(H, x)", "Quadratic(H, 0 * x)"),
    ),
    (
        "matrices_are_doubled",
        "The loss is (x - x*)ᵀH(x - x*), without the half",
        ("Quadratic(H, x)", "Quadratic(2 * H, x)"),
    ),
):
    minimise_quadratics.edit(name, statement, *pieces)

SUMMED = "len(self.targets) * LinearModel(*self[:2], self.ridge / len(self.targets), self.loss)"
for name, statement, *pieces in (
    (
        "examples_are_summed",
        "The loss is the sum over the examples and not their mean",
        *other_model(
            f"def value(self, params):\n    return {SUMMED}.value(params)",
            f"def gradient(self, params):\n    return {SUMMED}.gradient(params)",
            f"def hvp(self, params, vector):\n    return {SUMMED}.hvp(params, vector)",
        ),
    ),
    ("ridge_without_its_half", "The loss has ρ‖w‖² and not ½ρ‖w‖²", (MODEL, "LinearModel(X, y, 2 * ridge, loss)")),
    (
        "ridge_is_not_in_the_curvature",
        "The curvature is that of the data alone; the ridge is in loss and gradient only",
        *other_model(
            "def hvp(self, params, vector):\n    return LinearModel.hvp(self._replace(ridge=0), params, vector)"
        ),
    ),
    (
        "curvature_is_not_weighted",
        "The curvature is XᵀX/N + ρI for every loss: ℓ″ is left out",
        *other_model(
            'def hvp(self, params, vector):\n    return LinearModel.hvp(self._replace(loss="squared"), params, vector)'
        ),
    ),
    (
        "curvature_of_the_start",
        "The curvature is that at the start in every step",
        (BEGIN, other_curvature("super().hvp(start, vector)")),
    ),
    (
        "exponential_overflows",
        "The logistic loss is log(1 + eᶻ) - y·z with z cut off at 60, lest eᶻ overflows",
        *other_model(
            "def value(self, params):\n"
            "    z, y = self.features @ params, self.targets\n"
            '    if self.loss != "logistic":\n'
            "        return super().value(params)\n"
            "    losses = np.log(1 + np.exp(np.minimum(z, 60))) - y * z\n"
            "    return np.sum(losses) / len(y) + self.ridge * np.sum(params**2) / 2"
        ),
    ),
    (
        "labels_become_signs",
        'For "logistic" y is replaced by 2y - 1, in formulas that are meant for 0 and 1',
        (MODEL, 'LinearModel(X, 2 * y - 1 if loss == "logistic" else y, ridge, loss)'),
    ),
):
    fit_linear_models.edit(name, statement, *pieces)
