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

import numpy as np
import torch
from torch.func import grad, jvp, vjp, vmap

from gnomon.curvature.products import Problem, Regression, network
from gnomon_validation.ports.peers.torch_networks import answers, loss, outputs, tensor

dtypes = ("float32", "float64")


def products_hvp(problem: Problem, params: Any, vector: Any) -> Any:
    """Return H·v, forward over reverse."""
    w, v, X = checked(problem, params, vector)
    y = answers(problem)

    def f(w: Any) -> Any:
        return vmap(lambda x, answer: loss(problem, outputs(problem, w, x), answer))(X, y).mean()

    return jvp(grad(f), (w,), (v,))[1].numpy()


def products_ggnvp(problem: Problem, params: Any, vector: Any) -> Any:
    """Return G·v: forward through the model, through the gradient of the loss, and back through the model."""
    w, v, X = checked(problem, params, vector)
    y = answers(problem)

    def f(z: Any) -> Any:
        return vmap(lambda z, answer: loss(problem, z, answer))(z, y).mean()

    z, of_outputs = jvp(lambda w: outputs(problem, w, X), (w,), (v,))
    curved = jvp(grad(f), (z,), (of_outputs,))[1]
    return vjp(lambda w: outputs(problem, w, X), w)[1](curved)[0].detach().numpy()


def products_fisher_product(problem: Problem, params: Any, vector: Any) -> Any:
    """Return F·v, the label's expectation by enumeration; for y ~ N(z, I) that of (z - y)(z - y)ᵀ is I."""
    w, v, X = checked(problem, params, vector)
    z = outputs(problem, w, X)
    classes = z.shape[1]
    probability = torch.ones_like(z) if isinstance(problem, Regression) else torch.softmax(z, dim=1)
    total = torch.zeros_like(w)
    for c in range(classes):
        if isinstance(problem, Regression):
            label = z - torch.nn.functional.one_hot(torch.tensor(c), classes).to(z.dtype)
        else:
            label = torch.full((len(X),), c)
        g = example_gradients(problem, w, X, label)
        total = total + g.T @ (probability[:, c] * (g @ v))
    return (total / len(X)).numpy()


def products_empirical_fisher_product(problem: Problem, params: Any, vector: Any) -> Any:
    """Return E·v."""
    w, v, X = checked(problem, params, vector)
    g = example_gradients(problem, w, X, answers(problem))
    return (g.T @ (g @ v) / len(X)).numpy()


def example_gradients(problem: Problem, w: Any, X: Any, y: Any) -> Any:
    """Return the gradient of each example's loss, shape (N, n)."""
    of_one = grad(lambda w, x, answer: loss(problem, outputs(problem, w, x), answer))
    return vmap(of_one, in_dims=(None, 0, 0))(w, X, y)


def curvature_hutchinson(operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return the estimate of the trace, the samples, their standard error and the number of products."""
    Z = checked_probes(operator, probes)
    samples = (Z * products(operator, Z)).sum(dim=1)
    return *mean_and_error(samples), len(Z)


def curvature_frobenius_squared(operator: Any, probes: Any) -> tuple[Any, Any, Any, int]:
    """Return the estimate of ‖A‖², the samples, their standard error and the number of products."""
    Z = checked_probes(operator, probes)
    samples = (products(operator, Z) ** 2).sum(dim=1)
    return *mean_and_error(samples), len(Z)


def curvature_bekas(operator: Any, probes: Any, *, variant: str = "ratio") -> tuple[Any, int]:
    """Return the estimate of the diagonal and the number of products."""
    Z = checked_probes(operator, probes)
    if variant not in ("ratio", "plain"):
        raise ValueError(f"there is no variant {variant!r}")
    total = (Z * products(operator, Z)).sum(dim=0)
    if variant == "plain":
        return (total / len(Z)).numpy(), len(Z)
    weights = (Z * Z).sum(dim=0)
    if bool((weights == 0).any()):
        raise ValueError("every probe is 0 in one coordinate")
    return (total / weights).numpy(), len(Z)


def curvature_power_iteration(
    operator: Any, start: Any, deflated: Any = None, *, iterations: int = 100, rtol: float = 1e-10
) -> tuple[Any, Any, Any, Any, bool, int]:
    """Return norm, Rayleigh quotient, vector, residual, whether it converged, and the number of products."""
    A, v = tensor(operator.matrix), checked_vector(operator, start)
    D = tensor(deflated) if deflated is not None else v.new_zeros((0, len(v)))
    if D.dtype != v.dtype or D.dim() != 2 or D.shape[1] != len(v) or len(D) >= len(v):
        raise ValueError(f"deflated does not fit: {tuple(D.shape)}")
    if iterations < 1 or not 0 <= rtol < 1:
        raise ValueError(f"iterations = {iterations} or rtol = {rtol} is out of its domain")
    gradient = grad(lambda x: x @ A @ x / 2)
    v = v - (D @ v) @ D
    v = v / torch.linalg.vector_norm(v)
    before = None
    for k in range(1, iterations + 1):
        v = v - (D @ v) @ D
        w = jvp(gradient, (torch.zeros_like(v),), (v,))[1]
        if not bool(torch.isfinite(w).all()):
            raise ValueError(f"product {k} is not finite")
        w = w - (D @ w) @ D
        rayleigh, norm = v @ w, torch.linalg.vector_norm(w)
        rest = torch.linalg.vector_norm(w - rayleigh * v)
        met = before is not None and rtol > 0 and bool((norm - before).abs() <= rtol * norm)
        met = met or bool(norm == 0)
        if met or k == iterations:
            break
        before, v = norm, w / norm
    return number(norm), number(rayleigh), v.numpy(), number(rest), met, k


def products(operator: Any, Z: Any) -> Any:
    """Return A·z for each row of Z."""
    A = tensor(operator.matrix)
    found = vmap(lambda z: jvp(lambda x: A @ x, (torch.zeros_like(z),), (z,))[1])(Z)
    if not bool(torch.isfinite(found).all()):
        raise ValueError("a product is not finite")
    return found


def mean_and_error(samples: Any) -> tuple[Any, Any, Any]:
    """Return the mean, the samples, and the standard error of the mean."""
    m = len(samples)
    error = samples.std(correction=1) / m**0.5 if m > 1 else samples.new_tensor(np.inf)
    return number(samples.mean()), samples.numpy(), number(error)


def number(value: Any) -> Any:
    """Return a tensor of one number as a NumPy scalar of its dtype."""
    return value.numpy()[()]


def checked(problem: Problem, params: Any, vector: Any) -> tuple[Any, Any, Any]:
    """Return parameters, vector and features as tensors; raise `ValueError` if they do not fit."""
    n, dtype = network(problem).dimension, problem.features.dtype
    for array in (params, vector):
        if array.shape != (n,) or array.dtype != dtype or not np.all(np.isfinite(array)):
            raise ValueError(f"{n} finite numbers in {dtype} are needed, got {array.dtype} of shape {array.shape}")
    return tensor(params), tensor(vector), tensor(problem.features)


def checked_probes(operator: Any, probes: Any) -> Any:
    """Return the probes as a tensor; raise `ValueError` if they do not fit."""
    if probes.ndim != 2 or len(probes) == 0:
        raise ValueError(f"probes are rows, got shape {probes.shape}")
    for probe in probes:
        checked_vector(operator, probe, may_be_zero=True)
    return tensor(probes)


def checked_vector(operator: Any, vector: Any, may_be_zero: bool = False) -> Any:
    """Return the vector as a tensor; raise `ValueError` if it does not fit."""
    A = operator.matrix
    if vector.shape != A.shape[1:] or vector.dtype != A.dtype or not np.all(np.isfinite(vector)):
        raise ValueError(f"{A.shape[1]} finite numbers are needed, got {vector.dtype} of shape {vector.shape}")
    if not may_be_zero and not np.any(vector):
        raise ValueError("the start is zero")
    return tensor(vector)
