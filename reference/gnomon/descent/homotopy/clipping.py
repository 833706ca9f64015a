"""Gradients shortened to a length that falls with the curvature.

Source: class CurvatureAwareGradientClipper of TorchType's `homotopy_lr` (commit 8b8a54b).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.homotopy.domains import length, require_curvature, require_positive
from gnomon.descent.homotopy.rate import ratio
from gnomon.domains import Array, require_choice, require_floating, require_number

VARIANTS = ("reference", "code")


def clip_gradients(
    grads: tuple[Array | None, ...],
    curvature: Any,
    *,
    base_norm: float = 1.0,
    target_curvature: float = 1e4,
    min_norm: float = 0.01,
    variant: str = "reference",
) -> tuple[tuple[Array | None, ...], Any]:
    """Return the gradients, shortened together to a length of at most c, and c.

    ::

        c = max(base_norm/(1 + κ/target_curvature), min_norm)
        g ← g·c/‖g‖  if ‖g‖ > c,  ‖g‖ over all arrays

    grads: arrays of any shapes and one floating-point dtype; `None` where there is no gradient, which stays. curvature:
    κ >= 0, a number of that dtype, ∞ too. base_norm, target_curvature: finite, > 0. min_norm: finite, >= 0.
    variant: "code" adds 1e-10 to the target and to ‖g‖, so that what is clipped ends a little below c.
    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choices: new arrays are returned (the source changes the gradients in place), and c as in the source, not the length
    before. A gradient with a NaN in it is left to the formula.
    """
    arrays = tuple(g for g in grads if g is not None)
    for g in arrays:
        require_floating("grads", g)
        if g.dtype != arrays[0].dtype:
            raise TypeError(f"grads must hold arrays of one dtype, got {arrays[0].dtype} and {g.dtype}")
    require_curvature("curvature", curvature, arrays[0].dtype if arrays else None)
    require_positive("base_norm", base_norm)
    require_positive("target_curvature", target_curvature)
    require_number("min_norm", min_norm, 0)
    require_choice("variant", variant, VARIANTS)
    threshold = allowed_length(curvature, base_norm, target_curvature, min_norm, variant)
    if not arrays:
        return grads, threshold
    norm = length(arrays)
    if not norm > threshold:
        return grads, threshold
    scale = threshold / (norm + 1e-10 if variant == "code" else norm)
    return tuple(None if g is None else g * scale for g in grads), threshold


def allowed_length(curvature: Any, base_norm: float, target_curvature: float, min_norm: float, variant: str) -> Any:
    """Return c = max(base_norm/(1 + κ/target), min_norm)."""
    target = target_curvature + np.zeros_like(curvature)
    relative = ratio(curvature, target + 1e-10 if variant == "code" else target)
    return np.maximum(base_norm / (1 + relative), min_norm)
