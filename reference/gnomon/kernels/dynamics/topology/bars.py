"""Bars as the reference gives them, of what compiled loops found."""

from __future__ import annotations

from math import inf

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.topology.persistence import long_enough


def arranged(births: Array, deaths: Array, endless: Array, shortest: float | None) -> Array:
    """Return bars, sorted, of at least a length; and those that never end, of which the births are given."""
    kept = long_enough(births, deaths, shortest)
    rows = np.empty((len(kept) + len(endless), 2), births.dtype)
    rows[: len(kept), 0], rows[: len(kept), 1] = births[kept], deaths[kept]
    rows[len(kept) :, 0], rows[len(kept) :, 1] = endless, inf
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]
