"""Runs of the optimizer on many small problems, one after the other, each from a cold start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.hessian_free.linear_models import LinearModel
from gnomon.hessian_free.optimizer import HessianFreeState
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon_validation.ports.torch_hessian_free.arguments import count, known, require
from gnomon_validation.ports.torch_hessian_free.offered_steps import hessian_free_step

Runs = tuple[Any, Any, Any, Any, Any]


def hessian_free_minimise_quadratics(
    params: Any, matrices: Any, stationary: Any, *, steps: int, damping: float = 1.0, **hyper: Any
) -> Runs:
    """Return where runs on quadratics ended, their losses, dampings, iterations and step lengths."""
    P, n = shape_of_starts(params)
    fits("matrices", matrices, params, (P, n, n))
    fits("stationary", stationary, params, (P, n))
    problems = [Quadratic(H, x) for H, x in zip(matrices, stationary, strict=True)]
    return runs(params, problems, steps, damping, hyper)


def hessian_free_fit_linear_models(
    params: Any,
    features: Any,
    targets: Any,
    *,
    steps: int,
    loss: str = "squared",
    ridge: float = 0.0,
    damping: float = 1.0,
    **hyper: Any,
) -> Runs:
    """Return where runs on linear models ended, their losses, dampings, iterations and step lengths."""
    P, n = shape_of_starts(params)
    require(features.ndim == 3 and features.shape[1] > 0, f"features must have shape (P, N, n), got {features.shape}")
    fits("features", features, params, (P, features.shape[1], n))
    fits("targets", targets, params, (P, features.shape[1]))
    known("loss", loss, ("squared", "logistic", "poisson"))
    require(0 <= ridge < float("inf"), f"ridge must be finite and >= 0, got {ridge!r}")
    require(loss == "squared" or bool((targets >= 0).all()), f"targets must be >= 0 for loss {loss!r}")
    require(loss != "logistic" or bool((targets <= 1).all()), f"targets must be in [0, 1] for loss {loss!r}")
    problems = [LinearModel(X, y, params.dtype.type(ridge), loss) for X, y in zip(features, targets, strict=True)]
    return runs(params, problems, steps, damping, hyper)


def runs(params: Any, problems: Sequence[Any], steps: int, damping: float, hyper: dict[str, Any]) -> Runs:
    """Return what `steps` steps on each problem from its start did."""
    count("steps", steps, 1)
    ends, told = [], []
    for start, problem in zip(params, problems, strict=True):
        x, state, reports = start, HessianFreeState(0 * start, params.dtype.type(damping)), []
        for _ in range(steps):
            x, after, report = hessian_free_step(x, state, problem, **hyper)
            state = HessianFreeState(*after)
            reports.append(report)
        loss, final_loss, used, _, _, iterations, _, lengths, _, _ = zip(*reports, strict=True)
        ends.append(x)
        told.append(((*loss, final_loss[-1]), (*used, state.damping), iterations, lengths))
    losses, dampings, all_iterations, all_lengths = (np.array(column) for column in zip(*told, strict=True))
    return np.array(ends), losses, dampings, all_iterations, all_lengths


def shape_of_starts(params: Any) -> tuple[int, int]:
    """Return how many starts there are, and their length; raise `ValueError` if they are none."""
    require(isinstance(params, np.ndarray) and params.dtype.kind == "f", "params must be floating")
    require(params.ndim == 2 and params.size > 0, f"params must have shape (P, n), got {params.shape}")
    require(bool(np.isfinite(params).all()), "params must be finite")
    return len(params), params.shape[1]


def fits(name: str, array: Any, params: Any, shape: tuple[int, ...]) -> None:
    """Require finite numbers of a shape, in the dtype of the parameters."""
    require(array.shape == shape and array.dtype == params.dtype, f"{name} must have shape {shape}, got {array.shape}")
    require(bool(np.isfinite(array).all()), f"{name} must be finite")
