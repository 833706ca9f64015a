"""Scores of samples that are functions of others, Y = g(X; θ): what LR is where the density of Y is not known (GLR)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries
from gnomon.probability.drm_sa.step import Samples, Scores

Assets: TypeAlias = Annotated[Array, Entries(("P",), least=1, finite=True)]
Square: TypeAlias = Annotated[Array, Entries(("P", "P"), finite=True)]


class Pathwise(NamedTuple):
    """scores: s, (M, P), with E 1{Y <= q}·s = ∇_θ P(Y <= q). density: ψ, (M,), with E 1{Y <= q}·ψ = f(q)."""

    scores: Array
    density: Array


def require_slopes(given: Mapping[str, Any]) -> None:
    """Require slopes in x that are not 0."""
    if not np.all(given["slopes"] != 0):
        raise ValueError("slopes must not be 0: g must be monotone in x")


@checked(require_slopes)
def pathwise_scores(
    log_slopes: Samples, log_pulls: Scores, slopes: Samples, bends: Samples, pulls: Scores, tilts: Scores
) -> Pathwise:
    """Return scores and weights of the density of Y = g(X; θ), X a number with the density f(x; θ), at samples of X::

        s = ∂_θ log f - (g_θ/g_x)·(log f)′ - g_θx/g_x + g_θ·g_xx/g_x²        ψ = (log f)′/g_x - g_xx/g_x²

    log_slopes: (log f)′ in x, (M,). log_pulls: ∂_θ log f, (M, P). slopes, bends: g_x and g_xx, (M,). pulls, tilts: g_θ
    and g_θx, (M, P). Where f vanishes at the ends of X nothing is left out. Derived here after Peng, Fu, Hu &
    Heidergott's generalized likelihood ratio (2018; the abstract was read).
    """
    by_slope = (pulls.T / slopes).T
    bent = bends / slopes**2
    scores: Array = log_pulls - (by_slope.T * log_slopes).T - (tilts.T / slopes).T + (pulls.T * bent).T
    return Pathwise(scores, log_slopes / slopes - bent)


def require_market(given: Mapping[str, Any]) -> None:
    """Require a variance above 0."""
    x = given["weights"]
    if not x @ given["covariance"] @ x > 0:
        raise ValueError("covariance must give the weights a variance > 0")


@checked(require_market)
def portfolio_scores(weights: Assets, returns: Scores, mean: Assets, covariance: Square) -> Array:
    """Return s_j = (r_j·x·(r - m) - (Σx)_j)/(x·Σx), (M, P), of losses Y = -x·r in the weights x, r of N(m, Σ).

    It is the score along the field r_j·Σx/(x·Σx), made of all returns: given Y its mean is the score of Y's own law,
    N(-x·m, x·Σx), so that it scatters at least as much.

    weights: x, (P,). returns: r, (M, P). mean: m, (P,). covariance: Σ, (P, P), symmetric.
    """
    spread = covariance @ weights
    along = (returns - mean) @ weights
    scores: Array = ((returns.T * along).T - spread) / (weights @ spread)
    return scores
