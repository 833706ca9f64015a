"""The Hessian-free optimizer on many small problems, each from its own start: quadratics, generalised linear models.

Nothing is shared between the problems of a call: each is a run of `gnomon.hessian_free.optimizer.step` by itself. The
compiled loops of the same names make such runs cheap enough to study thousands of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import (
    Array,
    require_choice,
    require_count,
    require_finite,
    require_flag,
    require_floating,
    require_number,
)
from gnomon.hessian_free.functions import Quadratic
from gnomon.hessian_free.linear_models import LOSSES, LinearModel
from gnomon.hessian_free.optimizer import VARIANTS, HessianFreeState, Report, step

# What targets a loss allows.
TARGETS = {"squared": (-np.inf, np.inf), "logistic": (0.0, 1.0), "poisson": (0.0, np.inf)}


class Runs(NamedTuple):
    """What P runs of T steps did.

    params: where they ended, shape (P, n). losses: f before the first and after every step, (P, T + 1). dampings: λ
    used in every step, and what it would be in the next, (P, T + 1). iterations: of conjugate gradients, (P, T).
    step_lengths: what the line search made of every step, (P, T).
    """

    params: Array
    losses: Array
    dampings: Array
    iterations: Any
    step_lengths: Array


class Settings(NamedTuple):
    """How every run of a call is made; the names are those of its arguments."""

    steps: int
    damping: float
    variant: str
    adapt_damping: bool
    max_iter: int
    decay: float
    backtracking: bool
    lr: float
    linesearch: bool
    rtol: float | None
    progress_threshold: float | None


def minimise_quadratics(
    params: Array,
    matrices: Array,
    stationary: Array,
    *,
    steps: int,
    damping: float = 1.0,
    variant: str = "martens",
    adapt_damping: bool = True,
    max_iter: int = 250,
    decay: float = 0.95,
    backtracking: bool = True,
    lr: float = 1.0,
    linesearch: bool = True,
    rtol: float | None = None,
    progress_threshold: float | None = 5e-4,
) -> Runs:
    """Make `steps` steps on every ½(x - x*)ᵀH(x - x*), from a cold start.

    params: a start for each problem, shape (P, n), P and n >= 1. matrices: H, symmetric, (P, n, n). stationary: x*,
    (P, n). steps: >= 1. damping: λ of the first step. The rest is as for `gnomon.hessian_free.optimizer.step`.
    Raises `ValueError` or `TypeError` naming the argument, and whatever a step raises.
    """
    require_quadratics(params, matrices, stationary)
    return run_each(
        params,
        [Quadratic(matrices[k], stationary[k]) for k in range(params.shape[0])],
        Settings(
            steps,
            damping,
            variant,
            adapt_damping,
            max_iter,
            decay,
            backtracking,
            lr,
            linesearch,
            rtol,
            progress_threshold,
        ),
    )


def fit_linear_models(
    params: Array,
    features: Array,
    targets: Array,
    *,
    steps: int,
    loss: str = "squared",
    ridge: float = 0.0,
    damping: float = 1.0,
    variant: str = "martens",
    adapt_damping: bool = True,
    max_iter: int = 250,
    decay: float = 0.95,
    backtracking: bool = True,
    lr: float = 1.0,
    linesearch: bool = True,
    rtol: float | None = None,
    progress_threshold: float | None = 5e-4,
) -> Runs:
    """Make `steps` steps on every `LinearModel`, from a cold start.

    params: weights to start from, shape (P, n), P and n >= 1. features: X, (P, N, n), N >= 1. targets: y, (P, N); in
    [0, 1] for "logistic", >= 0 for "poisson". loss: "squared", "logistic" or "poisson". ridge: ρ, finite and >= 0.
    steps: >= 1. damping: λ of the first step. The rest is as for `gnomon.hessian_free.optimizer.step`.
    Raises `ValueError` or `TypeError` naming the argument, and whatever a step raises.
    """
    require_examples(params, features, targets, loss, ridge)
    return run_each(
        params,
        [LinearModel(features[k], targets[k], ridge, loss) for k in range(params.shape[0])],
        Settings(
            steps,
            damping,
            variant,
            adapt_damping,
            max_iter,
            decay,
            backtracking,
            lr,
            linesearch,
            rtol,
            progress_threshold,
        ),
    )


def require_quadratics(params: Array, matrices: Array, stationary: Array) -> None:
    """Require problems that fit; raise `ValueError` or `TypeError` naming the argument."""
    _require_starts(params)
    _require_of("matrices", matrices, params, (*params.shape, params.shape[1]), "(P, n, n)")
    _require_of("stationary", stationary, params, params.shape, "(P, n)")


def require_examples(params: Array, features: Array, targets: Array, loss: str, ridge: float) -> None:
    """Require problems that fit; raise `ValueError` or `TypeError` naming the argument."""
    _require_starts(params)
    require_floating("features", features)
    count = features.shape[1] if features.ndim == 3 else 0
    if count == 0:
        raise ValueError(f"features must have shape (P, N, n) with N >= 1, got {features.shape}")
    P, n = params.shape
    _require_of("features", features, params, (P, count, n), "(P, N, n)")
    _require_of("targets", targets, params, (P, count), "(P, N)")
    require_choice("loss", loss, LOSSES)
    require_number("ridge", ridge, 0)
    low, high = TARGETS[loss]
    if not (np.all(targets >= low) and np.all(targets <= high)):
        raise ValueError(f"targets must be in [{low:g}, {high:g}] for loss {loss!r}")


def require_settings(settings: Settings) -> None:
    """Require hyperparameters in their domains; raise `ValueError` or `TypeError` naming the argument."""
    require_count("steps", settings.steps, 1)
    require_number("damping", settings.damping, 0)
    require_choice("variant", settings.variant, VARIANTS)
    require_flag("adapt_damping", settings.adapt_damping)
    require_flag("backtracking", settings.backtracking)
    require_flag("linesearch", settings.linesearch)
    require_count("max_iter", settings.max_iter, 1)
    for name, value in (("decay", settings.decay), ("lr", settings.lr)):
        require_number(name, value, 0)
    for name, given in (("rtol", settings.rtol), ("progress_threshold", settings.progress_threshold)):
        if given is not None:
            require_number(name, given, 0)


def run_each(
    params: Array,
    objectives: Sequence[Quadratic | LinearModel],
    settings: Settings,
    stepping: Callable[..., tuple[Array, HessianFreeState, Report]] = step,
) -> Runs:
    """Run each problem by itself, one after the other. stepping: what makes a step, with the arguments of `step`."""
    require_settings(settings)
    steps, damping, *_ = settings
    hyper = {name: value for name, value in settings._asdict().items() if name not in ("steps", "damping")}
    ends, runs = [], []
    for k, objective in enumerate(objectives):
        x, reports = params[k], []
        state = HessianFreeState(0 * x, 0 * x[0] + damping)
        for _ in range(steps):
            x, state, report = stepping(x, state, objective, **hyper)
            reports.append(report)
        ends.append(x)
        runs.append(_told(reports, state))
    losses, dampings, iterations, lengths = (list(column) for column in zip(*runs, strict=True))
    return Runs(np.stack(ends), np.stack(losses), np.stack(dampings), np.stack(iterations), np.stack(lengths))


def _told(reports: list[Report], state: HessianFreeState) -> tuple[Array, Array, Any, Array]:
    """Return the losses, dampings, numbers of iterations and step lengths of one run."""
    return (
        np.stack([*(report.loss for report in reports), reports[-1].final_loss]),
        np.stack([*(report.damping for report in reports), state.damping]),
        np.array([report.iterations for report in reports]),
        np.stack([report.step_length for report in reports]),
    )


def _require_starts(params: Array) -> None:
    require_floating("params", params)
    if params.ndim != 2 or 0 in params.shape:
        raise ValueError(f"params must have shape (P, n) with P and n >= 1, got {params.shape}")
    require_finite({"params": params})


def _require_of(name: str, array: Array, params: Array, shape: tuple[int, ...], told: str) -> None:
    """Require the shape, the dtype of the parameters, and finite entries."""
    require_floating(name, array)
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {told}, here {shape}, got {array.shape}")
    if array.dtype != params.dtype:
        raise TypeError(f"{name} must have the dtype of params {params.dtype}, got {array.dtype}")
    require_finite({name: array})
