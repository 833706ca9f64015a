"""How well the quadratic model predicted, and what that makes of the damping: the rule of Levenberg and Marquardt.

Sources: Levenberg 1944, Marquardt 1963; Martens, ICML 2010, section 4.1 (as in the released demo) for "martens";
`ltatzel/PyTorchHessianFree`, commit f430d81, for "code".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import require_choice, require_number

VARIANTS = ("code", "martens")
LOW, HIGH, GROW, SHRINK = 1 / 4, 3 / 4, 3 / 2, 2 / 3


def reduction_ratio(before: Any, after: Any, predicted: Any, *, variant: str = "martens") -> Any:
    """Return ρ = (f_after - f_before)/predicted: 1 if the model is right, negative if the loss did the contrary.

    before, after: the loss at the point that the change is measured from, and where it ended. predicted: the change of
    the model between the same points, negative if it falls. variant: "code"; or "martens", which says -∞ whenever the
    loss rose. 0/0 is NaN. A loss of -∞ is no success: ρ is -∞ in "martens", NaN in "code".
    Raises `ValueError` for another variant.

    Which points and which model belongs to the step: "code" measures from the *warm start* of conjugate gradients with
    the damped model, "martens" from the parameters themselves with the undamped one. The former can grow the damping
    without end (ρ → -2/(1.5·decay - 1)); see the text of the system.
    """
    require_choice("variant", variant, VARIANTS)
    change = after - before
    if variant == "martens" and (change > 0 or after == -np.inf):
        return np.where(change != 0, -np.inf, change)[()]
    if after == -np.inf:
        return np.where(change != 0, np.nan, change)[()]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(change, predicted)


def updated_damping(
    damping: Any,
    ratio: Any,
    *,
    variant: str = "martens",
    low: float = LOW,
    high: float = HIGH,
    grow: float = GROW,
    shrink: float = SHRINK,
) -> Any:
    """Return λ·`grow` if ρ < `low`, λ·`shrink` if ρ > `high`, otherwise λ.

    damping: λ, finite and >= 0. ratio: ρ, any number; NaN leaves λ in "code" and counts as bad in "martens" (·`grow`).
    λ stays where it would leave the range of the dtype.
    low, high: 0 <= low <= high, finite. grow: finite and >= 1. shrink: in (0, 1].
    Raises `ValueError` or `TypeError` naming the argument.
    """
    require_number("damping", damping, 0)
    require_choice("variant", variant, VARIANTS)
    require_number("low", low, 0)
    require_number("high", high, 0)
    if low > high:
        raise ValueError(f"low must be at most high, got {low!r} and {high!r}")
    require_number("grow", grow, 1)
    require_number("shrink", shrink, 0, 1, closed=True)
    if not shrink > 0:
        raise ValueError(f"shrink must be in (0, 1], got {shrink!r}")
    if ratio < low or (variant == "martens" and ratio != ratio):
        with np.errstate(over="ignore"):
            grown = damping * grow
        return grown if np.isfinite(grown) else damping
    return damping * shrink if ratio > high else damping
