"""The losses that a model's outputs are judged by: for each example its loss, gradient and Hessian in the outputs.

A loss of one example with outputs z (one row of Z) is ℓ(z), without 1/N. `losses` is written with `autograd.numpy`, so
that it can be differentiated (see `gnomon.objectives.contract`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import autograd.numpy as traced
import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array, require_count, require_finite, require_floating

Labels = NDArray[np.integer[Any]]


class OutputLoss(Protocol):
    """A convex loss ℓ(zᵢ) of each example's outputs zᵢ."""

    def losses(self, outputs: Array) -> Array:
        """Return ℓ(zᵢ), shape (N,)."""

    def gradients(self, outputs: Array) -> Array:
        """Return ∇ℓ(zᵢ), in the shape of the outputs."""

    def hessian_products(self, outputs: Array, directions: Array) -> Array:
        """Return ∇²ℓ(zᵢ)·uᵢ for the rows uᵢ of `directions`, in the shape of the outputs."""


@dataclass(frozen=True, eq=False)
class SquaredError:
    """ℓ(z) = ½‖z - y‖².

    targets: Y, shape (N, C).
    """

    targets: Array

    def losses(self, outputs: Array) -> Array:
        losses: Array = 0.5 * traced.sum((outputs - self.targets) ** 2, axis=1)
        return losses

    def gradients(self, outputs: Array) -> Array:
        """Return z - y."""
        return outputs - self.targets

    def hessian_products(self, outputs: Array, directions: Array) -> Array:
        """Return u: the Hessian is the identity."""
        return directions


@dataclass(frozen=True, eq=False)
class LogisticLoss:
    """ℓ(z) = log(1 + exp(-s·z)), s = 2y - 1: the negative log-likelihood of label y when P(1) = σ(z).

    labels: y, integers 0 and 1, shape (N,). Outputs have shape (N,).
    """

    labels: Labels

    def losses(self, outputs: Array) -> Array:
        s = self.signs(outputs)
        losses: Array = traced.logaddexp(0, -s * outputs)
        return losses

    def gradients(self, outputs: Array) -> Array:
        """Return -s·σ(-s·z), which equals σ(z) - y and does not cancel."""
        s = self.signs(outputs)
        return -s * sigmoid(-s * outputs)

    def hessian_products(self, outputs: Array, directions: Array) -> Array:
        """Return σ(z)·σ(-z)·u."""
        return sigmoid(outputs) * sigmoid(-outputs) * directions

    def signs(self, outputs: Array) -> Array:
        """Return s = 2y - 1 in the dtype of the outputs."""
        signs: Array = np.where(self.labels == 1, 1, -1).astype(outputs.dtype)
        return signs


@dataclass(frozen=True, eq=False)
class SoftmaxLoss:
    """ℓ(z) = log Σ_c exp(z_c) - z_y: the negative log-likelihood of label y when P(c) = softmax(z)_c.

    labels: y, integers in [0, C), shape (N,). Outputs have shape (N, C).
    """

    labels: Labels

    def losses(self, outputs: Array) -> Array:
        """Return M + log Σ_c exp(z_c - z_y - M), M = max_c z_c - z_y >= 0: never negative, never overflows."""
        margins = outputs - traced.sum(outputs * self.one_hot(outputs), axis=1, keepdims=True)
        M = traced.max(margins, axis=1, keepdims=True)
        losses: Array = M[:, 0] + traced.log(traced.sum(traced.exp(margins - M), axis=1))
        return losses

    def gradients(self, outputs: Array) -> Array:
        """Return p - 1_y, p = softmax(z)."""
        return softmax(outputs) - self.one_hot(outputs)

    def hessian_products(self, outputs: Array, directions: Array) -> Array:
        """Return p·(u - p·u), the Hessian diag(p) - ppᵀ applied to u."""
        p = softmax(outputs)
        mean: Array = np.sum(p * directions, axis=1, keepdims=True)
        return p * (directions - mean)

    def one_hot(self, outputs: Array) -> Array:
        """Return 1_y, shape (N, C), in the dtype of the outputs."""
        hot: Array = (self.labels[:, None] == np.arange(outputs.shape[1])).astype(outputs.dtype)
        return hot


def sigmoid(z: Array) -> Array:
    """Return σ(z) = 1/(1 + exp(-z)) as exp(-log(1 + exp(-z))), which neither overflows nor loses the tail z → -∞."""
    return np.exp(-np.logaddexp(0, -z))


def softmax(outputs: Array) -> Array:
    """Return exp(z - M)/Σ_c exp(z_c - M), M = max_c z_c, along the last axis."""
    M = np.max(outputs, axis=1, keepdims=True)
    weights = np.exp(outputs - M)
    probabilities: Array = weights / np.sum(weights, axis=1, keepdims=True)
    return probabilities


def require_matrix(name: str, matrix: Any) -> None:
    """Require finite floating-point data of shape (rows, columns), at least one of each."""
    require_floating(name, matrix)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"{name} must have shape (N, d) with N >= 1 and d >= 1, got {matrix.shape}")
    require_finite({name: matrix})


def require_labels(labels: Any, examples: int, classes: Any) -> None:
    """Require integers in [0, classes), one an example."""
    require_count("classes", classes, 2)
    domain = f"[0, {classes})"
    if not isinstance(labels, np.ndarray) or not np.issubdtype(labels.dtype, np.integer):
        given = f"dtype {labels.dtype}" if hasattr(labels, "dtype") else type(labels).__name__
        raise TypeError(f"labels must be integers in {domain}, a NumPy array, got {given}")
    if labels.shape != (examples,):
        raise ValueError(f"labels must have shape ({examples},) to fit the rows of features, got {labels.shape}")
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        raise ValueError(f"labels must be integers in {domain}, got {labels[wrong[0]]} at index {wrong[0]}")
