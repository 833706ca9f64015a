"""Other rules for the rate, to hold this one against: Polyak's, the edge of stability, CDAT.

Sources: Polyak 1969; Roulet et al., "Stepping on the Edge", NeurIPS 2024, arXiv 2407.06183, for CDAT (its formula from
a summary by others).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.curvature.operators import Operator, product
from gnomon.curvature.power import power_iteration
from gnomon.descent.homotopy.domains import length, require_curvature, require_positive
from gnomon.domains import Array, require_finite, require_floating, require_like, require_number


def polyak_rate(gap: Any, grad: Array) -> Any:
    """Return Polyak's rate (L - L*)/‖g‖², 0 if the gap is 0.

    gap: L - L*, a number >= 0 of the gradient's dtype. grad: g, finite, any shape. With κ = ‖H‖/‖g‖² it is
    κ·(L-L*)/‖H‖: on a positive definite quadratic from ½ to cond H/2 times 1/‖H‖.
    Raises `ValueError` or `TypeError` naming the argument; also for a gradient of 0 with a gap.
    """
    require_floating("grad", grad)
    require_finite({"grad": grad})
    require_curvature("gap", gap, grad.dtype)
    if gap == 0:
        return np.zeros_like(gap)
    size = length([grad])
    if size == 0:
        raise ValueError(f"grad must not be 0 where gap is {gap}")
    return gap / size / size


def edge_rate(operator: Operator, start: Array, *, scale: float = 1.0, iterations: int = 100) -> Any:
    """Return scale/‖H‖₂ by power iteration from `start`, ∞ if H is 0; at most `iterations` products.

    scale: finite, > 0; 2 is the limit of stability of gradient descent. operator, start, iterations: as in
    `power_iteration`, whose errors it raises.
    """
    require_positive("scale", scale)
    norm = power_iteration(operator, start, iterations=iterations, rtol=0.0).norm
    with np.errstate(divide="ignore"):
        return scale / norm


def cdat_rate(grad: Array, update: Array, operator: Operator, *, sigma: float = 1.0, epsilon: float = 0.0) -> Any:
    """Return σ·max(-gᵀu, 0)/(|uᵀHu| + ε), the rate that minimises the quadratic model along u for σ = 1; one product.

    grad, update: g and u, shape (n,), of one dtype. operator: H. sigma: finite, > 0. epsilon: finite, >= 0. 0/0 counts
    as 0; for uᵀHu = 0 otherwise the rate is ∞. Raises `ValueError` or `TypeError` naming the argument.
    """
    require_floating("grad", grad)
    require_like("update", update, grad, "grad")
    require_finite({"grad": grad, "update": update})
    require_positive("sigma", sigma)
    require_number("epsilon", epsilon, 0)
    slope = np.maximum(-np.dot(grad, update), 0)
    if slope == 0:
        return slope
    bend = np.abs(np.dot(update, product(operator, update, 0)))
    with np.errstate(divide="ignore"):
        return sigma * slope / (bend + epsilon)
