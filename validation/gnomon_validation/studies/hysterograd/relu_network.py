"""The small network of the moons runs: 2-16-16-2 with rectified linear units and mean cross-entropy."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnomon.domains import Array
from gnomon.objectives.mlp import Layers
from gnomon.objectives.output_losses import SoftmaxLoss

Labels = NDArray[np.integer[Any]]

WIDTHS = (2, 16, 16, 2)
PARAMETERS = sum(outputs * (inputs + 1) for inputs, outputs in pairwise(WIDTHS))


def start(draw: np.random.Generator) -> Array:
    """Return starting parameters: weights and biases of a layer uniform in ±1/√(its inputs), PyTorch's default."""
    layers = [draw.uniform(-1, 1, outputs * (inputs + 1)) / inputs**0.5 for inputs, outputs in pairwise(WIDTHS)]
    return np.concatenate(layers)


def layers_of(params: Array) -> Layers:
    """Return W (out, in) and b (out,) of each layer; flat they stand one after the other, W by rows, then b."""
    layers: Layers = []
    begin = 0
    for inputs, outputs in pairwise(WIDTHS):
        middle, end = begin + outputs * inputs, begin + outputs * (inputs + 1)
        layers.append((params[begin:middle].reshape(outputs, inputs), params[middle:end]))
        begin = end
    return layers


def activations(layers: Layers, features: Array) -> list[Array]:
    """Return a₀ = X, a₁, …, z, examples as rows: a ← max(a·Wᵀ + b, 0), the last one without the maximum."""
    a = [features]
    for W, b in layers[:-1]:
        a.append(np.maximum(a[-1] @ W.T + b, 0))
    W, b = layers[-1]
    return [*a, a[-1] @ W.T + b]


def mean_loss(params: Array, features: Array, labels: Labels) -> float:
    """Return (1/N) Σᵢ log Σ_c exp(z_c) - z_y of all examples."""
    outputs = activations(layers_of(params), features)[-1]
    return float(np.mean(SoftmaxLoss(labels).losses(outputs)))


def loss_and_gradient(params: Array, features: Array, labels: Labels) -> tuple[float, Array]:
    """Return the mean loss and its gradient, flat as the parameters.

    With δ = (1/N)·∂ℓ/∂z: ∂f/∂W = δᵀa, ∂f/∂b = Σᵢ δᵢ, and one layer back δ ← (δ·W)∘[a > 0]. Choice: the derivative of
    max(x, 0) at 0 is 0, as in PyTorch.
    """
    layers = layers_of(params)
    a = activations(layers, features)
    loss = SoftmaxLoss(labels)
    delta = loss.gradients(a[-1]) / len(labels)
    parts: list[Array] = []
    for k in reversed(range(len(layers))):
        parts = [(delta.T @ a[k]).reshape(-1), np.sum(delta, axis=0), *parts]
        if k > 0:
            delta = (delta @ layers[k][0]) * (a[k] > 0)
    return float(np.mean(loss.losses(a[-1]))), np.concatenate(parts)
