"""How many floating-point operations a gradient and a Hessian product take, counted while autograd carries them out.

Only products of matrices are counted, 2·m·k·n for (m, k) times (k, n): all else is of lower order. The network has tanh
layers and squared error; the loss takes no product.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import autograd.numpy as traced
import numpy as np
from autograd import grad, make_vjp
from autograd.extend import defvjp, primitive

from gnomon.domains import Array


class Counts(NamedTuple):
    """Operations of the forward pass, of the backward pass, and of the backward pass through both that gives H·v."""

    forward: int
    backward: int
    second: int

    @property
    def rebuilt(self) -> float:
        """One H·v in forward and backward passes if the gradient is computed anew for each, as the published code does.

        Its forward pass is kept.
        """
        return (self.backward + self.second) / (self.forward + self.backward)

    @property
    def reused(self) -> float:
        """One H·v in forward and backward passes if the graph of the gradient is kept."""
        return self.second / (self.forward + self.backward)


def counts(widths: Sequence[int], batch: int) -> Counts:
    """Return the operations for a network of these widths, features to outputs."""
    draw, counter = np.random.default_rng(0), Counter()
    weights = tuple(draw.standard_normal((inputs, outputs)) / inputs**0.5 for inputs, outputs in pairwise(widths))
    features, targets = draw.standard_normal((batch, widths[0])), draw.standard_normal((batch, widths[-1]))

    def loss(layers: tuple[Array, ...]) -> Any:
        a = features
        for W in layers[:-1]:
            a = traced.tanh(counter.product(a, W))
        return traced.sum((counter.product(a, layers[-1]) - targets) ** 2)

    loss(weights)
    forward = counter.reset()
    grad(loss)(weights)
    backward = counter.reset() - forward
    second_backward, _ = make_vjp(grad(loss))(weights)
    counter.reset()
    second_backward(tuple(draw.standard_normal(W.shape) for W in weights))
    return Counts(forward, backward, counter.reset())


class Counter:
    """A product of matrices that counts its operations, and those of its derivatives."""

    def __init__(self) -> None:
        self._operations = 0
        self.product: Any = primitive(self._multiply)
        defvjp(
            self.product,
            lambda _, a, b: lambda g: self.product(g, traced.transpose(b)),
            lambda _, a, b: lambda g: self.product(traced.transpose(a), g),
        )

    def _multiply(self, a: Array, b: Array) -> Array:
        self._operations += 2 * a.shape[0] * a.shape[1] * b.shape[1]
        product: Array = a @ b
        return product

    def reset(self) -> int:
        """Return the operations since the last call, and count from 0 again."""
        taken, self._operations = self._operations, 0
        return taken
