"""Functions whose constants are known, as tuples of arrays: L₁ bounds the Hessian, L₂ how fast it changes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array


class Cosines(NamedTuple):
    """F(x) = Σ aᵢ(1 - cos(bᵢ(Qx)ᵢ)), a and b > 0: L₁ = max aᵢbᵢ², L₂ = max aᵢbᵢ³, minimum 0.

    amplitudes, frequencies: a and b, shape (n,). turn: Q, orthogonal, shape (n, n). A sample is added to the gradient.
    """

    amplitudes: Array
    frequencies: Array
    turn: Array

    def value(self, params: Array) -> Any:
        """Return F(x)."""
        return np.sum(self.amplitudes * (1 - np.cos(self.frequencies * (self.turn @ params))))

    def gradient(self, params: Array) -> Array:
        """Return ∇F(x)."""
        slopes = self.amplitudes * self.frequencies * np.sin(self.frequencies * (self.turn @ params))
        grad: Array = self.turn.T @ slopes
        return grad

    def sampled_gradient(self, params: Array, sample: Array) -> Array:
        """Return ∇F(x) + ξ."""
        return self.gradient(params) + sample


class Tail(NamedTuple):
    """F(x) = Σ 1/√(1 + xᵢ²): not convex, and its infimum 0 is not attained; L₁ = 1, L₂ = 1.9322876581766626."""

    def value(self, params: Array) -> Any:
        """Return F(x)."""
        return np.sum(1 / np.sqrt(1 + params * params))

    def gradient(self, params: Array) -> Array:
        """Return -x/(1 + x²)^(3/2)."""
        w = 1 + params * params
        return -params / (w * np.sqrt(w))


class Ramp(NamedTuple):
    """F(x, y): a ramp of slope -s that ends at x = 1/s, where it has fallen by 1, and 1 - cos y; L₁ = L₂ = 1.

    slope: s > 0. F_x = -(s/2)·(1 - tanh(x - 1/s)).
    """

    slope: Any

    def value(self, params: Array) -> Any:
        """Return F(x, y), which tends to 0 at the foot of the ramp where y = 0."""
        down = params[0] - 1 / self.slope
        return self.slope / 2 * np.logaddexp(0 * down, -2 * down) + 1 - np.cos(params[1])

    def gradient(self, params: Array) -> Array:
        """Return ∇F, shape (2,)."""
        return np.stack([-self.slope / 2 * (1 - np.tanh(params[0] - 1 / self.slope)), np.sin(params[1])])
