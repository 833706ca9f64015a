"""What a compiled loop accepts beyond the reference's own checks: two dtypes, and memory laid out in one way."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array

COMPILED_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def require_compiled(name: str, array: Any) -> None:
    """Require one of the dtypes that the loops are compiled for, float32 and float64; raise `TypeError`."""
    if array.dtype not in COMPILED_DTYPES:
        allowed = " or ".join(map(str, COMPILED_DTYPES))
        raise TypeError(f"{name} must have dtype {allowed} for a compiled kernel, got dtype {array.dtype}")


def contiguous(array: Array) -> Array:
    """Return `array` itself if the loops can read it as it lies in memory, otherwise a copy that they can.

    Every other layout, and every read-only array, would be compiled for anew.
    """
    return np.require(array, requirements=["C", "ALIGNED", "WRITEABLE", "ENSUREARRAY"])


def flat(array: Array) -> Array:
    """Return the entries of `array`, of any shape, as `contiguous` and one-dimensional."""
    return contiguous(array).reshape(-1)
