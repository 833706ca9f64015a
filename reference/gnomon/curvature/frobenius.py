"""The Frobenius norm of an operator from products with random probes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import FiniteOperator, Probes, product
from gnomon.curvature.trace import estimate_of
from gnomon.domains import Array


class FrobeniusEstimate(NamedTuple):
    """An estimate of ‖A‖², the sum of all squared entries.

    square: the estimate. samples: ‖A zₖ‖² of each probe, shape (m,). standard_error: of their mean; infinite for m = 1.
    products: how many times the operator was applied.
    """

    square: Any
    samples: Array
    standard_error: Any
    products: int


@checked()
def frobenius_squared(operator: FiniteOperator, probes: Probes) -> FrobeniusEstimate:
    """Return the estimate (1/m) Σₖ ‖A zₖ‖² of ‖A‖² = Σ Aᵢⱼ²; m products.

    operator: A. probes: Z, shape (m, n), m >= 1, one probe a row, of mean 0 and covariance I. Its root is biased: too
    low on average (Jensen). It is Hutchinson's estimate for AᵀA. Raises `ValueError` or `TypeError` as `hutchinson`.
    """
    products = [product(operator, z, k) for k, z in enumerate(probes)]
    return FrobeniusEstimate(*estimate_of(np.stack([np.dot(w, w) for w in products])))
