"""ψ: exact where a law is known, never too small where it is only bounded, and the delay that it allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import comb
from typing import Any

import numpy as np

from gnomon.arguments import domains_of
from gnomon.domains import State
from gnomon.probability.m_fisher import nulls
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.probability.m_fisher import inputs, system
from gnomon_spec.probability.m_fisher.inputs import a_null, made, probabilities, some
from gnomon_spec.rejections import bad_values, no_numbers
from gnomon_spec.strategies import count, number, shapes
from gnomon_spec.system import Misfits


@bad_values.register
def _(domain: nulls.AnyNull, value: Any) -> Iterator[tuple[str, Any]]:
    yield from no_numbers()
    kind: Any = type(value)
    yield from bad_values(State(tuple(domains_of(kind).items())), value)


SOME = shapes((2,), (1,), (3,), ())
upward = some(0.0, 0.484375)
cases = Cases({"null": a_null(*nulls.NULLS), "tilts": upward}, SOME)
log_mgf = system.operation(nulls.log_mgf, cases=cases)
either = cases.but(tilts=some(-2.0, 2.0))


def mean_exponential(null: Any, tilt: Any) -> Any:
    """Return E exp(λs), or the bound of it, as textbooks have it."""
    exponentials = np.exp(tilt[..., np.newaxis] * getattr(null, "scores", 0 * tilt[..., np.newaxis]))
    if isinstance(null, nulls.Bernoulli | nulls.Discrete):
        values, p = probabilities(null)
        return np.sum(p * np.exp(tilt[..., np.newaxis] * values), axis=-1)
    if isinstance(null, nulls.Poisson):
        return np.exp(null.rate * (np.exp(tilt) - 1))
    if isinstance(null, nulls.Exponential):
        return null.rate / (null.rate - tilt)
    if isinstance(null, nulls.EmpiricalUCB):
        width = np.sqrt(np.log(1 / null.failure) / (2 * len(null.scores)))
        return np.mean(exponentials, axis=-1) + (np.exp(tilt * null.high) - np.exp(tilt * null.low)) * width
    mean, sd = inputs.mean_and_deviation(null)
    normal = np.exp(tilt * mean + (tilt * sd) ** 2 / 2)
    return np.mean(exponentials, axis=-1) if isinstance(null, nulls.Empirical) else normal


@log_mgf.law("closed form", cases=Cases({"code": count(0), "tilts": some(-0.75, 0.484375)}, SOME))
def it_is_the_logarithm_of_a_mean(port: Any, case: Case) -> Iterable[Fact]:
    """exp ψ(λ) = E exp(λs) of each null, Hoeffding's bound of it, or the mean of the sample and its allowance."""
    for kind in nulls.NULLS:
        null = made(kind, case.code, case.tilts.dtype)
        tilts = np.abs(case.tilts) if kind is nulls.EmpiricalUCB else case.tilts
        yield equal(kind.__name__, np.exp(port.log_mgf(tilts, null)), mean_exponential(null, tilts))


@log_mgf.law("bound", cases=either.but(null=a_null(nulls.Bounded), law=a_null(nulls.Discrete)))
def no_law_on_an_interval_has_a_larger_one(port: Any, case: Case) -> Iterable[Fact]:
    """Hoeffding: ψ of `Bounded` is at least that of every law on [a, b] with this mean, for every real λ."""
    values, p = probabilities(case.law)
    low, high = np.min(values), np.max(values)
    psi = port.log_mgf(case.tilts, nulls.Bounded(np.sum(p * values), low, high))
    yield at_least("ψ", psi, np.log(np.sum(p * np.exp(case.tilts[..., np.newaxis] * values), axis=-1)))


@log_mgf.law("statistical", cases=cases.but(null=a_null(nulls.Bernoulli), failure=choice(0.25, 0.5, 0.125)))
def the_allowance_fails_as_seldom_as_it_says(port: Any, case: Case) -> Iterable[Fact]:
    """P(ψ of `EmpiricalUCB` < ψ) <= failure, over all calibration samples of 6 scores; it never is below `Empirical`.

    All samples are gone through: the false alarm has probability 0.
    """
    one = case.null.probability
    true, missed = np.log(1 - one + one * np.exp(case.tilts)), 0.0
    for k in range(7):
        sample = np.concatenate([np.ones(k), np.zeros(6 - k)]).astype(case.tilts.dtype)
        psi = port.log_mgf(case.tilts, nulls.EmpiricalUCB(sample, 0.0, 1.0, case.failure))
        yield at_least(f"{k} ones", psi, port.log_mgf(case.tilts, nulls.Empirical(sample)))
        below = inputs.indicator(psi < true, psi)
        missed = missed + comb(6, k) * one**k * (1 - one) ** (6 - k) * below
    yield at_least("failure", case.failure + 0 * missed, missed)


@log_mgf.law("bound", cases=either.but(null=a_null(*inputs.EXACT[:-1]), shift=choice(0.25, 0.5)))
def no_tilt_gains_more_than_the_divergence(port: Any, case: Case) -> Iterable[Fact]:
    """Γ(λ) = λE₁s - ψ(λ) <= KL(P₁‖P₀), and with the tilt that makes P₁ of P₀ it is the divergence itself."""
    null, shift = case.null, case.shift
    if isinstance(null, nulls.Gaussian):
        mean, best, kl = null.mean + shift, shift / null.sd**2, (shift / null.sd) ** 2 / 2
    elif isinstance(null, nulls.Bernoulli):
        p, q = null.probability, null.probability * (1 - shift)
        mean, best = q, np.log(q / (1 - q)) - np.log(p / (1 - p))
        kl = q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))
    else:
        poisson, r, s = isinstance(null, nulls.Poisson), null.rate, null.rate * (1 + shift)
        mean, best = (s, np.log(s / r)) if poisson else (1 / s, r - s)
        kl = s * np.log(s / r) - s + r if poisson else np.log(s / r) + r / s - 1
    tilts = np.minimum(case.tilts, null.rate / 2) if isinstance(null, nulls.Exponential) else case.tilts
    yield at_least("KL", kl + 0 * tilts, tilts * mean - port.log_mgf(tilts, null))
    at_best = port.log_mgf(np.asarray(best).reshape(1), null)
    yield equal("Γ", best * mean - at_best, kl, np.abs(best * mean))


@log_mgf.law("limit", cases=cases.but(null=a_null(*inputs.EXACT)))
def small_tilts_see_the_mean(port: Any, case: Case) -> Iterable[Fact]:
    """ψ(0) = 0; ψ lies above the line λ·μ₀, and twice λ more than doubles it: ψ is convex."""
    mean, _ = nulls.moments(case.null)
    psi, twice = port.log_mgf(case.tilts / 2, case.null), port.log_mgf(case.tilts, case.null)
    yield equal("ψ(0)", port.log_mgf(0 * case.tilts, case.null), 0 * case.tilts, 1.0)
    yield at_least("above the line", psi, case.tilts / 2 * mean)
    yield at_least("convex", twice, 2 * psi)


@log_mgf.law("fixed point", cases=cases.but(null=a_null(nulls.Empirical), scale=number(0.5, 4.0, exponents=(-2, 3))))
def large_exponents_do_not_leave_the_range(port: Any, case: Case) -> Iterable[Fact]:
    """ψ of n scores, one of them 0 and the others c, is λc + log((n - 1 + exp(-λc))/n), however large λc is; of 0 and 1
    it is λ + log(p₀ + (1 - p₀)·exp(-λ))."""
    n, c = len(case.null.scores), 3000 * case.scale
    sample = np.where(np.arange(n) > 0, c, 0 * case.null.scores)
    expected = case.tilts * c + np.log((n - 1 + np.exp(-case.tilts * c)) / n)
    yield equal("ψ", port.log_mgf(case.tilts, nulls.Empirical(sample)), expected)
    steep = 3000 * case.tilts
    expected = steep + np.log(0.25 + 0.75 * np.exp(-steep))
    yield equal("ψ of 0 and 1", port.log_mgf(steep, nulls.Bernoulli(0.25)), expected)


@log_mgf.misfits(cases=cases.but(null=a_null(nulls.Discrete)))
def parts_that_do_not_fit_are_rejected(case: Case) -> Misfits:
    """λ < b₀; weights that are not all 0; low <= mean <= high; calibration scores within [low, high]."""
    values, one = case.null.values, 1 + 0 * case.tilts
    bad: dict[str, Any] = {
        "λ = b₀": (one, nulls.Exponential(1.0)),
        "λ < 0": (-one, nulls.EmpiricalUCB(values, -9.0, 9.0, 0.5)),
        "no weight": (one, nulls.Discrete(values, 0 * values)),
        "mean above": (one, nulls.Bounded(2.0, 0.0, 1.0)),
        "mean below": (one, nulls.Bounded(-1.0, 0.0, 1.0)),
        "an empty interval": (one, nulls.Bounded(1.0, 1.0, 1.0)),
        "outside": (one, nulls.EmpiricalUCB(values, 8.0, 9.0, 0.5)),
        "one score": (one, nulls.Empirical(values[:1])),
    }
    return {words: {"tilts": tilts, "null": null} for words, (tilts, null) in bad.items()}


log_mgf.edits("""
two_moments_for_any_law: ψ of a null that is no normal one is that of the normal law with its mean and deviation
    `if isinstance(null, Bernoulli):` → `if not isinstance(null, Bounded | EmpiricalUCB):
            mean, sd = moments(null)
            psi = mean * tilts + (sd * tilts) ** 2 / 2
        elif isinstance(null, Bernoulli):`
exponential_leaves_the_range: ψ of scores 0 and 1 is log(1 - p₀ + p₀·exp λ) as it is written, infinite for large λ
    `psi = np.where(tilts > 0, up, np.log1p(null.probability * below))` →
        `psi = np.log(1 - null.probability + null.probability * np.exp(tilts))`
variance_is_not_halved: ψ of the normal law is λμ₀ + λ²σ₀²
    `(sd * tilts) ** 2 / 2` → `(sd * tilts) ** 2`
width_is_too_small: Hoeffding's bound has λ²(b - a)²/16
    `** 2 / 8` → `** 2 / 16`
mean_is_forgotten: ψ of the bounded law is that of scores about 0
    `null.mean * tilts + ((null.high` → `0 * tilts + ((null.high`
sum_for_the_mean: ψ of calibration scores has the sum of exp(λc) where their mean belongs
    `axis=-1) / np.sum(weights)` → `axis=-1)`
allowance_of_the_mean: Hoeffding's allowance is that of the scores and not of exp(λs)
    `share - np.expm1((null.low - null.high) * tilts) * allowance` → `share + allowance`
allowance_is_subtracted: ψ of calibration scores is lowered by its uncertainty
    `share - np.expm1(` → `share + np.expm1(`
""")
