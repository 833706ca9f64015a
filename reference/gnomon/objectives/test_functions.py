"""Classic test functions, each with its gradient, its Hessian-vector product and its known minimisers.

Sources: Rosenbrock, Computer Journal 3 (1960); Beale, On an iterative method for finding a local minimum (1958), both
as stated by Moré, Garbow & Hillstrom, Testing unconstrained optimization software, ACM TOMS 7 (1981), with their
starting points; Himmelblau, Applied Nonlinear Programming (1972); Rastrigin, Systems of Extremal Control (1974), in n
dimensions by Mühlenbein et al. (1991); Ackley, A Connectionist Machine for Genetic Hillclimbing (1987).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import e, pi
from typing import ClassVar

import autograd.numpy as traced
import numpy as np

from gnomon.domains import Array, require_count, require_like
from gnomon.objectives.contract import Scalar, require_point


class KnownFunction:
    """What all of them have: a dimension n, a start, minimisers where f is 0.

    usual_start, solutions: the start and each minimiser, their coordinates taken again and again up to the n-th.
    """

    dimension: int
    least_dimension: ClassVar[int] = 1
    name: ClassVar[str]
    minimum: ClassVar[float] = 0.0
    usual_start: ClassVar[tuple[float, ...]] = (-2.0, 3.5)
    solutions: ClassVar[tuple[tuple[float, ...], ...]] = ((0.0,),)

    def __post_init__(self) -> None:
        require_count("dimension", self.dimension, self.least_dimension)

    @property
    def start(self) -> Array:
        """The usual start."""
        return np.resize(np.array(self.usual_start), self.dimension)

    @property
    def minimisers(self) -> tuple[Array, ...]:
        """Every known global minimiser."""
        return tuple(np.resize(np.array(solution), self.dimension) for solution in self.solutions)


@dataclass(frozen=True)
class Rosenbrock(KnownFunction):
    """f(x) = Σᵢ 100·(xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)², i = 1 … n-1: a curved valley with a flat floor.

    dimension: n >= 2. The one global minimiser is (1, …, 1); from n = 4 on there is a local one near (-1, 1, …, 1). The
    standard start is (-1.2, 1, -1.2, 1, …).
    """

    dimension: int = 2

    name = "rosenbrock"
    least_dimension, usual_start, solutions = 2, (-1.2, 1.0), ((1.0,),)

    def value(self, params: Array) -> Scalar:
        """Return f(x). params: x, shape (n,)."""
        require_point(params, self.dimension)
        x, y = params[:-1], params[1:]
        return traced.sum(100 * (y - x**2) ** 2 + (1 - x) ** 2)

    def gradient(self, params: Array) -> Array:
        """Return ∇f(x): each term gives its xᵢ a -400·xᵢ·(xᵢ₊₁ - xᵢ²) - 2·(1 - xᵢ) and its xᵢ₊₁ a 200·(xᵢ₊₁ - xᵢ²)."""
        require_point(params, self.dimension)
        x, y = params[:-1], params[1:]
        by_x = -400 * x * (y - x**2) - 2 * (1 - x)
        by_y = 200 * (y - x**2)
        return both_ends(by_x, by_y)

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f(x)·v: with v split like x, the derivative of the gradient's two parts along v."""
        require_point(params, self.dimension)
        require_like("vector", vector, params)
        x, y = params[:-1], params[1:]
        dx, dy = vector[:-1], vector[1:]
        by_x = (1200 * x**2 - 400 * y + 2) * dx - 400 * x * dy
        by_y = -400 * x * dx + 200 * dy
        return both_ends(by_x, by_y)


@dataclass(frozen=True)
class Beale(KnownFunction):
    """f(x, y) = Σₖ (cₖ - x·(1 - yᵏ))², k = 1, 2, 3, c = (1.5, 2.25, 2.625): flat with steep walls; usual box ±4.5.

    The standard start is (1, 1).
    """

    dimension: int = field(default=2, init=False, repr=False)

    name = "beale"
    usual_start, solutions = (1.0, 1.0), ((3.0, 0.5),)

    def value(self, params: Array) -> Scalar:
        """Return f(x, y). params: shape (2,)."""
        require_point(params, 2)
        return sum(r * r for r in self.residuals(params))

    def gradient(self, params: Array) -> Array:
        """Return Σₖ 2·rₖ·∇rₖ, with ∇rₖ = (yᵏ - 1, k·x·yᵏ⁻¹)."""
        require_point(params, 2)
        x, y = params[0], params[1]
        r1, r2, r3 = self.residuals(params)
        by_x = 2 * (r1 * (y - 1) + r2 * (y * y - 1) + r3 * (y * y * y - 1))
        by_y = 2 * x * (r1 + r2 * (2 * y) + r3 * (3 * y * y))
        return np.stack([by_x, by_y])

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return Σₖ 2·(ṙₖ·∇rₖ + rₖ·(∇²rₖ·v)), with ṙₖ = ∇rₖ·v and ∇²rₖ·v the derivative of ∇rₖ along v."""
        require_point(params, 2)
        require_like("vector", vector, params)
        x, y = params[0], params[1]
        dx, dy = vector[0], vector[1]
        powers = [(y, y * 0 + 1, y * 0), (y * y, 2 * y, y * 0 + 2), (y * y * y, 3 * y * y, 6 * y)]
        by_x, by_y = y * 0, y * 0
        for r, (p, p1, p2) in zip(self.residuals(params), powers, strict=True):
            dr = (p - 1) * dx + x * p1 * dy
            by_x = by_x + 2 * (dr * (p - 1) + r * (p1 * dy))
            by_y = by_y + 2 * (dr * (x * p1) + r * (p1 * dx + x * p2 * dy))
        return np.stack([by_x, by_y])

    @staticmethod
    def residuals(params: Array) -> tuple[Scalar, Scalar, Scalar]:
        """Return rₖ = cₖ - x·(1 - yᵏ), k = 1, 2, 3."""
        x, y = params[0], params[1]
        return 1.5 - x * (1 - y), 2.25 - x * (1 - y * y), 2.625 - x * (1 - y * y * y)


@dataclass(frozen=True)
class Himmelblau(KnownFunction):
    """f(x, y) = (x² + y - 11)² + (x + y² - 7)²: four minima of equal depth, one maximum near (-0.27, -0.92).

    At a minimum both brackets vanish. Putting y = 11 - x² into the second leaves (x - 3)(x³ + 3x² - 13x - 38) = 0,
    whose roots are the four minimisers' x: (3, 2) is exact, the other three are rounded to float64. Choice: the start
    is (0, 0), near the maximum in the middle; the source prescribes none.
    """

    dimension: int = field(default=2, init=False, repr=False)

    name = "himmelblau"
    usual_start = (0.0,)
    solutions = (
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    )

    def value(self, params: Array) -> Scalar:
        """Return f(x, y). params: shape (2,)."""
        require_point(params, 2)
        x, y = params[0], params[1]
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

    def gradient(self, params: Array) -> Array:
        """Return ∇f = 2·a·(2x, 1) + 2·b·(1, 2y), a and b the two brackets."""
        require_point(params, 2)
        x, y = params[0], params[1]
        a, b = x**2 + y - 11, x + y**2 - 7
        return np.stack([4 * x * a + 2 * b, 2 * a + 4 * y * b])

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return ∇²f·v, ∇²f = [[12x² + 4y - 42, 4(x + y)], [4(x + y), 12y² + 4x - 26]]."""
        require_point(params, 2)
        require_like("vector", vector, params)
        x, y = params[0], params[1]
        dx, dy = vector[0], vector[1]
        by_x = (12 * x**2 + 4 * y - 42) * dx + 4 * (x + y) * dy
        by_y = 4 * (x + y) * dx + (12 * y**2 + 4 * x - 26) * dy
        return np.stack([by_x, by_y])


@dataclass(frozen=True)
class Rastrigin(KnownFunction):
    """f(x) = Σᵢ xᵢ² + 10·(1 - cos 2πxᵢ): a bowl with a local minimum near every integer point; usual box ±5.12.

    dimension: n >= 1. The value is computed as Σ xᵢ² + 20·sin² πxᵢ, which is the same and does not cancel near 0.
    The minimiser is the origin. Choice: the start is (-2, 3.5, -2, 3.5, …); the sources draw it from the box.
    """

    dimension: int = 2

    name = "rastrigin"

    def value(self, params: Array) -> Scalar:
        """Return f(x). params: x, shape (n,)."""
        require_point(params, self.dimension)
        return traced.sum(params**2 + 20 * traced.sin(pi * params) ** 2)

    def gradient(self, params: Array) -> Array:
        """Return 2x + 20π·sin 2πx, entry by entry."""
        require_point(params, self.dimension)
        by_x: Array = 2 * params + (20 * pi) * np.sin(2 * pi * params)
        return by_x

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return (2 + 40π²·cos 2πx)·v, entry by entry: the Hessian is diagonal."""
        require_point(params, self.dimension)
        require_like("vector", vector, params)
        diagonal: Array = 2 + (40 * pi**2) * np.cos(2 * pi * params)
        return diagonal * vector


@dataclass(frozen=True)
class Ackley(KnownFunction):
    """f(x) = 20·(1 - exp(-r/5)) + e - exp(m), r = √(Σ xᵢ²/n), m = (1/n) Σ cos 2πxᵢ; usual box ±32.768.

    dimension: n >= 1. The value is computed with exp(t) - 1 and sin² πxᵢ, so that it does not cancel near 0.

    Choice: at the origin, the minimiser, f has the kink of a cone and no derivative. `gradient` returns 0 there, a
    subgradient, so that descent rests at the minimum; `hvp` raises `ValueError`, because the curvature around it grows
    without bound. "The origin" includes points so near that Σ xᵢ² underflows to 0. Derivatives of `value` by autograd
    are NaN there. The start is that of Rastrigin's function; the source prescribes none.
    """

    dimension: int = 2

    name = "ackley"

    def value(self, params: Array) -> Scalar:
        """Return f(x) = -20·(exp(-r/5) - 1) - e·(exp(m - 1) - 1), with m - 1 = -(2/n) Σ sin² πxᵢ."""
        require_point(params, self.dimension)
        n = self.dimension
        r = traced.sqrt(traced.sum(params**2) / n)
        m_less_1 = -2 * traced.sum(traced.sin(pi * params) ** 2) / n
        return -20 * traced.expm1(-r / 5) - e * traced.expm1(m_less_1)

    def gradient(self, params: Array) -> Array:
        """Return 4·exp(-r/5)·∇r - exp(m)·∇m, with ∇r = x/(n·r) and ∇m = -(2π/n)·sin 2πx; 0 at the origin."""
        require_point(params, self.dimension)
        n = self.dimension
        r = np.sqrt(np.sum(params**2) / n)
        grad_r = params / (n * np.where(r > 0, r, 1))
        m = np.sum(np.cos(2 * pi * params)) / n
        grad_m = (-2 * pi / n) * np.sin(2 * pi * params)
        grad: Array = 4 * np.exp(-r / 5) * grad_r - np.exp(m) * grad_m
        return grad

    def hvp(self, params: Array, vector: Array) -> Array:
        """Return 4·exp(-r/5)·(∇²r·v - ∇r(∇r·v)/5) - exp(m)·(∇²m·v + ∇m(∇m·v)).

        ∇²r·v = (v/n - ∇r(∇r·v))/r and ∇²m·v = -(4π²/n)·cos(2πx)·v. Raises `ValueError` at the origin.
        """
        require_point(params, self.dimension)
        require_like("vector", vector, params)
        n = self.dimension
        r = np.sqrt(np.sum(params**2) / n)
        if r == 0:
            raise ValueError(f"params must not be the origin, where Ackley's function has no Hessian, got {params}")
        grad_r = params / (n * r)
        along_r = np.sum(grad_r * vector)
        hvp_r = (vector / n - grad_r * along_r) / r
        m = np.sum(np.cos(2 * pi * params)) / n
        grad_m = (-2 * pi / n) * np.sin(2 * pi * params)
        along_m = np.sum(grad_m * vector)
        hvp_m = (-4 * pi**2 / n) * np.cos(2 * pi * params) * vector
        by_r: Array = 4 * np.exp(-r / 5) * (hvp_r - grad_r * along_r / 5)
        by_m: Array = np.exp(m) * (hvp_m + grad_m * along_m)
        return by_r - by_m


def both_ends(by_first: Array, by_second: Array) -> Array:
    """Return the gradient of Σᵢ tᵢ(xᵢ, xᵢ₊₁), given ∂tᵢ/∂xᵢ and ∂tᵢ/∂xᵢ₊₁, both of shape (n-1,)."""
    inner = by_first[1:] + by_second[:-1]
    return np.concatenate([by_first[:1], inner, by_second[-1:]])
