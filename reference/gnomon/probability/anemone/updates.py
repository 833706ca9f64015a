"""EM on a whole data set, on a batch, and anemone, which keeps what the batch says nothing of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Fraction, NonNegative, Number
from gnomon.probability.anemone.circuits import (
    SIGMA_MIN,
    Circuit,
    Parameters,
    groups,
    of_length,
    require_parameters,
    require_structure,
)
from gnomon.probability.anemone.passes import Moments, Statistics, expected_moments

StepSize: TypeAlias = Annotated[float, Number(0, 1, above=True, closed=True)]
Variant = Literal["standard", "code"]
NEGLIGIBLE = 1e-12  # a weight below it counts as 0, where zeros are kept
CODE_FLOOR = 1e-10


class AnemoneState(NamedTuple):
    """What momentum remembers: running means of totals (P,) and masses (groups,), and how many updates were made."""

    totals: Array
    masses: Array
    update_count: int


class Report(NamedTuple):
    """What an update was like.

    log_likelihood: the mean before it, W: of which weight. slowest, median, fastest: of the implicit rates g of the
    groups. divergence: KL of complete data, before from after. dead: how many groups nobody used, which stay.
    clamped: how many standard deviations were raised to the least.
    """

    log_likelihood: Array
    weight: Array
    slowest: Array
    median: Array
    fastest: Array
    divergence: Array
    dead: int
    clamped: int


def require_fitting(given: Mapping[str, Any]) -> None:
    """Require moments of the shape of the circuit, finite, of the dtype of the parameters, and W > 0."""
    params, count = given["params"], len(groups(given["circuit"]))
    held = {"statistics": given["statistics"].moments, "state": given.get("state")}
    for name, moments in held.items():
        if moments is None:
            continue
        for part, length in (("totals", params.shape[0]), ("masses", count)):
            array = getattr(moments, part)
            if array.shape != (length,) or array.dtype != params.dtype or not np.all(np.isfinite(array)):
                raise ValueError(f"{name}.{part} must be finite, of shape ({length},) and of dtype {params.dtype}")
    if not (given["statistics"].weight > 0 and np.isfinite(given["statistics"].weight)):
        raise ValueError(f"statistics.weight must be > 0, got {given['statistics'].weight}")


@checked(require_structure, of_length("params"))
def init(params: Parameters, circuit: Circuit) -> AnemoneState:
    """Return the state before the first update: zeros."""
    return AnemoneState(np.zeros_like(params), np.zeros(len(groups(circuit)), params.dtype), 0)


def probabilities(theta: Any, totals: Any, eps: float, variant: str, keep_zero: bool) -> Any:
    """Return (Q + ε/K)/(M + ε), M = ΣQ; as they are where M = 0."""
    raised = totals + eps / len(theta)
    if keep_zero:
        raised = np.where(theta < NEGLIGIBLE, 0, raised)
    used = np.sum(totals) > 0
    if variant == "code":
        return raised / np.sum(raised)
    return np.where(used, raised / np.where(used, np.sum(raised), 1), theta)


def gaussian(theta: Any, totals: Any, mass: Any, variant: str) -> tuple[Any, Any]:
    """Return (μ, σ²) from the moments about the mean before; as they are where there is no mass."""
    mean, second = theta[0], totals[1]
    if variant == "code":
        first = (totals[0] + mean * mass) / (mass + CODE_FLOOR)
        second = (second + 2 * mean * totals[0] + mean * mean * mass) / (mass + CODE_FLOOR)
        return first, second - first * first
    used, shared = mass > 0, np.where(mass > 0, mass, 1)
    shift = totals[0] / shared
    return mean + np.where(used, shift, 0), np.where(used, second / shared - shift * shift, theta[1] * theta[1])


def maximised(
    params: Array, circuit: Circuit, moments: Moments, eps: Any, variant: str = "standard", keep_zero: bool = False
) -> tuple[Array, Any]:
    """Return the parameters that the M-step makes of moments, and the number of standard deviations that it raised."""
    parts: list[Any] = []
    clamped: Any = 0
    for i, (start, stop, kind) in enumerate(groups(circuit)):
        theta, totals = params[start:stop], moments.totals[start:stop]
        if kind == "gaussian":
            mean, variance = gaussian(theta, totals, moments.masses[i], variant)
            clamped = clamped + np.where(variance < SIGMA_MIN**2, 1, 0)
            parts.append(np.stack([mean, np.maximum(np.sqrt(np.maximum(variance, 0)), SIGMA_MIN)]))
        else:
            parts.append(probabilities(theta, totals, eps, variant, keep_zero))
    return finite(np.concatenate(parts)), clamped


def finite(params: Array) -> Array:
    """Return parameters that are finite; raise `ValueError` where they are not."""
    if not np.all(np.isfinite(params)):
        raise ValueError("statistics make parameters that are not finite: nothing is changed")
    return params


@checked(require_structure, require_parameters, require_fitting)
def full_em(
    params: Parameters, circuit: Circuit, statistics: Statistics, *,
    eps: NonNegative = 0.0, variant: Variant = "standard", keep_zero: bool = False,
) -> Array:  # fmt: skip
    """Return the parameters after the M-step, EM's second half; statistics are those of the whole data.

    Q the totals of a group, M = ΣQ, K entries::

        θ ← (Q + ε/K)/(M + ε)                                 weights of sums, categories
        μ ← μ + Q₁/M,  σ² ← max(Q₂/M - (Q₁/M)², 0.01²)        Gaussians, without ε

    A group that nobody used stays as it is. variant: with "code" it becomes uniform, or 0/0, and Gaussians have M +
    1e-10 for M under moments about 0, which shrinks what is hardly used towards 0. keep_zero: an entry below 1e-12
    becomes 0 and is left out of the normaliser. Raises `ValueError` if a parameter would not be finite.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        return maximised(params, circuit, statistics.moments, eps, variant, keep_zero)[0]


@checked(require_structure, require_parameters, require_fitting)
def mini_em(
    params: Parameters, circuit: Circuit, statistics: Statistics, *,
    step_size: StepSize = 0.1, eps: NonNegative = 0.0,
) -> Array:  # fmt: skip
    """Return (1-α)·θ + α·(the M-step of the batch), α = step_size; of a Gaussian μ and μ² + σ² are mixed so.

    It is anemone with the batch's own flow for the model's: a node that a batch hardly used moves as far as any.
    """
    target, _ = maximised(params, circuit, statistics.moments, eps)
    parts = []
    for start, stop, kind in groups(circuit):
        old, new = params[start:stop], target[start:stop]
        if kind == "gaussian":
            shift = new[0] - old[0]
            square = new[1] * new[1] + (1 - step_size) * shift * shift
            variance = (1 - step_size) * old[1] * old[1] + step_size * square
            parts.append(np.stack([old[0] + step_size * shift, np.maximum(np.sqrt(variance), SIGMA_MIN)]))
        else:
            parts.append((1 - step_size) * old + step_size * new)
    return finite(np.concatenate(parts))


@checked(require_structure, require_parameters, require_fitting)
def update(
    params: Parameters, circuit: Circuit, statistics: Statistics, state: AnemoneState, *,
    step_size: StepSize = 0.4, momentum: Fraction = 0.9, eps: NonNegative = 1e-6, variant: Variant = "standard",
    keep_zero: bool = False,
) -> tuple[Array, AnemoneState, Report]:  # fmt: skip
    """Make one update of anemone and return the new parameters, the new state, and what the update was like.

    With α = step_size, m = momentum, u the number of the update, S and W those of the batch::

        E ← m·E + (1-m)·S/W         S̄ = E/(1 - mᵘ)
        Q = α·S̄ + (1-α)·(the model's own moments)
        θ ← the M-step of Q, with the pseudocount α·ε/W

    so that θ ← (1-g)·θ + g·S̄/F̄ in each group, g = α·F̄/(α·F̄ + (1-α)·TD): 0 where the batch says nothing, α at the root.
    With α = 1 and m = 0 it is `full_em`. Batches are joined by adding their statistics before an update.

    variant: with "code" E is the mean of S, divided by the W of this batch alone, and the pseudocount is ε itself,
    about W/α times as strong; and as in `full_em`. state: moments of a Gaussian are about its present mean, and move
    with it.
    """
    a, W, count = step_size, statistics.weight, state.update_count + 1
    per_update, per_mean, pseudocount = (1, W, eps) if variant == "code" else (W, 1, a * eps / W)
    E = joined(momentum, state, (1 - momentum) / per_update, statistics.moments)
    correction = (1 - momentum**count) * per_mean
    mean = Moments(E.totals / correction, E.masses / correction)
    model = expected_moments(params, circuit)
    Q = joined(1 - a, model, a, mean)
    with np.errstate(invalid="ignore", over="ignore"):
        new, clamped = maximised(params, circuit, Q, pseudocount, variant, keep_zero)
    dead = Q.masses == 0
    rates = np.where(dead, 0, a * mean.masses / np.where(dead, 1, Q.masses))
    divergence = complete_divergence(params, new, circuit, model.masses)
    report = Report(
        statistics.log_likelihood / W, W, np.min(rates), np.median(rates), np.max(rates), divergence,
        int(np.sum(dead)), int(clamped),
    )  # fmt: skip
    return new, AnemoneState(*recentred(E, new - params, circuit), count), report


def joined(keep: Any, moments: Any, add: Any, others: Any) -> Moments:
    """Return keep·moments + add·others."""
    return Moments(keep * moments.totals + add * others.totals, keep * moments.masses + add * others.masses)


def recentred(moments: Moments, shift: Array, circuit: Circuit) -> Moments:
    """Return the moments with those of each Gaussian about a mean that has moved."""
    parts = []
    for i, (start, stop, kind) in enumerate(groups(circuit)):
        totals, d = moments.totals[start:stop], shift[start]
        if kind == "gaussian":
            moved = moments.masses[i] * d
            totals = np.stack([totals[0] - moved, totals[1] - 2 * d * totals[0] + d * moved])
        parts.append(totals)
    return Moments(np.concatenate(parts), moments.masses)


def complete_divergence(before: Array, after: Array, circuit: Circuit, used: Array) -> Any:
    """Return Σ TD·KL(before ‖ after) over the groups: of the data with the choice made at every sum."""
    total = 0 * used[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        for i, (start, stop, kind) in enumerate(groups(circuit)):
            old, new = before[start:stop], after[start:stop]
            if kind == "gaussian":
                apart, ratio = (old[0] - new[0]) / new[1], old[1] / new[1]
                divergence = (apart * apart + ratio * ratio - 1) / 2 - np.log(ratio)
            else:
                divergence = np.sum(np.where(old > 0, old * np.log(old / new), 0))
            total = total + np.where(used[i] > 0, used[i] * divergence, 0)
    return total
