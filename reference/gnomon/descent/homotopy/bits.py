"""How many bits of mantissa a computation of curvature κ is said to need: a diagnostic, no bound.

Source: `homotopy_lr` and `hnf_paper.tex`, Theorem 5.8.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Positive, Real, Scalar
from gnomon.rounding import rounded_once


@checked()
@rounded_once
def required_bits(
    curvature: Annotated[Any, Scalar(finite=True)], *, diameter: Positive, tolerance: Real, constant: Positive = 1.0
) -> Any:
    """Return log₂(c·κ·D²/ε), 0 if κ <= 0 or ε <= 0: a number of the dtype of κ, negative where little is asked.

    curvature: κ, a number, finite. diameter: D, finite, > 0, of the domain. tolerance: ε, finite. constant: c,
    finite, > 0: 1 in the code, about ⅛ in the text. Rounding up is left to the caller. Computed as a sum of logarithms:
    the product may leave the range where its logarithm does not.

    The theorem is about half the second derivative of the map that is computed, in the units of its values; then the
    number does not depend on units. With κ = ‖H‖/‖g‖² it does: a loss s times as large, computed to s·ε, changes it by
    -2·log₂ s. As a lower bound of the error it is false: x² on [0, 1].
    """
    if tolerance <= 0 or curvature <= 0:
        return np.zeros_like(curvature)[()]
    c, D, eps = (number + np.zeros_like(curvature) for number in (constant, diameter, tolerance))
    return np.log2(c) + np.log2(curvature) + 2 * np.log2(D) - np.log2(eps)
