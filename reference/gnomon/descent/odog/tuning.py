"""Radius, rate, length and number of episodes with which the mean gradient norm of the averages is at most ε."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Scalar

Constant = Annotated[Any, Scalar("eps", low=0, finite=True)]


class Tuned(NamedTuple):
    """radius: D. lr: η. length: T. episodes: K."""

    radius: Any
    lr: Any
    length: int
    episodes: int


def require_positive(given: Mapping[str, Any]) -> None:
    for name in ("eps", "smoothness", "hessian_smoothness", "drop"):
        if not given[name] > 0:
            raise ValueError(f"{name} must be > 0, got {given[name]}")
    if given["noise"] is not None and given["hint"] != "double":
        raise ValueError(f"noise must be None where hint is {given['hint']!r}, got {given['noise']}")


@checked(require_positive)
def tune(
    eps: Annotated[Any, Scalar(low=0, finite=True)], smoothness: Constant, hessian_smoothness: Constant,
    drop: Constant, noise: Constant | None = None, *, hint: Literal["double", "previous"] = "double",
) -> Tuned:  # fmt: skip
    """Return D, η, T and K for which (1/K)·Σ‖∇F(w̄ₖ)‖ <= ε, in expectation if there is noise.

    ::

        "double"     T = ⌈(12√1.5·√8)^½ · L₁^½/(L₂ε)^¼⌉                    D = √(8ε/L₂)/T   η = √(2/3)/L₁
        with noise   T = ⌈max((38σ/ε)², (16√18)^½ · L₁^½/(L₂ε)^¼)⌉         D = √(6ε/L₂)/T   η = min(1/(√3L₁), D/(σ√T))
        "previous"   T = ⌈(6√6·√(8/(εL₂))·L₁)^⅔⌉                           D = √(8ε/L₂)/T   η = √(8/3)/(L₁√T)
        K = ⌈3·ΔF/(DεT)⌉,  ⌈4·ΔF/(DεT)⌉ with noise

    That makes K·T ≈ 6.84·ΔF·L₁^½·L₂^¼/ε^7/4 steps, or 2358·ΔF·L₂^½·σ²/ε^7/2 with much noise, of two gradients each.

    eps: ε > 0, a number of a floating dtype, as all others. smoothness, hessian_smoothness: L₁ > 0 and L₂ > 0. drop:
    ΔF >= F(x₀) - inf F, > 0. noise: σ >= 0, or `None` for exact gradients, only for "double".

    Choice: L₂ = 0 would make D and T infinite and is rejected: a quadratic needs a radius of the user's own.
    """
    L1, L2, width = smoothness, hessian_smoothness, 8.0 if noise is None else 6.0
    if noise is not None:
        loud, quiet = 1444 * (noise / eps) * (noise / eps), 4608**0.25 * L1**0.5 / L2**0.25 / eps**0.25
        T = _whole(np.maximum(loud, quiet), "length")
    elif hint == "double":
        T = _whole(1728**0.25 * L1**0.5 / L2**0.25 / eps**0.25, "length")
    else:
        T = _whole((6 * 48**0.5 * L1 / eps**0.5 / L2**0.5) ** (2 / 3), "length")
    D = (width * eps / L2) ** 0.5 / T
    if noise is None:
        lr = (2 / 3) ** 0.5 / L1 if hint == "double" else (8 / 3) ** 0.5 / L1 / T**0.5
    else:
        lr = 1 / np.maximum(3**0.5 * L1, noise * T**0.5 / D)
    share = 3 if noise is None else 4
    return Tuned(D, lr, T, _whole(share * drop / D / eps / T, "episodes"))


def _whole(number: Any, name: str) -> int:
    """Return ⌈x⌉, if there is such a number."""
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}: eps is too small for these constants")
    return int(np.ceil(number))
