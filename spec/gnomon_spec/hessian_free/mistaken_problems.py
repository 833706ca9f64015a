"""Plausible mistakes in runs on many problems, beside those that a wrong step makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gnomon.hessian_free import problems as reference
from gnomon.hessian_free.linear_models import LOSSES, LinearModel
from gnomon.hessian_free.optimizer import VARIANTS, HessianFreeState, step
from gnomon.hessian_free.problems import (
    TARGETS,
    Runs,
    Settings,
    require_examples,
    require_quadratics,
    require_settings,
    run_each,
)
from gnomon_spec.edits import Address, Edited
from gnomon_spec.hessian_free import problems as declared  # noqa: F401
from gnomon_spec.hessian_free.family import system
from gnomon_spec.hessian_free.many import models_of, objectives_of
from gnomon_spec.system import Mistake, sentence

Wrong = Callable[[Any, Sequence[Any], Settings], Runs]


class Parts(NamedTuple):
    """An objective made of two: the loss and its gradient of one, the curvature of another, at some parameters."""

    first: Any
    second: Any
    at: Any = None

    def value(self, params: Any) -> Any:
        """Return f(x) of the first."""
        return self.first.value(params)

    def gradient(self, params: Any) -> Any:
        """Return ∇f(x) of the first."""
        return self.first.gradient(params)

    def hvp(self, params: Any, vector: Any) -> Any:
        """Return ∇²f·v of the second."""
        return self.second.hvp(params if self.at is None else self.at, vector)

    def ggnvp(self, params: Any, vector: Any) -> Any:
        """Return `hvp`."""
        return self.hvp(params, vector)


class OtherModel(NamedTuple):
    """A linear model with some of its rules changed (see `changed_model`); the fields are those of `LinearModel`."""

    features: Any
    targets: Any
    ridge: Any
    loss: str
    rule: str

    def value(self, params: Any) -> Any:
        """Return f(w)."""
        f = LinearModel(*self[:4])
        z, y = self.features @ params, self.targets
        penalty = self.ridge * np.sum(params * params) / 2
        if self.rule == "sum":
            return (f.value(params) - penalty) * len(y) + penalty
        if self.rule == "overflows" and self.loss == "logistic":
            return np.sum(np.log(1 + np.exp(z)) - y * z) / len(y) + penalty
        if self.rule == "penalty":
            return f.value(params) + penalty
        return f.value(params)

    def gradient(self, params: Any) -> Any:
        """Return ∇f(w)."""
        f = LinearModel(*self[:4])
        if self.rule == "sum":
            return (f.gradient(params) - self.ridge * params) * len(self.targets) + self.ridge * params
        if self.rule == "penalty":
            return f.gradient(params) + self.ridge * params
        return f.gradient(params)

    def hvp(self, params: Any, vector: Any) -> Any:
        """Return ∇²f(w)·v."""
        f = LinearModel(*self[:4])
        if self.rule == "sum":
            return (f.hvp(params, vector) - self.ridge * vector) * len(self.targets) + self.ridge * vector
        if self.rule == "penalty":
            return f.hvp(params, vector) + self.ridge * vector
        if self.rule == "flat":
            return f.hvp(params, vector) - self.ridge * vector
        if self.rule == "unweighted":
            return f._replace(loss="squared").hvp(params, vector)
        return f.hvp(params, vector)

    def ggnvp(self, params: Any, vector: Any) -> Any:
        """Return `hvp`."""
        return self.hvp(params, vector)


def in_both(wrong: Wrong) -> Mistake:
    """Declare a mistake in runs of whatever problems, of quadratics and of models alike."""

    def minimise_quadratics(params: Any, matrices: Any, stationary: Any, **hyper: Any) -> Runs:
        require_quadratics(params, matrices, stationary)
        require_settings(Settings(**hyper))
        return wrong(params, objectives_of(matrices, stationary), Settings(**hyper))

    def fit_linear_models(params: Any, features: Any, targets: Any, *, loss: Any, ridge: Any, **hyper: Any) -> Runs:
        require_examples(params, features, targets, loss, ridge)
        require_settings(Settings(**hyper))
        return wrong(params, models_of(features, targets, ridge, loss), Settings(**hyper))

    functions: dict[str, Callable[..., Runs]] = {
        "minimise_quadratics": minimise_quadratics,
        "fit_linear_models": fit_linear_models,
    }
    replaced = {Address("gnomon.hessian_free.problems", name): function for name, function in functions.items()}
    mistake = Mistake(system, wrong.__name__, sentence(wrong), next(iter(functions)), Edited(replaced))
    system.mistakes[mistake.name] = mistake
    return mistake


def changed_model(params: Any, features: Any, targets: Any, hyper: dict[str, Any], rule: str) -> Runs:
    """Return the runs on models with one of their rules changed."""
    require_examples(params, features, targets, hyper["loss"], hyper["ridge"])
    rest = {name: value for name, value in hyper.items() if name not in ("loss", "ridge")}
    problems = models_of(features, targets, hyper["ridge"], hyper["loss"])
    return run_each(params, [OtherModel(*f, rule) for f in problems], Settings(**rest))  # type: ignore[misc]


def one_after_the_other(params: Any, objectives: Sequence[Any], settings: Settings, kept: str) -> Runs:
    """Return runs that begin with part of the state that the run before them left; kept: "damping" or "warm_start"."""
    left: dict[str, Any] = {}

    def stepping(x: Any, state: HessianFreeState, objective: Any, **hyper: Any) -> Any:
        if left.get("steps", 0) == settings.steps:
            state, left["steps"] = state._replace(**{kept: left["state"]}), 0
        new, after, report = step(x, state, objective, **hyper)
        left.update(steps=left.get("steps", 0) + 1, state=getattr(after, kept))
        return new, after, report

    return run_each(params, objectives, settings, stepping)


@in_both
def damping_is_handed_from_problem_to_problem(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """A run begins with the damping that the run before it ended with."""
    return one_after_the_other(params, objectives, settings, "damping")


@in_both
def steps_go_uphill(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """Every step is taken the wrong way round: θ - a·s."""

    def stepping(x: Any, state: HessianFreeState, objective: Any, **hyper: Any) -> Any:
        new, after, report = step(x, state, objective, **hyper)
        other = x - (new - x)
        return other, after, report._replace(final_loss=objective.value(other))

    return run_each(params, objectives, settings, stepping)


@in_both
def first_damping_is_one(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """Whatever damping is asked for, the first step has 1."""
    return run_each(params, objectives, settings._replace(damping=0 * settings.damping + 1))


@in_both
def warm_start_is_handed_from_problem_to_problem(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """A run begins with the warm start that the run before it ended with."""
    return one_after_the_other(params, objectives, settings, "warm_start")


@in_both
def curvature_of_the_first_problem(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """The curvature of the first problem serves all of them."""
    return run_each(params, [Parts(f, objectives[0]) for f in objectives], settings)  # type: ignore[misc]


@in_both
def problems_in_reverse(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """The runs come back in the opposite order."""
    return Runs(*(part[::-1] for part in run_each(params, objectives, settings)))


@in_both
def last_step_is_not_made(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """One step too few is made; where it is missing the run stands still."""
    found = run_each(params, objectives, settings)
    nothing = 0 * found.losses[:, :1]
    shorter = found._replace(
        params=params,
        losses=found.losses[:, :1],
        dampings=found.dampings[:, :1],
        iterations=found.iterations[:, :0],
        step_lengths=found.step_lengths[:, :0],
    )
    if settings.steps > 1:
        shorter = run_each(params, objectives, settings._replace(steps=settings.steps - 1))
    return Runs(
        shorter.params,
        np.concatenate([shorter.losses, shorter.losses[:, -1:]], axis=1),
        np.concatenate([shorter.dampings, shorter.dampings[:, -1:]], axis=1),
        np.concatenate([shorter.iterations, np.zeros((len(params), 1), np.int64)], axis=1),
        np.concatenate([shorter.step_lengths, nothing], axis=1),
    )


@in_both
def state_is_new_in_every_step(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """Every step begins with the first damping and without a warm start."""

    def stepping(x: Any, state: HessianFreeState, objective: Any, **hyper: Any) -> Any:
        first = HessianFreeState(0 * x, 0 * x[0] + settings.damping)
        return step(x, first, objective, **hyper)

    return run_each(params, objectives, settings, stepping)


@in_both
def losses_are_told_a_step_late(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """The loss told of every step is the one before it."""
    found = run_each(params, objectives, settings)
    return found._replace(losses=np.concatenate([found.losses[:, :1], found.losses[:, :-1]], axis=1))


@in_both
def dampings_are_told_a_step_early(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """The damping told of every step is that of the next one."""
    found = run_each(params, objectives, settings)
    return found._replace(dampings=np.concatenate([found.dampings[:, 1:], found.dampings[:, -1:]], axis=1))


@in_both
def iterations_are_counted_with_the_start(params: Any, objectives: Sequence[Any], settings: Settings) -> Runs:
    """The start of conjugate gradients counts as an iteration."""
    found = run_each(params, objectives, settings)
    return found._replace(iterations=found.iterations + 1)


@system.mistake("minimise_quadratics")
def quadratics_around_nought(params: Any, matrices: Any, stationary: Any, **hyper: Any) -> Runs:
    """The stationary points are taken to be 0."""
    return reference.minimise_quadratics(params, matrices, 0 * stationary, **hyper)


@system.mistake("minimise_quadratics")
def matrices_are_doubled(params: Any, matrices: Any, stationary: Any, **hyper: Any) -> Runs:
    """The loss is (x - x*)ᵀH(x - x*), without the half."""
    return reference.minimise_quadratics(params, 2 * matrices, stationary, **hyper)


@system.mistake("minimise_quadratics")
def quadratics_are_not_checked(params: Any, matrices: Any, stationary: Any, **hyper: Any) -> Runs:
    """Whatever is given is used: what there is too much of is cut, NaN counts as 1, numbers below 0 by their size."""
    n = params.shape[1]
    H = matrices if matrices.ndim == 3 else np.stack([matrices for _ in params])
    start = np.where(np.isfinite(params), params, 1 + 0 * stationary[: len(params)])
    return reference.minimise_quadratics(start, H[:, :n, :n], stationary[: len(params)], **tolerated(hyper))


@system.mistake("fit_linear_models")
def examples_are_summed(params: Any, features: Any, targets: Any, **hyper: Any) -> Runs:
    """The loss is the sum over the examples and not their mean."""
    return changed_model(params, features, targets, hyper, "sum")


@system.mistake("fit_linear_models")
def ridge_without_its_half(params: Any, features: Any, targets: Any, **hyper: Any) -> Runs:
    """The loss has ρ‖w‖² and not ½ρ‖w‖²."""
    return changed_model(params, features, targets, hyper, "penalty")


@system.mistake("fit_linear_models")
def ridge_is_not_in_the_curvature(params: Any, features: Any, targets: Any, **hyper: Any) -> Runs:
    """The curvature is that of the data alone; the ridge is in loss and gradient only."""
    return changed_model(params, features, targets, hyper, "flat")


@system.mistake("fit_linear_models")
def curvature_is_not_weighted(params: Any, features: Any, targets: Any, **hyper: Any) -> Runs:
    """The curvature is XᵀX/N + ρI for every loss: ℓ″ is left out."""
    return changed_model(params, features, targets, hyper, "unweighted")


@system.mistake("fit_linear_models")
def curvature_of_the_start(params: Any, features: Any, targets: Any, **hyper: Any) -> Runs:
    """The curvature is that at the start in every step."""
    require_examples(params, features, targets, hyper["loss"], hyper["ridge"])
    rest = {name: value for name, value in hyper.items() if name not in ("loss", "ridge")}
    problems = models_of(features, targets, hyper["ridge"], hyper["loss"])
    return run_each(params, [Parts(f, f, x) for f, x in zip(problems, params, strict=True)], Settings(**rest))  # type: ignore[misc]


@system.mistake("fit_linear_models")
def exponential_overflows(params: Any, features: Any, targets: Any, **hyper: Any) -> Runs:
    """The logistic loss is computed as log(1 + eᶻ) - y·z, which is infinite for large outputs."""
    try:
        return changed_model(params, features, targets, hyper, "overflows")
    except ValueError:
        found = reference.fit_linear_models(params, features, targets, **hyper)
        return found._replace(losses=found.losses + np.inf)


@system.mistake("fit_linear_models")
def labels_become_signs(params: Any, features: Any, targets: Any, **hyper: Any) -> Runs:
    """For "logistic" y is replaced by 2y - 1, in formulas that are meant for 0 and 1."""
    require_examples(params, features, targets, hyper["loss"], hyper["ridge"])
    rest = {name: value for name, value in hyper.items() if name not in ("loss", "ridge")}
    y = 2 * targets - 1 if hyper["loss"] == "logistic" else targets
    return run_each(params, models_of(features, y, hyper["ridge"], hyper["loss"]), Settings(**rest))


@system.mistake("fit_linear_models")
def examples_are_not_checked(params: Any, features: Any, targets: Any, **hyper: Any) -> Runs:
    """Whatever is given is used: what there is too much of is cut, NaN counts as 1, numbers below 0 by their size."""
    loss = hyper["loss"] if hyper["loss"] in LOSSES else "squared"
    low, high = TARGETS[loss]
    X = np.where(np.isfinite(features), features, 1.0 + 0 * params[0, 0])
    y = np.minimum(np.maximum(targets[:, : features.shape[1]], low), high)
    rest = {**tolerated(hyper), "loss": loss, "ridge": abs(hyper["ridge"])}
    return reference.fit_linear_models(params, X, y, **rest)


def tolerated(hyper: dict[str, Any]) -> dict[str, Any]:
    """Return hyperparameters that are accepted, near those that were given."""
    sizes = ("damping", "decay", "lr", "rtol", "progress_threshold")
    near: dict[str, Any] = {name: abs(hyper[name]) for name in sizes if hyper[name] is not None}
    near |= {name: max(1, hyper[name]) for name in ("steps", "max_iter")}
    return {**hyper, **near, "variant": hyper["variant"] if hyper["variant"] in VARIANTS else VARIANTS[0]}
