"""A rate that rises from a small one while the curvature is low: class CurvatureAwareWarmup."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from gnomon.arguments import checked
from gnomon.descent.homotopy.rate import Curvature
from gnomon.domains import Array, Number, Positive, PositiveInt, kept
from gnomon.rounding import rounded_once


class WarmUpState(NamedTuple):
    """calls: how many before the warm-up was done. lr: the rate, a number of the gradient's dtype. done: whether it is.

    A call after that changes nothing.
    """

    calls: int
    lr: Any
    done: bool


@checked(kept("target_lr", "grad"))
def init_warm_up(
    grad: Array, *, target_lr: Positive = 1e-3, fraction: Annotated[float, Number(0, 1, above=True, closed=True)] = 0.01
) -> WarmUpState:
    """Return the state before the first call: the rate target_lr·fraction. grad: for its dtype. fraction: in (0, 1]."""
    return WarmUpState(0, grad.dtype.type(0) + target_lr * fraction, False)


@checked()
@rounded_once
def warm_up(
    state: WarmUpState, curvature: Curvature, *,
    target_lr: Positive = 1e-3, threshold: Positive = 1e6, factor: Annotated[float, Number(1, above=True)] = 1.01,
    max_steps: PositiveInt = 1000, force: bool = True,
) -> WarmUpState:  # fmt: skip
    """Return the state after one more call, with the rate in it.

    ::

        calls ← calls + 1
        lr ← lr·factor                      if κ < threshold
        lr ← target_lr, done                if lr >= target_lr, or if force and calls >= max_steps

    Without force the rate is never raised but by the factor. Once it is done the state stays as it is; κ is not needed.
    curvature: κ >= 0, a number of a floating-point dtype, ∞ too.

    Choice: force is the source's behaviour: after max_steps the rate jumps, by up to 1/fraction at once. The design
    before it never forces.
    """
    if state.done:
        return state
    calls = state.calls + 1
    lr = state.lr * factor if curvature < threshold else state.lr
    if lr >= target_lr or (force and calls >= max_steps):
        return WarmUpState(calls, 0 * lr + target_lr, True)
    return WarmUpState(calls, lr, False)
