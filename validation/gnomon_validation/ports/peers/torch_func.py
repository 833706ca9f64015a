"""Curvature by `torch.func`: products of the four matrices, and estimators whose products are `jvp`s.

::

    hvp                         jvp(grad(f))
    ggnvp                       vjp of the model ∘ jvp(grad(ℓ)) ∘ jvp of the model
    fisher_product              per-example gradients vmap(grad) for every class, weighted with its probability
    empirical_fisher_product    per-example gradients vmap(grad) with the labels of the data

An estimator's operator is the Jacobian of x ↦ Ax; where it has to be symmetric, the Hessian of ½xᵀAx.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.func import grad, jvp, vjp, vmap

from gnomon.curvature.products import Problem, Regression
from gnomon_validation.ports.peers.torch_networks import answers, loss, outputs
from gnomon_validation.ports.torch_functions import offered

dtypes = ("float32", "float64")


@offered("products.hvp")
def products_hvp(problem: Problem, params: Any, vector: Any) -> Any:
    """Return H·v, forward over reverse."""

    def f(w: Any) -> Any:
        of_one = vmap(lambda x, answer: loss(problem, outputs(problem, w, x), answer))
        return of_one(problem.features, answers(problem)).mean()

    return jvp(grad(f), (params,), (vector,))[1]


@offered("products.ggnvp")
def products_ggnvp(problem: Problem, params: Any, vector: Any) -> Any:
    """Return G·v: forward through the model, through the gradient of the loss, and back through the model."""

    def model(w: Any) -> Any:
        return outputs(problem, w, problem.features)

    def f(z: Any) -> Any:
        return vmap(lambda z, answer: loss(problem, z, answer))(z, answers(problem)).mean()

    z, of_outputs = jvp(model, (params,), (vector,))
    curved = jvp(grad(f), (z,), (of_outputs,))[1]
    return vjp(model, params)[1](curved)[0]


@offered("products.fisher_product")
def products_fisher_product(problem: Problem, params: Any, vector: Any) -> Any:
    """Return F·v, the label's expectation by enumeration; for y ~ N(z, I) that of (z - y)(z - y)ᵀ is I."""
    X = problem.features
    z = outputs(problem, params, X)
    classes = z.shape[1]
    probability = torch.ones_like(z) if isinstance(problem, Regression) else torch.softmax(z, dim=1)
    total = torch.zeros_like(params)
    for c in range(classes):
        if isinstance(problem, Regression):
            label = z - torch.nn.functional.one_hot(torch.tensor(c), classes).to(z.dtype)
        else:
            label = torch.full((len(X),), c)
        g = example_gradients(problem, params, label)
        total = total + g.T @ (probability[:, c] * (g @ vector))
    return total / len(X)


@offered("products.empirical_fisher_product")
def products_empirical_fisher_product(problem: Problem, params: Any, vector: Any) -> Any:
    """Return E·v."""
    g = example_gradients(problem, params, answers(problem))
    return g.T @ (g @ vector) / len(g)


def example_gradients(problem: Problem, params: Any, y: Any) -> Any:
    """Return the gradient of each example's loss, shape (N, n)."""
    of_one = grad(lambda w, x, answer: loss(problem, outputs(problem, w, x), answer))
    return vmap(of_one, in_dims=(None, 0, 0))(params, problem.features, y)


@offered("curvature.hutchinson")
def curvature_hutchinson(operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return the estimate of the trace, the samples, their standard error and the number of products."""
    return mean_and_error((probes * products(operator, probes)).sum(dim=1))


@offered("curvature.frobenius_squared")
def curvature_frobenius_squared(operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return the estimate of ‖A‖², the samples, their standard error and the number of products."""
    return mean_and_error((products(operator, probes) ** 2).sum(dim=1))


@offered("curvature.bekas")
def curvature_bekas(operator: Any, probes: Any, *, variant: str = "ratio") -> tuple[Any, int]:
    """Return the estimate of the diagonal and the number of products."""
    total, m = (probes * products(operator, probes)).sum(dim=0), len(probes)
    if variant == "plain":
        return total / m, m
    weights = (probes * probes).sum(dim=0)
    if (weights == 0).any():
        raise ValueError("every probe is 0 in one coordinate")
    return total / weights, m


@offered("curvature.power_iteration")
def curvature_power_iteration(
    operator: Any, start: Any, deflated: Any = None, *, iterations: int = 100, rtol: float = 1e-10
) -> tuple[Any, Any, Any, Any, bool, int]:
    """Return norm, Rayleigh quotient, vector, residual, whether it converged, and the number of products."""
    A, v = operator.matrix, start
    D = deflated if deflated is not None else v.new_zeros((0, len(v)))
    gradient = grad(lambda x: x @ A @ x / 2)
    v = v - (D @ v) @ D
    v = v / length(v)
    before = None
    for k in range(1, iterations + 1):
        v = v - (D @ v) @ D
        w = jvp(gradient, (torch.zeros_like(v),), (v,))[1]
        if not torch.isfinite(w).all():
            raise ValueError(f"product {k} is not finite")
        w = w - (D @ w) @ D
        rayleigh, norm = v @ w, length(w)
        rest = length(w - rayleigh * v)
        met = before is not None and rtol > 0 and bool((norm - before).abs() <= rtol * norm)
        met = met or bool(norm == 0)
        if met or k == iterations:
            break
        before, v = norm, w / norm
    return norm, rayleigh, v, rest, met, k


def length(vector: Any) -> Any:
    """Return the norm; torch sums the squares as they are."""
    largest = vector.abs().max()
    return largest * torch.linalg.vector_norm(vector / largest) if largest > 0 else largest


def products(operator: Any, Z: Any) -> Any:
    """Return A·z for each row of Z."""
    A = operator.matrix
    found = vmap(lambda z: jvp(lambda x: A @ x, (torch.zeros_like(z),), (z,))[1])(Z)
    if not torch.isfinite(found).all():
        raise ValueError("a product is not finite")
    return found


def mean_and_error(samples: Any) -> tuple[Any, Any, Any, int]:
    """Return the mean, the samples, the standard error of the mean, and how many samples there are."""
    m = len(samples)
    error = samples.std(correction=1) / m**0.5 if m > 1 else samples.new_tensor(torch.inf)
    return samples.mean(), samples, error, m
