"""The transforms of egalitarian gradient descent written with torch.linalg, as its users write them."""

from __future__ import annotations

from typing import Any

import torch
from torch import linalg

from gnomon_validation.ports.torch_functions import offered

dtypes = ("float32", "float64")


def scaled(gradient: Any) -> tuple[Any, Any]:
    """Return a gradient divided by its largest entry, and that entry; 1 for a gradient of zeros."""
    largest = gradient.abs().max() if gradient.numel() else torch.zeros((), dtype=gradient.dtype)
    largest = torch.where(largest > 0, largest, torch.ones_like(largest))
    return gradient / largest, largest


@offered("egd.polar")
def egd_polar(gradient: Any, rtol: Any) -> Any:
    U, s, Vh = linalg.svd(scaled(gradient)[0], full_matrices=False)
    if rtol is None:
        rtol = max(gradient.shape) * torch.finfo(gradient.dtype).eps
    kept = s > rtol * s.max() if s.numel() else s > 0
    return U[:, kept] @ Vh[kept]


@offered("egd.floored")
def egd_floored(gradient: Any, floor: Any) -> Any:
    X, largest = scaled(gradient)
    U, s, Vh = linalg.svd(X, full_matrices=False)
    return (U * (s * (largest / floor)).clamp(max=1)) @ Vh


@offered("egd.colnorm")
def egd_colnorm(gradient: Any, floor: Any, unit: Any) -> Any:
    X, largest = scaled(gradient)
    norms = linalg.vector_norm(X, dim=0 if unit == "column" else 1, keepdim=True) * largest
    return gradient / norms.clamp(min=floor)
