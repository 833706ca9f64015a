"""Scores of the Gaussian and of mixtures, and the measure of a mixture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm.lstat import lstat
from gnomon.probability.drm.normal import cdf
from gnomon.probability.drm_sa import mixture, scores
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, equal
from gnomon_spec.probability.drm.inputs import SMOOTH, distortions
from gnomon_spec.probability.drm_sa import inputs as drawn
from gnomon_spec.probability.drm_sa import system
from gnomon_spec.probability.drm_sa.inputs import mixtures
from gnomon_spec.strategies import number, shapes, single
from gnomon_spec.system import Misfits

gaussians = Cases(
    {
        "samples": drawn.vectors("1 to 3 samples", 1), "mean": single(choice(0.0, 1.0, -0.5)),
        "sd": single(number(1.0, 0.5, 2.0, exponents=(-2, 2))), "mean_slopes": drawn.vectors("μ′", 0),
        "sd_slopes": drawn.vectors("σ′", 0),
    },
    shapes((1,), (2,)),
)  # fmt: skip


def steepest(case: Case) -> Any:
    """Return the size of scores."""
    zeta = 1 + np.max(np.abs(case.samples - case.mean)) / case.sd
    return zeta**2 * (np.max(np.abs(case.mean_slopes)) + np.max(np.abs(case.sd_slopes))) / case.sd


def size(case: Case) -> Any:
    """Return the size of a mixture's scores: (|x|·s + |d|)²/t² at most, times what slopes of s add."""
    _, d, t, s = mixture.mixture(case.params)
    T = (np.max(np.abs(case.samples)) * s + np.max(np.abs(d))) / np.min(t)
    return (1 + T) ** 2 * (1 + s / np.min(t)) * (1 + np.max(np.abs(d)) / s)


gaussian_scores = system.operation(scores.gaussian_scores, cases=gaussians, scales={"": steepest})
mixture_scores = system.operation(mixture.mixture_scores, cases=mixtures, scales={"params": size})
measured = mixtures.but(distortion=distortions(*SMOOTH))
far: Any = {"params": lambda case: np.max(np.abs(case.points))}
mixture_measure = system.operation(mixture.mixture_measure, cases=measured, scales=far)


@gaussian_scores.law("conservation")
def scores_move_the_moments(port: Any, case: Case) -> Iterable[Fact]:
    """Over three points that integrate polynomials exactly E s = 0, E s·Y = μ′ and E s·(Y - μ)² = 2σ·σ′."""
    z, p = np.array([-1, 0, 1]) * np.sqrt(3 + 0 * case.sd), np.array([1, 4, 1]) / (6 + 0 * case.sd)
    Y = case.mean + case.sd * z
    s = gaussian_scores.call(port, case, samples=Y)
    largest = (np.max(np.abs(case.mean_slopes)) + np.max(np.abs(case.sd_slopes))) / case.sd
    for name, weights, expected in (
        ("E s", p, 0 * case.mean_slopes), ("mean", p * case.sd * z, case.mean_slopes),
        ("variance", p * (case.sd * z) ** 2, 2 * case.sd * case.sd_slopes),
    ):  # fmt: skip
        scale = 4 * np.sum(np.abs(weights)) * largest * (1 + np.abs(case.mean) / case.sd)
        yield equal(name, weights @ s, expected, scale=scale)


@gaussian_scores.misfits()
def a_deviation_of_0_is_rejected(case: Case) -> Misfits:
    """σ = 0 is rejected."""
    return {"sd": {"sd": 0 * case.sd}}


@mixture_scores.law("conservation")
def shift_scale_and_total_do_not_matter(port: Any, case: Case) -> Iterable[Fact]:
    """Σ ∂a = 0, Σ (a·∂a + ∂b) = 0 and Σ ∂c = 0: means that shift together, units and logits that rise together change
    nothing; a single component has scores 0."""
    a, s = case.params[: len(case.params) // 3], mixture_scores.call(port, case)
    by_a, by_b, by_c = (s[:, i * len(a) : (i + 1) * len(a)] for i in range(3))
    scale = len(a) * size(case) * (1 + np.max(np.abs(a)))
    yield equal("shift", np.sum(by_a, axis=1), 0 * case.samples, scale=scale)
    yield equal("scale", np.sum(a * by_a + by_b, axis=1), 0 * case.samples, scale=scale)
    yield equal("total", np.sum(by_c, axis=1), 0 * case.samples, scale=scale)


@mixture_scores.law("closed form")
def they_are_slopes_of_the_logarithm_of_the_density(port: Any, case: Case) -> Iterable[Fact]:
    """∂ log f(x), by a step of 2^-200 along the imaginary axis, where nothing is subtracted."""
    found, J = mixture_scores.call(port, case), len(case.params) // 3
    wide = np.result_type(case.params.dtype, np.complex64)
    for i in range(3 * J):
        theta = case.params.astype(wide) + 1j * 2.0**-200 * (np.arange(3 * J) == i)
        a, t, e = theta[:J], np.exp(theta[J : 2 * J]), np.exp(theta[2 * J :])
        p = e / np.sum(e)
        d = a - np.sum(p * a)
        s = np.sqrt(np.sum(p * (t * t + d * d)))
        T = (case.samples[:, np.newaxis] * s - d) / t
        nearest = np.min(T.real**2, axis=1)[:, np.newaxis]
        density = np.sum(p / t * np.exp((nearest - T * T) / 2), axis=1) * s
        yield equal(f"∂{i}", found[:, i], (density.imag / density.real) * 2.0**200, scale=size(case))


@mixture_scores.law("equivariance")
def components_have_no_order(port: Any, case: Case) -> Iterable[Fact]:
    """Components in another order have their scores in that order; with -a, -x has ∂a of the other sign."""
    J = len(case.params) // 3
    order = np.concatenate([np.arange(J)[::-1] + i * J for i in range(3)])
    s = mixture_scores.call(port, case)
    yield equal("order", mixture_scores.call(port, case, params=case.params[order]), s[:, order], scale=size(case))
    sign = np.where(np.arange(3 * J) < J, -1, 1)
    mirrored = mixture_scores.call(port, case, params=sign * case.params, samples=-case.samples)
    yield equal("mirror", mirrored, sign * s, scale=size(case))


@mixture_scores.law("limit")
def large_logits_and_far_samples_lose_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """Logits that all rise by 1024 change nothing; far out, where each density is 0 in floating point, the scores of
    logits still sum to 0."""
    J = len(case.params) // 3
    risen = mixture_scores.call(port, case, params=case.params + 1024 * (np.arange(3 * J) >= 2 * J))
    yield equal("risen", risen, mixture_scores.call(port, case), scale=size(case))
    far = case.but(samples=case.samples + np.where(case.samples < 0, -64, 64))
    by_logits = mixture_scores.call(port, far)[:, 2 * J :]
    yield equal("far", np.sum(by_logits, axis=1), 0 * case.samples, scale=J * size(far))


@mixture_measure.law("closed form")
def it_is_the_mean_of_two_samples(port: Any, case: Case) -> Iterable[Fact]:
    """ρ is half way between those of samples at the left and at the right ends of intervals, weighed by P(X <= y) = Σ
    p·Φ((y·s - d)/t)."""
    p, d, t, s = mixture.mixture(case.params)
    F = np.sum(p * cdf((case.points[:, np.newaxis] * s - d) / t), axis=1)
    ends = 0 * F[:1]
    left = lstat(case.points, case.distortion, np.diff(np.concatenate([ends, F[1:], ends + 1])))
    right = lstat(case.points, case.distortion, np.diff(np.concatenate([ends, F[:-1], ends + 1])))
    scale = np.max(np.abs(case.points)) + np.ptp(case.points)
    yield equal("ρ", mixture_measure.call(port, case), (left + right) / 2, scale=scale)


@mixture_measure.misfits()
def points_that_fall_are_rejected(case: Case) -> Misfits:
    """Points that fall, parameters of another number than three a component, and no distortion, are rejected."""
    falling, many = case.points[::-1] - np.arange(len(case.points)), np.concatenate([case.params, case.params[:1]])
    no_distortion = {"distortion": Distortion("ph", (-1.0,))}
    return {"points": {"points": falling}, "params": {"params": many}, "w": no_distortion}


@mixture_scores.misfits()
def parameters_come_in_threes(case: Case) -> Misfits:
    """Parameters of another number than three a component are rejected."""
    return {"params": {"params": np.concatenate([case.params, case.params[:1]])}}


gaussian_scores.edits("""
score_in_sigma_without_one: ζ² stands for ζ² - 1: scores do not sum to 0
    `(zeta * zeta - 1) * sd_slopes` → `zeta * zeta * sd_slopes`
score_of_a_unit_variance: Scores are not divided by σ
    `(zeta * mean_slopes + (zeta * zeta - 1) * sd_slopes) / sd` →
        `zeta * mean_slopes + (zeta * zeta - 1) * sd_slopes`
""")
mixture_scores.edits("""
components_not_shifted: The mean of the mixture is not subtracted: it is not 0
    `d, t = a - np.sum(p * a), np.exp(b)` → `d, t = a, np.exp(b)`
means_from_the_first: The first component's mean is subtracted from all
    `a - np.sum(p * a)` → `a - a[0]`
within_variance_only: s² leaves out what means are apart
    `np.sum(p * (t * t + d * d))` → `np.sum(p * t * t)`
standardisation_held_fixed: The slopes of d and s are left out: scores of a free mixture
    `A = np.sum(r * (T * x * s / t - 1), axis=1)[:, np.newaxis]` → `A = 0 * x`,
    `B = np.sum(r * T / t, axis=1)[:, np.newaxis]` → `B = 0 * x`
responsibilities_without_deviations: Responsibilities forget that narrow components are higher
    `np.log(p) - np.log(t) - T * T / 2` → `np.log(p) - T * T / 2`
responsibilities_underflow: Densities are not divided by the largest: far out they are 0/0
    `np.exp(log_r - np.max(log_r, axis=1)[:, np.newaxis])` → `np.exp(log_r)`
logits_without_variance: The logits' scores leave out that s changes with them
    `r - p - B * p * d - A * p * (t * t + d * d - s**2) / (2 * s**2)` → `r - p - B * p * d`
""")
mixture_measure.edits("""
survival_below: w acts on P(X <= y)
    `normal.cdf((d - points[:, np.newaxis] * s) / t)` → `normal.cdf((points[:, np.newaxis] * s - d) / t)`
left_sum: w at the left ends stands for the trapezoidal rule
    `(w[:-1] + w[1:]) / 2` → `w[:-1]`
""")
