"""SciPy's solvers for matrices that are only multiplied with: `cg` and `eigsh` (ARPACK's restarted Lanczos)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg, eigsh

dtypes = ("float32", "float64")
only = {"hessian_free.conjugate_gradients": {"progress_threshold": (None,), "on_nonpositive_curvature": ("ignore",)}}


def hessian_free_conjugate_gradients(
    operator: Any,
    rhs: Any,
    start: Any = None,
    preconditioner: Any = None,
    *,
    max_iter: int = 250,
    rtol: float = 1e-5,
    atol: float = 0.0,
    stored: Sequence[int] = (),
    **_: Any,
) -> tuple[Any, int, Any, str, int, int]:
    """Return kept iterates, iterations, values, reason, how often pᵀAp was not positive, products.

    `cg` has neither the rule of relative progress nor policies for curvature that is not positive: it ignores it. It
    returns the last iterate and whether it met its tolerance. The other iterates are had by its callback, the model's
    values from them, and pᵀAp from the products that it asks for, of which only the first is not along p, and only if
    the start is not 0: for a start of 0 it makes none.
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
    limits: dict[str, Any] = {"rtol": rtol, "atol": atol, "maxiter": max_iter}
    with np.errstate(divide="ignore", invalid="ignore"):
        last, unmet = cg(A, b, x0=x0, M=M, callback=lambda x: iterates.append(x.copy()), **limits)
    iterates[-1], N = last, len(iterates) - 1
    along = curved[len(curved) - N :]
    values = np.stack([x @ (matrix @ x) / 2 - b @ x for x in iterates])
    kept = [i for i in sorted(set(stored)) if i < N] + [N]
    met = "residual" if N or np.any(matrix @ x0 != b) else "zero residual"
    non_positive = sum(not pAp > 0 for pAp in along)
    reason = "number of iterations" if unmet else met
    return np.stack([iterates[i] for i in kept]), N, values, reason, non_positive, len(curved)


def curvature_largest_eigenvalues(operator: Any, start: Any, *, count: int) -> tuple[Any, Any, int]:
    """Return the eigenvalues of largest size, their vectors, and how many products ARPACK asked for.

    `eigsh` is given a LinearOperator that counts, v₀, `which="LM"` and `tol=0`, rounding level. It returns eigenvalues
    in ascending order and eigenvectors of any sign; both are put into the reference's order here.
    """
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
