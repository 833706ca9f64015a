"""The small parts, on tensors: what a variant presets, progress, grid, backtracking, ratio, damping, line search,
preconditioner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, isfinite
from typing import Any

import torch

RULES = ("rtol", "on_nonpositive_curvature", "rho_origin", "rho_model", "rho_iterate", "on_increase")
CODE = (1e-5, "ignore", "x0", "damped", "last", "ratio")
MARTENS = (0.0, "stop", "zero", "undamped", "selected", "distrust")
PRESETS: dict[str, dict[str, Any]] = {
    name: dict(zip(RULES, rules, strict=True)) for name, rules in (("code", CODE), ("martens", MARTENS))
}
TRIES = {"code": 20, "martens": 60}


def require(holds: Any, sentence: str) -> None:
    """Raise `ValueError` with the sentence unless it holds."""
    if not holds:
        raise ValueError(sentence)


def window(iteration: int, variant: str) -> int:
    """Return k: a tenth of i, rounded down in "code" and up in "martens", and never below ten."""
    return max(10, iteration // 10 if variant == "code" else ceil(iteration / 10))


def progress_has_ended(model: Sequence[Any], threshold: float, variant: str) -> bool:
    """Return whether (mᵢ - mᵢ₋ₖ)/(mᵢ - m₀) < ε, or in "martens" mᵢ₋ₖ < 0 and (mᵢ - mᵢ₋ₖ)/mᵢ < kε."""
    m, i = model, len(model) - 1
    k = window(i, variant)
    if i <= k:
        return False
    if variant == "code":
        whole, limit, applies = m[i] - m[0], threshold, True
    else:
        whole, limit, applies = m[i], k * threshold, bool(m[i - k] < 0)
    return bool(applies and whole != 0 and (m[i] - m[i - k]) / whole < limit)


def storage_grid(max_iter: int, variant: str, base: float = 1.3) -> Any:
    """Return ⌈γʲ⌉ - 1 ("code") or ⌈5γʲ⌉ ("martens") for j = 0, 1, …, up to `max_iter`."""
    grid, j = set(), 0
    while (i := ceil(base**j) - 1 if variant == "code" else ceil(5 * base**j)) <= max_iter:
        grid.add(i)
        j += 1
    return torch.tensor(sorted(grid), dtype=torch.int64)


def choose_iterate(loss_at: Callable[[int], float], size: int, variant: str) -> tuple[int, int]:
    """Return the index of the iterate taken, and how many were visited: the first least of all in "full"; otherwise
    from the last back to the first that does not lower the loss, or in "martens" raises it; -1 if no loss is finite."""
    if variant == "full":
        losses = [loss_at(i) for i in range(size)]
        finite = [i for i in range(size) if isfinite(losses[i])]
        return min(finite, key=lambda i: losses[i], default=-1), size
    taken, least = -1, float("inf")
    for i in range(size - 1, -1, -1):
        loss = loss_at(i)
        if isfinite(loss) and (loss < least or (variant == "martens" and loss == least)):
            taken, least = i, loss
        elif taken >= 0:
            return taken, size - i
    return taken, size


def reduction_ratio(before: Any, after: Any, predicted: Any, on_increase: str) -> Any:
    """Return (after - before)/predicted; for on_increase "distrust" -∞ where the loss rose."""
    fell_for_ever = after == -torch.inf
    if on_increase == "distrust" and (after > before or fell_for_ever):
        return torch.full_like(before, -torch.inf)
    return torch.full_like(before, torch.nan) if fell_for_ever else (after - before) / predicted


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
    require(torch.isfinite(here), f"the objective must be finite at params, got {here.item()}")
    a = torch.full_like(here, lr)
    for _ in range(0 if reject_ascent and slope > 0 else tries):
        there = f(w + a * s)
        if torch.isfinite(there) and there <= here + slope_fraction * a * slope:
            return a, there
        a = a * shrink
    return torch.zeros_like(here), here


def squared_gradients(example_gradients: Any, reduction: str) -> Any:
    """Return the diagonal of the empirical Fisher matrix."""
    squares = example_gradients.square()
    return squares.mean(dim=0) if reduction == "mean" else squares.sum(dim=0)


def fisher_preconditioner(diagonal: Any, damping: float, exponent: float) -> tuple[Any]:
    """Return by what the preconditioner multiplies each entry."""
    damped = diagonal + damping
    require(exponent == 0 or (damped > 0).all(), "diagonal + damping must not be 0")
    return (damped.pow(-exponent),)
