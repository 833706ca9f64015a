"""When conjugate gradients have stopped to pay: the rule of relative progress.

Section 4.4 for "martens"; the package cites that section and differs from it in three ways.
"""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative, NonNegativeInt
from gnomon.hessian_free.variants import Variant

LEAST_WINDOW = 10


@checked()
def window(iteration: NonNegativeInt, *, variant: Variant = "martens") -> int:
    """Return k, how many iterations back progress is measured: max(10, i/10), "code" rounded down, "martens" up.

    iteration: i >= 0.
    """
    return max(LEAST_WINDOW, iteration // 10 if variant == "code" else ceil(iteration / 10))


@checked()
def progress_has_ended(
    model: Annotated[Array, Entries(("i + 1",), least=1)],
    *,
    threshold: NonNegative = 5e-4,
    variant: Variant = "martens",
) -> bool:
    """Return whether the last iterations lowered the model too little, given its values m₀ … mᵢ.

    ::

        code      k < i  and  (mᵢ - m_{i-k})/(mᵢ - m₀) < ε
        martens   k < i  and  m_{i-k} < 0  and  (mᵢ - m_{i-k})/mᵢ < k·ε

    model: m, shape (i + 1,), i >= 0. threshold: ε, finite and >= 0. k is `window(i)`, so that nothing ends before
    i = 11. A ratio that is not a number ends nothing.

    Choice: "martens" asks for m_{i-k} < 0, as the demo does; the paper, as others quote it, asks for mᵢ < 0, which
    follows from it, since the model only falls.
    """
    i = model.shape[0] - 1
    k = window(i, variant=variant)
    if k >= i:
        return False
    gained: Any = model[i] - model[i - k]
    if variant == "code":
        return _below(gained, model[i] - model[0], threshold)
    return bool(model[i - k] < 0) and _below(gained, model[i], k * threshold)


def _below(gained: Any, whole: Any, threshold: float) -> bool:
    """Return whether gained/whole < threshold; False where the ratio is 0/0."""
    return bool(whole != 0) and bool(gained / whole < threshold)
