"""The norm that all parts use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon.domains import Array


def length(arrays: Sequence[Array]) -> Any:
    """Return the Euclidean norm of all entries of the arrays (one or more) together, a number of their dtype.

    Computed as s·(Σ (x/s)²)^½, s = max|x|, so that it leaves the range only if it is itself out of range.
    """
    entries = np.concatenate([array.reshape(-1) for array in arrays])
    largest = np.max(np.abs(entries), initial=0)
    if not largest > 0 or not np.isfinite(largest):
        return largest
    scaled = entries / largest
    return largest * np.sqrt(np.sum(scaled * scaled))
