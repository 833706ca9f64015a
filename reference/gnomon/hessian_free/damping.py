"""How well the quadratic model predicted, and what that makes of the damping: the rule of Levenberg and Marquardt.

Sources beside those of the folder: Levenberg 1944, Marquardt 1963; section 4.1 for "martens".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import NonNegative, Number
from gnomon.hessian_free.variants import Variant

LOW, HIGH, GROW, SHRINK = 1 / 4, 3 / 4, 3 / 2, 2 / 3


@checked()
def reduction_ratio(before: Any, after: Any, predicted: Any, *, variant: Variant = "martens") -> Any:
    """Return ρ = (f_after - f_before)/predicted: 1 if the model is right, negative if f rose where it was to fall.

    before, after: the loss at the point that the change is measured from, and where it ended. predicted: the change of
    the model between the same points, negative if it falls. variant: "code"; or "martens", which says -∞ whenever the
    loss rose. 0/0 is NaN. A loss of -∞ is no success: ρ is -∞ in "martens", NaN in "code".
    Raises `ValueError` for another variant.

    Which points and which model belongs to the step: "code" measures from the *warm start* of conjugate gradients with
    the damped model, "martens" from the parameters themselves with the undamped one. The former can grow the damping
    without end (ρ → -2/(1.5·decay - 1)); see the text of the system.
    """
    change = after - before
    if after == -np.inf or (variant == "martens" and change > 0):
        return np.where(True, -np.inf if variant == "martens" else np.nan, change)[()]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(change, predicted)


def require_order(given: Mapping[str, Any]) -> None:
    if given["low"] > given["high"]:
        raise ValueError(f"low must be at most high, got {given['low']!r} and {given['high']!r}")


@checked(require_order)
def updated_damping(
    damping: Annotated[Any, Number()], ratio: Any, *,
    variant: Variant = "martens", low: NonNegative = LOW, high: NonNegative = HIGH,
    grow: Annotated[float, Number(1)] = GROW, shrink: Annotated[float, Number(0, 1, above=True, closed=True)] = SHRINK,
) -> Any:  # fmt: skip
    """Return λ·`grow` if ρ < `low`, λ·`shrink` if ρ > `high`, otherwise λ.

    damping: λ, finite and >= 0. ratio: ρ, any number; NaN leaves λ in "code" and counts as bad in "martens" (·`grow`).
    Where λ·`grow` would leave the range of the dtype, λ stays. low, high: 0 <= low <= high, finite.
    """
    if ratio < low or (variant == "martens" and np.isnan(ratio)):
        with np.errstate(over="ignore"):
            grown = damping * grow
        return grown if np.isfinite(grown) else damping
    return damping * shrink if ratio > high else damping
