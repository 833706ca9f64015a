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
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from gnomon.curvature.products import Classification, Regression
from gnomon.hessian_free.linear_models import LinearModel
from gnomon.hessian_free.small_objectives import Fenced, Quadratic, Valley
from gnomon_validation.ports.peers.torch_networks import answers
from gnomon_validation.ports.peers.torch_networks import outputs as network_outputs


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
        loss = f.loss(self._z)
        (self._gradient,) = torch.autograd.grad(loss, self._w, create_graph=True)
        self._of_outputs: tuple[Any, Any, Any] | None = None
        self._loss = loss
        self.value = f.value(w) if f.reach is not None else loss.detach()
        self.gradient = self._gradient.detach()

    def hvp(self, v: Any) -> Any:
        """Return ∇²f·v."""
        return torch.autograd.grad(self._gradient, self._w, v, retain_graph=True)[0]

    def ggnvp(self, v: Any) -> Any:
        """Return Jᵀ·∇²L·J·v."""
        if self._of_outputs is None:
            u = torch.zeros_like(self._z, requires_grad=True)
            (pulled,) = torch.autograd.grad(self._z, self._w, u, create_graph=True)
            (slope,) = torch.autograd.grad(self._loss, self._z, create_graph=True)
            self._of_outputs = u, pulled, slope
        u, pulled, slope = self._of_outputs
        (forward,) = torch.autograd.grad(pulled, u, v, retain_graph=True)
        (curved,) = torch.autograd.grad(slope, self._z, forward, retain_graph=True)
        return torch.autograd.grad(self._z, self._w, curved, retain_graph=True)[0]


class Weighted:
    """Σ cᵢ·fᵢ over Σ cᵢ, or over 1: f over some parts, ∇f over others, curvature over yet others."""

    def __init__(
        self,
        losses: Sequence[tuple[float, Composed]],
        gradients: Sequence[tuple[float, Composed]],
        curvatures: Sequence[tuple[float, Composed]],
    ) -> None:
        self.losses, self.gradients, self.curvatures = losses, gradients, curvatures

    def value(self, w: Any) -> Any:
        """Return f(w)."""
        return sum(c * f.value(w) for c, f in self.losses)

    def at(self, w: Any) -> WeightedAt:
        """Return f and its derivatives at w."""
        return WeightedAt(self, w)


class WeightedAt:
    """A `Weighted` at one point."""

    def __init__(self, f: Weighted, w: Any) -> None:
        self.value = f.value(w)
        self.gradient = sum(c * part.at(w).gradient for c, part in f.gradients)
        self._parts = [(c, part.at(w)) for c, part in f.curvatures]

    def hvp(self, v: Any) -> Any:
        """Return ∇²f·v."""
        return sum(c * part.hvp(v) for c, part in self._parts)

    def ggnvp(self, v: Any) -> Any:
        """Return G·v."""
        return sum(c * part.ggnvp(v) for c, part in self._parts)


def rebuilt(objective: Any) -> Composed:
    """Return an objective that is given as a tuple of arrays. Raises `TypeError` for any other."""
    if isinstance(objective, Quadratic | Fenced):
        H, stationary = numbers(objective.matrix), numbers(objective.stationary)
        fence = (numbers(objective.reach), numbers(objective.beyond)) if isinstance(objective, Fenced) else ()
        return Composed(lambda w: w - stationary, lambda z: z @ (H @ z) / 2, *fence)
    if isinstance(objective, Valley):
        root = numbers(objective.steepness).sqrt()
        return Composed(lambda w: torch.stack([1 - w[0], root.to(w.dtype) * (w[1] - w[0] ** 2)]), lambda z: z @ z)
    if isinstance(objective, Regression | Classification):
        X, y = numbers(objective.features), answers(objective)
        if isinstance(objective, Regression):
            return Composed(lambda w: network_outputs(objective, w, X), lambda z: ((z - y) ** 2).sum() / (2 * len(X)))
        return Composed(lambda w: network_outputs(objective, w, X), lambda z: functional.cross_entropy(z, y))
    if isinstance(objective, LinearModel):
        return linear(objective)
    raise TypeError(f"objective must be one that torch can rebuild from its arrays, got {type(objective).__name__}")


def linear(model: LinearModel) -> Composed:
    """Return a linear model: its outputs are Xw, and w for the ridge."""
    X, y, ridge = numbers(model.features), numbers(model.targets), model.ridge

    def loss(z: Any) -> Any:
        z, w = z[: len(y)], z[len(y) :]
        if model.loss == "squared":
            losses = (z - y) ** 2 / 2
        elif model.loss == "logistic":  # softplus is log(1 + eᶻ) up to z = 20 only, where it becomes z
            losses = -y * functional.logsigmoid(z) - (1 - y) * functional.logsigmoid(-z)
        else:
            losses = z.exp() - y * z
        return losses.mean() + ridge * (w @ w) / 2

    return Composed(lambda w: torch.cat([X @ w, w]), loss)


def numbers(array: Any) -> Any:
    """Return a tensor with a copy of an array or a number."""
    return torch.from_numpy(np.array(array))
