"""Objectives of several arrays: what a method may ask of one, and one that any language can rebuild."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from gnomon.domains import Array
from gnomon.several_arrays import Arrays, cut, join


@runtime_checkable
class ArraysObjective(Protocol):
    """A differentiable function f of a tuple of arrays, with their dtype kept in its results."""

    def gradient(self, params: Arrays) -> Arrays:
        """Return ∇f: an array for each of the parameters' arrays, of its shape."""


class Cubic(NamedTuple):
    """f(x) = ½dᵀHd + (c/3)·Σ dᵢ³, d = x - x*: a quadratic for c = 0. Where an entry of d is beyond r, nothing is known.

    matrix: H, symmetric, shape (n, n). stationary: x*, shape (n,). bend: c; the Hessian H + 2c·diag(d) changes by at
    most 2|c| times the distance. reach: r > 0, or infinite; beyond it value and gradient are NaN.
    """

    matrix: Array
    stationary: Array
    bend: Any
    reach: Any

    def value(self, params: Array) -> Any:
        """Return f(x). params: shape (n,)."""
        d = params - self.stationary
        return self._known(d, np.dot(d, self.matrix @ d) / 2 + self.bend * np.sum(d * d * d) / 3)[()]

    def gradient(self, params: Array) -> Array:
        """Return Hd + c·d∘d."""
        d = params - self.stationary
        slope: Array = self._known(d, self.matrix @ d + self.bend * d * d)
        return slope

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return Hv + 2c·d∘v."""
        product: Array = self.matrix @ vector + 2 * self.bend * (params - self.stationary) * vector
        return product

    def _known(self, d: Array, result: Any) -> Any:
        return np.where(np.max(np.abs(d)) <= self.reach, result, np.nan)


class Joined(NamedTuple):
    """f of several arrays that is a function of all their entries laid end to end. objective: that function."""

    objective: Any

    def value(self, params: Arrays) -> Any:
        """Return f."""
        return self.objective.value(join(params))

    def gradient(self, params: Arrays) -> Arrays:
        """Return ∇f, cut like the parameters."""
        return cut(self.objective.gradient(join(params)), params)
