"""A matrix as something that can be multiplied: what every estimator of this folder is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonFiniteError, require_floating
from gnomon.objectives.contract import GaussNewtonObjective, Objective, PreparedGaussNewton


@runtime_checkable
class Operator(Protocol):
    """A symmetric matrix A as a function."""

    def __call__(self, vector: Array, /) -> Array:
        """Return A·v, of the shape and the dtype of v, shape (n,)."""


@dataclass(frozen=True)
class Products:
    """An operator; that its products are finite and fit is seen where they are made, by `product`."""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if not callable(value):
            raise TypeError(f"{name} must be a function of a vector, got {type(value).__name__}")

    def __str__(self) -> str:
        return "a function v ↦ A·v whose products are finite, of the shape and the dtype of v"


FiniteOperator: TypeAlias = Annotated[Operator, Products()]
Vector: TypeAlias = Annotated[Array, Entries(("n",), least=1, finite=True)]
Start: TypeAlias = Annotated[Array, Entries(("n",), least=1, finite=True, nonzero=True)]
Probes: TypeAlias = Annotated[Array, Entries(("m", "n"), least=1, finite=True)]


class Dense(NamedTuple):
    """The operator v ↦ A·v of a matrix. matrix: A, shape (n, n), in the dtype of the vectors."""

    matrix: Array

    def __call__(self, vector: Array) -> Array:
        """Return A·v. vector: v, shape (n,). Raises `ValueError` for any other shape."""
        if vector.shape != self.matrix.shape[1:]:
            raise ValueError(f"vector must have shape {self.matrix.shape[1:]} to fit the matrix, got {vector.shape}")
        product: Array = self.matrix @ vector
        return product


def hessian_operator(objective: Objective, params: Array) -> Operator:
    """Return the operator v ↦ ∇²f(x)·v. params: x, shape (n,)."""
    return lambda vector: objective.hvp(params, vector)


def ggn_operator(objective: GaussNewtonObjective, params: Array) -> Operator:
    """Return the operator v ↦ G(x)·v of the generalised Gauss-Newton matrix. params: x, shape (n,).

    Where the objective has `ggn_at`, what all products at x share is computed once.
    """
    if isinstance(objective, PreparedGaussNewton):
        return objective.ggn_at(params)
    return lambda vector: objective.ggnvp(params, vector)


def product(operator: Operator, vector: Array, index: int) -> Array:
    """Return A·v, the `index`-th product that is asked for (from 0).

    Raises `ValueError` or `TypeError` if the operator returns another shape or dtype, and `NonFiniteError`, a
    `ValueError`, for a product with a NaN or an infinity in it.
    """
    result = operator(vector)
    require_floating(f"product {index} of the operator", result)
    if result.shape != vector.shape:
        raise ValueError(f"product {index} of the operator must have shape {vector.shape}, got {result.shape}")
    if result.dtype != vector.dtype:
        raise TypeError(f"product {index} of the operator must have dtype {vector.dtype}, got {result.dtype}")
    if not np.all(np.isfinite(result)):
        raise NonFiniteError(f"product {index} of the operator must be finite, got a NaN or an infinity in it")
    return result


@checked()
def asymmetry(operator: FiniteOperator, left: Vector, right: Vector) -> Array:
    """Return |uᵀAv - vᵀAu|, which is 0 up to rounding if A is symmetric; two products.

    left, right: u and v, shape (n,), drawn at random by the caller. Compare with ‖A‖·‖u‖·‖v‖.
    """
    one: Array = np.abs(np.dot(left, product(operator, right, 0)) - np.dot(right, product(operator, left, 1)))
    return one


def orthogonal_part(vector: Array, basis: Array) -> Array:
    """Return v - BᵀB·v, what of a vector (n,) is orthogonal to the orthonormal rows of a basis (j, n)."""
    return vector - (basis @ vector) @ basis
