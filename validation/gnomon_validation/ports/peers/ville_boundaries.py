"""ville's boundary of the two-sided normal mixture; it computes in float64."""

from __future__ import annotations

from typing import Any

from ville import normal_mixture

dtypes = ("float32", "float64")


def m_fisher_normal_boundary(variances: Any, *, delta: float, precision: float) -> Any:
    return normal_mixture(variances, delta, precision).astype(variances.dtype)
