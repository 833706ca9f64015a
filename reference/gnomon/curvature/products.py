"""Products of four curvature matrices of a learning problem: Hessian, Gauss-Newton, Fisher and empirical Fisher.

A problem is a tuple of arrays, so that any language can rebuild it: examples, what they should be mapped to, and the
widths of a network's hidden layers (none: a linear model). The network and its loss are those of
`gnomon.objectives.MLP`, and the mean is over the examples.

Sources: Pearlmutter, Neural Computation 6 (1994); Schraudolph, Neural Computation 14 (2002); Martens, New insights and
perspectives on the natural gradient method (arXiv 1412.1193) for the four matrices and what they are to each other.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries
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
Parameters: TypeAlias = Annotated[Array, Entries(("n",), finite=True)]
Direction: TypeAlias = Annotated[Array, Entries(("n",), fit="params", finite=True)]


def network(problem: Problem) -> MLP:
    """Return the objective of a problem. Raises `ValueError` or `TypeError` for data that do not fit."""
    if isinstance(problem, Regression):
        return MLP(problem.features, problem.targets, problem.hidden)
    if not isinstance(problem, Classification):
        raise TypeError(f"problem must be a Regression or a Classification, got {type(problem).__name__}")
    return MLP(problem.features, problem.labels, problem.hidden, "softmax", problem.classes)


@checked()
def hvp(problem: Problem, params: Parameters, vector: Direction) -> Array:
    """Return ∇²f(w)·v, f the mean loss. params, vector: w and v, shape (n,), finite, of the dtype of the features."""
    return network(problem).hvp(params, vector)


@checked()
def ggnvp(problem: Problem, params: Parameters, vector: Direction) -> Array:
    """Return G·v, G = (1/N) Σᵢ Jᵢᵀ·∇²ℓ(zᵢ)·Jᵢ, Jᵢ the Jacobian of the outputs zᵢ. Arguments and errors as `hvp`."""
    return network(problem).ggnvp(params, vector)


@checked()
def fisher_product(problem: Problem, params: Parameters, vector: Direction) -> Array:
    """Return F·v, F = (1/N) Σᵢ E[gᵢgᵢᵀ], gᵢ the gradient of example i with a label drawn from the model.

    Nothing is drawn: the expectation over classes is their sum, Σ_c p_c·g_c(g_c·v); for y ~ N(z, I) that of
    (z - y)(z - y)ᵀ is I, so that it is the sum over outputs with z - y = -e_c. Arguments and errors as `hvp`.
    """
    objective = network(problem)
    z = objective.outputs(params)
    if isinstance(problem, Regression):
        p, mean = 1 + 0 * z, 0 * z
    else:
        p = mean = softmax(z)
    total = 0 * params
    for c, label in enumerate(np.eye(z.shape[1], dtype=z.dtype)):
        g = objective.example_pullbacks(params, mean - label)
        total = total + np.transpose(g) @ (p[:, c] * (g @ vector))
    product: Array = total / z.shape[0]
    return product


@checked()
def empirical_fisher_product(problem: Problem, params: Parameters, vector: Direction) -> Array:
    """Return E·v, E = (1/N) Σᵢ gᵢgᵢᵀ, gᵢ the gradient of example i with the label of the data, without 1/N.

    Not the Fisher matrix: it vanishes where the data are interpolated. Arguments and errors as `hvp`.
    """
    g = network(problem).example_gradients(params)
    product: Array = np.transpose(g) @ (g @ vector) / g.shape[0]
    return product
