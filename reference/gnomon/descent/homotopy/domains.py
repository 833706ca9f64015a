"""What the numbers of this family must satisfy, and the norm that all of its parts use."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

from gnomon.domains import Array, require_floating, require_number


def require_positive(name: str, value: Any) -> None:
    """Raise `ValueError` or `TypeError` unless `value` is a finite number > 0."""
    require_number(name, value, 0)
    if not value > 0:
        raise ValueError(f"{name} must be > 0, got {value!r}")


def require_curvature(name: str, value: Any, dtype: Any = None) -> None:
    """Raise `ValueError` or `TypeError` unless `value` is one number >= 0 (∞ too) of a floating-point dtype."""
    require_floating(name, value)
    if value.shape != ():
        raise ValueError(f"{name} must be one number, got shape {value.shape}")
    if dtype is not None and value.dtype != dtype:
        raise TypeError(f"{name} must have the dtype {dtype}, got {value.dtype}")
    if not (value >= 0 and value <= inf):
        raise ValueError(f"{name} must be >= 0 and not nan, got {value}")


def require_curvatures(name: str, values: Any) -> None:
    """Raise `ValueError` or `TypeError` unless `values` is (k,), k >= 1, of floating-point numbers >= 0 (∞ too)."""
    require_floating(name, values)
    if values.ndim != 1 or values.shape[0] == 0:
        raise ValueError(f"{name} must have shape (k,) with k >= 1, got {values.shape}")
    if not np.all((values >= 0) & (values <= inf)):
        raise ValueError(f"{name} must be >= 0 and not nan in every entry")


def require_rates(base_lr: Any, min_lr: Any, max_lr: Any) -> None:
    """Raise `ValueError` or `TypeError` unless base_lr is finite and > 0 and 0 <= min_lr <= max_lr, finite."""
    require_positive("base_lr", base_lr)
    require_number("min_lr", min_lr, 0)
    require_number("max_lr", max_lr, 0)
    if min_lr > max_lr:
        raise ValueError(f"min_lr must be <= max_lr, got {min_lr!r} > {max_lr!r}")


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
