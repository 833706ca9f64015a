"""An optimizer whose learning rate is the scheduler's, at every step.

Source: class HomotopyOptimizer of TorchType's `homotopy_lr` (commit 8b8a54b), whose rate never reaches the optimizer:
the body of the function that should hand it over is empty. Here it is handed over.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.operators import Operator
from gnomon.descent import adam, adamw, sgd
from gnomon.descent.adam import AdamState
from gnomon.descent.homotopy.domains import length
from gnomon.descent.homotopy.estimator import curvature_of
from gnomon.descent.homotopy.rate import rate
from gnomon.descent.homotopy.scheduler import Report, SchedulerState, init_scheduler, schedule
from gnomon.descent.sgd import SGDState
from gnomon.domains import Array, require_choice, require_count
from gnomon.objectives.contract import Objective

BASES = ("sgd", "adam", "adamw")


class HomotopyState(NamedTuple):
    """scheduler: the scheduler's state. optimizer: that of the optimizer. step_count: how many steps were taken."""

    scheduler: SchedulerState
    optimizer: SGDState | AdamState
    step_count: int


def init(params: Array, *, base: str = "sgd", base_lr: float = 1e-3) -> HomotopyState:
    """Return the state before the first step. base: "sgd", "adam" or "adamw"."""
    require_choice("base", base, BASES)
    optimizer: SGDState | AdamState = sgd.init(params) if base == "sgd" else adam.init(params)
    return HomotopyState(init_scheduler(params, base_lr=base_lr), optimizer, 0)


def step(
    params: Array,
    grad: Array,
    state: HomotopyState,
    operator: Operator,
    probes: Array,
    start: Array,
    *,
    base: str = "sgd",
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    base_lr: float = 1e-3,
    target_curvature: float = 1e4,
    alpha: float = 1.0,
    min_lr: float = 1e-7,
    max_lr: float = 1.0,
    warmup_steps: int = 100,
    adaptive: bool = True,
    percentile: float = 0.75,
    window: int = 1000,
    frequency: int = 10,
    decay: float = 0.9,
    iterations: int = 20,
    rtol: float = 1e-6,
    variant: str = "reference",
) -> tuple[Array, HomotopyState, Report]:
    """Take a step of the optimizer with the scheduler's rate; return params, state and the scheduler's report.

    params, grad: x and g, shape (n,). operator: the Hessian at x. probes, start: as in `estimate`. base: "sgd", with
    momentum; "adam" or "adamw", with momentum for β₁ unless it is 0, then 0.9. weight_decay: the optimizer's. The rest
    are hyperparameters of `schedule`; its step_index is the number of steps taken before.
    The rate in the report, in the state and in the step are the same number.
    Raises `ValueError` or `TypeError` as `schedule` and the optimizer do.
    """
    require_choice("base", base, BASES)
    require_count("state.step_count", state.step_count)
    after, report = schedule(
        state.scheduler,
        operator,
        grad,
        probes,
        start,
        state.step_count,
        base_lr=base_lr,
        target_curvature=target_curvature,
        alpha=alpha,
        min_lr=min_lr,
        max_lr=max_lr,
        warmup_steps=warmup_steps,
        adaptive=adaptive,
        percentile=percentile,
        window=window,
        frequency=frequency,
        decay=decay,
        iterations=iterations,
        rtol=rtol,
        variant=variant,
    )
    new, optimizer = advance(params, grad, state.optimizer, report.lr, base, momentum, weight_decay)
    return new, HomotopyState(after, optimizer, state.step_count + 1), report


def advance(
    params: Array, grad: Array, state: Any, lr: Any, base: str, momentum: float, weight_decay: float
) -> tuple[Array, Any]:
    """Return the parameters and the state after a step of the optimizer with the rate `lr`."""
    if base == "sgd":
        return sgd.step(params, grad, state, lr=lr, momentum=momentum, weight_decay=weight_decay)
    beta1 = momentum if momentum != 0 else 0.9
    method = adam.step if base == "adam" else adamw.step
    return method(params, grad, state, lr=lr, beta1=beta1, weight_decay=weight_decay)


def step_on(
    params: Array,
    objective: Objective,
    *,
    base_lr: float = 1e-3,
    target_curvature: float = 1e4,
    alpha: float = 1.0,
    min_lr: float = 1e-7,
    max_lr: float = 1.0,
    variant: str = "reference",
) -> Array:
    """Return the next parameters of gradient descent on an objective, κ measured exactly at x and the target fixed.

    This is the rule without memory: N = 1, no adaptive target, ‖H‖₂ from the eigenvalues; n products. params: x, shape
    (n,). objective: answers with ∇f(x) and ∇²f(x)·v. The rest as in `rate`.
    """
    grad = objective.gradient(params)
    hessian = np.stack([objective.hvp(params, column) for column in np.eye(params.shape[0], dtype=params.dtype)])
    norm = np.max(np.abs(np.linalg.eigvalsh(hessian)))
    kappa = curvature_of(norm, length([grad]), "code" if variant == "code" else "reference")
    lr = rate(
        kappa,
        target_curvature + np.zeros_like(kappa),
        base_lr=base_lr,
        alpha=alpha,
        min_lr=min_lr,
        max_lr=max_lr,
        variant=variant,
    )
    new: Array = params - lr * grad
    return new
