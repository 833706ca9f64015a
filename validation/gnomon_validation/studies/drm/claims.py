"""What is said of distortion risk measures in general, each put to the test."""

from __future__ import annotations

from math import ceil

import numpy as np

from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import Distortion, distortion, var
from gnomon.probability.drm.lstat import lstat
from gnomon.probability.drm.worst_case import worst_case
from gnomon_validation.studies.claim import Evidence, Ledger
from gnomon_validation.studies.drm.worst_cases import CELLS, LAWS, edges

ledger = Ledger("drm")


@ledger.claim("holds", source="Pesenti, Wang, Wang, arXiv 2011.04889")
def a_concave_majorant_says_the_worst() -> Evidence:
    """Over all laws of given mean and variance a distortion and its concave majorant have the same worst case

    The worst law has an atom wherever the majorant is a chord, so that what lies below the chord is not seen.
    """
    of, limit = LAWS["sshape(5)"]
    risks = []
    for cells in CELLS:
        masses = -np.diff(distortion(1 - edges(cells), of))
        risks.append(float(masses @ worst_case(edges(cells), of).quantiles))
    shown = all(risk <= limit for risk in risks) and risks == sorted(risks)
    return Evidence(shown, f"sshape(5) of the worst law of its majorant: {risks[-1]:.6f}, √V {limit:.6f}")


@ledger.claim("holds", source="Wang, A class of distortion operators (2000)")
def of_a_normal_law_it_shifts() -> Evidence:
    """Wang's distortion moves the mean of a normal law by λ standard deviations

    Φ(Φ⁻¹(u) + λ) is the survival function of the law moved by λ·σ.
    """
    z = edges(20_000)
    middle = (z[1:] + z[:-1]) / 2
    x = 3 + 2 * normal.quantile(middle, 1 - middle)
    found = float(lstat(x, Distortion("wang", (0.85,))))
    # Within a cell no quantile is farther from the middle's than those of its ends; the outermost are left out.
    ends = normal.quantile(z[1:-1], 1 - z[1:-1])
    error = 2 * float(np.max(np.diff(ends)[1:-1])) + 2 * float(normal.cdf(ends[:1] + 0.85)[0]) * 10
    return Evidence(abs(found - 4.7) <= error, f"N(3, 2²), λ = 0.85: {found:.4f}, where 3 + 2·0.85 = 4.7")


@ledger.claim("false", source="a common belief")
def a_quantile_rewards_diversification() -> Evidence:
    """A distortion risk measure is subadditive: two losses together are no riskier than each by itself

    That is so if and only if the distortion is concave. A quantile does not see what is beyond it.
    """
    x, y = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    risks = [[float(lstat(v, of)) for v in (x, y, x + y)] for of in (var(0.6), Distortion("cvar", (0.6,)))]
    (quantiles, quantile), (tails, tail) = ((one + other, both) for one, other, both in risks)
    shown = quantile > quantiles and tail <= tails
    return Evidence(shown, f"VaR at 0.6: {quantile:g} > {quantiles:g}; CVaR: {tail:.3g} <= {tails:.3g}")


@ledger.claim("false", source="a common shortcut")
def a_quantile_is_where_the_survival_exceeds() -> Evidence:
    """The α-quantile of n values is that with S > 1 - α to its left and S <= 1 - α to its right, S = (n - i)/n

    In floating point S and 1 - α may be two roundings of one number; then it is a neighbour.
    """
    pairs = [(k, n) for n in (10, 20, 50, 100) for k in range(1, 100)]
    found = [np.count_nonzero((n - np.arange(n)) / n > 1 - k / 100) for k, n in pairs]
    wrong = [(k / 100, n) for (k, n), at in zip(pairs, found, strict=True) if at != ceil(k * n / 100)]
    first = ", ".join(f"α = {alpha:g}, n = {n}" for alpha, n in wrong[:3])
    right = all(lstat(np.arange(1.0, n + 1), var(alpha)) == ceil(round(alpha * 100) * n / 100) for alpha, n in wrong)
    figure = f"{len(wrong)} of 396 wrong, the first {first}; by levels all right: {right}"
    return Evidence(bool(wrong) and bool(right), figure)


@ledger.claim("false", source="Tversky, Kahneman, Advances in Prospect Theory (1992), as it is often used")
def their_weights_rise_for_every_exponent() -> Evidence:
    """w(u) = u^g/(u^g + (1-u)^g)^(1/g) is a distortion for every g in (0, 1]

    Below g = 0.2792 it falls near u = 0.098: some losses would count the less, the likelier they are.
    """
    u, g = np.linspace(0.05, 0.2, 3001), 0.25
    w = u**g / (u**g + (1 - u) ** g) ** (1 / g)
    return Evidence(bool(np.any(np.diff(w) < 0)), f"g = 0.25: from {w[0]:.4f} at u = 0.05 to {w[-1]:.4f} at 0.2")
