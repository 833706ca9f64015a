"""SciPy's truncated Newton methods on Rosenbrock's valley: how far they come with how many evaluations.

They belong to the extra `curvature`; without SciPy there are none.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.hessian_free.small_objectives import Valley

METHODS = ("trust-exact", "trust-ncg", "trust-krylov", "Newton-CG")
TOLERANCE = 1e-8
"""Of ‖∇f‖ for the trust-region methods, of the mean change of a parameter for Newton-CG."""


class Effort(NamedTuple):
    """How often a method asked for f, for ∇f, and for products with the Hessian, n for a dense one."""

    values: int
    gradients: int
    products: int


class Peer(NamedTuple):
    """points: of each outer iteration, the start first. efforts: taken until then. losses: f there."""

    points: Array
    losses: Array
    efforts: tuple[Effort, ...]


class Counted:
    """A function that counts how often it is asked for values, gradients and products."""

    def __init__(self, objective: Valley) -> None:
        self._objective = objective
        self.values = self.gradients = self.products = 0

    @property
    def effort(self) -> Effort:
        """What was asked for until now."""
        return Effort(self.values, self.gradients, self.products)

    def value(self, x: Array) -> Any:
        """Return f(x)."""
        self.values += 1
        return self._objective.value(x)

    def gradient(self, x: Array) -> Array:
        """Return ∇f(x)."""
        self.gradients += 1
        return self._objective.gradient(x)

    def hvp(self, x: Array, v: Array) -> Array:
        """Return ∇²f(x)·v."""
        self.products += 1
        return self._objective.hvp(x, v)

    def hessian(self, x: Array) -> Array:
        """Return ∇²f(x), column by column."""
        return np.stack([self.hvp(x, e) for e in np.eye(x.size)], axis=1)


def peers(start: Array, steepness: float = 100.0) -> dict[str, Peer]:
    """Return what each method did; nothing without SciPy."""
    if find_spec("scipy") is None:
        return {}
    minimize: Any = import_module("scipy.optimize").minimize
    return {method: _followed(minimize, method, start, steepness) for method in METHODS}


def scipy_version() -> str:
    """Return SciPy's version, or nothing without it."""
    return str(import_module("scipy").__version__) if find_spec("scipy") else ""


def _followed(minimize: Any, method: str, start: Array, steepness: float) -> Peer:
    f = Counted(Valley(steepness))
    told: list[tuple[Array, Effort]] = [(start, f.effort)]
    minimize(
        f.value,
        start,
        jac=f.gradient,
        method=method,
        options={"xtol" if method == "Newton-CG" else "gtol": TOLERANCE},
        callback=lambda x: told.append((np.array(x), f.effort)),
        hess=f.hessian,
    )
    points = np.stack([x for x, _ in told])
    return Peer(points, np.array([Valley(steepness).value(x) for x in points]), tuple(effort for _, effort in told))
