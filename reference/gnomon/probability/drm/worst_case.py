"""The law of given mean and variance whose distortion risk measure is largest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries
from gnomon.probability.drm.distortions import Distortion, blur, of_level, require_distortion

Edges: TypeAlias = Annotated[Array, Entries(("n + 1",), least=2, finite=True)]


class WorstCase(NamedTuple):
    """spread: √V, the largest ρ of a law of mean 0 and variance 1. quantiles: of the law that has it, in each cell."""

    spread: Array
    quantiles: Array


def require_edges(given: Mapping[str, Any]) -> None:
    """Require levels that rise from 0 to 1."""
    edges = given["edges"]
    if not (edges[0] == 0 and edges[-1] == 1 and np.all(np.diff(edges) > 0)):
        raise ValueError("edges must rise from 0 to 1")


@checked(require_distortion, require_edges)
def worst_case(edges: Edges, distortion: Distortion) -> WorstCase:
    """Return sup ρ over laws of mean 0 and variance 1 with a constant quantile function between edges, and its law.

    With masses W_i = w(1-z_i) - w(1-z_{i+1}) of the cells and widths Δ_i, ρ = Σ W_i·q_i. The slopes of the smallest
    concave majorant of w on the grid, which fit W/Δ best among sequences that rise, are

        a_i = max_{j<=i} min_{k>=i} (W_j + … + W_k)/(Δ_j + … + Δ_k)        V = Σ Δ·(a - 1)²        q = (a - 1)/√V

    edges: z, shape (n,), from 0 to 1. Cells that hold a jump hold its mass, however narrow they are. Mean μ and
    standard deviation σ make it μ + σ·√V. As cells shrink √V rises to that of all laws (Pesenti, Wang & Wang), which
    may be infinite. Where w(u) <= u everywhere V = 0 and q = 0: constants are worst.

    Choice: √V counts as 0 where rounding of w may have made it: up to n·eps over the narrowest cell.
    """
    w, n = of_level(edges, distortion), len(edges) - 1
    first, last = np.arange(n)[:, np.newaxis], np.arange(n)
    rises, runs = w[1:] - w[:-1, np.newaxis], edges[1:] - edges[:-1, np.newaxis]
    chords = np.where(last >= first, rises / np.where(last >= first, runs, 1), np.inf)
    lowest = np.minimum.accumulate(chords[:, ::-1], axis=1)[:, ::-1]
    a = np.max(np.where(last >= first, lowest, -np.inf), axis=0)
    widths = np.diff(edges)
    spread = np.sqrt(np.sum(widths * (a - 1) ** 2))
    spread = np.where(spread * np.min(widths) > blur(edges, n), spread, 0)[()]
    return WorstCase(spread, np.where(spread > 0, (a - 1) / np.where(spread > 0, spread, 1), 0))
