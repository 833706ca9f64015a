"""`gnomon.dynamics.gd_chaos.boxes`: the boxes of a picture, counted in one pass over its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.dynamics.gd_chaos import boxes as reference
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import in_place_of

__all__ = ["box_count"]


@compiled
def count(image: Any, box: int) -> int:
    """Return how many boxes have a True in them."""
    rows, columns = image.shape
    total, hit = 0, np.empty(columns // box, np.bool_)
    for first in range(0, rows, box):
        hit[:] = False
        for i in range(first, first + box):
            for k in range(columns // box):
                found = False
                for j in range(k * box, (k + 1) * box):
                    found |= image[i, j]
                hit[k] |= found
        for k in range(columns // box):
            total += hit[k]
    return total


@in_place_of(reference.box_count, dict)
def box_count(image: NDArray[np.bool_], box: int) -> int:
    reference.require_dividing(box, image)
    return int(count(np.require(image, requirements=["C", "A", "W"]), int(box)))
