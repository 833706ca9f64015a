"""Runs of the whole optimizer, on many small problems at once: quadratics and generalised linear models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import runs as reference
from gnomon.hessian_free.runs import Runs
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects, same_outputs
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.hessian_free.drawn_problems import ONE_DIMENSION, models, points, quadratics
from gnomon_spec.strategies import count
from gnomon_spec.system import WITH_ROOM, Operation

# Newton's damped steps in full: as many iterations as parameters, and nothing that shortens a step.
full: dict[str, Any] = {"rtol": 0.0, "linesearch": False, "backtracking": False, "lr": 1.0}
# The loss can only fall.
downhill: dict[str, Any] = {"variant": "martens", "decay": 0.0, "linesearch": True, "lr": choice(1.0, 4.0)}


minimise_quadratics = system.operation(reference.minimise_quadratics, cases=quadratics, dtypes=WITH_ROOM)
fit_linear_models = system.operation(reference.fit_linear_models, cases=models, dtypes=WITH_ROOM)
minimised, fitted = minimise_quadratics.call, fit_linear_models.call


def declare_laws_of_independent_runs(operation: Operation, cases: Cases) -> None:
    """Declare what is true of runs on whatever problems."""
    run = operation.call

    @operation.law("equivariance", cases=cases)
    def problems_do_not_know_of_each_other(port: Any, case: Case) -> Iterable[Fact]:
        """In the opposite order the same problems have the same runs, and so has the last of them by itself."""
        found = run(port, case)
        for label, some in (("backwards", slice(None, None, -1)), ("alone", slice(-1, None))):
            again = run(port, case, **{name: case[name][some] for name in operation.inputs})
            yield from same_outputs(label, again, Runs(*(part[some] for part in found)))

    @operation.law("conservation", cases=cases.but(steps=count(2, 3, low=2, high=3)))
    def a_longer_run_begins_as_a_shorter_one(port: Any, case: Case) -> Iterable[Fact]:
        """The first steps do not depend on how many follow."""
        shorter, longer = run(port, case, steps=case.steps - 1), run(port, case)
        yield equal("losses", longer.losses[:, :-1], shorter.losses)
        yield equal("dampings", longer.dampings[:, :-1], shorter.dampings)
        yield equal("step lengths", longer.step_lengths[:, :-1], shorter.step_lengths)

    @operation.law("bound", cases=cases.but(**downhill))
    def losses_never_rise(port: Any, case: Case) -> Iterable[Fact]:
        """With lines searched and no warm starts, no step makes a loss larger."""
        losses = run(port, case).losses
        yield at_least("losses", losses[:, :-1], losses[:, 1:])


declare_laws_of_independent_runs(minimise_quadratics, quadratics)
declare_laws_of_independent_runs(fit_linear_models, models)


@minimise_quadratics.law(
    "closed form", cases=quadratics.but(variant="martens", adapt_damping=True, decay=choice(0.0, 0.95), **full)
)
def quadratics_contract_as_newtons_damped_steps_do(port: Any, case: Case) -> Iterable[Fact]:
    """In "martens", with n iterations, θ' - θ* = λ(B + λI)⁻¹(θ - θ*) in every step, and λ falls as (2/3)ᵗ."""
    P, n = case.params.shape
    found, ends = minimised(port, case, max_iter=n), []
    dampings = case.damping * (2 / np.float64(3)) ** np.arange(case.steps + 1)
    for start, end, H in zip(case.params, case.stationary, case.matrices, strict=True):
        rest = start - end
        for damping in dampings[:-1]:
            rest = damping * lapack(np.linalg.solve, H + damping * np.eye(n), rest)
        ends.append(end + rest)
    yield equal("params", found.params, np.stack(ends))
    yield equal("dampings", found.dampings, np.ones((P, 1)) * dampings)


@minimise_quadratics.law("invariance", cases=quadratics.but(power=count(1, 3, low=-12, high=12)))
def the_unit_of_the_loss_changes_no_bit(port: Any, case: Case) -> Iterable[Fact]:
    """H and λ times 2ᵏ leave the parameters and multiply losses and dampings: bit for bit."""
    scale, found = 2.0**case.power, minimised(port, case)
    scaled = minimised(port, case, matrices=case.matrices * scale, damping=case.damping * scale)
    yield identical("params", scaled.params, found.params)
    yield identical("losses", scaled.losses, found.losses * scale)
    yield identical("dampings", scaled.dampings, found.dampings * scale)


@fit_linear_models.law("rejects", cases=models)
def targets_that_the_loss_does_not_allow_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """Counts below 0 and probabilities above 1 are rejected."""
    y = np.abs(case.targets)
    yield rejects("a count below 0", lambda: fitted(port, case, loss="poisson", targets=-1 - y))
    yield rejects("a probability above 1", lambda: fitted(port, case, loss="logistic", targets=2 + y))


far = models.but(loss="logistic", steps=1, params=points(0.5, 1.0), power=count(11, 12, low=9, high=14), **downhill)


@fit_linear_models.law("closed form", cases=far)
def far_from_the_boundary_nothing_overflows(port: Any, case: Case) -> Iterable[Fact]:
    """Outputs of any size have the logistic loss max(z, 0) - y·z + log(1 + exp(-|z|)), and a step does not raise it."""
    features = case.features * 2.0**case.power
    z, y = np.einsum("pij,pj->pi", features, case.params), case.targets
    losses = np.mean(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z))), axis=1)
    expected = losses + case.ridge * np.sum(case.params * case.params, axis=1) / 2
    found = fitted(port, case, features=features).losses
    yield equal("first loss", found[:, 0], expected)
    yield at_least("losses", found[:, 0], found[:, 1])


@fit_linear_models.law("closed form", cases=models.but(steps=1, max_iter=1, **full).shaped(ONE_DIMENSION))
def with_one_weight_a_step_is_newtons_damped_one(port: Any, case: Case) -> Iterable[Fact]:
    """With one weight w' = w - f'/(f″ + λ), f' = mean of ℓ'·x + ρw, f″ = mean of ℓ″·x² + ρ."""
    x, y, w = case.features[:, :, 0], case.targets, case.params
    z = x * w
    logistic = 1 / (1 + np.exp(-z))
    slopes, curved = {
        "squared": (z - y, 1 + 0 * z),
        "logistic": (logistic - y, logistic * (1 - logistic)),
        "poisson": (np.exp(z) - y, np.exp(z)),
    }[case.loss]
    slope = np.mean(slopes * x, axis=1, keepdims=True) + case.ridge * w
    curvature = np.mean(curved * x * x, axis=1, keepdims=True) + case.ridge
    yield equal("params", fitted(port, case).params, w - slope / (curvature + case.damping))


def solutions(case: Case) -> tuple[Any, Any]:
    """Return H = XᵀX/N + ρI and the minimiser of least squares, for each problem."""
    N, n = case.features.shape[1:]
    matrices = [X.T @ X / N + case.ridge * np.eye(n) for X in case.features]
    slopes = [X.T @ y / N for X, y in zip(case.features, case.targets, strict=True)]
    return np.stack(matrices), np.stack([lapack(np.linalg.solve, *each) for each in zip(matrices, slopes, strict=True)])


@fit_linear_models.law(
    "closed form", cases=models.but(steps=1, loss="squared", ridge=choice(0.25, 0.5), damping=0.0, **full)
)
def least_squares_need_one_step(port: Any, case: Case) -> Iterable[Fact]:
    """Without damping one step with n iterations ends in (XᵀX/N + ρI)⁻¹Xᵀy/N, wherever it began, and λ stays 0."""
    found = fitted(port, case, max_iter=case.params.shape[1])
    yield equal("params", found.params, solutions(case)[1])
    yield equal("dampings", found.dampings, np.zeros(found.dampings.shape))


@fit_linear_models.law("oracle agreement", cases=models.but(loss="squared", ridge=choice(0.25, 0.5)))
def least_squares_are_quadratics(port: Any, case: Case) -> Iterable[Fact]:
    """Least squares run as the quadratic with H = XᵀX/N + ρI and the same minimiser, its loss less by that there."""
    hyper = {name: value for name, value in case.hyper.items() if name not in ("loss", "ridge")}
    found, expected = fitted(port, case), port.oracle.minimise_quadratics(case.params, *solutions(case), **hyper)
    yield equal("params", found.params, expected.params)
    yield equal("dampings", found.dampings, expected.dampings)
    yield equal("falls", found.losses[:, :1] - found.losses, expected.losses[:, :1] - expected.losses)


STEP, MADE = "x, state, report = step(x, state, objective, **hyper)", "step(x, state, objective"
FIRST_STATE, BEGIN = "HessianFreeState(0 * x, 0 * x[0] + damping)", "x, reports = start, []"
MODEL, DAMPING = "LinearModel(X, y, ridge, loss)", "report.damping for report in reports"


def other_curvature(hvp: str) -> str:
    """Return the beginning of a run whose objective has another Hessian product."""
    product = f"lambda self, params, vector, start=start: {hvp}"
    return f"{BEGIN}\nobjective = type('Other', (type(objective),), {{'hvp': {product}}})(*objective)"


def other_model(**methods: str) -> str:
    """Return the linear model with other methods: what they return for `params` and `vector`."""
    lambdas = (f"'{name}': lambda self, params, vector=None: {body}" for name, body in methods.items())
    return f"type('Other', (LinearModel,), {{{', '.join(lambdas)}}}){MODEL.removeprefix('LinearModel')}"


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
    `{MADE}` → `step(x, {FIRST_STATE}, objective`
losses_are_told_a_step_late: The loss told of every step is the one before it
    `, reports[-1].final_loss` → ``, `[*(report.loss` → `[reports[0].loss, *(report.loss`
dampings_are_told_a_step_early: The damping told of every step is that of the next one
    `{DAMPING}), state.damping` → `{DAMPING}[1:]), state.damping, state.damping`
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
