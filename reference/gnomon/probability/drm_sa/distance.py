"""How far the quantiles of a mixture are from those of the worst law."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array
from gnomon.probability.drm import normal
from gnomon.probability.drm.worst_case import Edges, require_edges
from gnomon.probability.drm_sa.mixture import Mixture, Points, Raw, mixture, require_thirds

HALVINGS = 32


def partial_means(z: Any, law: Mixture) -> Any:
    """Return ∫_0^z Q = max_c z·c - E (c - X)⁺ (Rockafellar & Uryasev), at c = Q(z): what c is off by counts squared.

    c by bisection between Cantelli's bounds for mean 0 and variance 1, -√((1-z)/z) and √(z/(1-z)).
    """
    p, d, t, s = law
    low, high = -np.sqrt((1 - z) / z), np.sqrt(z / (1 - z))
    for _ in range(HALVINGS):
        c = (low + high) / 2
        short = np.sum(p * normal.cdf((c[:, np.newaxis] * s - d) / t), axis=1) < z
        low, high = np.where(short, c, low), np.where(short, high, c)
    x = (low[:, np.newaxis] * s - d) / t
    return z * low - np.sum(p * t * (x * normal.cdf(x) + normal.density(x)), axis=1) / s


@checked(require_thirds, require_edges)
def mixture_distance(params: Raw, edges: Edges, quantiles: Points) -> Array:
    """Return ∫_0^1 (Q - q)² dz, Q the quantile function of the mixture, q that of a law with one quantile a cell.

    As the mixture has mean 0 and variance 1 it is 1 + Σ Δ·q² + 2·Σ L(z_i)·(q_i - q_{i-1}), L(z) = ∫_0^z Q, the last sum
    over inner edges. edges: z, (n+1,), from 0 to 1. quantiles: q, (n,); with those of `worst_case` for a concave w it
    is 2·(1 - ρ/√V), ρ under the w that is linear between the edges.
    """
    z, law = edges[1:-1], mixture(params)
    apart = np.sum(partial_means(z, law) * np.diff(quantiles))
    distance: Array = 1 + np.sum(np.diff(edges) * quantiles**2) + 2 * apart
    return distance
