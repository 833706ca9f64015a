"""The diagonal of an operator from products with random probes.

Source: Bekas, Kokiopoulou & Saad, Applied Numerical Mathematics 57 (2007).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import FiniteOperator, Probes, product
from gnomon.domains import Array

Variant = Literal["ratio", "plain"]


class DiagonalEstimate(NamedTuple):
    """An estimate of diag A. diagonal: shape (n,). products: how many times the operator was applied."""

    diagonal: Array
    products: int


@checked()
def bekas(operator: FiniteOperator, probes: Probes, *, variant: Variant = "ratio") -> DiagonalEstimate:
    """Return the estimate (Σₖ zₖ∘A zₖ) / (Σₖ zₖ∘zₖ) of diag A, or (1/m) Σₖ zₖ∘A zₖ; m products.

    operator: A. probes: Z, shape (m, n), m >= 1, one probe a row. variant: "ratio" or "plain"; for signs ±1 they are
    the same. With signs one probe's variance is Σ_{j≠i} Aᵢⱼ². With normal numbers "plain" adds 2Aᵢᵢ² to it, and "ratio"
    has Σ_{j≠i} Aᵢⱼ²/(m-2), infinite for m <= 2. Raises `ValueError` or `TypeError` for probes of another kind, for
    products that do not fit or are not finite, and for "ratio" if a coordinate is 0 in every probe.
    """
    products = np.stack([product(operator, z, k) for k, z in enumerate(probes)])
    return estimate_of(np.sum(probes * products, axis=0), probes, variant)


def estimate_of(total: Array, probes: Array, variant: Variant) -> DiagonalEstimate:
    """Return the estimate of the diagonal, given Σₖ zₖ∘A zₖ, shape (n,); variant: as for `bekas`."""
    if variant == "plain":
        return DiagonalEstimate(total / probes.shape[0], int(probes.shape[0]))
    weights = np.sum(probes * probes, axis=0)
    if np.any(weights == 0):
        raise ValueError("probes must not all be 0 in the same coordinate")
    return DiagonalEstimate(total / weights, int(probes.shape[0]))
