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


def minimised(port: Any, case: Case, **changed: Any) -> Runs:
    """Return a port's runs in a case of quadratics, some inputs or hyperparameters changed."""
    inputs = [changed.pop(name, case[name]) for name in ("params", "matrices", "stationary")]
    runs: Runs = port.minimise_quadratics(*inputs, **{**case.hyper, **changed})
    return runs


def fitted(port: Any, case: Case, **changed: Any) -> Runs:
    """Return a port's runs in a case of linear models, some inputs or hyperparameters changed."""
    inputs = [changed.pop(name, case[name]) for name in ("params", "features", "targets")]
    runs: Runs = port.fit_linear_models(*inputs, **{**case.hyper, **changed})
    return runs


def declare_laws_of_independent_runs(operation: Operation, cases: Cases) -> None:
    """Declare what is true of runs on whatever problems."""

    def run(port: Any, case: Case, **changed: Any) -> Runs:
        runs: Runs = operation.call(port, case, **changed)
        return runs

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
    n = case.params.shape[1]
    found, offset = minimised(port, case, max_iter=n), case.params - case.stationary
    ends = []
    for k in range(len(offset)):
        rest, damping = offset[k], case.damping
        for _ in range(case.steps):
            rest = damping * lapack(np.linalg.solve, case.matrices[k] + damping * np.eye(n), rest)
            damping = damping * 2 / 3
        ends.append(case.stationary[k] + rest)
    yield equal("params", found.params, np.stack(ends))
    t = np.arange(case.steps + 1)
    yield equal("dampings", found.dampings, np.ones((len(offset), 1)) * (case.damping * (2 / np.float64(3)) ** t))


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


@fit_linear_models.law(
    "closed form",
    cases=models.but(
        loss="logistic", steps=1, params=points(0.5, 1.0), power=count(11, 12, low=9, high=14), **downhill
    ),
)
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


@fit_linear_models.law(
    "closed form",
    cases=models.but(steps=1, loss="squared", ridge=choice(0.25, 0.5), damping=0.0, **full),
)
def least_squares_need_one_step(port: Any, case: Case) -> Iterable[Fact]:
    """Without damping one step with n iterations ends in (XᵀX/N + ρI)⁻¹Xᵀy/N, wherever it began, and λ stays 0."""
    found, solutions = fitted(port, case, max_iter=case.params.shape[1]), []
    for X, y in zip(case.features, case.targets, strict=True):
        solutions.append(lapack(np.linalg.solve, X.T @ X / len(y) + case.ridge * np.eye(X.shape[1]), X.T @ y / len(y)))
    yield equal("params", found.params, np.stack(solutions))
    yield equal("dampings", found.dampings, np.zeros(found.dampings.shape))


@fit_linear_models.law("oracle agreement", cases=models.but(loss="squared", ridge=choice(0.25, 0.5)))
def least_squares_are_quadratics(port: Any, case: Case) -> Iterable[Fact]:
    """Least squares run as the quadratic with H = XᵀX/N + ρI and the same minimiser, its loss less by that there."""
    count, n = case.features.shape[1:]
    matrices = np.stack([X.T @ X / count + case.ridge * np.eye(n) for X in case.features])
    ends = np.stack(
        [
            lapack(np.linalg.solve, H, X.T @ y / count)
            for H, X, y in zip(matrices, case.features, case.targets, strict=True)
        ]
    )
    hyper = {name: value for name, value in case.hyper.items() if name not in ("loss", "ridge")}
    found, expected = fitted(port, case), port.oracle.minimise_quadratics(case.params, matrices, ends, **hyper)
    yield equal("params", found.params, expected.params)
    yield equal("dampings", found.dampings, expected.dampings)
    yield equal("falls", found.losses[:, :1] - found.losses, expected.losses[:, :1] - expected.losses)


@fit_linear_models.law("bound", cases=models.but(loss="logistic", ridge=0.0, **downhill))
def on_separable_data_the_loss_falls_and_stays_above_zero(port: Any, case: Case) -> Iterable[Fact]:
    """Where the sign of the first feature tells the class and nothing limits the weights, the loss falls for ever and
    never reaches 0, for there is no minimiser."""
    losses = fitted(port, case, targets=np.where(case.features[:, :, 0] > 0, 1.0, 0.0).astype(case.params.dtype)).losses
    yield at_least("fall", losses[:, :-1], losses[:, 1:])
    yield at_least("positive", losses, np.zeros(()))


@fit_linear_models.law("closed form", cases=models.but(adapt_damping=True))
def the_damping_of_models_has_three_ways_to_go(port: Any, case: Case) -> Iterable[Fact]:
    """From step to step λ becomes λ·2/3, stays, or becomes λ·3/2."""
    dampings = fitted(port, case).dampings
    factors = np.stack([np.abs(dampings[:, 1:] - dampings[:, :-1] * factor) for factor in (2 / 3, 1.0, 3 / 2)])
    yield equal("first", dampings[:, 0], case.damping + np.zeros(len(case.params)))
    yield equal("change", np.min(factors, axis=0), np.zeros(factors.shape[1:]))
