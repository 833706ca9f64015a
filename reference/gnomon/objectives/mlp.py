"""A multilayer perceptron on given data: backpropagation, its derivative along a direction, and the GGN product.

Sources: Rumelhart, Hinton & Williams 1986 for backpropagation; Pearlmutter, Fast exact multiplication by the Hessian,
Neural Computation 6 (1994) for the operator R; Schraudolph, Neural Computation 14 (2002) for the Gauss-Newton product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import autograd.numpy as traced
import numpy as np

from gnomon.domains import Array, require_choice, require_count, require_like
from gnomon.objectives.contract import Scalar, require_point
from gnomon.objectives.output_losses import OutputLoss, SoftmaxLoss, SquaredError, require_labels, require_matrix

Layers = list[tuple[Array, Array]]
"""The weights W (out, in) and biases b (out,) of each layer, first to last."""


@dataclass(frozen=True, eq=False)
class MLP:
    """f(w) = (1/N) Σᵢ ℓ(zᵢ), z the outputs of layers a ← tanh(W·a + b), the last one without tanh.

    features: X, shape (N, d), finite. targets: for `loss` "mse" real numbers of the dtype of X, shape (N, C), with
    ℓ = ½‖z - y‖²; for "softmax" integers in [0, C), shape (N,), with ℓ = log Σ_c exp(z_c) - z_y. hidden: the widths of
    the hidden layers, each >= 1; () is a linear model. classes: C for "softmax"; not given for "mse".
    Parameters: for each layer the rows of W, shape (out, in), one after the other, then b, shape (out,); of the dtype
    of X. Raises `ValueError` or `TypeError` for data that do not fit.
    """

    features: Array
    targets: Any
    hidden: tuple[int, ...] = (8,)
    loss: str = "mse"
    classes: int | None = None

    name: ClassVar[str] = "mlp"

    def __post_init__(self) -> None:
        require_matrix("features", self.features)
        if not isinstance(self.hidden, tuple):
            raise TypeError(f"hidden must be a tuple of widths, got {self.hidden!r}")
        for layer, width in enumerate(self.hidden):
            require_count(f"hidden[{layer}]", width, 1)
        require_choice("loss", self.loss, ("mse", "softmax"))
        if self.loss == "softmax":
            require_labels(self.targets, self.features.shape[0], self.classes)
            return
        if self.classes is not None:
            raise ValueError(f"classes must be None for the loss 'mse', got {self.classes!r}")
        require_matrix("targets", self.targets)
        if self.targets.shape[0] != self.features.shape[0]:
            raise ValueError(
                f"targets must have the {self.features.shape[0]} rows of features, got {self.targets.shape}"
            )
        if self.targets.dtype != self.features.dtype:
            raise TypeError(f"targets must have the dtype of features {self.features.dtype}, got {self.targets.dtype}")

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of all layers: features, hidden, outputs."""
        outputs = self.targets.shape[1] if self.classes is None else self.classes
        return (int(self.features.shape[1]), *self.hidden, int(outputs))

    @property
    def dimension(self) -> int:
        """How many parameters there are: Σ out·(in + 1) over the layers."""
        return sum(outputs * (inputs + 1) for inputs, outputs in pairwise(self.widths))

    @property
    def output_loss(self) -> OutputLoss:
        """The loss ℓ of the outputs."""
        return SquaredError(self.targets) if self.loss == "mse" else SoftmaxLoss(self.targets)

    def start_from(self, draws: Array) -> Array:
        """Return starting parameters: W = draws/√in, b = 0.

        draws: independent, of mean 0 and variance 1, shape (n,); those in the place of biases are not used.
        """
        return self.flat([(W / W.shape[1] ** 0.5, 0 * b) for W, b in self.layers(draws)])

    def layers(self, params: Array) -> Layers:
        """Return W and b of each layer, cut out of the flat vector. params: shape (n,)."""
        require_point(params, self.dimension, self.features.dtype)
        layers: Layers = []
        begin = 0
        for inputs, outputs in pairwise(self.widths):
            middle, end = begin + outputs * inputs, begin + outputs * (inputs + 1)
            layers.append((traced.reshape(params[begin:middle], (outputs, inputs)), params[middle:end]))
            begin = end
        return layers

    def flat(self, layers: Layers) -> Array:
        """Return the flat vector of the layers; the inverse of `layers`."""
        return np.concatenate([np.reshape(part, (-1,)) for layer in layers for part in layer])

    def activations(self, layers: Layers) -> list[Array]:
        """Return a₀ = X, a₁, …, z, examples as rows: a ← tanh(a·Wᵀ + b), the last one without tanh."""
        a = [self.features]
        for W, b in layers[:-1]:
            a.append(traced.tanh(a[-1] @ traced.transpose(W) + b))
        W, b = layers[-1]
        return [*a, a[-1] @ traced.transpose(W) + b]

    def outputs(self, params: Array) -> Array:
        """Return z, shape (N, C)."""
        return self.activations(self.layers(params))[-1]

    def value(self, params: Array) -> Scalar:
        """Return f(w)."""
        return traced.sum(self.example_values(params)) / self.features.shape[0]

    def example_values(self, params: Array) -> Array:
        """Return ℓ(zᵢ), shape (N,), without 1/N."""
        return self.output_loss.losses(self.outputs(params))

    def gradient(self, params: Array) -> Array:
        """Return ∇f: with δ = (1/N)·∂ℓ/∂z pulled back through the layers, ∂f/∂W = δᵀa and ∂f/∂b = Σᵢ δᵢ."""
        layers = self.layers(params)
        a = self.activations(layers)
        deltas = pulled_back(layers, slopes(a), self.output_loss.gradients(a[-1]) / self.features.shape[0])
        return self.flat([(np.transpose(d) @ a_in, np.sum(d, axis=0)) for a_in, d in zip(a, deltas, strict=False)])

    def example_gradients(self, params: Array) -> Array:
        """Return ∇ℓᵢ, shape (N, n), without 1/N: ∂ℓᵢ/∂W = δᵢ ⊗ aᵢ and ∂ℓᵢ/∂b = δᵢ, δ = ∂ℓ/∂z at the outputs."""
        layers = self.layers(params)
        a = self.activations(layers)
        return example_rows(a, pulled_back(layers, slopes(a), self.output_loss.gradients(a[-1])))

    def example_pullbacks(self, params: Array, rows: Array) -> Array:
        """Return Jᵢᵀuᵢ for each example, Jᵢ the Jacobian of its outputs, shape (N, n). rows: u, shape (N, C)."""
        layers = self.layers(params)
        a = self.activations(layers)
        return example_rows(a, pulled_back(layers, slopes(a), rows))

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f·v = R{∇f}, the derivative along v of every line of `gradient`.

        With V, c the parts of v in the place of W, b::

            R{δ} = (1/N)·∇²ℓ·R{z}                                  at the outputs
            R{δ} = (1 - a²)·(R{δ}·W + δ·V) - 2·a·R{a}·(δ·W)        one layer back
            R{∂f/∂W} = R{δ}ᵀa + δᵀR{a},   R{∂f/∂b} = Σᵢ R{δᵢ}
        """
        layers = self.layers(params)
        require_like("vector", vector, params)
        directions = self.layers(vector)
        N = self.features.shape[0]
        a = self.activations(layers)
        slope = slopes(a)
        Ra = pushed_forward(layers, a, slope, directions)
        delta = self.output_loss.gradients(a[-1]) / N
        Rdelta = self.output_loss.hessian_products(a[-1], Ra[-1]) / N
        products: Layers = []
        for k in reversed(range(len(layers))):
            RW = np.transpose(Rdelta) @ a[k] + np.transpose(delta) @ Ra[k]
            products.insert(0, (RW, np.sum(Rdelta, axis=0)))
            if k > 0:
                W, V = layers[k][0], directions[k][0]
                Rslope = -2 * a[k] * Ra[k]
                Rdelta = slope[k - 1] * (Rdelta @ W + delta @ V) + Rslope * (delta @ W)
                delta = slope[k - 1] * (delta @ W)
        return self.flat(products)

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return Jᵀ·(1/N)∇²ℓ·J·v: push v forward to the outputs, apply the loss's Hessian, pull back."""
        return self.ggn_at(params)(vector)

    def ggn_at(self, params: Array) -> Callable[[Array], Array]:
        """Return v ↦ `ggnvp(params, v)`, the activations computed once for all products."""
        layers = self.layers(params)
        a = self.activations(layers)
        slope = slopes(a)

        def product(vector: Array) -> Array:
            require_like("vector", vector, params)
            Jv = pushed_forward(layers, a, slope, self.layers(vector))[-1]
            curved = self.output_loss.hessian_products(a[-1], Jv) / self.features.shape[0]
            pulled = pulled_back(layers, slope, curved)
            return self.flat([(np.transpose(u) @ a_in, np.sum(u, axis=0)) for a_in, u in zip(a, pulled, strict=False)])

        return product


def example_rows(a: list[Array], deltas: list[Array]) -> Array:
    """Return what δ of each layer makes of the parameters example by example, δᵢ ⊗ aᵢ and δᵢ: shape (N, n)."""
    columns = []
    for a_in, d in zip(a, deltas, strict=False):
        columns += [np.reshape(d[:, :, None] * a_in[:, None, :], (d.shape[0], -1)), d]
    return np.concatenate(columns, axis=1)


def slopes(a: list[Array]) -> list[Array]:
    """Return tanh' = 1 - a² of each hidden layer, given all activations."""
    return [1 - a_k**2 for a_k in a[1:-1]]


def pushed_forward(layers: Layers, a: list[Array], slope: list[Array], directions: Layers) -> list[Array]:
    """Return R{a₀} = 0, R{a₁}, …, R{z}: the derivative of the activations along a direction of the parameters.

    R{a} ← (1 - a²)·(R{a}·Wᵀ + a·Vᵀ + c), the last one without 1 - a². slope: of `slopes`.
    """
    Ra = [0 * a[0]]
    for k, ((W, _), (V, c)) in enumerate(zip(layers, directions, strict=True)):
        Rz = a[k] @ np.transpose(V) + c
        Rz = Rz if k == 0 else Ra[k] @ np.transpose(W) + Rz
        Ra.append(Rz if k == len(layers) - 1 else slope[k] * Rz)
    return Ra


def pulled_back(layers: Layers, slope: list[Array], delta: Array) -> list[Array]:
    """Return δ of each layer, first to last, given that of the last one: δ ← (1 - a²)·(δ·W). slope: of `slopes`."""
    deltas = [delta]
    for k in reversed(range(1, len(layers))):
        deltas.insert(0, slope[k - 1] * (deltas[0] @ layers[k][0]))
    return deltas
