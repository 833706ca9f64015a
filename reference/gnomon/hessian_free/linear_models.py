"""Linear models whose outputs are judged by a convex loss, as tuples of arrays, so that any language can rebuild them.

Source: Nelder & Wedderburn, Generalized linear models, J. R. Stat. Soc. A 135 (1972); each loss is the negative
log-likelihood of its family with the canonical link, but for constants.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.objectives.output_losses import sigmoid

LOSSES = ("squared", "logistic", "poisson")


class LinearModel(NamedTuple):
    """f(w) = (1/N) Σᵢ ℓ(zᵢ, yᵢ) + ½ρ‖w‖² with z = X·w.

    ::

        squared    ℓ = ½(z - y)²                                ℓ' = z - y       ℓ″ = 1
        logistic   ℓ = y·log(1 + e⁻ᶻ) + (1 - y)·log(1 + eᶻ)     ℓ' = σ(z) - y    ℓ″ = σ(z)σ(-z)
        poisson    ℓ = eᶻ - y·z                                 ℓ' = eᶻ - y      ℓ″ = eᶻ

    features: X, shape (N, n). targets: y, shape (N,); in [0, 1] for "logistic", >= 0 for "poisson". ridge: ρ >= 0.
    loss: one of the three. The outputs are linear in w, so that the Gauss-Newton matrix is the Hessian.

    Choice: neither exponential of "logistic" overflows, and σ(z) - y is (1 - y)·σ(z) - y·σ(-z), which does not cancel.
    """

    features: Array
    targets: Array
    ridge: Any
    loss: str

    def value(self, params: Array) -> Any:
        """Return f(w)."""
        z, y = self.features @ params, self.targets
        if self.loss == "squared":
            losses = (z - y) ** 2 / 2
        elif self.loss == "logistic":
            losses = y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)
        else:
            losses = np.exp(z) - y * z
        return np.sum(losses) / len(y) + self.ridge * np.sum(params**2) / 2

    def gradient(self, params: Array) -> Array:
        """Return Xᵀℓ'/N + ρw."""
        z, y = self.features @ params, self.targets
        if self.loss == "squared":
            slopes = z - y
        elif self.loss == "logistic":
            slopes = (1 - y) * sigmoid(z) - y * sigmoid(-z)
        else:
            slopes = np.exp(z) - y
        mean = np.transpose(self.features) @ slopes / len(y)
        slope: Array = mean + self.ridge * params
        return slope

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return Xᵀ(ℓ″∘(X·v))/N + ρv."""
        z, curved = self.features @ params, self.features @ vector
        if self.loss == "logistic":
            curved = sigmoid(z) * sigmoid(-z) * curved
        elif self.loss == "poisson":
            curved = np.exp(z) * curved
        mean = np.transpose(self.features) @ curved / len(self.targets)
        product: Array = mean + self.ridge * vector
        return product

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return `hvp`. The ridge belongs to it."""
        return self.hvp(params, vector)
