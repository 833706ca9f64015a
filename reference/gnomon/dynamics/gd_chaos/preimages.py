"""Where a point can have come from: the real roots of a quintic, found between the points where it turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, NonNegative, Positive, Real, Scalar

Start: TypeAlias = Annotated[Any, Scalar(finite=True)]
SameAsU: TypeAlias = Annotated[Any, Scalar("u", finite=True)]


class Preimages(NamedTuple):
    """residuals: η(uv - y) of each preimage, ascending. u, v: the preimages. All of shape (k,), k = 3 or 5."""

    residuals: Array
    u: Array
    v: Array


def require_generic(given: Mapping[str, Any]) -> None:
    if not abs(given["u"]) != abs(given["v"]):
        raise ValueError(f"u must not be ±v, got {given['u']} and {given['v']}")
    if not given["eta"] * given["lam"] < 1:
        raise ValueError(f"eta * lam must be < 1, got {given['eta'] * given['lam']}")


@checked(require_generic)
def preimages(
    u: Start, v: SameAsU, *, eta: Positive = 0.5, y: Real = 1.0, lam: NonNegative = 0.0
) -> Preimages:  # fmt: skip
    """Return every point (u, v), d = 1, that a step takes to the given one.

    With A' and B' of the given point they are the roots R of::

        g(R) = A'/(4(c - R)²) - B'/(4(c + R)²) - Y - R,    then a = a'/(c - R), b = b'/(c + R)

    g has opposite infinite limits at the ends of each of the three intervals that ±c cut, hence 3 roots, or 5. It turns
    where A'/(2(c - R)³) + B'/(2(c + R)³) = 1; that has its own extremes where ((c + R)/(c - R))⁴ = B'/A'. So all roots
    are found by bisection between points that are known. u, v: one number each, u ≠ ±v. All else: of `vector_step`; ηλ
    must be < 1.
    """
    c, Y, root = 1 - eta * lam, eta * y, eta**0.5
    a, b = root * (u + v), root * (u - v)
    A, B = a * a, b * b

    def value(R: Array) -> Any:  # g(R)·4(c - R)²(c + R)²
        return A * (c + R) * (c + R) - B * (c - R) * (c - R) - 4 * (Y + R) * ((c - R) * (c + R)) ** 2

    def turning(R: Array) -> Any:  # 0 where g'(R) is
        return A * (c + R) ** 3 + B * (c - R) ** 3 - 2 * ((c - R) * (c + R)) ** 3

    far = c + abs(Y) + (A + B) ** (1 / 3)
    q = (B / A) ** 0.25
    with np.errstate(divide="ignore"):
        outer = np.clip(c * (q + 1) / (q - 1), -far, far)
    known = np.sort(np.stack([-far, -c + 0 * far, c * (q - 1) / (q + 1), c + 0 * far, far, outer]))
    turns = sign_changes(turning, known, far)
    roots = np.sort(sign_changes(value, np.sort(np.concatenate([known, turns])), inf))
    R = roots[: int(np.count_nonzero(roots < inf))]
    half_a, half_b = a / (c - R) / (2 * root), b / (c + R) / (2 * root)
    return Preimages(R, half_a + half_b, half_a - half_b)


def sign_changes(function: Callable[[Array], Array], points: Array, otherwise: Any) -> Array:
    """Return where the function's sign changes between each two neighbours, to the last digit; or something else."""
    low, high, above = points[:-1], points[1:], function(points) >= 0
    for _ in range(np.finfo(points.dtype).nmant + 8):
        middle = (low + high) / 2
        same = (function(middle) >= 0) == above[:-1]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    found: Array = np.where(above[:-1] != above[1:], (low + high) / 2, otherwise)
    return found
