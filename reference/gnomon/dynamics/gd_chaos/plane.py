"""What is left of a step in dimensionless coordinates: maps of two numbers, of one, and how fast neighbours part."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Finite, NonNegative, Positive, PositiveInt, Real
from gnomon.dynamics.gd_chaos.steps import Partner, Vector

Numbers: TypeAlias = Annotated[Array, Finite()]
SameAsA: TypeAlias = Annotated[Array, Finite("A")]


class Coordinates(NamedTuple):
    """A = η‖u+v‖², B = η‖u-v‖², Z = η·u·v, W = η(‖u‖² + ‖v‖²), R = Z - ηy, and E, which is 0 on the boundary."""

    A: Any
    B: Any
    Z: Any
    W: Any
    R: Any
    E: Any


@checked()
def coordinates(u: Vector, v: Partner, *, eta: Positive = 0.5, y: Real = 1.0) -> Coordinates:
    """Return the dimensionless coordinates of a start; E = [A(2 - Y) + B(2 + Y)]/4 - (4 - Y²) with Y = ηy.

    For λ = 0 and |Y| < 2 the sign of E never changes: E < 0 is inside. E is the difference of numbers of size 4 + W:
    near the boundary its digits are those of the difference. u, v, eta, y: of `vector_step`.
    """
    a, b, Y = u + v, u - v, eta * y
    A, B, Z = eta * np.sum(a * a), eta * np.sum(b * b), eta * np.dot(u, v)
    E = (A * (2 - Y) + B * (2 + Y)) / 4 - (2 - Y) * (2 + Y)
    return Coordinates(A, B, Z, (A + B) / 2, Z - Y, E)


def moved_in_the_plane(A: Any, B: Any, Y: Any, c: Any = 1) -> tuple[Any, Any]:
    """Return what `planar_step` does, for numbers of any kind and one Y = ηy for each of them."""
    R = (A - B) / 4 - Y
    return (c - R) * (c - R) * A, (c + R) * (c + R) * B


def moved_on_the_axis(x: Any, Y: Any, c: Any = 1) -> Any:
    """Return what `balanced_map` does, for numbers of any kind and one Y = ηy for each of them."""
    return (c + Y - x * x) * x


@checked()
def planar_step(
    A: Numbers, B: SameAsA, *, eta: Positive = 0.5, y: Real = 1.0, lam: NonNegative = 0.0
) -> tuple[Array, Array]:
    """Return (c - R)²A and (c + R)²B, R = (A - B)/4 - ηy and c = 1 - ηλ: a step, whatever d is.

    A, B: arrays of one shape and dtype, finite; those of starts are >= 0. eta, y, lam: of `vector_step`.
    """
    return moved_in_the_plane(A, B, eta * y, 1 - eta * lam)


@checked()
def balanced_map(x: Numbers, *, eta: Positive = 0.5, y: Real = 1.0, lam: NonNegative = 0.0) -> Array:
    """Return (1 + ηy - ηλ - x²)·x: a step where v = u, of x = √η‖u‖ with its sign.

    x: any finite array. eta, y, lam: of `vector_step`. For λ = 0 and R = x² - Y it is R⁺ = R³ - (2 - Y)R² + (1 - 2Y)R.
    """
    image: Array = moved_on_the_axis(x, eta * y, 1 - eta * lam)
    return image


@checked()
def lyapunov(
    u: Numbers, v: Partner, *, steps: PositiveInt, eta: Positive = 0.5, y: Real = 1.0, lam: NonNegative = 0.0
) -> Array:
    """Return the two Lyapunov exponents over `steps` steps of each orbit with d = 1, shape (2, *shape), in nats a step.

    u, v: one start an entry, of any one shape. The first is the mean of ln‖Jq‖ for a tangent vector q that begins along
    a; with the second it adds up to the mean of ln|det J|. In α = √η(u + v), β = √η(u - v)::

        J = [[c - R - α²/2, αβ/2], [αβ/2, c + R - β²/2]]

    eta, y, lam: of `vector_step`. -∞ where a determinant is 0; infinite or NaN on orbits that leave the range.
    """
    c, Y, root = 1 - eta * lam, eta * y, eta**0.5
    alpha, beta = root * (u + v), root * (u - v)
    along, across = np.ones_like(alpha), np.zeros_like(alpha)
    first, both = np.zeros_like(alpha), np.zeros_like(alpha)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            R, mixed = (alpha * alpha - beta * beta) / 4 - Y, alpha * beta / 2
            of_alpha, of_beta = c - R - alpha * alpha / 2, c + R - beta * beta / 2
            along, across = of_alpha * along + mixed * across, mixed * along + of_beta * across
            size = np.hypot(along, across)
            along, across = along / size, across / size
            first = first + np.log(size)
            both = both + np.log(np.abs(of_alpha * of_beta - mixed * mixed))
            alpha, beta = (c - R) * alpha, (c + R) * beta
        return np.stack([first, both - first]) / steps
