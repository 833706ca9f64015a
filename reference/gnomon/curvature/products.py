"""Products of four curvature matrices of a learning problem: Hessian, Gauss-Newton, Fisher and empirical Fisher.

A problem is a tuple of arrays, so that any language can rebuild it: examples, what they should be mapped to, and the
widths of a network's hidden layers (none: a linear model). The network and its loss are those of
`gnomon.objectives.MLP`, and the mean is over the examples.

Sources: Pearlmutter, Neural Computation 6 (1994); Schraudolph, Neural Computation 14 (2002); Martens, New insights and
perspectives on the natural gradient method (arXiv 1412.1193) for the four matrices and what they are to each other.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from gnomon.domains import Array, require_finite, require_like
from gnomon.objectives.contract import require_point
from gnomon.objectives.mlp import MLP
from gnomon.objectives.output_losses import Labels, softmax


class Regression(NamedTuple):
    """Least squares: ℓ(z) = ½‖z - y‖², the negative log-likelihood of y ~ N(z, I) but for a constant.

    features: X, shape (N, d). targets: Y, shape (N, C). hidden: widths of the hidden layers.
    """

    features: Array
    targets: Array
    hidden: tuple[int, ...]


class Classification(NamedTuple):
    """Cross-entropy: ℓ(z) = log Σ_c exp(z_c) - z_y, the negative log-likelihood of y with probability softmax(z)_y.

    features: X, shape (N, d). labels: y, integers in [0, C), shape (N,). classes: C >= 2. hidden: widths of the hidden
    layers.
    """

    features: Array
    labels: Labels
    classes: int
    hidden: tuple[int, ...]


Problem: TypeAlias = Regression | Classification


def network(problem: Problem) -> MLP:
    """Return the objective of a problem. Raises `ValueError` or `TypeError` for data that do not fit."""
    if isinstance(problem, Regression):
        return MLP(problem.features, problem.targets, problem.hidden)
    return MLP(problem.features, problem.labels, problem.hidden, "softmax", problem.classes)


def hvp(problem: Problem, params: Array, vector: Array) -> Array:
    """Return ∇²f(w)·v, f the mean loss. params, vector: w and v, shape (n,), finite, of the dtype of the features.

    Raises `ValueError` or `TypeError` naming the argument.
    """
    objective = _require(problem, params, vector)
    return objective.hvp(params, vector)


def ggnvp(problem: Problem, params: Array, vector: Array) -> Array:
    """Return G·v, G = (1/N) Σᵢ Jᵢᵀ·∇²ℓ(zᵢ)·Jᵢ, Jᵢ the Jacobian of the outputs zᵢ. Arguments and errors as `hvp`."""
    objective = _require(problem, params, vector)
    return objective.ggnvp(params, vector)


def fisher_product(problem: Problem, params: Array, vector: Array) -> Array:
    """Return F·v, F = (1/N) Σᵢ E[gᵢgᵢᵀ], gᵢ the gradient of example i with a label drawn from the model.

    Nothing is drawn: the expectation over classes is their sum, Σ_c p_c·g_c(g_c·v); for y ~ N(z, I) that of
    (z - y)(z - y)ᵀ is I, so that it is the sum over outputs with z - y = e_c. Arguments and errors as `hvp`.
    """
    objective = _require(problem, params, vector)
    outputs = objective.outputs(params)
    unit = np.eye(outputs.shape[1], dtype=outputs.dtype)
    total = 0 * params
    for c in range(outputs.shape[1]):
        if isinstance(problem, Regression):
            probability, delta = 1 + 0 * outputs[:, c], 0 * outputs + unit[c]
        else:
            p = softmax(outputs)
            probability, delta = p[:, c], p - unit[c]
        g = objective.example_pullbacks(params, delta)
        total = total + np.transpose(g) @ (probability * (g @ vector))
    mean: Array = total / outputs.shape[0]
    return mean


def empirical_fisher_product(problem: Problem, params: Array, vector: Array) -> Array:
    """Return E·v, E = (1/N) Σᵢ gᵢgᵢᵀ, gᵢ the gradient of example i with the label of the data, without 1/N.

    Not the Fisher matrix: it vanishes where the data are interpolated. Arguments and errors as `hvp`.
    """
    objective = _require(problem, params, vector)
    g = objective.example_gradients(params)
    mean: Array = np.transpose(g) @ (g @ vector) / g.shape[0]
    return mean


def _require(problem: Problem, params: Array, vector: Array) -> MLP:
    objective = network(problem)
    require_point(params, objective.dimension, objective.features.dtype)
    require_like("vector", vector, params)
    require_finite({"params": params, "vector": vector})
    return objective
