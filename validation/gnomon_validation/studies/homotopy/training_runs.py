"""κ = ‖H‖₂/‖g‖₂² along gradient descent on eight small learning problems, with the Hessian's eigenvalues.

40 points x ~ N(0, I) in R⁴, three numbers to predict that are linear in x and of variance about 1, or the class that is
largest of them (or classes drawn at random); full batch, constant rate ½/‖H(0)‖, 150 steps. Choice: κ is measured at
each of the first 20 steps and at every tenth after that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import autograd.numpy as traced
import numpy as np

from gnomon.derivatives import gradient, make_hvp
from gnomon.descent.homotopy.estimator import curvature_of
from gnomon.descent.homotopy.norms import length
from gnomon.domains import Array
from gnomon.objectives import MLP, Objective, SoftmaxRegression

POINTS, FEATURES, CLASSES, STEPS = 40, 4, 3, 150
SEEDS = (0, 1)
MEASURED = (*range(20), *range(20, STEPS + 1, 10))


@dataclass(frozen=True, eq=False)
class DeepLinear:
    """f = (1/2N) Σ ‖W₃W₂W₁xᵢ - yᵢ‖², the parameters the rows of W₁ (4, 4), W₂ (4, 4), W₃ (3, 4) one after the other."""

    features: Array
    targets: Array

    def value(self, params: Array) -> Any:
        """Return f(w)."""
        W1, W2 = traced.reshape(params[:16], (4, 4)), traced.reshape(params[16:32], (4, 4))
        W3 = traced.reshape(params[32:], (3, 4))
        outputs = self.features @ traced.transpose(W3 @ W2 @ W1)
        return traced.sum((outputs - self.targets) ** 2) / (2 * POINTS)

    def gradient(self, params: Array) -> Array:
        """Return ∇f(w)."""
        return gradient(self.value, params)

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f(w)·v."""
        return make_hvp(self.value, params)(vector)


class Problem(NamedTuple):
    """A learning problem. build: the objective and the start from a generator, the start scaled by `scale`."""

    name: str
    build: Callable[[np.random.Generator, float], tuple[Objective, Array]]
    scale: float


class Run(NamedTuple):
    """κ, ‖g‖ and ‖H‖ at the measured steps."""

    curvatures: Array
    grad_norms: Array
    norms: Array

    @property
    def lowest(self) -> int:
        """At which step κ was least: where the rule's rate is highest, whatever its target."""
        step: int = MEASURED[int(np.argmin(self.curvatures))]
        return step


def data(draw: np.random.Generator) -> tuple[Array, Array]:
    """Return the points and the three numbers of each."""
    features, teacher = draw.standard_normal((POINTS, FEATURES)), draw.standard_normal((CLASSES, FEATURES))
    return features, features @ teacher.T / FEATURES**0.5


def regression(draw: np.random.Generator, scale: float) -> tuple[Objective, Array]:
    """Return softmax regression and its start 0."""
    features, targets = data(draw)
    objective = SoftmaxRegression(features, np.argmax(targets, axis=1), CLASSES)
    return objective, np.zeros(objective.dimension)


def classifier(draw: np.random.Generator, scale: float, random_labels: bool = False) -> tuple[Objective, Array]:
    """Return a 4-8-3 network with cross-entropy, and its start: W normal of variance scale²/inputs, b = 0."""
    features, targets = data(draw)
    labels = draw.integers(0, CLASSES, POINTS) if random_labels else np.argmax(targets, axis=1)
    network = MLP(features, labels, hidden=(8,), loss="softmax", classes=CLASSES)
    return network, scale * network.start_from(draw.standard_normal(network.dimension))


def random_classifier(draw: np.random.Generator, scale: float) -> tuple[Objective, Array]:
    """Return the same network, its labels drawn at random."""
    return classifier(draw, scale, random_labels=True)


def predictor(draw: np.random.Generator, scale: float) -> tuple[Objective, Array]:
    """Return a 4-8-3 network with squared error against the three numbers, and its start."""
    features, targets = data(draw)
    network = MLP(features, targets, hidden=(8,))
    return network, scale * network.start_from(draw.standard_normal(network.dimension))


def deep_linear(draw: np.random.Generator, scale: float) -> tuple[Objective, Array]:
    """Return a 4-4-4-3 linear network with squared error, and its start: W normal of variance scale²/inputs."""
    features, targets = data(draw)
    return DeepLinear(features, targets), scale / 2 * draw.standard_normal(44)


PROBLEMS = (
    Problem("softmax regression, start 0", regression, 0.0),
    Problem("tanh network, cross-entropy, start ×1", classifier, 1.0),
    Problem("tanh network, cross-entropy, start ×4", classifier, 4.0),
    Problem("tanh network, cross-entropy, start ×0.1", classifier, 0.1),
    Problem("tanh network, squared error, start ×1", predictor, 1.0),
    Problem("deep linear network, start ×0.3", deep_linear, 0.3),
    Problem("deep linear network, start ×1.5", deep_linear, 1.5),
    Problem("tanh network, random labels, start ×1", random_classifier, 1.0),
)
SMALL = (PROBLEMS[3], PROBLEMS[5])
WIDER = (
    Problem("deep linear network, start ×0.6", deep_linear, 0.6),
    Problem("deep linear network, start ×3", deep_linear, 3.0),
)


def run(problem: Problem, seed: int) -> Run:
    """Return what is measured along gradient descent with the rate ½/‖H(0)‖."""
    objective, x = problem.build(np.random.default_rng(seed), problem.scale)
    told, lr = [], 0.0
    for t in range(STEPS + 1):
        grad = objective.gradient(x)
        if t in MEASURED:
            norm = spectral_norm(objective, x)
            size = length([grad])
            told.append((curvature_of(norm, size, "standard"), size, norm))
            lr = lr if t else float(0.5 / norm)
        x = x - lr * grad
    return Run(*(np.array(column) for column in zip(*told, strict=True)))


def spectral_norm(objective: Objective, params: Array) -> Any:
    """Return ‖∇²f‖₂ from the eigenvalues of the dense Hessian."""
    product = make_hvp(objective.value, params) if isinstance(objective, DeepLinear) else None
    columns = np.eye(params.shape[0])
    hessian = np.stack([product(v) if product else objective.hvp(params, v) for v in columns])
    return np.max(np.abs(np.linalg.eigvalsh((hessian + hessian.T) / 2)))
