"""ripser's diagrams; it computes in float32, whatever it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from ripser import ripser

dtypes = ("float32", "float64")


def topology_rips_diagrams(
    D: Any, *, maxdim: int = 1, threshold: float | None = None, min_persistence: float | None = None
) -> tuple[Any, ...]:
    longest = np.inf if threshold is None else threshold
    found = []
    for bars in ripser(D, distance_matrix=True, maxdim=maxdim, thresh=longest)["dgms"]:
        rows = np.array(sorted(map(tuple, bars)), D.dtype).reshape(-1, 2)
        found.append(rows[rows[:, 1] - rows[:, 0] >= (min_persistence or 0.0)])
    return (*found, *[np.zeros((0, 2), D.dtype)] * (2 - maxdim))
