"""A matrix as something that can be multiplied: what every estimator of this folder is given."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from gnomon.domains import Array, require_floating
from gnomon.objectives.contract import GaussNewtonObjective, Objective, PreparedGaussNewton


class Operator(Protocol):
    """A symmetric matrix A as a function."""

    def __call__(self, vector: Array, /) -> Array:
        """Return A·v, of the shape and the dtype of v, shape (n,)."""


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

    Raises `ValueError` or `TypeError` if the operator returns another shape or dtype, or a number that is not finite.
    """
    result = operator(vector)
    require_floating(f"product {index} of the operator", result)
    if result.shape != vector.shape:
        raise ValueError(f"product {index} of the operator must have shape {vector.shape}, got {result.shape}")
    if result.dtype != vector.dtype:
        raise TypeError(f"product {index} of the operator must have dtype {vector.dtype}, got {result.dtype}")
    if not np.all(np.isfinite(result)):
        raise ValueError(f"product {index} of the operator must be finite, got a NaN or an infinity in it")
    return result


def asymmetry(operator: Operator, left: Array, right: Array) -> Array:
    """Return |uᵀAv - vᵀAu|, which is 0 up to rounding if A is symmetric; two products.

    left, right: u and v, shape (n,), drawn at random by the caller. Compare with ‖A‖·‖u‖·‖v‖.
    """
    require_vector("left", left)
    require_vector("right", right)
    one: Array = np.abs(np.dot(left, product(operator, right, 0)) - np.dot(right, product(operator, left, 1)))
    return one


def require_vector(name: str, vector: Array) -> None:
    """Raise `ValueError` or `TypeError` unless `vector` is a finite floating-point array of shape (n,), n >= 1."""
    require_floating(name, vector)
    if vector.ndim != 1 or vector.shape[0] == 0:
        raise ValueError(f"{name} must have shape (n,) with n >= 1, got {vector.shape}")
    if not np.all(np.isfinite(vector)):
        raise ValueError(f"{name} must be finite, got a NaN or an infinity in it")


def require_start(name: str, vector: Array) -> None:
    """Raise `ValueError` or `TypeError` unless `vector` can be scaled to length 1."""
    require_vector(name, vector)
    if not np.any(vector != 0):
        raise ValueError(f"{name} must not be zero")


def require_probes(name: str, probes: Array, least: int = 1) -> None:
    """Raise `ValueError` or `TypeError` unless `probes` is (m, n), one probe a row, m >= `least`, n >= 1, finite."""
    require_floating(name, probes)
    if probes.ndim != 2 or probes.shape[0] < least or probes.shape[1] == 0:
        raise ValueError(f"{name} must have shape (m, n) with m >= {least} and n >= 1, got {probes.shape}")
    if not np.all(np.isfinite(probes)):
        raise ValueError(f"{name} must be finite, got a NaN or an infinity in it")
