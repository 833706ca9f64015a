"""The logistic density: the kernel with which densities at quantiles are estimated."""

from __future__ import annotations

from typing import Any

import numpy as np


def logistic(t: Any) -> Any:
    """Return κ(t) = e^-|t|/(1 + e^-|t|)², which is 0 and no ∞/∞ far from 0."""
    e = np.exp(-np.abs(t))
    return e / (1 + e) ** 2
