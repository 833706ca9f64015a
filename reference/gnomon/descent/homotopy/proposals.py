"""Two designs that came before the code: a running mean of κ itself, and a target that creeps after a percentile.

Source: `07_homotopy_lr.md`, pseudo-Python. A third, for Adam, is the README's formula with α = 1 and target 1e4:
`rate(κ, 1e4, variant="readme")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import FiniteOperator
from gnomon.curvature.power import power_iteration
from gnomon.descent.homotopy.estimator import Gradient, Start
from gnomon.descent.homotopy.rate import unbounded
from gnomon.domains import Array, Entries, Fraction, NonNegative, Positive, PositiveInt, Scalar, UnitInterval, kept
from gnomon.norms import joint_length
from gnomon.rounding import rounded_once


class AverageState(NamedTuple):
    """calls: how many there were. curvature: the running mean of κ, the target before the first estimate."""

    calls: int
    curvature: Any


class CreepingState(NamedTuple):
    """history: the curvatures of all calls, the newest last, shape (k,). target: 0 before the warm-up has ended."""

    history: Annotated[Array, Entries(("k",))]
    target: Any


@checked(kept("target_curvature", "grad"))
def init_average(grad: Array, *, target_curvature: Positive = 1e4) -> AverageState:
    """Return the state before the first call. grad: for its dtype."""
    return AverageState(0, grad.dtype.type(0) + target_curvature)


@checked()
def proposal_average(
    state: AverageState, operator: FiniteOperator, grad: Gradient, start: Start, *,
    base_lr: Positive = 1e-3, target_curvature: Positive = 1e4, alpha: NonNegative = 1.0, frequency: PositiveInt = 10,
    decay: Fraction = 0.9, iterations: PositiveInt = 20,
) -> tuple[AverageState, Any]:  # fmt: skip
    """Return the state after one more call, and the rate.

    With t counting the calls from 1, N = frequency and β = decay::

        κ̄ ← β·κ̄ + (1-β)·s/(‖g‖² + 1e-8)   if N divides t, s = ‖H‖₂ by power iteration
        lr = b/(1 + α·max(0, κ̄/target - 1))

    κ̄ begins at the target, so that the rate is b until the first estimate, at t = N. operator, grad, start: as in
    `estimate`. There are no bounds of the rate.

    Choice: the source gives no β; 0.9 is the code's.
    """
    calls, mean = state.calls + 1, state.curvature
    if calls % frequency == 0:
        norm = power_iteration(operator, start, iterations=iterations, rtol=0.0).norm
        size = joint_length([grad])
        mean = decay * mean + (1 - decay) * norm / (size * size + 1e-8)
    target = target_curvature + np.zeros_like(mean)
    return AverageState(calls, mean), unbounded(mean, target, base_lr, alpha, "standard")


@checked()
def init_creeping(grad: Array) -> CreepingState:
    """Return the state before the first call. grad: for its dtype."""
    return CreepingState(np.zeros(0, grad.dtype), grad.dtype.type(0))


def require_dtype_of_history(given: Mapping[str, Any]) -> None:
    dtype = given["state"].history.dtype
    if given["curvature"].dtype != dtype:
        raise TypeError(f"curvature must have the dtype of state.history {dtype}, got {given['curvature'].dtype}")


@checked(require_dtype_of_history)
@rounded_once
def proposal_adaptive(
    state: CreepingState, curvature: Annotated[Any, Scalar(low=0, finite=True)], *,
    base_lr: Positive = 1e-3, warmup_steps: PositiveInt = 100, percentile: UnitInterval = 0.75,
    creep: UnitInterval = 0.01, window: PositiveInt = 100,
) -> tuple[CreepingState, Any]:  # fmt: skip
    """Return the state after one more call, and the rate.

    With k the number of calls so far, this one included, W = warmup_steps and P(h) the percentile of h, interpolated::

        k < W:  lr = b·k/W                                              an explicit warm-up
        k = W:  target ← P(all κ so far)
        k > W:  target ← (1-r)·target + r·P(the last `window` κ)
        k >= W: lr = b/(1 + max(0, κ/target - 1))

    curvature: κ, finite. creep: r in [0, 1]. There are no bounds of the rate.
    """
    history = np.concatenate([state.history, curvature.reshape(1)])
    calls, target = history.shape[0], state.target
    if calls < warmup_steps:
        return CreepingState(history, target), base_lr * calls / warmup_steps + np.zeros_like(curvature)
    if calls == warmup_steps:
        target = interpolated(history, percentile)
    else:
        target = (1 - creep) * target + creep * interpolated(history[-window:], percentile)
    return CreepingState(history, target), unbounded(curvature, target, base_lr, 1.0, "standard")


def interpolated(values: Array, percentile: float) -> Any:
    """Return the percentile as `numpy.percentile` has it: between two sorted values where it falls between them."""
    ordered, last = np.sort(values), values.shape[0] - 1
    place = percentile * last
    low = int(np.floor(place))
    return ordered[low] + (place - low) * (ordered[min(low + 1, last)] - ordered[low])
