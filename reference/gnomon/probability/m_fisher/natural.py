"""A step along the natural gradient: g over a damped curvature matrix, its KL divergence limited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Fraction, NonNegative, Positive

Vector: TypeAlias = Annotated[Array, Entries(("d",), least=1, finite=True)]
Square: TypeAlias = Annotated[Array, Entries(("d", "d"), finite=True, symmetric=True)]


class FisherState(NamedTuple):
    """average: F̄ before its correction, shape (d, d). step_count: of the matrices in it."""

    average: Square
    step_count: int


class NaturalStep(NamedTuple):
    """params: after the step. direction: d, the step is -η·d, η = 1 for mode "trust_region". slope: gᵀd.
    predicted_kl: ½η²·dᵀF̄d. inverse_condition: smallest over largest eigenvalue of the damped matrix."""

    params: Array
    direction: Array
    slope: Any
    predicted_kl: Any
    inverse_condition: Any


def require_radius(given: Mapping[str, Any]) -> None:
    if given["mode"] == "trust_region" and given["kl_radius"] is None:
        raise ValueError("kl_radius must be a number where mode is 'trust_region', got None")


def solved(F: Array, g: Array, damped: bool) -> tuple[Array, Any]:
    """Return F⁻¹g and the smallest over the largest eigenvalue; undamped, the shortest solution in the range of F."""
    values, vectors = np.linalg.eigh(F)
    if damped and not values[0] > 0:
        raise np.linalg.LinAlgError(
            f"the damped Fisher matrix must be positive definite, its smallest eigenvalue is {values[0]}: raise damping"
        )
    rounding = max(1e-12, 16 * F.shape[0] * float(np.finfo(F.dtype).eps))
    kept = values > (0 if damped else rounding) * values[-1]
    inverse = np.where(kept, 1 / np.where(kept, values, 1), 0)
    return vectors @ (inverse * (np.transpose(vectors) @ g)), values[0] / np.where(values[-1] > 0, values[-1], 1)


def in_units(grad: Array) -> tuple[Array, Any]:
    """Return a gradient in units of its largest entry, and that."""
    largest = np.max(np.abs(grad))
    return grad / np.where(largest > 0, largest, 1), largest


def limited(
    params: Array, gradient: tuple[Array, Any], d: Array, width: Any, lr: float, kl_radius: float | None, mode: str
) -> tuple[Array, Array, Any, Any]:
    """Return what `NaturalStep` has first. gradient: as of `in_units`. d, width: of the unit, F̃⁻¹g and dᵀF̄d."""
    unit, largest = gradient
    fall = np.dot(unit, d)
    size, rate = largest, lr
    if mode == "trust_region" and kl_radius is not None:
        size, rate = (2 * kl_radius) ** 0.5 / np.where(fall > 0, np.abs(fall), 1) ** 0.5, 1.0
    elif kl_radius is not None:
        limit = (2 * kl_radius) ** 0.5 / (lr * np.where(width > 0, np.abs(width), 1) ** 0.5)
        size = np.where(width > 0, np.minimum(largest, limit), largest)
    direction = size * d
    return params - rate * direction, direction, size * largest * fall, (rate * size) ** 2 * width / 2


@checked(require_radius)
def natural_step(
    params: Vector, grad: Vector, fisher: Square, state: FisherState | None = None, metric: Square | None = None, *,
    lr: Positive = 0.1, damping: NonNegative = 1e-3, beta: Fraction = 0.0, kl_radius: Positive | None = None,
    mode: Literal["damped", "trust_region"] = "damped",
) -> tuple[NaturalStep, FisherState]:  # fmt: skip
    """Make one step; return it and the state.

    ::

        A ← β·A + (1 - β)·F;   F̄ = A/(1 - βᵏ);   F̃ = F̄ + ρ·R;   d = F̃⁻¹g
        damped        d ← d·min(1, √(2ε/(η²·dᵀF̄d)));   φ ← φ - η·d
        trust_region  d ← d·√(2ε/(gᵀd));               φ ← φ - d

    params: φ, shape (d,). grad: g. fisher: F, symmetric, (d, d). state: A and k of the steps before, if β > 0. metric:
    R, positive definite, by default I: that of another chart is what makes a damped step independent of charts. lr: η.
    damping: ρ; with 0 d is the shortest solution within the range of F̄, eigenvalues up to 1e-12 of the largest (16d
    units of roundoff, if that is more) counting as 0. kl_radius: ε, `None` for no limit. A gradient of 0 changes
    nothing. Raises `LinAlgError` (a `ValueError`) for ρ > 0 where F̃ is not positive definite.

    Choices: d is found in units of max |g|, so that no gradient leaves the range. β = 0: the source has no average.
    """
    before = FisherState(0 * fisher, 0) if state is None else state
    k = before.step_count + 1
    average = beta * before.average + (1 - beta) * fisher
    mean = average / (1 - beta**k)
    R = np.eye(len(params), dtype=params.dtype) if metric is None else metric
    unit, largest = in_units(grad)
    d, inverse_condition = solved(mean + damping * R if damping > 0 else mean, unit, damping > 0)
    step = limited(params, (unit, largest), d, np.dot(d, mean @ d), lr, kl_radius, mode)
    return NaturalStep(*step, inverse_condition), FisherState(average, k)
