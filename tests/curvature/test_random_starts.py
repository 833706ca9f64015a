"""Power iteration and Lanczos from random starts keep to the bounds of Kuczyński and Woźniakowski (1992).

Definite A, a start uniform in direction, k products, n >= 8: the relative error e of the largest eigenvalue has

    power iteration   E e <= 0.871·ln n/(k - 1)
                      P(e > ε) <= min(0.824, 0.354/√(ε(k - 1)))·√n·(1 - ε)^(k - ½)
    Lanczos           E e <= 0.103·(ln(n(k - 1)⁴)/(k - 1))²
                      P(e > ε) <= 1.648·√n·exp(-√ε·(2k - 1))

e is in [0, 1]: its mean is judged as rates are, by bets (`gnomon_spec.evidence`).
"""

from math import exp, log

import numpy as np
import pytest
from binomial import assert_mean_at_most, assert_rate_at_most

from gnomon.curvature.draws import gaussian
from gnomon.curvature.lanczos import ritz
from gnomon.curvature.operators import Dense
from gnomon.curvature.power import power_iteration

N, EPSILONS = 300, (0.05, 0.1, 0.3, 0.6)
SPECTRA = {
    "linear": np.linspace(1.0, 100.0, 20),
    "one outlier": np.concatenate([np.linspace(1.0, 2.0, 19), [10.0]]),
    "cluster at the top": np.concatenate([np.linspace(0.1, 0.9, 10), np.linspace(0.99, 1.0, 10)]),
}


def by_power_iteration(A, start, k):
    return power_iteration(A, start, iterations=k, rtol=0.0).rayleigh


def by_lanczos(A, start, k):
    return ritz(A, start, steps=k).values[-1]


METHODS = {
    "power iteration": (
        by_power_iteration,
        lambda n, k: 0.871 * log(n) / (k - 1),
        lambda n, k, eps: min(0.824, 0.354 / (eps * (k - 1)) ** 0.5) * n**0.5 * (1 - eps) ** (k - 0.5),
    ),
    "Lanczos": (
        by_lanczos,
        lambda n, k: 0.103 * (log(n * (k - 1) ** 4) / (k - 1)) ** 2,
        lambda n, k, eps: 1.648 * n**0.5 * exp(-(eps**0.5) * (2 * k - 1)),
    ),
}


@pytest.mark.parametrize("k", [4, 8])
@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("method", METHODS)
def test_random_starts_keep_to_the_bounds(method, spectrum, k):
    (largest, expected, chance), eigenvalues = METHODS[method], SPECTRA[spectrum]
    n, top, A = len(eigenvalues), np.max(eigenvalues), Dense(np.diag(eigenvalues))
    errors = np.array([(top - largest(A, start, k)) / top for start in gaussian(np.random.default_rng(k), N, n)])
    if expected(n, k) < 1:
        assert_mean_at_most(expected(n, k), np.maximum(errors, 0))
    for eps in EPSILONS:
        if chance(n, k, eps) < 1:
            assert_rate_at_most(chance(n, k, eps), [bool(error > eps) for error in errors])
