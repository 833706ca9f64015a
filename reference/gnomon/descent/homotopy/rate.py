"""The rate as a function of the curvature κ, and the target that the curvatures of the past set for it.

Source: a C++ file, and its README, which has another formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative, Number, Positive, PositiveInt, Scalar, UnitInterval
from gnomon.rounding import rounded_once

Variant = Literal["standard", "code", "readme"]
VARIANTS = get_args(Variant)
Curvature: TypeAlias = Annotated[Any, Scalar(low=0)]
Target: TypeAlias = Annotated[Any, Scalar("curvature", low=0)]
Curvatures: TypeAlias = Annotated[Array, Entries(("k",), least=1, each=Number(closed=True))]


def require_ordered_bounds(given: Mapping[str, Any]) -> None:
    if given["min_lr"] > given["max_lr"]:
        raise ValueError(f"min_lr must be <= max_lr, got {given['min_lr']!r} > {given['max_lr']!r}")


@checked(require_ordered_bounds)
@rounded_once
def rate(
    curvature: Curvature, target: Target, *,
    base_lr: Positive = 1e-3, alpha: NonNegative = 1.0, min_lr: NonNegative = 1e-7, max_lr: NonNegative = 1.0,
    variant: Variant = "standard",
) -> Any:  # fmt: skip
    """Return the learning rate for a curvature κ, a number of its dtype: the formula first, then the bounds.

    With b = base_lr and α = alpha::

        standard   b/(1 + α·max(0, κ/target - 1))
        code       the same with target + 1e-10
        readme     b/(1 + α·κ/target)

    curvature, target: numbers >= 0 of one floating-point dtype, ∞ too; 0/0 counts as 0 and ∞/∞ as 1, so that "standard"
    gives b for κ = 0 = target. alpha: finite, >= 0; with 0 the rate is b for every κ. min_lr, max_lr:
    0 <= min_lr <= max_lr, finite; base_lr may lie outside of them, the rate does not.

    Choices: README and code contradict each other (at κ = target: b/(1+α) against b); the code's is the default. Its
    1e-10, a guard against target 0, is an absolute number in units of 1/loss; only variant "code" has it.
    """
    free = unbounded(curvature, target, base_lr, alpha, variant)
    return np.clip(free, min_lr, max_lr)


@rounded_once
def unbounded(curvature: Any, target: Any, base_lr: float, alpha: float, variant: Variant) -> Any:
    """Return the rate before it is kept within its bounds."""
    guard = 1e-10 if variant == "code" else 0.0
    if alpha == 0:
        return base_lr + np.zeros_like(curvature)
    with np.errstate(over="ignore"):
        relative = ratio(curvature, target + guard)
        excess = relative if variant == "readme" else np.maximum(relative - 1, 0)
        return base_lr / (1 + alpha * excess)


def ratio(curvature: Any, target: Any) -> Any:
    """Return κ/target with 0/0 = 0 and ∞/∞ = 1, entry by entry."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        plain = curvature / target
    return np.where(curvature == 0, np.zeros_like(plain), np.where(curvature == target, np.ones_like(plain), plain))


@checked()
def adaptive_target(history: Curvatures, *, percentile: UnitInterval = 0.75, window: PositiveInt = 1000) -> Any:
    """Return the target that the curvatures so far set: r[min(⌊k·q⌋, k-1)], r the last k = min(len, window) of them
    sorted.

    history: curvatures in the order of time, the current one last, shape (len,), len >= 1, >= 0 and not NaN.
    percentile: q in [0, 1]; 1 gives the largest. The result is one of the curvatures, of their dtype.

    Choice: an order statistic without interpolation, as in the code; `numpy.percentile` gives other numbers.
    """
    recent = np.sort(history[-window:])
    k = recent.shape[0]
    return recent[min(int(np.floor(k * percentile)), k - 1)]
