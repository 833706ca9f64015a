"""One run of the moons experiment: its data, its network, its settings, and what each step reported.

Source: `examples/basic_moons.py` of github.com/dingste/HysteroGrad, which sets no seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from gnomon.descent import hysterograd
from gnomon.domains import Array
from gnomon.objectives.mlp import Layers, pulled_back
from gnomon.objectives.output_losses import Labels, SoftmaxLoss
from gnomon_validation.studies.hysterograd.runs import Run

EXAMPLES, BATCH, EPOCHS = 500, 32, 100
BATCHES = -(-EXAMPLES // BATCH)
LR, STIFFENING_FACTOR = 0.01, 0.05
SEEDS = tuple(range(6))
GATES: dict[str, tuple[str, dict[str, Any]]] = {
    "v4": ("v4: h follows the mean norm", {"variant": "v4"}),
    "head": ("head: h follows the mean norm", {"variant": "head"}),
    "v4 fixed": ("v4, fixed: h does not", {"variant": "v4", "adaptive_threshold": False}),
    "head fixed": ("head, fixed: h does not", {"variant": "head", "adaptive_threshold": False}),
    "ungated": ("no gate (s = 0): RMSprop", {"variant": "v4", "hysteresis_scale": 0.0}),
}
WIDTHS = (2, 16, 16, 2)
"""Of the network: rectified linear units and mean cross-entropy."""


@dataclass(frozen=True)
class MoonsRun(Run):
    """A run, its arrays of shape (epochs, batches an epoch). loss: of the batch before the step. params: at the end."""

    loss: Array
    params: Array


def from_every_seed(gate: str) -> tuple[MoonsRun, ...]:
    """Return one run a seed. gate: of `GATES`."""
    return tuple(train(seed, **GATES[gate][1]) for seed in SEEDS)


@cache
def train(seed: int, **gate: Any) -> MoonsRun:
    """Return the run of that seed, which draws the start and the order of the examples in each epoch."""
    features, labels = moons()
    draw = np.random.default_rng(seed)
    params = start(draw)
    state = hysterograd.init(params)
    told = []
    for _ in range(EPOCHS):
        for batch in np.split(draw.permutation(EXAMPLES), range(BATCH, EXAMPLES, BATCH)):
            loss, grad = loss_and_gradient(params, features[batch], labels[batch])
            params, state, report = hysterograd.step(
                params, grad, state, lr=LR, stiffening_factor=STIFFENING_FACTOR, **gate
            )
            told.append((report.norm, report.width, report.liquid, loss))
    norm, width, liquid, losses = (np.reshape(column, (EPOCHS, BATCHES)) for column in zip(*told, strict=True))
    return MoonsRun(norm, width, liquid, losses, params)


@cache
def moons(seed: int = 42) -> tuple[Array, Labels]:
    """Return the data that are trained on; with another seed as many unseen ones, of which the source has none."""
    return two_moons(EXAMPLES, 0.15, seed)


def two_moons(examples: int, noise: float, seed: int) -> tuple[Array, Labels]:
    """Return two interleaved half circles: features, shape (examples, 2), and labels 0 and 1 of the upper and lower.

    With half of the examples each, a from 0 to π in equal steps: (cos a, sin a) is the upper moon and
    (1 - cos a, ½ - sin a) the lower one. Shuffled, then normal noise of standard deviation `noise` is added to each
    coordinate. examples: even, >= 2. seed: of NumPy's `RandomState`, the generator that scikit-learn uses.
    Source: scikit-learn's `make_moons(examples, noise=…, random_state=seed)`, to the bit wherever NumPy is the same.
    """
    a = np.linspace(0, np.pi, examples // 2)
    upper = np.stack([np.cos(a), np.sin(a)], axis=1)
    lower = np.stack([1 - np.cos(a), 1 - np.sin(a) - 0.5], axis=1)
    draw = np.random.RandomState(seed)
    order = np.arange(2 * a.size)
    draw.shuffle(order)
    features = np.concatenate([upper, lower])[order]
    return features + draw.normal(scale=noise, size=features.shape), np.repeat([0, 1], a.size)[order]


def start(draw: np.random.Generator) -> Array:
    """Return starting parameters: weights and biases of a layer uniform in ±1/√(its inputs), PyTorch's default."""
    layers = [draw.uniform(-1, 1, outputs * (inputs + 1)) / inputs**0.5 for inputs, outputs in pairwise(WIDTHS)]
    return np.concatenate(layers)


def layers_of(params: Array) -> Layers:
    """Return W (out, in) and b (out,) of each layer; flat they stand one after the other, W by rows, then b."""
    ends = np.cumsum([size for inputs, outputs in pairwise(WIDTHS) for size in (outputs * inputs, outputs)])
    parts = np.split(params, ends[:-1])
    return [(W.reshape(b.size, -1), b) for W, b in zip(parts[::2], parts[1::2], strict=True)]


def activations(layers: Layers, features: Array) -> list[Array]:
    """Return a₀ = X, a₁, …, z, examples as rows: a ← max(a·Wᵀ + b, 0), the last one without the maximum."""
    a = [features]
    for W, b in layers[:-1]:
        a.append(np.maximum(a[-1] @ W.T + b, 0))
    W, b = layers[-1]
    return [*a, a[-1] @ W.T + b]


def loss_and_gradient(params: Array, features: Array, labels: Labels) -> tuple[float, Array]:
    """Return the mean loss (1/N) Σᵢ log Σ_c exp(z_c) - z_y and its gradient, flat as the parameters.

    With δ = (1/N)·∂ℓ/∂z: ∂f/∂W = δᵀa, ∂f/∂b = Σᵢ δᵢ, and one layer back δ ← (δ·W)∘[a > 0]. Choice: the derivative of
    max(x, 0) at 0 is 0, as in PyTorch.
    """
    layers = layers_of(params)
    a = activations(layers, features)
    loss = SoftmaxLoss(labels)
    deltas = pulled_back(layers, [np.sign(a_k) for a_k in a[1:-1]], loss.gradients(a[-1]) / len(labels))
    parts = [(np.reshape(d.T @ a_in, -1), np.sum(d, axis=0)) for a_in, d in zip(a, deltas, strict=False)]
    return float(np.mean(loss.losses(a[-1]))), np.concatenate([part for layer in parts for part in layer])
