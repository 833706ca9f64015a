"""κ = ‖H‖₂/‖g‖₂² along gradient descent on eight small learning problems, with the Hessian's eigenvalues.

40 points x ~ N(0, I) in R⁴, three numbers to predict that are linear in x and of variance about 1, or the class that is
largest of them (or classes drawn at random); full batch, constant rate ½/‖H(0)‖, 150 steps. Choice: κ is measured at
each of the first 20 steps and at every tenth after that.

And a warm-up that can be proved: gradient descent on L = ½(pq-1)² from p = q = x, close to the saddle at 0. There
‖g‖² = 2x²(1-x²)², the Hessian has the eigenvalues 3x²-1 and 1-x², and κ = max(|3x²-1|, 1-x²)/(2x²(1-x²)²) falls up to
x = 1/√2, where it is 2, and rises after that. p = q is kept by gradient descent. κ is large near the saddle because the
gradient is small, not because the Hessian is large: ‖H‖ is 1 there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import autograd.numpy as traced
import numpy as np

from gnomon.derivatives import gradient, make_hvp
from gnomon.descent.homotopy.estimator import curvature_of
from gnomon.descent.homotopy.rate import rate
from gnomon.domains import Array
from gnomon.norms import joint_length
from gnomon.objectives import MLP, SoftmaxRegression

POINTS, FEATURES, CLASSES, STEPS = 40, 4, 3, 150
SEEDS = (0, 1)
MEASURED: tuple[int, ...] = (*range(20), *range(20, STEPS + 1, 10))
RATE, TARGET, GOAL = 0.2, 2.0, 1e-3


@dataclass(frozen=True, eq=False)
class DeepLinear:
    """f = (1/2N) Σ ‖W₃W₂W₁xᵢ - yᵢ‖², the parameters the rows of W₁ (4, 4), W₂ (4, 4), W₃ (3, 4) one after the other."""

    features: Array
    targets: Array

    def value(self, params: Array) -> Any:
        W1, W2, W3 = (traced.reshape(params[k : k + 16], (-1, 4)) for k in (0, 16, 32))
        outputs = self.features @ traced.transpose(W3 @ W2 @ W1)
        return traced.sum((outputs - self.targets) ** 2) / (2 * POINTS)

    def gradient(self, params: Array) -> Array:
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
        return MEASURED[int(np.argmin(self.curvatures))]


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
            traced_once = isinstance(objective, DeepLinear)
            product = make_hvp(objective.value, x) if traced_once else partial(objective.hvp, x)
            norm, size = spectral_norm(np.stack([product(column) for column in np.eye(x.size)])), joint_length([grad])
            told.append((curvature_of(norm, size, "standard"), size, norm))
            lr = lr if t else float(0.5 / norm)
        x = x - lr * grad
    return Run(*(np.array(column) for column in zip(*told, strict=True)))


def spectral_norm(hessian: Array) -> Any:
    """Return ‖H‖₂ from the eigenvalues of the symmetric part."""
    return np.max(np.abs(np.linalg.eigvalsh((hessian + hessian.T) / 2)))


class Path(NamedTuple):
    """The loss before each step and its rate, up to the first step with a loss below 1e-3 (that loss included)."""

    losses: Array
    rates: Array

    @property
    def steps(self) -> int:
        return len(self.rates)


def from_saddle(start: float, homotopy: bool) -> Path:
    """Return gradient descent from p = q = start, with the rate 0.2 or the homotopy rate (b = 0.2, target 2, a = 1)."""
    x, losses = np.array([start, start]), []
    rates: list[np.float64] = []
    while True:
        error = x[0] * x[1] - 1
        losses.append(float(error**2 / 2))
        if losses[-1] < GOAL:
            return Path(np.array(losses), np.array(rates))
        grad, lr = error * x[::-1], np.float64(RATE)
        if homotopy:
            kappa = curvature_of(spectral_norm(saddle_hessian(x)), joint_length([grad]), "standard")
            lr = rate(kappa, np.float64(TARGET), base_lr=RATE, min_lr=0.0)
        rates.append(lr)
        x = x - lr * grad


def saddle_hessian(x: Array) -> Array:
    """Return [[q², 2pq-1], [2pq-1, p²]]."""
    p, q = x
    return np.array([[q * q, 2 * p * q - 1], [2 * p * q - 1, p * p]])
