"""Other rules for the rate, to hold this one against: Polyak's, the edge of stability, CDAT.

Sources: Polyak 1969; Roulet et al., "Stepping on the Edge", NeurIPS 2024, arXiv 2407.06183, for CDAT (its formula from
a summary by others).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.operators import FiniteOperator, Start, product
from gnomon.curvature.power import power_iteration
from gnomon.descent.homotopy.estimator import Gradient
from gnomon.domains import Array, Entries, Finite, NonNegative, Positive, PositiveInt, Scalar
from gnomon.norms import joint_length


def require_gradient_at_gap(given: Mapping[str, Any]) -> None:
    gap, grad = given["gap"], given["grad"]
    if gap.dtype != grad.dtype:
        raise TypeError(f"gap must have the dtype of grad {grad.dtype}, got {gap.dtype}")
    if gap > 0 and not np.any(grad != 0):
        raise ValueError(f"grad must not be 0 where gap is {gap}")


@checked(require_gradient_at_gap)
def polyak_rate(gap: Annotated[Any, Scalar(low=0)], grad: Annotated[Array, Finite()]) -> Any:
    """Return Polyak's rate (L - L*)/‖g‖², 0 if the gap is 0.

    gap: L - L*, a number >= 0 of the gradient's dtype. grad: g, finite, any shape. With κ = ‖H‖/‖g‖² it is
    κ·(L-L*)/‖H‖: on a positive definite quadratic from ½ to cond H/2 times 1/‖H‖.
    Raises as well for a gradient of 0 with a gap.
    """
    if gap == 0:
        return np.zeros_like(gap)[()]
    size = joint_length([grad])
    return gap / size / size


@checked()
def edge_rate(operator: FiniteOperator, start: Start, *, scale: Positive = 1.0, iterations: PositiveInt = 100) -> Any:
    """Return scale/‖H‖₂ by power iteration from `start`, ∞ if H is 0; at most `iterations` products.

    scale: finite, > 0; 2 is the limit of stability of gradient descent. operator, start, iterations: as in
    `power_iteration`, whose errors it raises.
    """
    norm = power_iteration(operator, start, iterations=iterations, rtol=0.0).norm
    with np.errstate(divide="ignore"):
        return scale / norm


@checked()
def cdat_rate(
    grad: Gradient, update: Annotated[Array, Entries(("n",), fit="grad", finite=True)], operator: FiniteOperator, *,
    sigma: Positive = 1.0, eps: NonNegative = 0.0,
) -> Any:  # fmt: skip
    """Return σ·max(-gᵀu, 0)/(|uᵀHu| + ε), the rate that minimises the quadratic model along u for σ = 1; one product.

    grad, update: g and u, shape (n,), of one dtype. operator: H. 0/0 counts as 0; for uᵀHu = 0 otherwise the rate is ∞.
    """
    slope = np.maximum(-np.dot(grad, update), 0)
    if slope == 0:
        return slope
    bend = np.abs(np.dot(update, product(operator, update, 0)))
    with np.errstate(divide="ignore"):
        return sigma * slope / (bend + eps)
