"""What scores follow while nothing has changed: laws, their moments, and ψ, the logarithm of E exp(λs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked, domains_of
from gnomon.domains import Array, Entries, Finite, Number, OpenFraction, Positive, Real, State
from gnomon.norms import length

Sample: TypeAlias = Annotated[Array, Entries(("n",), least=2, finite=True)]


class Gaussian(NamedTuple):
    """N(μ₀, σ₀²); conservative for any law that is σ₀²-sub-Gaussian. mean: μ₀. sd: σ₀."""

    mean: Real
    sd: Positive


class Bernoulli(NamedTuple):
    """1 with this probability p₀, else 0."""

    probability: OpenFraction


class Poisson(NamedTuple):
    """Counts with mean r₀ = rate."""

    rate: Positive


class Exponential(NamedTuple):
    """Density b₀·exp(-b₀s), b₀ = rate."""

    rate: Positive


class Discrete(NamedTuple):
    """values: v, shape (k,). weights: w >= 0, shape (k,); they are divided by their sum."""

    values: Annotated[Array, Entries(("k",), least=1, finite=True)]
    weights: Annotated[Array, Entries(("k",), least=1, each=Number())]


class Bounded(NamedTuple):
    """Any law on [low, high] with this mean: Hoeffding's bound of ψ."""

    mean: Real
    low: Real
    high: Real


class Empirical(NamedTuple):
    """ψ of calibration scores themselves, shape (n,): no guarantee."""

    scores: Sample


class GaussianPlugin(NamedTuple):
    """The normal law with mean and standard deviation (n - 1) of calibration scores: no guarantee."""

    scores: Sample


class EmpiricalUCB(NamedTuple):
    """ψ of calibration scores in [low, high] and Hoeffding's allowance: too small with probability <= failure."""

    scores: Sample
    low: Real
    high: Real
    failure: OpenFraction


NULLS = (Gaussian, Bernoulli, Poisson, Exponential, Discrete, Bounded, Empirical, GaussianPlugin, EmpiricalUCB)


@dataclass(frozen=True)
class AnyNull:
    """One of `NULLS`, each part in its domain, arrays of the dtype of scores, tilts or prompt."""

    classes: ClassVar = NULLS

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if type(value) not in NULLS:
            raise TypeError(f"{name} must be {self}, got {type(value).__name__}")
        kind: Any = type(value)
        State(tuple(domains_of(kind).items())).require(name, value, given)
        if isinstance(value, Discrete) and not np.sum(value.weights) > 0:
            raise ValueError(f"{name}.weights must not all be 0, got {value.weights}")
        if isinstance(value, Bounded) and not (value.low <= value.mean <= value.high and value.low < value.high):
            raise ValueError(f"{name} must have low <= mean <= high and low < high, got {value}")
        if isinstance(value, EmpiricalUCB):
            require_inside(f"{name}.scores", value.scores, value)

    def __str__(self) -> str:
        return "one of " + ", ".join(kind.__name__ for kind in NULLS)


def require_inside(name: str, scores: Array, null: Any) -> None:
    """Require scores in [low, high] of a null that has such."""
    if isinstance(null, Bounded | EmpiricalUCB) and not np.all((scores >= null.low) & (scores <= null.high)):
        raise ValueError(f"{name} must be in [{null.low}, {null.high}] in every entry")


Null: TypeAlias = Annotated[Any, AnyNull()]


def moments(null: Any) -> tuple[Any, Any]:
    """Return mean and standard deviation; of a bounded law half its width, the most that it can be."""
    if isinstance(null, Gaussian):
        return null.mean, null.sd
    if isinstance(null, Bernoulli):
        return null.probability, (null.probability * (1 - null.probability)) ** 0.5
    if isinstance(null, Poisson):
        return null.rate, null.rate**0.5
    if isinstance(null, Exponential):
        return 1 / null.rate, 1 / null.rate
    if isinstance(null, Bounded):
        return null.mean, (null.high - null.low) / 2
    if isinstance(null, Discrete):
        shares = null.weights / np.sum(null.weights)
        mean = np.sum(shares * null.values)
        return mean, length(shares**0.5 * (null.values - mean))
    mean = np.mean(null.scores)
    return mean, length(null.scores - mean) / (null.scores.shape[0] - 1) ** 0.5


def require_finite_mgf(tilts: Any, null: Any) -> None:
    """Require tilts for which ψ is finite, or a bound of it is known."""
    if isinstance(null, Exponential) and not np.all(tilts < null.rate):
        raise ValueError(f"tilts must be < rate {null.rate!r}: the moment generating function is infinite")
    if isinstance(null, EmpiricalUCB) and not np.all(tilts >= 0):
        raise ValueError("tilts must be >= 0 for EmpiricalUCB")


@checked(lambda given: require_finite_mgf(given["tilts"], given["null"]))
def log_mgf(tilts: Annotated[Array, Finite()], null: Null) -> Array:
    """Return ψ(λ), or the bound of it that a detector uses, for each tilt.

    ::

        Gaussian      λμ₀ + λ²σ₀²/2              Poisson      r₀(exp λ - 1)
        Bernoulli     log(1 - p₀ + p₀·exp λ)     Exponential  -log(1 - λ/b₀),  λ < b₀
        Discrete      log Σ wₖ·exp(λvₖ)/Σ wₖ     Bounded      λμ₀ + λ²(b - a)²/8
        Empirical     log (1/n)Σ exp(λcⱼ)        GaussianPlugin: Gaussian with mean and sd of the scores
        EmpiricalUCB  log((1/n)Σ exp(λcⱼ) + (exp λb - exp λa)·√(log(1/failure)/(2n))),  λ >= 0

    tilts: λ, any shape, finite. null: one of `NULLS`, arrays of the dtype of the tilts. Increments λs - ψ(λ) have
    E exp = 1 for the exact ones, <= 1 for `Bounded` and, with probability 1 - failure, `EmpiricalUCB`; of `Empirical`
    and `GaussianPlugin` nothing is known.
    """
    psi: Array
    if isinstance(null, Bernoulli):
        below = np.expm1(-np.abs(tilts))
        up = tilts + np.log1p((1 - null.probability) * below)
        psi = np.where(tilts > 0, up, np.log1p(null.probability * below))
    elif isinstance(null, Poisson):
        psi = null.rate * np.expm1(tilts)
    elif isinstance(null, Exponential):
        psi = -np.log1p(-tilts / null.rate)
    elif isinstance(null, Gaussian | GaussianPlugin):
        mean, sd = moments(null)
        psi = mean * tilts + (sd * tilts) ** 2 / 2
    elif isinstance(null, Bounded):
        psi = null.mean * tilts + ((null.high - null.low) * tilts) ** 2 / 8
    elif isinstance(null, EmpiricalUCB):
        share = np.mean(np.exp(tilts[..., np.newaxis] * (null.scores - null.high)), axis=-1)
        allowance = (np.log(0 * tilts + 1 / null.failure) / (2 * null.scores.shape[0])) ** 0.5
        psi = tilts * null.high + np.log(share - np.expm1((null.low - null.high) * tilts) * allowance)
    else:
        values = null.values if isinstance(null, Discrete) else null.scores
        weights = null.weights if isinstance(null, Discrete) else 0 * null.scores + 1
        exponents = tilts[..., np.newaxis] * values
        top = np.max(exponents, axis=-1)
        mean = np.sum(weights * np.exp(exponents - top[..., np.newaxis]), axis=-1) / np.sum(weights)
        psi = top + np.log(mean)
    return psi
