"""The small parts, on tensors: which rules a variant has, progress, grid, backtracking, ratio, damping, line search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, isfinite
from typing import Any, NamedTuple

import torch

from gnomon_validation.ports.torch_hessian_free.arguments import require


class Rules(NamedTuple):
    """What a variant does where it is not told otherwise."""

    rtol: float
    tries: int
    policy: str
    origin: str
    model: str
    iterate: str
    on_increase: str


RULES = {
    "code": Rules(1e-5, 20, "ignore", "x0", "damped", "last", "ratio"),
    "martens": Rules(0.0, 60, "stop", "zero", "undamped", "selected", "distrust"),
}


def window(i: int, variant: str) -> int:
    """Return k: a tenth of i, rounded down in "code" and up in "martens", and never below ten."""
    return max(10, i // 10 if variant == "code" else ceil(i / 10))


def progress_has_ended(m: Sequence[Any], threshold: float, variant: str) -> bool:
    """Return whether (mᵢ - mᵢ₋ₖ)/(mᵢ - m₀) < ε, or in "martens" mᵢ₋ₖ < 0 and (mᵢ - mᵢ₋ₖ)/mᵢ < kε."""
    i = len(m) - 1
    k = window(i, variant)
    if i <= k:
        return False
    if variant == "code":
        whole, limit, applies = m[i] - m[0], threshold, True
    else:
        whole, limit, applies = m[i], k * threshold, bool(m[i - k] < 0)
    return bool(applies and whole != 0 and (m[i] - m[i - k]) / whole < limit)


def storage_grid(max_iter: int, variant: str, base: float = 1.3) -> list[int]:
    """Return ⌈γʲ⌉ - 1 ("code") or ⌈5γʲ⌉ ("martens") for j = 0, 1, …, up to `max_iter`."""
    grid, j = [], 0
    while (i := ceil(base**j) - 1 if variant == "code" else ceil(5 * base**j)) <= max_iter:
        grid.append(i)
        j += 1
    return sorted(set(grid))


def choose_iterate(loss_at: Callable[[int], float], size: int, variant: str) -> int:
    """Return the index of the iterate taken, -1 if no loss is finite: the first least of all in "full"; otherwise from
    the last back to the first that does not lower the loss, or in "martens" raises it."""
    if variant == "full":
        losses = [loss_at(i) for i in range(size)]
        finite = [i for i in range(size) if isfinite(losses[i])]
        return min(finite, key=lambda i: losses[i], default=-1)
    taken, least = -1, float("inf")
    for i in range(size - 1, -1, -1):
        loss = loss_at(i)
        if isfinite(loss) and (loss < least or (variant == "martens" and loss == least)):
            taken, least = i, loss
        elif taken >= 0:
            break
    return taken


def reduction_ratio(before: Any, after: Any, predicted: Any, on_increase: str) -> Any:
    """Return (after - before)/predicted; for on_increase "distrust" -∞ where the loss rose."""
    fell_for_ever = after == -torch.inf
    if on_increase == "distrust" and (after > before or fell_for_ever):
        return torch.full_like(before, -torch.inf)
    if fell_for_ever:
        return torch.full_like(before, torch.nan)
    return (after - before) / predicted


def updated_damping(
    damping: Any,
    ratio: Any,
    variant: str,
    low: float = 1 / 4,
    high: float = 3 / 4,
    grow: float = 3 / 2,
    shrink: float = 2 / 3,
) -> Any:
    """Return λ·grow where ρ < low, λ·shrink where ρ > high, otherwise λ; a NaN is a bad ratio in "martens"."""
    if ratio > high:
        return damping * shrink
    is_bad = ratio < low or (variant == "martens" and torch.isnan(ratio))
    larger = damping * grow
    return larger if is_bad and torch.isfinite(larger) else damping


def armijo(
    f: Callable[[Any], Any],
    w: Any,
    s: Any,
    slope: Any,
    lr: float,
    shrink: float,
    slope_fraction: float,
    tries: int,
    reject_ascent: bool,
) -> tuple[Any, Any]:
    """Return the first a of lr, lr·β, … with f(w + as) <= f(w) + c·a·slope, and the value there; 0 and f(w) if none."""
    here = f(w)
    require(bool(torch.isfinite(here)), f"the objective must be finite at params, got {here.item()}")
    a = torch.full_like(here, lr)
    for _ in range(0 if reject_ascent and slope > 0 else tries):
        there = f(w + a * s)
        if torch.isfinite(there) and there <= here + slope_fraction * a * slope:
            return a, there
        a = a * shrink
    return torch.zeros_like(here), here
