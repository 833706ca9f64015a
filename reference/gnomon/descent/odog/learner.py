"""The online learner: an optimistic gradient step with one projection, for any sequence of gradients and hints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Positive, PositiveInt
from gnomon.norms import length as norm
from gnomon.rounding import rounded_once

Vector: TypeAlias = Annotated[Array, Entries(("n",), least=1, finite=True)]
Radius: TypeAlias = Positive | None
Variant: TypeAlias = Literal["constant", "adaptive"]


class Played(NamedTuple):
    """What the learner did. displacements: Δ₀ … Δ_M, shape (M + 1, n). rates: η₀ … η_{M-1}, shape (M,)."""

    displacements: Array
    rates: Array


def require_radius(given: Mapping[str, Any]) -> None:
    if given["variant"] == "adaptive" and given["radius"] is None:
        raise ValueError("radius must be a number where variant is 'adaptive', got None")


def require_inside(given: Mapping[str, Any]) -> None:
    start, radius = given["start"], given["radius"]
    if start is None or radius is None:
        return
    if norm(start) > radius * (1 + (len(start) + 8) / 2 * float(np.finfo(start.dtype).eps)):
        raise ValueError(f"start must not be longer than radius {radius!r}, got length {norm(start)}")


@checked()
@rounded_once
def project(vector: Vector, *, radius: Radius = 0.1) -> Array:
    """Return the nearest vector of length <= D: v itself, or v·D/‖v‖.

    vector: v, shape (n,), finite. radius: D, `None` for no limit. In units of max |vᵢ|, so that no length leaves the
    range of numbers.
    """
    if radius is None or norm(vector) <= radius:
        return vector
    unit = vector / np.max(np.abs(vector))
    shortened: Array = unit * (radius / norm(unit))
    return shortened


def rate_of(spread: Any, radius: Any, *, lr: float, variant: str, gamma: float, alpha: float) -> Any:
    """Return η, or γD/√(α + Σ‖eᵢ‖²). spread: (Σ‖eᵢ‖²)^½."""
    if variant == "constant":
        return 0 * spread + lr
    return gamma * radius / norm(np.stack([0 * spread + alpha**0.5, spread]))


def spread_after(spread: Any, error: Array, steps: int, length: int) -> Any:
    """Return (Σ‖eᵢ‖²)^½ after a step: 0 where the next one begins an episode."""
    return 0 * spread if steps % length == 0 else norm(np.stack([spread, norm(error)]))


def propose(displacement: Array, hint: Array, error: Array, rate: Any, radius: Any) -> Array:
    """Return Π_D(Δ - η·(h + e))."""
    return project(displacement - rate * (hint + error), radius=radius)


@checked(require_radius, require_inside)
@rounded_once
def play(
    start: Vector, grads: Annotated[Array, Entries(("steps", "n"), fit="start", finite=True)],
    hints: Annotated[Array, Entries(("steps", "n"), fit="grads", finite=True, of=("steps", "n"))], *,
    radius: Radius = 0.1, lr: Positive = 1e-3, variant: Variant = "constant", gamma: Positive = 1.0,
    alpha: Positive = 1.0, length: PositiveInt = 10,
) -> Played:  # fmt: skip
    """Return what the learner proposes, step by step, where g₁ … g_M and h₁ … h_M are given beforehand.

    ::

        Δₙ = Π_D(Δₙ₋₁ - ηₙ₋₁·(hₙ + eₙ₋₁));   eₙ = gₙ - hₙ;   e₀ = 0
        η = lr,  or  γD/√(α + Σ‖eᵢ‖²) over the steps that were made of the episode that step n belongs to

    start: Δ₀, shape (n,), no longer than D; n + 8 roundings more pass, as a displacement of length D may have them.
    grads, hints: shape (M, n). radius: D, `None` for no limit, not with variant "adaptive". lr: η of variant
    "constant". gamma, alpha, length: γ, α and T of variant "adaptive", whose sum is empty in the first step of every T;
    e itself is never forgotten.
    """
    displacement, error, spread = start, 0 * start, 0 * start[0]
    displacements, rates = [start], []
    for n, (grad, hint) in enumerate(zip(grads, hints, strict=True), 1):
        rates.append(rate_of(spread, radius, lr=lr, variant=variant, gamma=gamma, alpha=alpha))
        displacement = propose(displacement, hint, error, rates[-1], radius)
        error = grad - hint
        spread = spread_after(spread, error, n, length)
        displacements.append(displacement)
    return Played(np.stack(displacements), np.stack([*rates, 0 * spread])[:-1])
