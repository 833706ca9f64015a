"""What was published about vSAM and ARSAM, each statement put to the test where it can be run."""

from __future__ import annotations

from math import ceil, log

import numpy as np

from gnomon.descent.sam.decomposition import decompose
from gnomon.descent.sam.reuse import reuse_weight
from gnomon.descent.sam.sampling import Sampler, decide, init_sampler
from gnomon.norms import joint_length
from gnomon.objectives.several_arrays import Cubic, Joined
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.printed import listed
from gnomon_validation.studies.sam import valley
from gnomon_validation.studies.sam.runs import PLAIN, Bowl, Hyperbola, LogCosh, run

VSAM, ARSAM, CODE = "arXiv 2403.08821", "arXiv 2510.03763, abstract", "ajiaaa/vSAM, commit 895e0e5"

ledger = Ledger("sam")


@ledger.claim("false", source=VSAM)
def the_remainder_is_a_projection() -> Evidence:
    """“PSF: the projection of the second-order gradient onto the first-order gradient”

    It is the Hessian times a unit vector. A projection is shorter than what it projects, and done twice it is what it
    was; the PSF is ‖Hg‖ρ/‖g‖, whatever ‖g‖ is, and H is not its own square.
    """
    bowl, rho = Bowl(np.array([4.0, 1.0])), 0.05
    ratios = {}
    for distance in (1.0, 1e-3, 1e-6):
        found = decompose((distance * np.ones(2),), bowl, rho=rho)
        ratios[distance] = joint_length(found.psf) / joint_length(found.grads)
    once = decompose((np.array([1.0, 0.0]),), bowl, rho=1.0).psf[0]
    twice = decompose((once / 4,), bowl, rho=1.0).psf[0] * joint_length((once,)) / 1.0
    said = ", ".join(f"{r:.3g} at distance {d:g}" for d, r in ratios.items())
    product = f"H applied to (1, 0) gives {once[0]:g}, and once more {twice[0]:g}"
    figure = f"½(4x² + y²), ρ = {rho}: ‖psf‖/‖g‖ is {said}; {product}"
    grows = ratios[1e-6] > 1e5 * ratios[1.0] / 2 and ratios[1e-3] > 1
    return Evidence(bool(grows and twice[0] != once[0]), figure)


@ledger.claim("holds if", source=VSAM, condition="f is a quadratic, or the PSF is defined as the difference")
def the_sam_gradient_is_the_gradient_and_a_hessian_product() -> Evidence:
    """The SAM gradient is the SGD gradient plus ρ·Hg/‖g‖

    Beyond a quadratic there is a remainder of second order, at most Mρ²/2 for a Hessian with Lipschitz constant M. For
    x³/3 it is ρ² exactly. For a network with log cosh 1.29·ρ² is stated, but not which one.
    """
    errors = []
    for rho in (0.1, 0.01, 0.001):
        one = Joined(Cubic(np.zeros((1, 1)), np.zeros(1), np.float64(1), np.float64(np.inf)))
        found = decompose((np.array([2.0]),), one, rho=rho)
        errors.append(float(found.sam_grads[0][0] - (4 + rho * 4)))
    bends = []
    for rho in (0.1, 0.01, 0.001):
        found = decompose((np.ones(1),), LogCosh(), rho=rho)
        bends.append(float(found.psf[0][0] - rho / np.cosh(1) ** 2) / rho**2)
    exact = decompose((np.array([2.0]),), Bowl(np.array([3.0])), rho=0.1)
    on_quadratic = abs(float(exact.sam_grads[0][0]) - (6 + 0.3))
    figure = (
        f"x³/3 at x = 2: off by {', '.join(f'{e:.3g}' for e in errors)} for ρ = 0.1, 0.01, 0.001; "
        f"3x²/2 there: {on_quadratic:.1g}; log cosh x at 1: {listed(bends)} times ρ²"
    )
    # Each number is a difference of numbers below 8, rounded once each: 8 units of roundoff of 8.
    noise = 64 * np.finfo(float).eps
    bent = all(abs(e - rho**2) <= noise for e, rho in zip(errors, (0.1, 0.01, 0.001), strict=True))
    return Evidence(bool(bent and on_quadratic <= noise), figure)


def drifting(alpha: float) -> tuple[int, list[float]]:
    """Return how many windows S takes from 1 to its cap where all changes are as large as they can be, and the S."""
    doubling = 2.0 ** np.arange(50)
    sampler: Sampler = init_sampler()._replace(samples=50, norms=doubling, ratios=doubling, variances=doubling)
    rates = [1.0]
    while rates[-1] < 40:
        sampler, _, _ = decide(sampler._replace(step_count=50), 0.0, alpha1=alpha, alpha2=alpha)
        rates.append(float(sampler.samples_per_window))
    return len(rates) - 1, rates


@ledger.claim("false", source=VSAM)
def the_rate_adapts_to_training() -> Evidence:
    """The sampling rate adapts to what happens in training

    The rate begins at one sample in 50 steps and moves by 26 % a window at most (2 % with the class's own defaults): a
    drift that needs 800 steps for its whole range at the very least, however fast things change.
    """
    windows, rates = drifting(0.13)
    slow, _ = drifting(0.01)
    least = ceil(log(40) / log(1.26))
    small = sum(rate < 2 for rate in rates)
    figure = (
        f"if ratios and variances double from sample to sample S goes from 1 to 40 in {windows} windows of 50 steps, "
        f"in {slow} with the class's own α = 0.01; for the first {small} windows ⌊S⌋ stays 1"
    )
    return Evidence(windows == least and slow > 180, figure)


@ledger.claim("false", source=CODE)
def changes_are_those_of_training_steps() -> Evidence:
    """The rate follows how norms vary over the last window of K steps

    An entry is added by a sample, not by a step: at one sample a window the K entries span K windows.
    """
    at: list[int] = []
    still = init_sampler()._replace(samples=50, norms=np.ones(50), ratios=np.ones(50), variances=np.ones(50))
    numbers = np.random.Generator(np.random.PCG64(0)).uniform(size=4000)
    draws, t = 0, 0
    while len(at) < 50:
        still, take, used = decide(still, float(numbers[draws]))
        draws, t = draws + used, t + 1
        at += [t] * take
    figure = f"at S = 1 the 50 samples that decide lie between step {at[0]} and step {at[-1]:,}"
    return Evidence(at[-1] - at[0] > 48 * 49, figure)


@ledger.claim("holds if", source=ARSAM, condition="at most one step in five takes a sample")
def it_is_40_percent_faster() -> Evidence:
    """About 40 % faster than SAM

    In gradients the cost is (1 + p)/2 of SAM's for a fraction p of samples, exactly. vSAM's cap of 0.8 leaves 10 %; the
    rate can rise to it and stay there.
    """
    fifth = run((np.ones(2),), Bowl(np.array([4.0, 1.0])), 200, schedule="every_k", every=5, last=1, lr=0.1, **PLAIN)
    found = valley.runs()[valley.VSAM]
    saved, share = 1 - found.cost, float(np.mean(found.samples))
    capped = 1 - (1 + 0.8) / 2
    figure = (
        f"a sample in every fifth step: {1 - fifth.cost:.0%} saved; vSAM in the valley samples {share:.0%} of its "
        f"steps and saves {saved:.1%}; at its cap it saves {capped:.0%}"
    )
    identity = all(one.cost == (1 + np.mean(one.samples)) / 2 for one in (fifth, found))
    return Evidence(bool(identity and fifth.cost == 0.6 and saved < 0.2), figure)


@ledger.claim("false", source=CODE)
def a_remainder_is_reused_six_times() -> Evidence:
    """`if b > beta**6`: the PSF is reused six times

    b is a running product and beta**6 a power. Where rounding leaves the product of six above the power there is a
    seventh step; for β = 1 there is none at all.
    """
    counts = {}
    for beta in (percent / 100 for percent in range(5, 100)):
        product, weights = np.float64(1), []
        for j in range(1, 10):
            weight, product = reuse_weight(j, product, beta=beta, variant="code")
            weights.append(weight > 0)
        counts[beta] = sum(weights)
    seven = [beta for beta, used in counts.items() if used == 7]
    none, _ = reuse_weight(1, np.float64(1), beta=1.0, variant="code")
    figure = (
        f"of the {len(counts)} values β = .05 … .99 {len(seven)} give seven reuses, among them "
        f"{', '.join(f'{b:g}' for b in seven if b in (0.3, 0.6, 0.9))}; β = 0.7 gives {counts[0.7]}, β = 1 a weight of "
        f"{none:g}"
    )
    known = len(seven) == 24 and {0.3, 0.6, 0.9} <= set(seven) and all(counts[beta] == 6 for beta in (0.5, 0.7, 0.8))
    return Evidence(bool(set(counts.values()) == {6, 7} and known and none == 0), figure)


@ledger.claim("false", source=CODE)
def it_runs_with_any_warm_up() -> Evidence:
    """The optimizer can be used with any warm-up, also none: its lists begin as K zeros

    The first change of the rate divides by those that are left: a run with fewer than K samples before it ends with an
    error. So does a step without a sample before the first one.
    """
    start, said = (np.array([3.0]), np.array([0.2])), []
    for warm_up in (0, 10):
        try:
            run(start, Hyperbola(), 200, warm_up=warm_up, variant="code", last=1, lr=0.05, rho=0.1, **PLAIN)
        except ValueError as error:
            said.append(str(error))
    clean = run(start, Hyperbola(), 200, warm_up=10, variant="clean", last=1, lr=0.05, rho=0.1, **PLAIN)
    figure = f"no warm-up: “{said[0]}”; 10 steps: “{said[1]}”; clean: {sum(clean.samples)} samples in 200 steps"
    return Evidence(said[1] == "cannot convert float NaN to integer" and len(said) == 2, figure)


@ledger.claim("not reproducible", source=ARSAM)
def accuracy_is_comparable_to_sam() -> Evidence:
    """Accuracy comparable to SAM on CIFAR-10 and CIFAR-100, also for pose estimation and quantisation

    Networks of 10 to 26 million parameters for 200 epochs; the abstract has no table, the announced repository was not
    to be had. What can be said is what sampling does in a valley of two parameters, and that is no evidence for it.
    """
    names = (valley.SAM, valley.VSAM, valley.GD)
    sharpness = {name: valley.figures(valley.runs()[name])["sharpness"] for name in names}
    figure = "in the valley (uv - 1)²/2: " + ", ".join(f"{name} {s:.3f}" for name, s in sharpness.items())
    return Evidence(sharpness[valley.VSAM] < 2.1 < 9 < sharpness[valley.GD], figure)
