"""ripser's diagrams; it computes in float32, whatever it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from ripser import ripser

dtypes = ("float32", "float64")


def topology_rips_diagrams(D: Any, *, threshold: float | None = None) -> tuple[Any, Any]:
    longest = np.inf if threshold is None else threshold
    found = ripser(D, distance_matrix=True, maxdim=1, thresh=longest)["dgms"]
    h0, h1 = (np.array(sorted(map(tuple, bars)), D.dtype).reshape(-1, 2) for bars in found)
    return h0, h1
