"""What a method may ask of the function it minimises.

Every objective is a function f of one flat parameter vector x ∈ Rⁿ and answers with f itself, its gradient ∇f and
products of its Hessian ∇²f with a vector. Some also know products of the Gauss-Newton matrix, or are a mean over
examples and can answer example by example. The analytic ones carry the arrays that define them, so that a port in
another language can rebuild them.

Choice: `value` is written with `autograd.numpy`, everything else with `numpy`. On plain arrays, and on array-likes that
implement NumPy's protocols (`__array_ufunc__`, `__array_function__`), the two are the same functions, so one text
serves as definition and as what `gnomon.derivatives` differentiates; a separate traceable twin would be a second
definition to believe. The exceptions are `concatenate` and `stack`, which autograd rebuilds for ndarrays only:
`value` does without them, and the closed-form derivatives take NumPy's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from gnomon.domains import Array, require_floating

Scalar: TypeAlias = Any
"""A floating-point number of the parameters' dtype. (Under autograd it is a traced box, hence no narrower type.)"""


@runtime_checkable
class Objective(Protocol):
    """A twice differentiable function f of a vector, with the dtype of its argument kept in its results."""

    def value(self, params: Array) -> Scalar:
        """Return f(x)."""

    def gradient(self, params: Array) -> Array:
        """Return ∇f(x), shape (n,)."""

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f(x)·v, shape (n,)."""


@runtime_checkable
class KnownObjective(Objective, Protocol):
    """An objective whose answer is known.

    name: what the command line calls it. start: the usual starting point, shape (n,). minimisers: every known global
    minimiser, in float64. minimum: the value there; `None` if there is none.
    """

    @property
    def name(self) -> str: ...

    @property
    def start(self) -> Array: ...

    @property
    def minimisers(self) -> tuple[Array, ...]: ...

    @property
    def minimum(self) -> Scalar | None: ...


@runtime_checkable
class GaussNewtonObjective(Objective, Protocol):
    """An objective f(x) = L(m(x)), a convex loss L of a model's outputs m."""

    def ggnvp(self, params: Array, vector: Array) -> Array:
        """Return Jᵀ·∇²L·J·v, J the Jacobian of the outputs, shape (n,)."""


@runtime_checkable
class PreparedGaussNewton(Protocol):
    """An objective whose Gauss-Newton products at one point share what depends on the point alone."""

    def ggn_at(self, params: Array) -> Callable[[Array], Array]:
        """Return v ↦ `ggnvp(params, v)`."""


@runtime_checkable
class ExampleObjective(Objective, Protocol):
    """An objective f(x) = (1/N) Σᵢ ℓᵢ(x) + ½ρ‖x‖² over N examples; ℓᵢ carries neither 1/N nor the ridge ρ."""

    def example_values(self, params: Array) -> Array:
        """Return ℓᵢ(x), shape (N,)."""

    def example_gradients(self, params: Array) -> Array:
        """Return ∇ℓᵢ(x), one example a row, shape (N, n)."""


def require_point(params: Any, dimension: int, dtype: Any = None, name: str = "params") -> None:
    """Require floating-point `params`, called `name`, of shape (dimension,) and of `dtype` if it is given.

    Raises `TypeError` for a dtype and `ValueError` for a shape that does not fit.
    """
    require_floating(name, params)
    if params.shape != (dimension,):
        raise ValueError(f"{name} must have shape ({dimension},), got {params.shape}")
    if dtype is not None and params.dtype != np.dtype(dtype):
        raise TypeError(f"{name} must have the dtype of the objective's data {np.dtype(dtype)}, got {params.dtype}")
