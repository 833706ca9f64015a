"""Two designs that came before the code: a running mean of κ itself, and a target that creeps after a percentile.

Source: `07_homotopy_lr.md` of TorchType (commit 8b8a54b), pseudo-Python. A third, for Adam, is the README's formula
with α = 1 and target 1e4: `rate(κ, 1e4, variant="readme")`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.curvature.operators import Operator
from gnomon.curvature.power import power_iteration
from gnomon.descent.homotopy.domains import length, require_curvature, require_positive
from gnomon.descent.homotopy.rate import unbounded
from gnomon.domains import Array, require_count, require_floating, require_number


class AverageState(NamedTuple):
    """calls: how many there were. curvature: the running mean of κ, the target before the first estimate."""

    calls: int
    curvature: Any


class CreepingState(NamedTuple):
    """history: the curvatures of all calls, the newest last, shape (k,). target: 0 before the warm-up has ended."""

    history: Array
    target: Any


def init_average(grad: Array, *, target_curvature: float = 1e4) -> AverageState:
    """Return the state before the first call. grad: for its dtype."""
    require_floating("grad", grad)
    require_positive("target_curvature", target_curvature)
    return AverageState(0, grad.dtype.type(0) + target_curvature)


def proposal_average(
    state: AverageState,
    operator: Operator,
    grad: Array,
    start: Array,
    *,
    base_lr: float = 1e-3,
    target_curvature: float = 1e4,
    alpha: float = 1.0,
    frequency: int = 10,
    decay: float = 0.9,
    iterations: int = 20,
) -> tuple[AverageState, Any]:
    """Return the state after one more call, and the rate.

    With t counting the calls from 1, N = frequency and β = decay::

        κ̄ ← β·κ̄ + (1-β)·s/(‖g‖² + 1e-8)   if N divides t, s = ‖H‖₂ by power iteration
        lr = b/(1 + α·max(0, κ̄/target - 1))

    κ̄ begins at the target, so that the rate is b until the first estimate, at t = N. operator, grad, start: as in
    `estimate`. There are no bounds of the rate. Raises `ValueError` or `TypeError` naming the argument, what it must
    satisfy and its value.

    Choice: the source gives no β; 0.9 is the code's.
    """
    require_positive("base_lr", base_lr)
    require_positive("target_curvature", target_curvature)
    require_number("alpha", alpha, 0)
    require_count("frequency", frequency, 1)
    require_number("decay", decay, 0, 1)
    require_floating("grad", grad)
    calls, mean = state.calls + 1, state.curvature
    if calls % frequency == 0:
        norm = power_iteration(operator, start, iterations=iterations, rtol=0.0).norm
        size = length([grad])
        mean = decay * mean + (1 - decay) * norm / (size * size + 1e-8)
    target = target_curvature + np.zeros_like(mean)
    return AverageState(calls, mean), unbounded(mean, target, base_lr, alpha, "reference")


def init_creeping(grad: Array) -> CreepingState:
    """Return the state before the first call. grad: for its dtype."""
    require_floating("grad", grad)
    return CreepingState(np.zeros(0, grad.dtype), grad.dtype.type(0))


def proposal_adaptive(
    state: CreepingState,
    curvature: Any,
    *,
    base_lr: float = 1e-3,
    warmup_steps: int = 100,
    percentile: float = 0.75,
    creep: float = 0.01,
    window: int = 100,
) -> tuple[CreepingState, Any]:
    """Return the state after one more call, and the rate.

    With k the number of calls so far, this one included, W = warmup_steps and P(h) the percentile of h, interpolated::

        k < W:  lr = b·k/W                                              an explicit warm-up
        k = W:  target ← P(all κ so far)
        k > W:  target ← (1-r)·target + r·P(the last `window` κ)
        k >= W: lr = b/(1 + max(0, κ/target - 1))

    curvature: κ, finite. percentile: in [0, 1]. creep: r in [0, 1]. warmup_steps, window: >= 1. There are no bounds of
    the rate. Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.
    """
    require_curvature("curvature", curvature, state.history.dtype)
    if not np.isfinite(curvature):
        raise ValueError(f"curvature must be finite, got {curvature}")
    require_positive("base_lr", base_lr)
    require_count("warmup_steps", warmup_steps, 1)
    require_number("percentile", percentile, 0, 1, closed=True)
    require_number("creep", creep, 0, 1, closed=True)
    require_count("window", window, 1)
    history = np.concatenate([state.history, curvature.reshape(1)])
    calls, target = history.shape[0], state.target
    if calls < warmup_steps:
        return CreepingState(history, target), base_lr * calls / warmup_steps + np.zeros_like(curvature)
    if calls == warmup_steps:
        target = interpolated(history, percentile)
    else:
        target = (1 - creep) * target + creep * interpolated(history[-window:], percentile)
    return CreepingState(history, target), unbounded(curvature, target, base_lr, 1.0, "reference")


def interpolated(values: Array, percentile: float) -> Any:
    """Return the percentile as `numpy.percentile` has it: between two sorted values where it falls between them."""
    ordered, last = np.sort(values), values.shape[0] - 1
    place = percentile * last
    low = int(np.floor(place))
    return ordered[low] + (place - low) * (ordered[min(low + 1, last)] - ordered[low])
