"""What was reported and asked about double optimism, each put to the test."""

from __future__ import annotations

import numpy as np

from gnomon.descent.odog import learner
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.odog import misprint, ramp
from gnomon_validation.studies.odog.searches import DESCENT, DOUBLE, PREVIOUS, exponent, steps

NOTE = "a third party's reading of arXiv 2510.03167 (the paper itself was not read)"
REVIEWS = "public reviews of arXiv 2510.03167, ICLR 2026"

ledger = Ledger("odog")


@ledger.claim("false", source=NOTE)
def the_rate_must_be_at_most_one_over_the_root_of_three_l() -> Evidence:
    """“η ≤ 1/√(3L₁)”

    The two sides have other units. On 50x² this rate is 5.77/L₁, and a quadratic is stable only below 1/L₁: the run
    goes round for ever. What the proof uses is 1/(√3·L₁).
    """
    late = {name: float(np.mean(misprint.gradients(lr)[-50:])) for name, lr in misprint.RATES.items()}
    figure = ", ".join(f"η = {name}: mean gradient {size:.2g}" for name, size in late.items())
    return Evidence(late[misprint.WITHOUT_UNITS] > 0.1 > late[misprint.WITH_UNITS], f"50x², last 50 averages: {figure}")


@ledger.claim("holds if", source=NOTE, condition="its T is the number of all rounds")
def expected_regret_has_the_extra_term() -> Evidence:
    """“E Reg ≤ 4KD²/η + 6ηTσ²” (Lemma 3.2)

    With the length of an episode for T it is false: gradients that are noise alone, each hint the gradient before, and
    comparators against the noise of each episode.
    """
    dimension, T, K, D = 50, 10, 2000, 1.0
    eta, grads = 20 * D / T**0.5, np.random.default_rng(0).standard_normal((T * K, dimension)) / dimension**0.5
    hints = np.concatenate([0 * grads[:1], grads[:-1]])
    deltas = learner.play(np.zeros(dimension), grads, hints, radius=D, lr=eta).displacements[1:]
    sums = np.linalg.norm(grads.reshape(K, T, dimension).sum(axis=1), axis=1)
    regret = float(np.sum(grads * deltas) + D * np.sum(sums))
    by_length, by_rounds = (4 * K * D**2 / eta + 6 * eta * rounds for rounds in (T, K * T))
    figure = f"d = 50, T = 10, K = 2000: regret {regret:.2g}, bound {by_length:.2g}, with all rounds {by_rounds:.2g}"
    return Evidence(by_length < regret < by_rounds, figure)


@ledger.claim("holds", source=NOTE)
def the_regret_lemma() -> Evidence:
    """“Reg ≤ 4KD²/η + (5η/2)Σ‖gₙ-hₙ‖² - (1/4η)Σ‖Δₙ-Δₙ₋₁‖²” (Lemma 3.1)

    It holds for every sequence, and so does the tighter one with (4K - 3.5)D² and 3η/2.
    """
    rng, worst, K, T = np.random.default_rng(1), np.inf, 3, 4
    for _ in range(100):
        D, eta = 10 ** rng.uniform(-1, 1, 2)
        grads, hints, u = (rng.standard_normal((n, 3)) for n in (K * T, K * T, K))
        u = u * (D / np.linalg.norm(u, axis=1, keepdims=True))
        deltas = learner.play(np.zeros(3), grads, hints, radius=D, lr=eta).displacements
        regret = np.sum(grads * (deltas[1:] - np.repeat(u, T, axis=0)))
        moved = np.sum(np.diff(deltas, axis=0) ** 2) / (4 * eta)
        own = (4 * K - 3.5) * D**2 / eta + 1.5 * eta * np.sum((grads - hints) ** 2) - moved
        worst = min(worst, float((own - regret) / (abs(own) + abs(regret))))
    return Evidence(worst > 0, f"100 random games: the tighter bound is above the regret by {worst:.1%} or more")


@ledger.claim("holds", source="abstract of arXiv 2510.03167")
def exponent_of_the_double_hint() -> Evidence:
    """“O(ε^-1.75)” gradients in the deterministic case

    On ramps of slope 2ε the fitted exponent is just below it, and below gradient descent's 2.
    """
    fitted = {m: exponent(ramp.EXPONENTS[m][-4:], steps("ramp", m, ramp.EXPONENTS[m][-4:])) for m in (DOUBLE, DESCENT)}
    figure = f"ε from 2^-6 to 2^-12: {fitted[DOUBLE]:.3f}, gradient descent {fitted[DESCENT]:.3f}"
    return Evidence(1.7 < fitted[DOUBLE] < 1.75 < fitted[DESCENT], figure)


@ledger.claim("holds if", source=NOTE, condition="its rate is √(8/3)/(L₁√T), and T is longer")
def exponent_of_the_previous_hint() -> Evidence:
    """the previous gradient as hint has the rate ε^-11/6

    One gradient a step does; but on the ramp it needs more gradients than the double hint already at 2^-8.
    """
    exponents = (6, 8, 10)
    counts = steps("ramp", PREVIOUS, exponents)
    fitted, dearer = exponent(exponents, counts), counts[1] / (2 * steps("ramp", DOUBLE, (8,))[0])
    figure = f"ε from 2^-6 to 2^-10: {fitted:.3f}, 11/6 = 1.833; at 2^-8 {dearer:.2f} times the double hint's gradients"
    return Evidence(abs(fitted - 11 / 6) < 0.05 and dearer > 1, figure)


@ledger.claim("holds if", source="abstract of arXiv 2510.03167", condition="ε is below about 2^-14, or 2^-16")
def fewer_gradients_than_gradient_descent() -> Evidence:
    """“O(ε^-1.75)”, where gradient descent needs ε^-2: fewer gradients

    Asymptotically. With the constants of the guarantee gradient descent with the rate 1/L₁ needs fewer gradients for
    every ε that is not below about 2^-14 on the ramp, or about 2^-16 on 1/√(1 + x²).
    """
    sizes = (8, 12, 16)
    double, descent = (steps("tail", method, sizes) for method in (DOUBLE, DESCENT))
    ratios = 2 * double / descent
    figure = "gradients over those of gradient descent on 1/√(1 + x²): " + ", ".join(
        f"{ratio:.2f} at 2^-{k}" for k, ratio in zip(sizes, ratios, strict=True)
    )
    return Evidence(bool(np.all(ratios > 1) and np.all(np.diff(ratios) < 0)), figure)
