"""`scipy.linalg.polar` as a port of `egd.polar`: its first factor, whatever the rank of the matrix is."""

from __future__ import annotations

from typing import Any

from scipy.linalg import polar

dtypes = ("float32", "float64")


def egd_polar(gradient: Any, *, rtol: float | None = None) -> Any:
    """Return U of A = U·P: `polar` has no threshold of the rank, and is given none."""
    return polar(gradient)[0]
