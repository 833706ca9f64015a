"""The distortion risk measure of a sample: an L-statistic, its gradient, and the influence of each value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Number
from gnomon.probability.drm.distortions import Distortion, of_survival, require_distortion, slope

Values: TypeAlias = Annotated[Array, Entries(("n",), least=1, finite=True)]
Weights: TypeAlias = Annotated[Array, Entries(("n",), each=Number())] | None


def require_weight(given: Mapping[str, Any]) -> None:
    """Require weights that are not all 0."""
    if given["weights"] is not None and not np.max(given["weights"]) > 0:
        raise ValueError("weights must not all be 0")


def require_no_jumps(given: Mapping[str, Any]) -> None:
    """Require a distortion without jumps."""
    if given["distortion"].jumps:
        raise ValueError("distortion.jumps must be none: a quantile of a sample has no influence without a density")


def survival(y: Any, weights: Any) -> tuple[Any, Any]:
    """Return the order of the values, ties as they come, and S = (1, S₁, …, 0), S_i = Σ_{j>i} p_(j)."""
    order = np.argsort(y, kind="stable")
    p = np.ones_like(y) if weights is None else weights[order] / np.max(weights)
    above = np.cumsum(p[::-1])[::-1]
    return order, np.concatenate([above / above[0], np.zeros_like(p[:1])])


def shares(y: Any, distortion: Distortion, weights: Any) -> Any:
    """Return what each value counts in ρ: w(S_{i-1}) - w(S_i), at its place."""
    order, S = survival(y, weights)
    w = of_survival(S, distortion, len(y))
    return (w[:-1] - w[1:])[np.argsort(order)]


@checked(require_distortion, require_weight)
def lstat(y: Values, distortion: Distortion, weights: Weights = None) -> Array:
    """Return ρ = Σ y_(i)·(w(S_{i-1}) - w(S_i)), the distorted expectation of an empirical law.

    y: shape (n,), finite. weights: p >= 0, shape (n,), not all 0, divided by their sum; equal by default.
    S_i = Σ_{j>i} p_(j) is the survival probability beyond the i-th smallest value.

    Choices: infinite values are rejected even if their weight is 0. A jump at the level ζ is met where S exceeds 1-ζ by
    more than n·eps, which rounding may have made of a tie: S > 1-ζ alone picks another order statistic now and then,
    as for ζ = 0.8 and n = 10.
    """
    rho: Array = np.sum(y * shares(y, distortion, weights))
    return rho


@checked(require_distortion, require_weight)
def lstat_grad(y: Values, distortion: Distortion, weights: Weights = None) -> Array:
    """Return ∂ρ/∂y, shape (n,): w(S_{i-1}) - w(S_i) at the place of the i-th smallest value. They sum to 1.

    Choice: where values tie, ρ has a kink; the one that comes first counts as the smaller.
    """
    gradient: Array = shares(y, distortion, weights)
    return gradient


@checked(require_distortion, require_weight, require_no_jumps)
def influence(y: Values, distortion: Distortion, weights: Weights = None) -> Array:
    """Return A, shape (n,), by which ρ rises as weights move: dρ = Σ p_i·A_i·v_i where p_i becomes p_i·(1 + v_i).

    A(y) = -Σ_{j<n} w′(S_j)·(1{y <= y_(j)} - F_j)·(y_(j+1) - y_(j)), F_j = 1 - S_j; Σ p_i·A_i = 0. It is to ρ what
    y - mean is to the mean: the advantage of a policy gradient. Terms with w′ = ∞ count nothing where 1{…} = F_j, or
    y_(j+1) = y_(j). Computed with two running sums: of F_j·w′·gap over what lies below, of S_j·w′·gap over the rest.
    """
    order, S = survival(y, weights)
    S, gaps, nothing = S[1:-1], np.diff(y[order]), np.zeros_like(y[:1])
    w_slope = slope(S, distortion, len(y))
    up = np.where((S < 1) & (gaps > 0), w_slope, 0) * (1 - S) * gaps
    down = np.where((S > 0) & (gaps > 0), w_slope, 0) * S * gaps
    A: Array = np.concatenate([nothing, np.cumsum(up)]) - np.concatenate([np.cumsum(down[::-1])[::-1], nothing])
    return A[np.argsort(order)]
