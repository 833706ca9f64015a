"""The rate as a function of the curvature κ, and the target that the curvatures of the past set for it.

Source: TorchType's `homotopy_lr` (commit 8b8a54b), a C++ file, and its README, which has another formula.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.homotopy.domains import require_curvature, require_curvatures, require_rates
from gnomon.domains import Array, require_choice, require_count, require_number

VARIANTS = ("reference", "code", "readme")


def rate(
    curvature: Any,
    target: Any,
    *,
    base_lr: float = 1e-3,
    alpha: float = 1.0,
    min_lr: float = 1e-7,
    max_lr: float = 1.0,
    variant: str = "reference",
) -> Any:
    """Return the learning rate for a curvature κ, a number of its dtype: the formula first, then the bounds.

    With b = base_lr and α = alpha::

        reference   b/(1 + α·max(0, κ/target - 1))
        code        the same with target + 1e-10
        readme      b/(1 + α·κ/target)

    curvature, target: numbers >= 0 of one floating-point dtype, ∞ too; 0/0 counts as 0 and ∞/∞ as 1, so that
    "reference" gives b for κ = 0 = target. base_lr: finite, > 0. alpha: finite, >= 0; with 0 the rate is b for every κ.
    min_lr, max_lr: 0 <= min_lr <= max_lr, finite; base_lr may lie outside of them, the rate does not.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choices: README and code contradict each other (at κ = target: b/(1+α) against b); the code is the default.
    Its 1e-10, a guard against target 0, is an absolute number in units of 1/loss; only variant "code" has it.
    """
    require_curvature("curvature", curvature)
    require_curvature("target", target, curvature.dtype)
    require_number("alpha", alpha, 0)
    require_rates(base_lr, min_lr, max_lr)
    require_choice("variant", variant, VARIANTS)
    return np.clip(unbounded(curvature, target, base_lr, alpha, variant), min_lr, max_lr)


def unbounded(curvature: Any, target: Any, base_lr: float, alpha: float, variant: str) -> Any:
    """Return the rate before it is kept within its bounds."""
    if alpha == 0:
        return base_lr + np.zeros_like(curvature)
    with np.errstate(over="ignore"):
        excess = ratio(curvature, target + 1e-10 if variant == "code" else target)
        excess = excess if variant == "readme" else np.maximum(excess - 1, 0)
        return base_lr / (1 + alpha * excess)


def ratio(curvature: Any, target: Any) -> Any:
    """Return κ/target with 0/0 = 0 and ∞/∞ = 1, entry by entry."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        plain = curvature / target
    return np.where(curvature == 0, 0 * np.ones_like(plain), np.where(curvature == target, np.ones_like(plain), plain))


def adaptive_target(history: Array, *, percentile: float = 0.75, window: int = 1000) -> Any:
    """Return the target that the curvatures so far set: r[min(⌊k·q⌋, k-1)], r the last k = min(len, window) of them
    sorted.

    history: curvatures in the order of time, the current one last, shape (len,), len >= 1, >= 0 and not NaN.
    percentile: q in [0, 1]; 1 gives the largest. window: >= 1. The result is one of the curvatures, of their dtype.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choice: an order statistic without interpolation, as in the code; `numpy.percentile` gives other numbers.
    """
    require_curvatures("history", history)
    require_number("percentile", percentile, 0, 1, closed=True)
    require_count("window", window, 1)
    recent = np.sort(history[-window:])
    count = recent.shape[0]
    return recent[min(int(np.floor(count * percentile)), count - 1)]
