"""Logistic and softmax regression: convex learning problems on given data, with every derivative in closed form.

Both are linear models z = X·w, so that the Gauss-Newton matrix is the Hessian. Source: any text on statistical learning
(e.g. Bishop, Pattern Recognition and Machine Learning, section 4.3).

Choices: the data term is a mean over the examples and the ridge ½ρ‖w‖² stands outside it, so the examples' own values
and gradients carry neither 1/N nor ρ; there is no intercept beside the features: a column of ones is one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import autograd.numpy as traced
import numpy as np

from gnomon.domains import Array, Number, require_like
from gnomon.objectives.contract import Scalar, require_point
from gnomon.objectives.output_losses import Labels, LogisticLoss, SoftmaxLoss, require_labels, require_matrix


class Regression(ABC):
    """What both have: data X and y, a loss of the outputs, and a ridge."""

    features: Array
    labels: Labels
    classes: int
    ridge: float
    loss_of: ClassVar[type[LogisticLoss] | type[SoftmaxLoss]]

    def __post_init__(self) -> None:
        require_matrix("features", self.features)
        require_labels(self.labels, self.features.shape[0], self.classes)
        Number().require("ridge", self.ridge, {})

    @property
    def dimension(self) -> int:
        """How many parameters there are, d."""
        return int(self.features.shape[1])

    @property
    def loss(self) -> LogisticLoss | SoftmaxLoss:
        """The loss of the outputs."""
        return self.loss_of(self.labels)

    @property
    def start(self) -> Array:
        """The zero vector: every class equally probable."""
        return np.zeros(self.dimension, self.features.dtype)

    @abstractmethod
    def outputs(self, params: Array) -> Array:
        """Return z, one example a row."""

    @abstractmethod
    def pulled_back(self, rows: Array) -> Array:
        """Return Jᵀu = Σᵢ uᵢ ⊗ xᵢ as a flat vector, J the Jacobian of the outputs."""

    def value(self, params: Array) -> Scalar:
        """Return f(w)."""
        mean = traced.sum(self.example_values(params)) / self.features.shape[0]
        return mean + 0.5 * self.ridge * traced.sum(params**2)

    def gradient(self, params: Array) -> Array:
        """Return (1/N)·Jᵀδ + ρw, δᵢ = ∂ℓᵢ/∂zᵢ."""
        delta = self.loss.gradients(self.outputs(params))
        mean: Array = self.pulled_back(delta) / self.features.shape[0]
        return mean + self.ridge * params

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return (1/N)·Jᵀu + ρv, uᵢ = ∂²ℓᵢ/∂zᵢ²·(J·v)ᵢ."""
        outputs = self.outputs(params)
        require_like("vector", vector, params)
        curved = self.loss.hessian_products(outputs, self.outputs(vector))
        mean: Array = self.pulled_back(curved) / self.features.shape[0]
        return mean + self.ridge * vector

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return `hvp`: the outputs are linear in w. The ridge belongs to it."""
        return self.hvp(params, vector)

    def example_values(self, params: Array) -> Array:
        """Return ℓᵢ(w), shape (N,), without 1/N and ridge."""
        return self.loss.losses(self.outputs(params))


@dataclass(frozen=True, eq=False)
class LogisticRegression(Regression):
    """f(w) = (1/N) Σᵢ log(1 + exp(-sᵢ·xᵢᵀw)) + ½ρ‖w‖², s = 2y - 1.

    features: X, shape (N, d), finite. labels: y, integers 0 and 1, shape (N,). ridge: ρ >= 0, a Python number.
    Parameters: w, shape (d,), of the dtype of X. Raises `ValueError` or `TypeError` for data that do not fit.
    """

    features: Array
    labels: Labels
    ridge: float = 0.0

    name: ClassVar[str] = "logistic_regression"
    classes, loss_of = 2, LogisticLoss

    def outputs(self, params: Array) -> Array:
        """Return z = X·w, shape (N,)."""
        require_point(params, self.dimension, self.features.dtype)
        return self.features @ params

    def pulled_back(self, rows: Array) -> Array:
        """Return Xᵀu."""
        return np.transpose(self.features) @ rows

    def example_gradients(self, params: Array) -> Array:
        """Return δᵢ·xᵢ, shape (N, d), without 1/N and ridge."""
        return self.loss.gradients(self.outputs(params))[:, None] * self.features


@dataclass(frozen=True, eq=False)
class SoftmaxRegression(Regression):
    """f(W) = (1/N) Σᵢ (log Σ_c exp(z_ic) - z_i,yᵢ) + ½ρ‖W‖², Z = X·Wᵀ.

    features: X, shape (N, d), finite. labels: y, integers in [0, C), shape (N,). classes: C >= 2. ridge: ρ >= 0, a
    Python number. Parameters: the rows of W, shape (C, d), one after the other: W[c, j] is entry c·d + j; of the dtype
    of X. Without a ridge, adding one vector to every row of W changes nothing. Raises `ValueError` or `TypeError` for
    data that do not fit.
    """

    features: Array
    labels: Labels
    classes: int
    ridge: float = 0.0

    name: ClassVar[str] = "softmax_regression"
    loss_of = SoftmaxLoss

    @property
    def dimension(self) -> int:
        """How many parameters there are, C·d."""
        return self.classes * super().dimension

    def outputs(self, params: Array) -> Array:
        """Return Z = X·Wᵀ, shape (N, C)."""
        require_point(params, self.dimension, self.features.dtype)
        W = traced.reshape(params, (self.classes, self.features.shape[1]))
        Z: Array = self.features @ traced.transpose(W)
        return Z

    def pulled_back(self, rows: Array) -> Array:
        """Return UᵀX, row after row."""
        return np.reshape(np.transpose(rows) @ self.features, (self.dimension,))

    def example_gradients(self, params: Array) -> Array:
        """Return δᵢ ⊗ xᵢ, shape (N, C·d), without 1/N and ridge."""
        delta = self.loss.gradients(self.outputs(params))
        return np.reshape(delta[:, :, None] * self.features[:, None, :], (self.features.shape[0], self.dimension))
