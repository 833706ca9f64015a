"""Bars as the reference gives them, of what compiled loops found."""

from __future__ import annotations

from math import inf

import numpy as np

from gnomon.domains import Array


def arranged(births: Array, deaths: Array, endless: Array) -> Array:
    """Return bars, sorted, without those of no length; and those that never end, of which the births are given."""
    kept = np.flatnonzero(births < deaths)
    rows = np.empty((len(kept) + len(endless), 2), births.dtype)
    rows[: len(kept), 0], rows[: len(kept), 1] = births[kept], deaths[kept]
    rows[len(kept) :, 0], rows[len(kept) :, 1] = endless, inf
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]
