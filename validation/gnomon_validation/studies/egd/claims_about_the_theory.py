"""What the paper's theory says of the toy problem and of the step, put to the test."""

from __future__ import annotations

from math import erfc, pi, sqrt

import numpy as np

from gnomon.descent.egd import toy
from gnomon.descent.egd.polar import polar
from gnomon.descent.egd.training import init, step
from gnomon.domains import Array
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.egd import plateau
from gnomon_validation.studies.printed import listed

PAPER = "arXiv 2510.04930v3"

ledger = Ledger("egd")


@ledger.claim("false", source=f"{PAPER}, section 2")
def fisher_norm_is_constant() -> Evidence:
    """“the Fisher norm of the update is a constant of motion”

    With F = G·Gᵀ it is tr DᵀFD = ‖G‖², the squared length of the gradient, which changes from step to step. Constant is
    the rank, tr DᵀD.
    """
    generator = np.random.default_rng(5)
    gradients = [scale * generator.standard_normal((4, 6)) for scale in (0.1, 1.0, 10.0)]
    factors = [polar(G) for G in gradients]
    fisher = [float(np.sum(D * (G @ G.T @ D))) for G, D in zip(gradients, factors, strict=True)]
    squares = [float(np.sum(G * G)) for G in gradients]
    ranks = [float(np.sum(D * D)) for D in factors]
    shown = np.allclose(fisher, squares) and max(fisher) > 100 * min(fisher)
    figure = f"three gradients: tr DᵀFD = {listed(fisher)}, ‖G‖² = {listed(squares)}, tr DᵀD = {listed(ranks)}"
    return Evidence(bool(shown), figure)


@ledger.claim("false", source=f"{PAPER}, Corollary 1")
def corollary_1() -> Evidence:
    """The plateau lasts τ = log(|u₂|·|tan θ|·m₂/m₁)/log(1/β) steps

    The plateau ends where βᵏ·u₂ < tan θ·m₁/m₂: tan θ divides. The two are equal at θ = π/4 only.
    """
    rows = [(angle, plateau.end(angle, 0.1), plateau.tau(angle, 0.1)) for angle in (0.3, pi / 4, 1.2)]
    said = "; ".join(f"θ = {angle:.3f}: {k:,} steps, Corollary 1 says {tau:,.0f}" for angle, k, tau in rows)
    (_, low, low_tau), (_, middle, middle_tau), (_, high, high_tau) = rows
    return Evidence(low_tau < low / 2 and high_tau > 2 * high and abs(middle - middle_tau) < 2, said)


@ledger.claim("holds if", source=f"{PAPER}, Theorem 1", condition="ν >= 0; for ν < 0 < μ there is no error at all")
def theorem_1() -> Evidence:
    """The test error of weights (μ, ν) depends on |ν|/μ alone

    A direction (μ, ν) with ν < 0 lies beyond z₁ = 0 on the side where the test data are not: it errs nowhere. The text
    around it defines r_k twice, as μ/ν and with another denominator; the plateau ends when μ/ν rises above r, not when
    it falls; and what “increases to 100 %” is the accuracy and not the error.
    """
    w, angle, eps = np.array([[0.7, -0.3], [0.7, 0.3]]), 0.6, 0.01
    exact = toy.population_error(w, angle=angle, eps=eps)
    z = np.random.default_rng(0).standard_normal((200_000, 2)) * [1, eps**0.5]
    test = z[z[:, 0] * (z @ [np.cos(angle), np.sin(angle)]) <= 0]
    drawn = [float(np.mean(np.sign(test @ x) != np.sign(test[:, 0]))) for x in w]
    figure = (
        f"θ = 0.6, ε = 0.01: for (0.7, −0.3) the error is {exact[0]:.3f} ({drawn[0]:.3f} of {len(test):,} points), for "
        f"(0.7, 0.3) it is {exact[1]:.3f} ({drawn[1]:.3f})"
    )
    return Evidence(bool(exact[0] == drawn[0] == 0 and round(exact[1], 3) == 0.627), figure)


@ledger.claim("false", source=f"{PAPER}, appendix A.3, equation (19)")
def error_of_the_best_weights() -> Evidence:
    """The error formula (19), which gives the population's optimum (0.0960, -1.9661) an error of 100 %

    It takes |ν| where ν belongs, as Theorem 1 does: the error of that optimum is 0.
    """
    best = np.array([[0.0960, -1.9661]])
    given = {"angle": pi / 4, "eps": 0.1}
    exact, mirrored = (float(toy.population_error(w, **given)[0]) for w in (best, np.abs(best)))
    return Evidence(exact == 0 and mirrored == 1, f"θ = π/4, ε = 0.1: error {exact:g}, with |ν| for ν {mirrored:g}")


@ledger.claim("false", source=f"{PAPER}, appendix A.3")
def constants_of_the_test_data() -> Evidence:
    """The moments a = E x₁², d = E x₂², c₁ = E|x₁| of the test data have Φ(κt) in them

    Of a z₁ = t > 0 the test data have the z₂ with z₂ <= -√ε·κt, κ = cot θ/√ε, a share of Φ(-κt). Printed is Φ(κt), the
    share of all others, and in d the sign beside it is that of Φ(κt), too.
    """
    t = np.linspace(0, 12, 60_001)
    density, x = np.exp(-t * t / 2), t / 0.1**0.5
    share = np.array([erfc(value / sqrt(2)) / 2 for value in x])
    slope = x * np.exp(-x * x / 2) / sqrt(2 * pi)
    true, printed = (
        [
            float(np.trapezoid(density * what) / np.trapezoid(density * share))
            for what in (t * t * S, 0.1 * (S + k), t * S)
        ]
        for S, k in ((share, slope), (1 - share, -slope))
    )
    stated = [f"{value:.4f}" for value in true], [f"{value:.3g}" for value in printed]
    figure = f"θ = π/4, ε = 0.1: a, d, c₁ are {listed(true, '{:.4f}')}; as printed {listed(printed, '{:.3g}')}"
    return Evidence(stated == (["0.0614", "0.1939", "0.1904"], ["10.2", "0.832", "7.99"]), figure)


@ledger.claim("holds if", source=f"{PAPER}, section 3", condition="s is below 0.30263, nearly")
def first_moment_below_1() -> Evidence:
    """m₁ lies in (0, 1)

    m₁ = φ(s)/Q(s) rises with s like s itself.
    """
    values = {s: toy.moments(threshold=s).m1 for s in (0.0, 0.3026, 0.30263, 0.3027, 1.0, 50.0)}
    low, high = 0.3, 0.31
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if toy.moments(threshold=middle).m1 > 1 else (middle, high)
    figure = ", ".join(f"m₁({s:g}) = {m:.5f}" for s, m in values.items())
    shown = f"{low:.5f}" == "0.30263" and round(values[1.0], 3) == 1.525
    return Evidence(shown, f"{figure}; it is 1 at s = {low:.7f}")


@ledger.claim("false", source=f"{PAPER}, sections 2 and 3")
def theory_is_of_egd() -> Evidence:
    """EGD leaves the plateau as w(k) = (1-η)ᵏ·w₀ + (1 - (1-η)ᵏ)·w* does

    That is Newton's method, Eq. 9. EGD, Eq. 11, has steps of one length here: μ ends in a cycle of two, which keeps ‖g‖
    at about m₂·η/2, so that ν shrinks by 2ε/m₂ a step, whatever η is: gradient descent at its largest stable rate. The
    plateau grows like log u₂ then, and not like u₂/η, as steps of one length might suggest.
    """
    newton, egd = plateau.end(0.3, plateau.FAST, "newton"), plateau.end(0.3, plateau.FAST, "egd")
    rates = [plateau.end(0.3, lr, "egd") for lr in (0.025, 0.05, 0.1)]
    starts = [plateau.end(0.3, plateau.FAST, "egd", u) for u in (1.25, 5.0, 20.0)]
    expected = np.log(4) / -np.log1p(-2 * plateau.EPS / plateau.MOMENTS.m2)
    figure = (
        f"θ = 0.3, η = 0.05, u₂ = 5: Eq. 9 {newton}, EGD {egd:,} steps; with η = 0.025, 0.05, 0.1: "
        f"{listed(rates, '{:,}')}; from u₂ = 1.25, 5, 20: {listed(starts, '{:,}')}, and log 4/log(1/(1-2ε/m₂)) = "
        f"{expected:.0f}"
    )
    alike = abs(starts[1] - starts[0] - expected) < 2 and abs(starts[2] - starts[1] - expected) < 2
    return Evidence(bool(egd > 30 * newton and alike), figure)


def speeds(aligned: bool) -> Array:
    """Return by how much each singular value of the error falls over 60 steps on ½·tr E·H·Eᵀ, in units of the rate."""
    generator, lr = np.random.default_rng(3), 0.01
    U, V, Q = (np.linalg.qr(generator.standard_normal((4, 4)))[0] for _ in range(3))
    E = (U * np.array([1.0, 0.9, 0.8, 0.7])) @ (Q if aligned else V).T
    H, before = (Q * np.geomspace(1, 1e-3, 4)) @ Q.T, np.linalg.svd(E, compute_uv=False)
    state = init()
    for _ in range(60):
        (E,), state = step((E,), (E @ H,), state, lr=lr)
    fallen: Array = (before - np.linalg.svd(E, compute_uv=False)) / (60 * lr)
    return fallen


@ledger.claim("holds if", source=f"{PAPER}, abstract", condition="one update is meant, or the error is aligned with H")
def equal_speed() -> Evidence:
    """“equal speed along all principal directions”

    Of one update all singular values are 1. On a quadratic the singular values of the error fall alike only where its
    right singular vectors are those of the curvature, and otherwise nearly so.
    """
    together, apart = speeds(True), speeds(False)
    figure = f"{listed(together)} aligned, {listed(apart)} otherwise"
    shown = bool(np.ptp(together) < 1e-6 < 0.005 < np.ptp(apart))
    return Evidence(shown, f"fall of the four singular values by step, in rates: {figure}")
