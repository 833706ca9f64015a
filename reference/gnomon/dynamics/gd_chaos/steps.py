"""A step of gradient descent on a product of two factors: vectors, or matrices; and the largest step that converges."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Finite, NonNegative, NonNegativeInt, Positive, Real
from gnomon.norms import length

Vector: TypeAlias = Annotated[Array, Entries(("d",), least=1, finite=True)]
Partner: TypeAlias = Annotated[Array, Finite("u")]


class Factors(NamedTuple):
    """The two factors, of one dtype."""

    u: Array
    v: Array


def gradient(u: Array, v: Array, y: float, lam: float) -> Factors:
    """Return ∂L/∂u = r·v + λu and ∂L/∂v = r·u + λv, r = u·v - y."""
    r = np.dot(u, v) - y
    return Factors(r * v + lam * u, r * u + lam * v)


def moved(u: Array, v: Array, eta: float, y: float, lam: float) -> Factors:
    """Return what `vector_step` does, for factors that need not be finite."""
    of_u, of_v = gradient(u, v, y, lam)
    return Factors(u - eta * of_u, v - eta * of_v)


@checked()
def vector_step(
    u: Vector, v: Partner, *, eta: Positive = 0.5, y: Real = 1.0, lam: NonNegative = 0.0, loss_scale: Positive = 1.0
) -> Factors:  # fmt: skip
    """Return u - η(r·v + λu) and v - η(r·u + λv), r = u·v - y, both from the old u and v.

    u, v: shape (d,), d >= 1, of one floating-point dtype, finite. eta: η > 0, the step. y: the target. lam: λ >= 0.
    loss_scale: the loss is that many times ½r² + (λ/2)(‖u‖² + ‖v‖²): a step size as many times as large.

    Choice: the ½ and the λ/2 of the general problem; the paper's first picture, (u·v - 1)² + 0.3·w, is the scale 2. A
    transcription of the authors' notebook subtracts λu and not ηλu: at its η = 1 it is the same.
    """
    return moved(u, v, eta * loss_scale, y, lam)


@checked()
def orbit(
    u: Vector, v: Partner, *, steps: NonNegativeInt, eta: Positive = 0.5, y: Real = 1.0, lam: NonNegative = 0.0
) -> Array:
    """Return (u, v) before the first of `steps` steps and after each, shape (steps + 1, 2, d); else `vector_step`."""
    points = [Factors(u, v)]
    for _ in range(steps):
        points.append(moved(*points[-1], eta, y, lam))
    return np.stack([np.stack(point) for point in points])


def require_as_many_columns(target: Array, V: Array) -> None:
    if target.shape[1] != V.shape[1]:
        raise ValueError(f"target must have as many columns as V {V.shape}, got shape {target.shape}")


@checked()
def matrix_step(
    U: Annotated[Array, Entries(("d", "m"), least=1, finite=True)],
    V: Annotated[Array, Entries(("d", "n"), least=1, finite=True, fit="U", of=("d", "m"))],
    target: Annotated[Array, Entries(("m", "n"), least=1, finite=True, fit="U", of=("d", "m"))],
    *, eta: Positive = 0.5, lam: NonNegative = 0.0,
) -> Factors:  # fmt: skip
    """Return U - η(VRᵀ + λU) and V - η(UR + λV), R = UᵀV - Y: a step on ½‖UᵀV - Y‖² + (λ/2)(‖U‖² + ‖V‖²).

    U, V, target: shapes (d, m), (d, n) and (m, n), of one floating-point dtype, finite. eta, lam: of `vector_step`.
    """
    require_as_many_columns(target, V)
    residual = U.T @ V - target
    return Factors(U - eta * (V @ residual.T + lam * U), V - eta * (U @ residual + lam * V))


@checked()
def critical_step(u: Vector, v: Partner, *, y: Real = 1.0) -> Any:
    """Return η* = min(1/|y|, 8/(w + √(w² - 16y(z - y)))), z = u·v, w = ‖u‖² + ‖v‖²: the largest step that converges.

    With λ = 0, for almost every start: below η* gradient descent converges, above it does not. It diverges above the
    second number; between 1/|y| and the second number it stays bounded for ever. u, v, y: of `vector_step`.

    The radicand is ‖u+v‖²‖u-v‖² + 4(z - 2y)², which cannot become negative, and whose root needs no squares.
    """
    a, b = length(u + v), length(u - v)
    with np.errstate(divide="ignore", over="ignore"):
        second = 8 / ((a * a + b * b) / 2 + np.hypot(a * b, 2 * (np.dot(u, v) - 2 * y)))
    return second if y == 0 else np.minimum(second, 1 / abs(y))


@checked()
def spectrum(u: Vector, v: Partner, *, y: Real = 1.0, lam: NonNegative = 0.0) -> Array:
    """Return the 2d eigenvalues of the loss's Hessian, ascending: the largest one is the sharpness.

    ::

        λ + (w ± √(w² + 4r² + 8rz))/2;    λ + r and λ - r, d - 1 times each

    u, v, y, lam: of `vector_step`. The radicand is ‖u+v‖²‖u-v‖² + 4(r + z)²; the smaller of the two numbers is computed
    from their product -r(r + 2z), which is 0 at a minimum.
    """
    z = np.dot(u, v)
    r, a, b = z - y, length(u + v), length(u - v)
    large = ((a * a + b * b) / 2 + np.hypot(a * b, 2 * (r + z))) / 2
    small = -r * (r + 2 * z) / np.where(large > 0, large, 1)
    others = np.ones(u.shape[0] - 1, u.dtype)
    return np.sort(np.concatenate([np.stack([small, large]), r * others, -r * others])) + lam
