"""An optimizer whose learning rate is the scheduler's, at every step: class HomotopyOptimizer.

There the rate never reaches the optimizer: the body of the function that should hand it over is empty. Here it does.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, get_args

import numpy as np

from gnomon.arguments import checked, with_keywords
from gnomon.curvature.operators import FiniteOperator
from gnomon.descent import adam, adamw, sgd
from gnomon.descent.adam import AdamState
from gnomon.descent.homotopy.estimator import Probes, Start, curvature_of
from gnomon.descent.homotopy.rate import Variant, rate, require_ordered_bounds
from gnomon.descent.homotopy.scheduler import Report, SchedulerState, init_scheduler, schedule
from gnomon.descent.sgd import SGDState
from gnomon.domains import Array, Entries, NonNegative, Positive, kept
from gnomon.norms import joint_length
from gnomon.objectives.contract import Objective

Base = Literal["sgd", "adam", "adamw"]
BASES = get_args(Base)


class HomotopyState(NamedTuple):
    """scheduler: the scheduler's state. optimizer: that of the optimizer. step_count: how many steps were taken."""

    scheduler: SchedulerState
    optimizer: SGDState | AdamState
    step_count: int


@checked(kept("base_lr"))
def init(params: Array, *, base: Base = "sgd", base_lr: Positive = 1e-3) -> HomotopyState:
    """Return the state before the first step. base: "sgd", "adam" or "adamw"."""
    optimizer: SGDState | AdamState = sgd.init(params) if base == "sgd" else adam.init(params)
    return HomotopyState(init_scheduler(params, base_lr=base_lr), optimizer, 0)


@checked(require_ordered_bounds)
@with_keywords(schedule)
def step(
    params: Annotated[Array, Entries(("n",), least=1)],
    grad: Annotated[Array, Entries(("n",), fit="params", finite=True)], state: HomotopyState, operator: FiniteOperator,
    probes: Probes, start: Start, *,
    base: Base = "sgd", momentum: NonNegative = 0.0, weight_decay: NonNegative = 0.0, **scheduling: Any,
) -> tuple[Array, HomotopyState, Report]:  # fmt: skip
    """Take a step of the optimizer with the scheduler's rate; return params, state and the scheduler's report.

    params, grad: x and g, shape (n,). operator: the Hessian at x. probes, start: as in `estimate`. base: "sgd", with
    momentum; "adam" or "adamw", with momentum for β₁ unless it is 0, then 0.9. weight_decay: the optimizer's.
    scheduling: what `schedule` takes; its step_index is the number of steps taken before. A call that it holds leaves
    the rate as it was, and the step is taken. The rate in the report, in the state and in the step are the same number.
    Raises `ValueError` or `TypeError` as `schedule` and the optimizer do.
    """
    inputs = (operator, grad, probes, start, state.step_count)
    after, report = schedule(state.scheduler, *inputs, **scheduling)
    new, optimizer = advance(params, grad, state.optimizer, report.lr, base, momentum, weight_decay)
    return new, HomotopyState(after, optimizer, state.step_count + 1), report


def advance(
    params: Array, grad: Array, state: Any, lr: Any, base: Base, momentum: float, weight_decay: float
) -> tuple[Array, Any]:
    """Return the parameters and the state after a step of the optimizer with the rate `lr`."""
    if base == "sgd":
        return sgd.step(params, grad, state, lr=lr, momentum=momentum, weight_decay=weight_decay)
    beta1 = momentum if momentum != 0 else 0.9
    method = adam.step if base == "adam" else adamw.step
    return method(params, grad, state, lr=lr, beta1=beta1, weight_decay=weight_decay)


def step_on(
    params: Array, objective: Objective, *,
    base_lr: float = 1e-3, target_curvature: float = 1e4, alpha: float = 1.0, min_lr: float = 1e-7, max_lr: float = 1.0,
    variant: Variant = "standard",
) -> Array:  # fmt: skip
    """Return the next parameters of gradient descent on an objective, κ measured exactly at x and the target fixed.

    This is the rule without memory: N = 1, no adaptive target, ‖H‖₂ from the eigenvalues; n products. params: x, shape
    (n,). objective: answers with ∇f(x) and ∇²f(x)·v. The rest as in `rate`.
    """
    grad = objective.gradient(params)
    hessian = np.stack([objective.hvp(params, column) for column in np.eye(params.shape[0], dtype=params.dtype)])
    norm = np.max(np.abs(np.linalg.eigvalsh(hessian)))
    kappa = curvature_of(norm, joint_length([grad]), variant)
    target = target_curvature + np.zeros_like(kappa)
    lr = rate(kappa, target, base_lr=base_lr, alpha=alpha, min_lr=min_lr, max_lr=max_lr, variant=variant)
    new: Array = params - lr * grad
    return new
