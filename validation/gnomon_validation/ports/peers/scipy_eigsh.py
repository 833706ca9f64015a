"""SciPy's `eigsh` (ARPACK's implicitly restarted Lanczos) as a port of `curvature.largest_eigenvalues`.

It is given a LinearOperator that counts, v₀, `which="LM"` and `tol=0`, rounding level. It returns eigenvalues in
ascending order and eigenvectors of any sign; both are put into the reference's order here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

dtypes = ("float32", "float64")


def curvature_largest_eigenvalues(operator: Any, start: Any, *, count: int) -> tuple[Any, Any, int]:
    """Return the eigenvalues of largest size, their vectors, and how many products ARPACK asked for."""
    n, products = len(operator.matrix), 0
    if start.shape != (n,):  # eigsh reads on beyond a start that is too short
        raise ValueError(f"start must have shape {(n,)}, got {start.shape}")

    def matvec(vector: Any) -> Any:
        nonlocal products
        products += 1
        return operator.matrix @ vector

    A = LinearOperator((n, n), matvec=matvec, dtype=operator.matrix.dtype)
    values, vectors = eigsh(A, k=count, which="LM", v0=start, tol=0)
    order = np.argsort(-np.abs(values), kind="stable")
    rows = vectors.T[order]
    return values[order], rows * np.copysign(1, rows @ start)[:, np.newaxis].astype(rows.dtype), products
