"""linear_operator's `lanczos_tridiag` (of GPyTorch) as a port of the Lanczos process.

It returns Q and T. What it does not return is had from these: the residual norm is the length of what the last product
leaves, and products are its steps. It can make no single step, and is told of no start that is zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from linear_operator.utils.lanczos import lanczos_tridiag

from gnomon_validation.ports.torch_functions import tensor

dtypes = ("float32", "float64")


def curvature_lanczos(operator: Any, start: Any, *, steps: int) -> tuple[Any, Any, Any, Any, int]:
    """Return the diagonal and off-diagonal of T, the basis, the residual norm, and the number of products."""
    A, v = tensor(operator.matrix), tensor(start)
    Q, T = (
        found.numpy() for found in lanczos_tridiag(A.matmul, steps, v.dtype, v.device, A.shape, init_vecs=v[:, None])
    )
    basis, a = Q.T.copy(), np.diagonal(T).copy()
    rest = operator.matrix @ basis[-1] - T[-1] @ basis
    return a, np.diagonal(T, 1).copy(), basis, np.sqrt(rest @ rest), len(a)
