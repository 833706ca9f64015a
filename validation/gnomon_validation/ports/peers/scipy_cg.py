"""SciPy's `cg` as a port of `hessian_free.conjugate_gradients`.

It has neither the rule of relative progress nor policies for curvature that is not positive: it ignores it. It returns
the last iterate and whether it met its tolerance. The other iterates are had by its callback, the model's values from
them, and pᵀAp from the products that it asks for, of which only the first is not along p, and only if the start is not
0: for a start of 0 it makes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg


def hessian_free_conjugate_gradients(
    operator: Any,
    rhs: Any,
    start: Any = None,
    preconditioner: Any = None,
    *,
    max_iter: int = 250,
    rtol: float = 1e-5,
    atol: float = 0.0,
    progress_threshold: None = None,
    on_nonpositive_curvature: str = "ignore",
    stored: Sequence[int] = (),
    variant: str = "martens",
) -> tuple[Any, int, Any, str, int, int]:
    """Return kept iterates, iterations, values, reason, how often pᵀAp was not positive, products.

    variant: that of the rule of relative progress, which SciPy has not.
    """
    matrix, b = operator.matrix, rhs
    x0 = np.zeros_like(b) if start is None else start
    iterates, curved = [x0.copy()], []

    def matvec(vector: Any) -> Any:
        product = matrix @ vector
        curved.append(vector @ product)
        return product

    A = LinearOperator(matrix.shape, matvec=matvec, dtype=matrix.dtype)
    M = None if preconditioner is None else preconditioner.matrix
    with np.errstate(divide="ignore", invalid="ignore"):
        last, unmet = cg(
            A,
            b,
            x0=x0,
            rtol=rtol,
            atol=atol,
            maxiter=max_iter,
            M=M,
            callback=lambda x: iterates.append(x.copy()),
        )
    iterates[-1], N = last, len(iterates) - 1
    along = curved[len(curved) - N :]
    values = np.stack([x @ (matrix @ x) / 2 - b @ x for x in iterates])
    kept = [i for i in sorted(set(stored)) if i < N] + [N]
    if unmet:
        reason = "number of iterations"
    else:
        reason = "residual" if N or np.any(matrix @ x0 != b) else "zero residual"
    non_positive = sum(not pAp > 0 for pAp in along)
    return np.stack([iterates[i] for i in kept]), N, values, reason, non_positive, len(curved)
