"""Small networks whose data and parameters are sines and cosines, so that any language can rebuild them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import autograd.numpy as traced
import numpy as np

from gnomon import derivatives
from gnomon.curvature.products import Classification, Regression
from gnomon.domains import Array
from gnomon.objectives import MLP


class Specimen(NamedTuple):
    """A learning problem, where its optimization begins, and what it is called."""

    name: str
    problem: Regression | Classification
    start: Array


def tiny_networks() -> tuple[Specimen, Specimen]:
    """Return a 4-6-2 network with squared error on 12 examples, and a 4-5-3 one with cross-entropy on 15.

    Parameters 0.6·sin(s₀ + 0.7t), t = 0, 1, …; X = cos(s₁ + 1.3i + 0.9j); Y = sin(s₁ + 0.4i² + 1.1j), label
    (i² + ⌊i/2⌋) mod 3. The squared error is half the sum over the two outputs, which is their mean.
    """
    i, k = np.arange(12.0)[:, np.newaxis], np.arange(15)
    features, targets = np.cos(1.7 + 1.3 * i + 0.9 * np.arange(4.0)), np.sin(1.7 + 0.4 * i**2 + 1.1 * np.arange(2.0))
    regression = Specimen("squared error", Regression(features, targets, (6,)), sine(0.6, 0.9, 44))
    features, labels = np.cos(0.6 + 1.3 * k[:, np.newaxis] + 0.9 * np.arange(4.0)), (k * k + k // 2) % 3
    return regression, Specimen("cross-entropy", Classification(features, labels, 3, (5,)), sine(0.6, 0.4, 43))


def sine(size: float, phase: float, count: int) -> Array:
    """Return size·sin(phase + 0.7t), t = 0, 1, …"""
    return size * np.sin(phase + 0.7 * np.arange(float(count)))


@dataclass(frozen=True, eq=False)
class ReluNetwork:
    """f = mean of (z - y)² over all entries, z = W₂·max(W₁x, 0) + b: ten inputs, ten hidden units, ten outputs.

    features, targets: X and Y, shape (N, 10). Parameters: the rows of W₁, those of W₂, b; 210 numbers.
    """

    features: Array
    targets: Array

    def outputs(self, params: Array) -> Array:
        """Return z, shape (N, 10)."""
        W1, W2 = (traced.reshape(params[k : k + 100], (10, 10)) for k in (0, 100))
        z: Array = traced.maximum(self.features @ traced.transpose(W1), 0) @ traced.transpose(W2) + params[200:]
        return z

    def output_loss(self, outputs: Array) -> Any:
        """Return the mean of (z - y)²."""
        return traced.sum((outputs - self.targets) ** 2) / self.targets.size

    def value(self, params: Array) -> Any:
        """Return f(w)."""
        return self.output_loss(self.outputs(params))

    def gradient(self, params: Array) -> Array:
        """Return ∇f(w)."""
        return derivatives.gradient(self.value, params)

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f(w)·v."""
        return derivatives.hvp(self.value, params, vector)

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return G·v, G the Gauss-Newton matrix."""
        return derivatives.ggnvp(self.outputs, self.output_loss, params, vector)


def readme_batch(k: int) -> ReluNetwork:
    """Return the network on batch k: X = ½ + ½cos(1.3i + 0.9j + k), Y = ½ + ½sin(0.4i² + 1.1j + k), 16 examples."""
    i, j = np.arange(16.0)[:, np.newaxis], np.arange(10.0)
    return ReluNetwork(0.5 + 0.5 * np.cos(1.3 * i + 0.9 * j + k), 0.5 + 0.5 * np.sin(0.4 * i**2 + 1.1 * j + k))


class DenseCurvature(MLP):
    """A network whose Gauss-Newton matrix is computed as a whole: the same numbers but for their rounding.

    G = (1/N) Σᵢ JᵢᵀHᵢJᵢ, Jᵢ the Jacobian of the outputs of example i and Hᵢ the Hessian of its loss. For a few dozen
    parameters it is faster than products one by one.
    """

    def ggn_at(self, params: Array) -> Callable[[Array], Array]:
        """Return v ↦ G·v."""
        z, n = self.outputs(params), self.dimension
        units = np.eye(z.shape[1])
        jacobian = np.stack([self.example_pullbacks(params, 0 * z + e) for e in units], axis=1)
        hessian = np.stack([self.output_loss.hessian_products(z, 0 * z + e) for e in units], axis=2)
        curved = np.transpose(hessian, (0, 2, 1)) @ jacobian
        matrix = np.reshape(jacobian, (-1, n)).T @ np.reshape(curved, (-1, n)) / z.shape[0]
        return lambda vector: matrix @ vector
