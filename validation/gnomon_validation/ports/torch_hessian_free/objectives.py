"""Objectives rebuilt in torch from their arrays, with their curvature products by double backward.

An objective is f = L∘z, a loss of outputs: w minus the stationary point for a quadratic, Rosenbrock's two residuals for
his valley, the outputs of the network for a learning problem, Xw and the weights for a linear model with its ridge.
`At` records the graph at one point once::

    gradient   backward through f
    hvp        backward through the gradient, along v
    ggnvp      Jv by backward through u ↦ Jᵀu;  ∇²L·Jv by backward through ∇L, along Jv;  Jᵀ of that by backward
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch.nn import functional

from gnomon.curvature.products import Classification, Regression
from gnomon.hessian_free.linear_models import LinearModel
from gnomon.hessian_free.small_objectives import Fenced, Quadratic, Valley
from gnomon_validation.ports.peers.torch_networks import outputs

Parts = Sequence[tuple[float, "Composed"]]


class Composed(NamedTuple):
    """f = L∘z. outputs: w ↦ z(w). loss: z ↦ L(z). reach, beyond: where |z| leaves the first, f is the second."""

    outputs: Callable[[Any], Any]
    loss: Callable[[Any], Any]
    reach: Any = None
    beyond: Any = None

    def value(self, w: Any) -> Any:
        """Return f(w)."""
        z = self.outputs(w)
        f = self.loss(z)
        return f if self.reach is None else torch.where(z.abs().max() <= self.reach, f, self.beyond)

    def at(self, w: Any) -> At:
        """Return f and its derivatives at w."""
        return At(self, w)


class At:
    """f at one point: its value, gradient and curvature products, on a graph that is recorded once for all of them."""

    def __init__(self, f: Composed, w: Any) -> None:
        self._w = w.clone().requires_grad_()
        self._z = f.outputs(self._w)
        self._loss = f.loss(self._z)
        (self._gradient,) = torch.autograd.grad(self._loss, self._w, create_graph=True)
        self.value = self._loss.detach() if f.reach is None else f.value(w)
        self.gradient = self._gradient.detach()

    def hvp(self, v: Any) -> Any:
        """Return ∇²f·v."""
        return torch.autograd.grad(self._gradient, self._w, v, retain_graph=True)[0]

    @cached_property
    def _of_outputs(self) -> tuple[Any, Any, Any]:
        """u, Jᵀu and ∇L."""
        u = torch.zeros_like(self._z, requires_grad=True)
        (pulled,) = torch.autograd.grad(self._z, self._w, u, create_graph=True)
        return u, pulled, torch.autograd.grad(self._loss, self._z, create_graph=True)[0]

    def ggnvp(self, v: Any) -> Any:
        """Return Jᵀ·∇²L·J·v."""
        u, pulled, slope = self._of_outputs
        (forward,) = torch.autograd.grad(pulled, u, v, retain_graph=True)
        (curved,) = torch.autograd.grad(slope, self._z, forward, retain_graph=True)
        return torch.autograd.grad(self._z, self._w, curved, retain_graph=True)[0]


class Weighted(NamedTuple):
    """Σ cᵢ·fᵢ: f over some (cᵢ, fᵢ), ∇f over others, curvature over yet others."""

    losses: Parts
    gradients: Parts
    curvatures: Parts

    def value(self, w: Any) -> Any:
        """Return f(w)."""
        return sum(c * f.value(w) for c, f in self.losses)

    def at(self, w: Any) -> SimpleNamespace:
        """Return f and its derivatives at w, as an `At` has them."""
        curvatures = [(c, f.at(w)) for c, f in self.curvatures]
        return SimpleNamespace(
            value=self.value(w),
            gradient=sum(c * f.at(w).gradient for c, f in self.gradients),
            hvp=lambda v: sum(c * at.hvp(v) for c, at in curvatures),
            ggnvp=lambda v: sum(c * at.ggnvp(v) for c, at in curvatures),
        )


def rebuilt(objective: Any) -> Composed:
    """Return an objective that is given as a tuple of tensors. Raises `TypeError` for any other."""
    match objective:
        case Quadratic(H, stationary):
            return quadratic(H, stationary)
        case Fenced(H, stationary, reach, beyond):
            return quadratic(H, stationary)._replace(reach=reach, beyond=beyond)
        case Valley(steepness):
            return Composed(lambda w: torch.stack([1 - w[0], steepness.sqrt() * (w[1] - w[0] ** 2)]), lambda z: z @ z)
        case Regression(X, y):
            return Composed(lambda w: outputs(objective, w, X), lambda z: ((z - y) ** 2).sum() / (2 * len(X)))
        case Classification(X, y):
            return Composed(lambda w: outputs(objective, w, X), lambda z: functional.cross_entropy(z, y))
        case LinearModel():
            return linear(*objective)
    raise TypeError(f"objective must be one that torch can rebuild from its arrays, got {type(objective).__name__}")


def quadratic(H: Any, stationary: Any) -> Composed:
    """Return ½(w - w*)ᵀH(w - w*)."""
    return Composed(lambda w: w - stationary, lambda z: z @ (H @ z) / 2)


def linear(X: Any, y: Any, ridge: Any, loss: str) -> Composed:
    """Return a linear model: its outputs are Xw, and w for the ridge."""

    def of_outputs(z: Any) -> Any:
        z, w = z[: len(y)], z[len(y) :]
        if loss == "squared":
            losses = (z - y) ** 2 / 2
        elif loss == "logistic":  # softplus is log(1 + eᶻ) up to z = 20 only, where it becomes z
            losses = -y * functional.logsigmoid(z) - (1 - y) * functional.logsigmoid(-z)
        else:
            losses = z.exp() - y * z
        return losses.mean() + ridge * (w @ w) / 2

    return Composed(lambda w: torch.cat([X @ w, w]), of_outputs)
