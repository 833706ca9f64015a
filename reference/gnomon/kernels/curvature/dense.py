"""A matrix times a vector, and what estimators do with the product, inside a compiled loop.

A product sums Aᵢⱼ·vⱼ over j in ascending order, starting from 0; inner products are summed pairwise, as in
`gnomon.kernels.reductions`. Numba's own `@` would need SciPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense, Operator, product
from gnomon.domains import Array, NonFiniteError
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, require_compiled
from gnomon.kernels.reductions import sum_of

# What a loop returns if every product is finite; otherwise it returns the index of the first that is not.
ALL_FINITE = -1


@compiled
def multiply(columns: Array, vector: Array, result: Array) -> bool:
    """Write A·v into `result` (n,) and return whether it is finite. columns: Aᵀ, so that row j is column j of A."""
    n = vector.size
    for i in range(n):
        result[i] = 0
    for j in range(n):
        factor = vector[j]
        for i in range(n):
            result[i] += columns[j, i] * factor
    nothing = result.dtype.type(0)
    for i in range(n):
        # 0·x is 0 for every finite x, and NaN otherwise.
        nothing += 0 * result[i]
    return bool(nothing == 0)


def times(u: Any, v: Any, unused: Any) -> Any:
    """Return u·v."""
    return u * v


inner = sum_of(times)


@compiled
def project_out(basis: Array, vector: Array, coefficients: Array) -> None:
    """Take the components along the rows of `basis` (j, n) out of `vector` (n,). coefficients: room for j numbers."""
    for k in range(basis.shape[0]):
        coefficients[k] = inner(basis[k], vector)
    for k in range(basis.shape[0]):
        c = coefficients[k]
        for i in range(vector.size):
            vector[i] -= c * basis[k, i]


def with_columns(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with the columns of the operator, which must be `Dense`, as rows in its place."""
    vector = given["start"] if "start" in given else given["probes"][0]
    return {**given, "operator": contiguous(matrix_of(given["operator"], vector, "the vectors").T)}


def matrix_of(operator: Operator, vector: Array, name: str) -> Array:
    """Return the matrix of a `Dense` operator, in the dtype of the vectors, called `name`, that it will multiply.

    Raises `TypeError` for any other operator and other dtypes than float32 and float64, and what the reference raises
    where the matrix does not fit the vectors.
    """
    if not isinstance(operator, Dense):
        raise TypeError(f"operator must be a Dense matrix for a compiled kernel, got {type(operator).__name__}")
    require_compiled(name, vector)
    matrix = operator.matrix
    if matrix.shape != 2 * vector.shape or np.result_type(matrix, vector) != vector.dtype:
        product(operator, vector, 0)
        raise ValueError(f"operator must be a matrix of shape {2 * vector.shape}, got {matrix.shape}")
    return matrix.astype(vector.dtype, copy=False)


def require_finite(index: int) -> None:
    """Raise the reference's `NonFiniteError` if a loop met a product that is not finite."""
    if index != ALL_FINITE:
        raise NonFiniteError(f"product {index} of the operator must be finite, got a NaN or an infinity in it")
