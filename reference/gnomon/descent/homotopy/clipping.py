"""Gradients shortened to a length that falls with the curvature: class CurvatureAwareGradientClipper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.homotopy.estimator import Variant
from gnomon.descent.homotopy.rate import Curvature, ratio
from gnomon.domains import Array, NonNegative, Positive, require_floating
from gnomon.norms import joint_length
from gnomon.rounding import rounded_once


def require_one_dtype(given: Mapping[str, Any]) -> None:
    dtype = given["curvature"].dtype
    for g in given["grads"]:
        if g is not None:
            require_floating("grads", g)
            if g.dtype != dtype:
                raise TypeError(f"grads must hold arrays of the dtype of curvature {dtype}, got {g.dtype}")


@checked(require_one_dtype)
@rounded_once
def clip_gradients(
    grads: tuple[Array | None, ...], curvature: Curvature, *,
    base_norm: Positive = 1.0, target_curvature: Positive = 1e4, min_norm: NonNegative = 0.01,
    variant: Variant = "standard",
) -> tuple[tuple[Array | None, ...], Any]:  # fmt: skip
    """Return the gradients, shortened together to a length of at most c, and c.

    ::

        c = max(base_norm/(1 + κ/target_curvature), min_norm)
        g ← g·c/‖g‖  if ‖g‖ > c,  ‖g‖ over all arrays

    grads: arrays of any shapes and one floating-point dtype; `None` where there is no gradient, which stays. curvature:
    κ >= 0, a number of that dtype, ∞ too. variant: "code" adds 1e-10 to the target and to ‖g‖, so that what is clipped
    ends a little below c.

    Choices: new arrays are returned (the source changes the gradients in place), and c as in the source, not the length
    before. A gradient with a NaN in it is left to the formula.
    """
    guard = 1e-10 if variant == "code" else 0.0
    relative = ratio(curvature, target_curvature + guard + np.zeros_like(curvature))
    threshold = np.maximum(base_norm / (1 + relative), min_norm)
    arrays = [g for g in grads if g is not None]
    norm = joint_length(arrays) if arrays else 0 * threshold
    if not norm > threshold:
        return grads, threshold
    scale = threshold / (norm + guard)
    return tuple(None if g is None else g * scale for g in grads), threshold
