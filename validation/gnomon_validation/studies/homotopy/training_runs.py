"""κ = ‖H‖₂/‖g‖₂² along gradient descent on eight small learning problems, with the Hessian's eigenvalues.

40 points x ~ N(0, I) in R⁴, three numbers to predict that are linear in x and of variance about 1, or the class that is
largest of them (or classes drawn at random); full batch, constant rate ½/‖H(0)‖, 150 steps. Choice: κ is measured at
each of the first 20 steps and at every tenth after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import autograd.numpy as traced
import numpy as np

from gnomon.derivatives import gradient, make_hvp
from gnomon.descent.homotopy.estimator import curvature_of
from gnomon.descent.homotopy.norms import length
from gnomon.domains import Array
from gnomon.objectives import MLP, SoftmaxRegression

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
        W1, W2, W3 = (traced.reshape(params[k : k + 16], (-1, 4)) for k in (0, 16, 32))
        outputs = self.features @ traced.transpose(W3 @ W2 @ W1)
        return traced.sum((outputs - self.targets) ** 2) / (2 * POINTS)

    def gradient(self, params: Array) -> Array:
        """Return ∇f(w)."""
        return gradient(self.value, params)


class Problem(NamedTuple):
    """A model, and the scale of its start: W normal of variance scale²/inputs, b = 0."""

    model: str
    scale: float

    @property
    def name(self) -> str:
        return f"{self.model}, start {'×' if self.scale else ''}{self.scale:g}"

    def build(self, draw: np.random.Generator) -> tuple[Any, Array]:
        """Return the objective and the start; a tanh network has the widths 4-8-3."""
        features, targets = data(draw)
        labels = np.argmax(targets, axis=1)
        if self.model == "softmax regression":
            return SoftmaxRegression(features, labels, CLASSES), np.zeros(CLASSES * FEATURES)
        if self.model == "deep linear network":
            return DeepLinear(features, targets), self.scale / 2 * draw.standard_normal(44)
        if self.model == "tanh network, random labels":
            labels = draw.integers(0, CLASSES, POINTS)
        squared = self.model == "tanh network, squared error"
        network = MLP(features, targets) if squared else MLP(features, labels, loss="softmax", classes=CLASSES)
        return network, self.scale * network.start_from(draw.standard_normal(network.dimension))


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


PROBLEMS = (
    Problem("softmax regression", 0.0),
    *(Problem("tanh network, cross-entropy", scale) for scale in (1.0, 4.0, 0.1)),
    Problem("tanh network, squared error", 1.0),
    *(Problem("deep linear network", scale) for scale in (0.3, 1.5)),
    Problem("tanh network, random labels", 1.0),
)
SMALL = (PROBLEMS[3], PROBLEMS[5])
WIDER = tuple(Problem("deep linear network", scale) for scale in (0.6, 3.0))


def run(problem: Problem, seed: int) -> Run:
    """Return what is measured along gradient descent with the rate ½/‖H(0)‖."""
    objective, x = problem.build(np.random.default_rng(seed))
    told, lr = [], 0.0
    for t in range(STEPS + 1):
        grad = objective.gradient(x)
        if t in MEASURED:
            norm, size = spectral_norm(objective, x), length([grad])
            told.append((curvature_of(norm, size, "standard"), size, norm))
            lr = lr if t else float(0.5 / norm)
        x = x - lr * grad
    return Run(*(np.array(column) for column in zip(*told, strict=True)))


def spectral_norm(objective: Any, params: Array) -> Any:
    """Return ‖∇²f‖₂ from the eigenvalues of the dense Hessian."""
    traced_once = isinstance(objective, DeepLinear)
    product = make_hvp(objective.value, params) if traced_once else partial(objective.hvp, params)
    hessian = np.stack([product(column) for column in np.eye(params.size)])
    return np.max(np.abs(np.linalg.eigvalsh((hessian + hessian.T) / 2)))
