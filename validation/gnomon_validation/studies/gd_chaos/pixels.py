"""Pictures of basins at η = 1, y = 0.5: their grids, in the plane of two factors and in that of product and norms."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array
from gnomon.dynamics.gd_chaos.boxes import box_dimension, edge_count
from gnomon.dynamics.gd_chaos.outcomes import DIVERGED, cell_centres
from gnomon.kernels.dynamics.gd_chaos.outcomes import basin_grid, escape_potential

Window = tuple[float, float, float, float]
SQUARE: Window = (-4.0, 4.0, -4.0, 4.0)
PRODUCT: Window = (-6.0, 6.0, 0.0, 12.0)
NOWHERE, ALL = 2, slice(None)
HUES = {2: (0.0, 0.45, 0.70), 3: (0.84, 0.37, 0.0), 1: (0.0, 0.62, 0.45), 0: (0.8, 0.47, 0.65)}


def starts(n: int, window: Window = SQUARE, rows: slice = ALL) -> tuple[Array, Array]:
    """Return u and v at the centres of n × n cells; in the window `PRODUCT` those with z and w there, NaN if none."""
    left, right, bottom, top = window
    first, second = np.meshgrid(cell_centres(left, right, n), cell_centres(bottom, top, n)[rows])
    if window != PRODUCT:
        return first, second
    with np.errstate(invalid="ignore"):
        a, b = np.sqrt(second + 2 * first), np.sqrt(second - 2 * first)
    return (a + b) / 2, (a - b) / 2


@cache
def diverged(n: int, window: Window = SQUARE, lam: float = 0.2) -> NDArray[np.int8]:
    """Return 1 where a start diverges, 0 where it does not, `NOWHERE` where there is no start; 256 rows at a time.

    Of the square, as (-u, -v) diverges if (u, v) does, the upper half is computed; n is even.
    """
    found, below = np.full((n, n), NOWHERE, np.int8), n // 2 if window == SQUARE else 0
    for first in range(below, n, 256):
        u, v = starts(n, window, rows := slice(first, first + 256))
        there = np.isfinite(u)
        found[rows][there] = basin_grid(u[there], v[there], lam=lam).labels == DIVERGED
    found[:below] = found[::-1, ::-1][:below]
    return found


def edges(labels: NDArray[np.int8]) -> int:
    """Return how many neighbours are told apart by diverging; where there is no start nothing is counted."""
    return edge_count(labels) - edge_count((labels == NOWHERE).astype(np.int8))


def slope(counts: dict[int, int]) -> float:
    """Return the slope of log edges against log n, by least squares: the dimension, as this pipeline sees it."""
    sizes, numbers = (np.array([*part], float) for part in (counts, counts.values()))
    return float(box_dimension(1 / sizes, numbers))


def picture(n: int, window: Window) -> Array:
    """Return a picture's colours: two hues for the minima, light where they are reached soon; greys outside by ν."""
    u, v = starts(n, window)
    labels, steps = basin_grid(u, v)
    out, nu = labels == DIVERGED, np.full(u.shape, 6.0)
    nu[out] = escape_potential(u[out], v[out])
    dark = np.clip((nu + 2) / 8, 0, 1)[..., np.newaxis]
    late = np.clip((steps - 25) / 40, 0, 1)[..., np.newaxis]
    colours: Array = 1 - dark * np.array([0.9, 0.9, 0.84])
    for label, hue in HUES.items():
        colours = np.where(
            (labels == label)[..., np.newaxis], np.array(hue) * (1 + late) / 2 + 0.4 * (1 - late), colours
        )
    return np.clip(colours, 0, 1)
