"""The levels at which quantiles are tracked, the cells between them, and what a distortion gives to each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.probability.drm.distortions import Distortion, blur, of_level, slope

ROUNDINGS = 4  # of a level: a quotient and a power


def levels(q: Any, qm: Any, power: float) -> tuple[Any, Any]:
    """Return z_i = ((i+1)/(n+2))^power, i = 0 … n, and the middles of these before they are raised, for n cells."""
    n = len(qm)
    edges = (np.arange(n + 1).astype(q.dtype) + np.ones_like(q)) / (n + 2)
    middles = (np.arange(n).astype(q.dtype) + 1.5 * np.ones_like(qm)) / (n + 2)
    return edges**power, middles**power


def extended(v: Any) -> Any:
    """Return v with an entry more at each end, on the line through the last two."""
    return np.concatenate((2 * v[:1] - v[1:2], v, 2 * v[-1:] - v[-2:-1]))


def jumping(z: Any, distortion: Distortion) -> Any:
    """Return which cells (z_i, z_{i+1}] hold the level of a jump."""
    held = z[1:] != z[1:]
    for level, _ in distortion.jumps:
        below = level - z > blur(z, ROUNDINGS)
        held = held | (below[:-1] & ~below[1:])
    return held


def slopes(zm: Any, distortion: Distortion) -> Any:
    """Return ω = w′(1 - z) at the middles, jumps left out."""
    return slope(1 - zm, distortion)


def masses(z: Any, distortion: Distortion) -> Any:
    """Return Δw = w(1-z_i) - w(1-z_{i+1}) of each cell, jumps counted."""
    return np.diff(of_level(z, distortion, ROUNDINGS))


def quantiles(samples: Any, z: Any) -> Any:
    """Return quantiles of samples, linear between order statistics: the smallest at 0, the largest at 1."""
    ranked = np.sort(samples)
    place = (len(samples) - 1) * z
    whole = np.minimum(np.floor(place), max(len(samples) - 2, 0))
    below = whole.astype(np.int64)
    above = np.minimum(below + 1, len(samples) - 1)
    return ranked[below] + (place - whole) * (ranked[above] - ranked[below])


def require_jumps_inside(given: Mapping[str, Any]) -> None:
    """Require the levels of jumps between the first edge and the last one."""
    state = given["state"]
    z, _ = levels(state.q, state.qm, given["grid_power"])
    for level, _ in given["distortion"].jumps:
        if not (level - z[0] > blur(z, ROUNDINGS) and level - z[-1] <= blur(z, ROUNDINGS)):
            raise ValueError(f"distortion.jumps: the level {level} must lie in a cell, between {z[0]} and {z[-1]}")
