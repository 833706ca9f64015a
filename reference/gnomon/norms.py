"""The Euclidean norm, which all methods use."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array


def length(array: Array) -> Any:
    """Return the Euclidean norm of all entries, a number of their dtype: 0 without entries, NaN if one of them is NaN.

    Computed as s·(Σ (x/s)²)^½, s = max|x|, so that it leaves the range only if it is itself out of range.
    """
    largest = np.max(np.abs(array), initial=0)
    if not largest > 0 or not np.isfinite(largest):
        return largest
    scaled = array / largest
    return largest * np.sqrt(np.sum(scaled * scaled))
