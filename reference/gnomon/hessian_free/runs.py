"""The Hessian-free optimizer on many small problems, each from its own start: quadratics, generalised linear models.

Nothing is shared between the problems of a call: each is a run of `gnomon.hessian_free.optimizer.step` by itself. The
compiled loops of the same names make such runs cheap enough to study thousands of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked, with_keywords
from gnomon.domains import Array, Choice, Entries, NonNegative, PositiveInt, kept
from gnomon.hessian_free.linear_models import LOSSES, LinearModel
from gnomon.hessian_free.optimizer import HessianFreeState, Report, step
from gnomon.hessian_free.small_objectives import Quadratic

# The hyperparameters of a step that runs have, too.
OF_A_STEP = (
    "variant",
    "adapt_damping",
    "max_iter",
    "decay",
    "backtracking",
    "lr",
    "linesearch",
    "rtol",
    "progress_threshold",
)
# What targets a loss allows.
TARGETS = {"squared": (-np.inf, np.inf), "logistic": (0.0, 1.0), "poisson": (0.0, np.inf)}
PROBLEM = ("P", "n")
Starts: TypeAlias = Annotated[Array, Entries(PROBLEM, least=1, finite=True)]
Matrices: TypeAlias = Annotated[Array, Entries(("P", "n", "n"), fit="params", of=PROBLEM, finite=True)]
Points: TypeAlias = Annotated[Array, Entries(PROBLEM, fit="params", of=PROBLEM, finite=True)]
Features: TypeAlias = Annotated[Array, Entries(("P", "N", "n"), 1, fit="params", of=PROBLEM, finite=True)]
Targets: TypeAlias = Annotated[Array, Entries(("P", "N"), fit="features", of=("P", "N", "n"), finite=True)]


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


@checked(kept("damping"))
@with_keywords(step, *OF_A_STEP)
def minimise_quadratics(
    params: Starts, matrices: Matrices, stationary: Points, *,
    steps: PositiveInt, damping: NonNegative = 1.0, **hyper: Any,
) -> Runs:  # fmt: skip
    """Make `steps` steps on every ½(x - x*)ᵀH(x - x*), from a cold start.

    params: a start for each problem, shape (P, n), P and n >= 1. matrices: H, symmetric, (P, n, n). stationary: x*,
    (P, n). damping: λ of the first step. The rest, and what is raised, is as for `gnomon.hessian_free.optimizer.step`.
    """
    objectives = [Quadratic(H, x) for H, x in zip(matrices, stationary, strict=True)]
    return run_each(params, objectives, steps, damping, hyper)


def require_targets(given: Mapping[str, Any]) -> None:
    loss, targets = given["loss"], given["targets"]
    low, high = TARGETS[loss]
    if not (np.all(targets >= low) and np.all(targets <= high)):
        raise ValueError(f"targets must be in [{low:g}, {high:g}] for loss {loss!r}")


@checked(require_targets, kept("damping"))
@with_keywords(step, *OF_A_STEP)
def fit_linear_models(
    params: Starts, features: Features, targets: Targets, *,
    steps: PositiveInt, loss: Annotated[str, Choice(LOSSES)] = "squared", ridge: NonNegative = 0.0,
    damping: NonNegative = 1.0, **hyper: Any,
) -> Runs:  # fmt: skip
    """Make `steps` steps on every `LinearModel`, from a cold start.

    params: weights to start from, shape (P, n), P and n >= 1. features: X, (P, N, n), N >= 1. targets: y, (P, N); in
    [0, 1] for "logistic", >= 0 for "poisson". loss: "squared", "logistic" or "poisson". ridge: ρ, finite and >= 0.
    damping: λ of the first step. The rest, and what is raised, is as for `gnomon.hessian_free.optimizer.step`.
    """
    objectives = [LinearModel(X, y, ridge, loss) for X, y in zip(features, targets, strict=True)]
    return run_each(params, objectives, steps, damping, hyper)


def run_each(
    params: Array, objectives: Sequence[Quadratic | LinearModel], steps: int, damping: float, hyper: Mapping[str, Any]
) -> Runs:
    """Run each problem by itself, one after the other."""
    runs = []
    for start, objective in zip(params, objectives, strict=True):
        x, reports = start, []
        state = HessianFreeState(0 * x, 0 * x[0] + damping)
        for _ in range(steps):
            x, state, report = step(x, state, objective, **hyper)
            reports.append(report)
        runs.append(history(x, reports, state))
    return Runs(*(np.stack(column) for column in zip(*runs, strict=True)))


def history(x: Array, reports: Sequence[Report], state: HessianFreeState) -> Runs:
    """Return what one run did: where it ended, its losses, dampings, numbers of iterations and step lengths."""
    return Runs(
        x,
        np.stack([*(report.loss for report in reports), reports[-1].final_loss]),
        np.stack([*(report.damping for report in reports), state.damping]),
        np.array([report.iterations for report in reports]),
        np.stack([report.step_length for report in reports]),
    )
