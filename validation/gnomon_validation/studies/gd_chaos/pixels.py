"""Pictures of basins: their grids, in the plane of two factors and in that of their product and norms."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array
from gnomon.dynamics.gd_chaos.boxes import edge_count
from gnomon.dynamics.gd_chaos.outcomes import DIVERGED, cell_centres, grid
from gnomon.kernels.dynamics.gd_chaos.outcomes import basin_grid

Window = tuple[float, float, float, float]
SQUARE: Window = (-4.0, 4.0, -4.0, 4.0)
PRODUCT: Window = (-6.0, 6.0, 0.0, 12.0)


class Setting(NamedTuple):
    """What basins depend on, at η = 1; the published one by default."""

    y: float = 0.5
    lam: float = 0.2
    max_steps: int = 400
    escape: float = 1e10


PUBLISHED = Setting()


def starts(n: int, window: Window = SQUARE, *, of_product: bool = False) -> tuple[Array, Array]:
    """Return u and v at the centres of n × n cells, or those with z and w there; NaN where there are none."""
    left, right, bottom, top = window
    first, second = grid(cell_centres(left, right, n), cell_centres(bottom, top, n))
    if not of_product:
        return first, second
    with np.errstate(invalid="ignore"):
        a, b = np.sqrt(second + 2 * first), np.sqrt(second - 2 * first)
    return (a + b) / 2, (a - b) / 2


def diverged(
    n: int, window: Window = SQUARE, setting: Setting = PUBLISHED, *, of_product: bool = False
) -> NDArray[np.int8]:  # fmt: skip
    """Return 1 where a start diverges, 0 where it does not, 2 where there is no start."""
    u, v = starts(n, window, of_product=of_product)
    there = np.isfinite(u + v)
    found = np.full(u.shape, 2, np.int8)
    y, lam, steps, escape = setting
    labels = basin_grid(u[there], v[there], eta=1.0, y=y, lam=lam, max_steps=steps, escape=escape).labels
    found[there] = labels == DIVERGED
    return found


def edges(labels: NDArray[np.int8]) -> int:
    """Return how many neighbours are told apart by diverging; where there is no start nothing is counted."""
    everywhere, starts_only = edge_count(labels), edge_count((labels == 2).astype(np.int8))
    return everywhere - starts_only


def slope(counts: dict[int, int]) -> float:
    """Return the slope of log edges against log n, by least squares: the dimension, as this pipeline sees it."""
    sizes, numbers = np.log(list(counts)), np.log(list(counts.values()))
    return float(np.polyfit(sizes, numbers, 1)[0])


def shaded(labels: Any, steps: Any, nu: Any) -> Array:
    """Return a picture's colours: two hues for the minima, light where they are reached soon; greys outside by ν."""
    colours = np.zeros((*labels.shape, 3))
    outside = np.clip((np.where(np.isfinite(nu), nu, 9) + 2) / 8, 0, 1)[..., np.newaxis]
    colours[:] = (1 - outside) * np.array([1.0, 1.0, 1.0]) + outside * np.array([0.1, 0.1, 0.16])
    depth = np.clip((steps - 25) / 40, 0, 1)[..., np.newaxis]
    for label, hue in ((2, (0.0, 0.45, 0.70)), (3, (0.84, 0.37, 0.0)), (1, (0.0, 0.62, 0.45)), (0, (0.8, 0.47, 0.65))):
        here = labels == label
        colours[here] = (np.array(hue) * (0.5 + 0.5 * depth) + 0.4 * (1 - depth))[here]
    return np.clip(colours, 0, 1)
