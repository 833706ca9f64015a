"""A rate that rises from a small one while the curvature is low.

Source: class CurvatureAwareWarmup of TorchType's `homotopy_lr` (commit 8b8a54b).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gnomon.descent.homotopy.domains import require_curvature, require_positive
from gnomon.domains import Array, require_count, require_flag, require_floating, require_number


class WarmUpState(NamedTuple):
    """calls: how many before the warm-up was done. lr: the rate, a number of the gradient's dtype. done: whether it is.

    A call after that changes nothing.
    """

    calls: int
    lr: Any
    done: bool


def init_warm_up(grad: Array, *, target_lr: float = 1e-3, fraction: float = 0.01) -> WarmUpState:
    """Return the state before the first call: the rate target_lr·fraction. grad: for its dtype."""
    require_floating("grad", grad)
    require_positive("target_lr", target_lr)
    require_fraction(fraction)
    return WarmUpState(0, grad.dtype.type(0) + target_lr * fraction, False)


def warm_up(
    state: WarmUpState,
    curvature: Any,
    *,
    target_lr: float = 1e-3,
    threshold: float = 1e6,
    factor: float = 1.01,
    max_steps: int = 1000,
    force: bool = True,
) -> WarmUpState:
    """Return the state after one more call, with the rate in it.

    ::

        calls ← calls + 1
        lr ← lr·factor                      if κ < threshold
        lr ← target_lr, done                if lr >= target_lr, or if force and calls >= max_steps

    Without force the rate is never raised but by the factor. Once it is done the state stays as it is; κ is not needed.
    curvature: κ >= 0, a number of the dtype of the rate, ∞ too. target_lr: finite, > 0. threshold: finite, > 0. factor:
    finite, > 1. max_steps: >= 1.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choice: force is the source's behaviour: after max_steps the rate jumps, by up to 1/fraction at once. The design
    before it never forces.
    """
    require_count("state.calls", state.calls)
    require_curvature("curvature", curvature, state.lr.dtype)
    require_positive("target_lr", target_lr)
    require_positive("threshold", threshold)
    require_number("factor", factor, 1)
    if not factor > 1:
        raise ValueError(f"factor must be > 1, got {factor!r}")
    require_count("max_steps", max_steps, 1)
    require_flag("force", force)
    if state.done:
        return state
    calls = state.calls + 1
    lr = state.lr * factor if curvature < threshold else state.lr
    if lr >= target_lr or (force and calls >= max_steps):
        return WarmUpState(calls, 0 * lr + target_lr, True)
    return WarmUpState(calls, lr, False)


def require_fraction(fraction: float) -> None:
    """Raise `ValueError` or `TypeError` unless `fraction` is in (0, 1]."""
    require_number("fraction", fraction, 0, 1, closed=True)
    if not fraction > 0:
        raise ValueError(f"fraction must be > 0, got {fraction!r}")
