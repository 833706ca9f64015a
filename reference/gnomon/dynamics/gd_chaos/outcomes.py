"""Where gradient descent ends: it converges, to which minimum, it diverges, or that is undecided after many steps."""

from __future__ import annotations

from math import inf
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import Array, Finite, NonNegative, NonNegativeInt, Number, Positive, Real
from gnomon.dynamics.gd_chaos.plane import Numbers
from gnomon.dynamics.gd_chaos.steps import Partner, Vector, gradient, moved
from gnomon.norms import joint_length

LABELS = ("undecided", "origin", "plus", "minus", "diverged")
UNDECIDED, ORIGIN, PLUS, MINUS, DIVERGED = range(len(LABELS))
LOG_3 = 1.0986122886681098
Above1: TypeAlias = Annotated[float, Number(1, above=True)]


class Outcome(NamedTuple):
    """label: one of `LABELS`. steps: t, how many steps were made. u, v: where they ended."""

    label: str
    steps: int
    u: Array
    v: Array


class Basins(NamedTuple):
    """labels (int8): 0 undecided, 1 origin, 2 plus, 3 minus, 4 diverged, as in `LABELS`. steps: t (int32)."""

    labels: NDArray[np.int8]
    steps: NDArray[np.int32]


@checked()
def outcome(
    u: Vector, v: Partner, *, eta: Positive = 0.5, y: Real = 1.0, lam: NonNegative = 0.0,
    max_steps: NonNegativeInt = 1000, grad_tol: NonNegative = 1e-10, escape: Positive = 1e10,
    criterion: Literal["gradient", "notebook"] = "gradient",
) -> Outcome:  # fmt: skip
    """Step until it is known where gradient descent ends. At each t, in this order:

    "diverged" if not W = η(‖u‖² + ‖v‖²) <= escape; converged if ‖∇L‖ <= grad_tol; "undecided" if t = max_steps; a step.
    What converged is at the "origin" if w = ‖u‖² + ‖v‖² is below |y| - λ, half of a minimum's, or if |y| <= λ > 0;
    otherwise it is "plus" or "minus", by the sign of the sum of entries of u + v (y >= 0) or of u - v.

    u, v, eta, y, lam: of `vector_step`. criterion: "notebook" calls converged what a transcription of the authors'
    notebook does, ½r² < λy - λ²/2 + 1e-6: the error in the data below the least possible loss, which is no test of
    convergence.

    Choice: the escape proves divergence for λ = 0. For λ > 0 it does not, whatever its value: starts of any norm exist
    that converge, on sets that are exponentially thin. η between 1/|y| and 2/|y| may end "undecided" for ever.
    """
    for t in range(max_steps + 1):
        w = np.sum(u * u) + np.sum(v * v)
        if not eta * w <= escape:
            return Outcome("diverged", t, u, v)
        r = np.dot(u, v) - y
        found = 0.5 * r * r < lam * y - lam * lam / 2 + 1e-6
        if criterion == "gradient":
            found = joint_length(gradient(u, v, y, lam)) <= grad_tol
        if found:
            lead = np.sum(u + v if y >= 0 else u - v)
            label = "plus" if lead >= 0 else "minus"
            return Outcome("origin" if w < smallest(y, lam) else label, t, u, v)
        if t < max_steps:
            u, v = moved(u, v, eta, y, lam)
    return Outcome("undecided", max_steps, u, v)


def smallest(y: float, lam: float) -> float:
    """Return below which w a limit is the origin: |y| - λ, or any if there is no other critical point."""
    return inf if abs(y) <= lam and lam > 0 else abs(y) - lam


@checked()
def basin_grid(
    u: Numbers, v: Annotated[Array, Finite("u")], *, eta: Positive = 1.0, y: Real = 0.5, lam: NonNegative = 0.2,
    max_steps: NonNegativeInt = 400, grad_tol: NonNegative = 1e-10, escape: Positive = 1e10,
) -> Basins:  # fmt: skip
    """Return what `outcome` says of each start with d = 1: labels and numbers of steps, of the shape of u.

    u, v: one start an entry, arrays of any one shape; `cell_centres` makes those of a picture. No start knows of
    another, so pictures can be made in pieces. A start with any d is that with (‖u+v‖ ± ‖u-v‖)/2. All else: of
    `outcome`.

    In α = √η(u + v) and β = √η(u - v), whose signs say which minimum: W = (α² + β²)/2, the size below, and η³‖∇L‖² =
    [(μ + R)²α² + (μ - R)²β²]/2.
    """
    mu, Y, root = eta * lam, eta * y, eta**0.5
    alpha, beta = root * (u + v), root * (u - v)
    small, least = (grad_tol * eta * root) ** 2, eta * smallest(y, lam)
    labels, steps, alive = np.zeros(u.shape, np.int8), np.full(u.shape, max_steps, np.int32), np.ones(u.shape, bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(max_steps + 1):
            A, B = alpha * alpha, beta * beta
            R, size = (A - B) / 4 - Y, (A + B) / 2
            slope = ((mu + R) * (mu + R) * A + (mu - R) * (mu - R) * B) / 2
            gone = alive & ~(size <= escape)
            settled = alive & ~gone & (slope <= small)
            side = np.where((alpha if y >= 0 else beta) >= 0, PLUS, MINUS)
            labels = np.where(gone, DIVERGED, np.where(settled, np.where(size < least, ORIGIN, side), labels))
            steps = np.where(gone | settled, t, steps)
            alive = alive & ~gone & ~settled
            alpha = np.where(alive, (1 - mu - R) * alpha, alpha)
            beta = np.where(alive, (1 - mu + R) * beta, beta)
    return Basins(labels.astype(np.int8), steps.astype(np.int32))


@checked()
def escape_potential(
    u: Numbers, v: Annotated[Array, Finite("u")], *, eta: Positive = 1.0, y: Real = 0.5, lam: NonNegative = 0.2,
    max_steps: NonNegativeInt = 100, threshold: Above1 = 1e10,
) -> Any:  # fmt: skip
    """Return ν = t - log₃ ln|R| at the first t <= max_steps with |R| > threshold, ∞ where there is none.

    Far out R⁺ is about R³, so that a step takes ν to ν - 1, and G = 3^-ν is about ln|R| in the end: a smooth measure of
    how fast a start escapes. u, v: one start with d = 1 an entry. threshold: > 1; by 100 ν is up to 0.4 off in a
    picture, by 1e10 up to 4e-9, for most starts nothing (the study gd_chaos-region). There is no bound: R of a start
    may be small where W is not. eta, y, lam: of `vector_step`. NaN where η(u ± v)² leaves the range.
    """
    c, Y, root = 1 - eta * lam, eta * y, eta**0.5
    alpha, beta = root * (u + v), root * (u - v)
    found, alive = np.full_like(alpha, inf), np.ones(u.shape, bool)
    with np.errstate(all="ignore"):
        for t in range(max_steps + 1):
            R = (alpha * alpha - beta * beta) / 4 - Y
            out = alive & ~(np.abs(R) <= threshold)
            found = np.where(out, t - np.log(np.log(np.abs(R))) / LOG_3, found)
            alive = alive & ~out
            alpha, beta = np.where(alive, (c - R) * alpha, alpha), np.where(alive, (c + R) * beta, beta)
    return found


def cell_centres(low: float, high: float, n: int, *, shift: float = 0.0) -> Any:
    """Return the n centres of equal cells between two numbers, moved by a share of a cell."""
    return low + (high - low) * (np.arange(n) + 0.5 + shift) / n
