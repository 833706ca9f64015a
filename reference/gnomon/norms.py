"""The Euclidean norm, which all methods use: of an array, and of several together."""

from __future__ import annotations

from collections.abc import Sequence
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


def joint_length(arrays: Sequence[Array]) -> Any:
    """Return the norm of all entries of the arrays (one or more, of any shapes, of one dtype) together."""
    return length(np.concatenate([array.reshape(-1) for array in arrays]))
