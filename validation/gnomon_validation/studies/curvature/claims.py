"""What was published about curvature estimators, put to the test."""

from __future__ import annotations

from functools import cache

import numpy as np

from gnomon.curvature.draws import all_signs, rademacher
from gnomon.curvature.operators import Dense
from gnomon.curvature.sample_sizes import chebyshev_size, semidefinite_size
from gnomon.curvature.trace import hutchinson, rademacher_variance
from gnomon.domains import Array
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.curvature.variance import hutch_errors, independent, moments, normal, signs

ledger = Ledger("curvature")


@cache
def indefinite() -> Array:
    """Return a symmetric 10 by 10 matrix of normal numbers, moved by a multiple of I to the trace 1.434."""
    draw = np.random.default_rng(0).standard_normal((10, 10))
    symmetric = (draw + draw.T) / 2
    moved: Array = symmetric + (1.434 - np.trace(symmetric)) / 10 * np.eye(10)
    return moved


def stopped_trace(samples: Array, *, tolerance: float = 1e-3, absolute: bool = False) -> tuple[float, int]:
    """Return PyHessian's estimate of a trace, and of how many of the samples zᵀH z it is the mean.

    With the running mean tₖ after k probes, t₀ = 0, it stops when |tₖ - tₖ₋₁|/(tₖ₋₁ + 1e-6) is below the tolerance, or
    after all samples. Once tₖ₋₁ is below -1e-6 the quotient is negative, which is below any tolerance. absolute: with
    |tₖ₋₁| in the denominator, as meant.
    """
    total = mean = 0.0
    for k, sample in enumerate(samples, start=1):
        total += float(sample)
        before, mean = mean, total / k
        if abs(mean - before) / ((abs(before) if absolute else before) + 1e-6) < tolerance:
            return mean, k
    return mean, len(samples)


@ledger.claim(
    "holds if",
    source="pyhessian 0.1, hessian.trace; its rule rewritten here",
    condition="no running mean is negative: at the first that is, the next probe is the last",
)
def tolerance_of_the_trace() -> Evidence:
    """PyHessian's trace runs until its running mean changes by less than tol, “the relative tolerance”

    It stops when |tₖ − tₖ₋₁|/(tₖ₋₁ + 1e-6) < tol, without an absolute value in the denominator. Of an indefinite
    Hessian the first sample is often negative; then the second is the last, whatever the trace is.
    """
    matrix = indefinite()
    trace = float(np.trace(matrix))
    samples = hutchinson(Dense(matrix), all_signs(10)).samples
    negative = samples[samples < -1e-6]
    pairs = [stopped_trace(np.array([a, b, *samples[:98]])) for a in negative[::16] for b in samples[::16]]
    drawn = hutchinson(Dense(matrix), rademacher(np.random.default_rng(1), 20_000, 10)).samples.reshape(200, 100)
    early = [estimate for estimate, probes in map(stopped_trace, drawn) if probes == 2]
    as_meant = sum(stopped_trace(row, absolute=True)[1] == 2 for row in drawn)
    stops_at = (np.mean(negative) + trace) / 2
    figure = (
        f"a 10×10 matrix with the trace {trace:.3f}: of all {samples.size} sign vectors {negative.size} give a "
        f"negative sample, on average {np.mean(negative):.3f}; after each of those it stops at probe 2 and returns "
        f"{stops_at:.3f} on average. Of 200 runs of 100 probes {len(early)} stop after 2, the "
        f"first with {early[0]:.3f}; with an absolute value {as_meant} do"
    )
    stops = all(probes == 2 for _, probes in pairs)
    return Evidence(stops and len(early) > as_meant and bool(stops_at < 0 < trace), figure)


@ledger.claim(
    "holds if",
    source="Meyer, Musco, Musco & Woodruff, SOSA 2021, arXiv 2010.09649, abstract",
    condition="the eigenvalues fall fast enough for the sketch to find most of ‖A‖_F",
)
def hutchpp_outperforms() -> Evidence:
    """“We show that it [Hutch++] significantly outperforms Hutchinson's method in experiments”

    Its error is that of Hutchinson's estimator for what the sketch leaves over, with a third of the probes. Where the
    spectrum is flat the sketch leaves nearly everything: worse with few products, better with many.
    """
    (fast, fast_plus), (flat, flat_plus) = (np.median(hutch_errors(decay, (12, 96)), axis=-1) for decay in (2.0, 0.5))
    figure = "n = 1024, median relative error of 20 seeds, Hutchinson and Hutch++: " + "; ".join(
        f"{budget} products {fast[i]:.1e} and {fast_plus[i]:.1e} for λᵢ = i⁻², {flat[i]:.1e} and {flat_plus[i]:.1e} "
        f"for λᵢ = i^-½"
        for i, budget in enumerate((12, 96))
    )
    return Evidence(bool(np.all(fast_plus < fast) and flat_plus[0] > flat[0]), figure)


@ledger.claim("holds", source="Hutchinson, Commun. Stat. Simul. 19 (1990)")
def signs_have_the_least_variance() -> Evidence:
    """Of all probes with independent entries of mean 0 and variance 1, signs have the least variance

    It is 2‖S‖² + (μ₄ - 3)ΣSᵢᵢ² with the fourth moment μ₄ of an entry, and μ₄ >= 1, with equality for signs.
    """
    matrix = indefinite()[:5, :5]
    sparse = independent(5, (-(2**0.5), 0.0, 2**0.5), (0.25, 0.5, 0.25))
    rules = {"signs (μ₄ = 1)": signs(5), "0, ±√2 (μ₄ = 2)": sparse, "normal (μ₄ = 3)": normal(5)}
    variances = [moments(matrix, rule)[1] for rule in rules.values()]
    figure = "a 5×5 matrix, every probe enumerated: variance " + ", ".join(
        f"{variance:.6f} with {name}" for name, variance in zip(rules, variances, strict=True)
    )
    least, middle, most = variances
    even = f"{most - middle:.9g}" == f"{middle - least:.9g}"
    return Evidence(least < middle < most and even, figure)


@ledger.claim("holds", source="Roosta-Khorasani & Ascher, Found. Comput. Math. 15 (2015), arXiv 1308.2475")
def enough_probes() -> Evidence:
    """6·ε⁻²·ln(2/δ) sign probes give the trace of a semidefinite matrix up to ε with probability 1 - δ

    True, and pessimistic: where the variance is known, Chebyshev's inequality asks for fewer.
    """
    draw = np.random.default_rng(3)
    factor = draw.standard_normal((20, 20))
    matrix = factor @ factor.T
    trace = float(np.trace(matrix))
    enough = semidefinite_size(error=0.3, failure=0.1)
    fewer = chebyshev_size(float(rademacher_variance(matrix)), error=0.3 * trace, failure=0.1)
    rates = {}
    for count in (enough, fewer):
        probes = rademacher(draw, 1000 * count, 20)
        estimates = np.mean(np.sum((probes @ matrix) * probes, axis=1).reshape(1000, count), axis=1)
        rates[count] = float(np.mean(np.abs(estimates - trace) > 0.3 * trace))
    figure = (
        f"a 20×20 Wishart matrix, ε = 0.3, δ = 0.1: of 1,000 estimates with {enough} probes {1000 * rates[enough]:.0f} "
        f"miss by more than 30 %, with Chebyshev's {fewer} {1000 * rates[fewer]:.0f}; allowed are 100"
    )
    return Evidence(rates[enough] <= 0.1 and fewer < enough, figure)
