"""When conjugate gradients have stopped to pay: the rule of relative progress.

Sources: Martens, ICML 2010, section 4.4 (as in the released demo) for "martens"; `ltatzel/PyTorchHessianFree`, commit
f430d81, for "code", which cites that section and differs from it in three ways.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from gnomon.domains import Array, require_choice, require_count, require_floating, require_number

VARIANTS = ("code", "martens")
LEAST_WINDOW = 10


def window(iteration: int, *, variant: str = "code") -> int:
    """Return k, how many iterations back progress is measured: max(10, i/10), "code" rounded down, "martens" up.

    iteration: i >= 0. Raises `ValueError` or `TypeError` naming the argument.
    """
    require_count("iteration", iteration)
    require_choice("variant", variant, VARIANTS)
    return max(LEAST_WINDOW, iteration // 10 if variant == "code" else ceil(iteration / 10))


def progress_has_ended(model: Array, *, threshold: float = 5e-4, variant: str = "code") -> bool:
    """Return whether the last iterations lowered the model too little, given its values m₀ … mᵢ.

    ::

        code      k < i  and  (mᵢ - m_{i-k})/(mᵢ - m₀) < ε
        martens   k < i  and  m_{i-k} < 0  and  (mᵢ - m_{i-k})/mᵢ < k·ε

    model: m, shape (i + 1,), i >= 0. threshold: ε, finite and >= 0. k is `window(i)`, so that nothing ends before
    i = 11. A ratio that is not a number ends nothing. Raises `ValueError` or `TypeError` naming the argument.

    Choice: "martens" asks for m_{i-k} < 0, as the demo does; the paper, as others quote it, asks for mᵢ < 0, which
    follows from it, since the model only falls.
    """
    require_floating("model", model)
    if model.ndim != 1 or model.shape[0] == 0:
        raise ValueError(f"model must have shape (i + 1,) with i >= 0, got {model.shape}")
    require_number("threshold", threshold, 0)
    require_choice("variant", variant, VARIANTS)
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
