"""Power iteration: exact answers, long runs, random starts."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from binomial import FALSE_ALARM, assert_rate_at_most

from gnomon.curvature.draws import gaussian, hadamard
from gnomon.curvature.operators import Dense
from gnomon.curvature.power import power_iteration

START = np.array([1.0, 1.0, 1.0])


@pytest.mark.parametrize("iterations", [1, 2, 50])
def test_eigenvalues_of_one_size_give_the_norm_and_no_rayleigh_quotient(iterations):
    """With eigenvalues 1, -1, -1, 1 and components of one size ρ is 0 for ever and ν is 1 at once, both exactly; with
    eigenvalues 1, -1 and components 0.6 and 0.8 they are 0.36 - 0.64 = -0.28 and 1."""
    A = Dense(np.diag([1.0, -1.0, -1.0, 1.0]))
    found = power_iteration(A, np.ones(4), iterations=iterations, rtol=0.0)
    assert (found.norm, found.rayleigh, found.products) == (1, 0, iterations)
    tie = power_iteration(Dense(np.diag([1.0, -1.0])), np.array([0.6, 0.8]), iterations=iterations, rtol=0.0)
    assert (round(float(tie.norm), 14), round(float(tie.rayleigh), 14)) == (1, -0.28)


def test_a_norm_that_does_not_change_has_converged():
    found = power_iteration(Dense(np.diag([1.0, -1.0, -1.0, 1.0])), np.ones(4))
    assert (found.converged, found.products) == (True, 2)


def test_the_published_function_calls_a_rayleigh_quotient_the_norm():
    found = power_iteration(Dense(np.diag([1.0, -1.0])), np.array([3.0, 4.0]), rtol=1e-6, variant="code")
    assert round(float(found.norm), 9) == 0.28
    assert found.converged and found.products == 2


def test_the_published_function_stops_too_early_on_small_matrices():
    """λ = 1e-5·(100, 99, 1): a change below 1e-6 ends it at once, while the relative tolerance goes on."""
    A = Dense(1e-5 * np.diag([100.0, 99.0, 1.0]))
    early = power_iteration(A, np.array([1.0, 2.0, 30.0]), iterations=10_000, rtol=1e-6, variant="code")
    late = power_iteration(A, np.array([1.0, 2.0, 30.0]), iterations=10_000, rtol=1e-12)
    assert early.products < 10 < late.products
    assert early.converged and late.converged
    assert round(float(early.norm) * 1e5, 1) < round(float(late.norm) * 1e5, 1) == 100.0


def test_of_nothing_the_norm_is_nothing_after_one_product():
    found = power_iteration(Dense(np.zeros((3, 3))), START)
    assert (found.norm, found.rayleigh, found.residual) == (0, 0, 0)
    assert (found.converged, found.products) == (True, 1)


@pytest.mark.parametrize("a", [2.0, -3.0])
def test_a_number_is_its_own_eigenvalue(a):
    found = power_iteration(Dense(np.array([[a]])), np.array([0.5]))
    assert (found.norm, found.rayleigh, found.residual) == (abs(a), a, 0)


def test_a_start_without_the_leading_eigenvector_finds_the_next():
    """diag(5, 3, 1) from (0, 1, 1): after 60 products the third entry is 3⁻⁶⁰, which no square of it survives."""
    found = power_iteration(Dense(np.diag([5.0, 3.0, 1.0])), np.array([0.0, 1.0, 1.0]), iterations=60, rtol=0.0)
    assert (found.norm, found.rayleigh) == (3, 3)


def test_deflation_finds_signed_eigenvalues_in_the_order_of_their_size():
    """After 100 products with ratios of 1/2 what is left of other eigenvectors is below 2⁻¹⁰⁰: the eigenvalues, whole
    numbers, are right in all of 13 digits."""
    eigenvalues = np.array([-8.0, 4.0, 2.0, -1.0])
    basis = hadamard(4) / 2
    A = (basis.T * eigenvalues) @ basis
    found = basis[:0]
    for eigenvalue in eigenvalues:
        pair = power_iteration(Dense(A), np.array([1.0, 2.0, 4.0, 9.0]), found, iterations=100, rtol=0.0)
        assert round(float(pair.rayleigh), 12) == eigenvalue
        assert round(float(pair.norm), 12) == abs(eigenvalue)
        found = np.concatenate([found, pair.vector[np.newaxis]])


SPECTRA = {
    "linear": np.linspace(1.0, 100.0, 20),
    "one outlier": np.concatenate([np.ones(19), [10.0]]),
    "cluster at the top": np.concatenate([np.linspace(0.1, 0.9, 10), np.linspace(0.99, 1.0, 10)]),
}


@pytest.mark.parametrize("k", [4, 10])
@pytest.mark.parametrize("name", SPECTRA)
def test_random_starts_keep_to_the_bounds_of_kuczynski_and_wozniakowski(name, k):
    """Definite A, a start uniform in direction, k products, n >= 8: the relative error e = (λ₁ - ρ)/λ₁ has

        E e <= 0.871·ln n/(k - 1),   P(e > ε) <= min(0.824, 0.354/√(ε(k - 1)))·√n·(1 - ε)^(k - ½).

    e is in [0, 1], so the mean of N is above its expectation by t with probability at most exp(-2Nt²) (Hoeffding).
    """
    eigenvalues = SPECTRA[name]
    n, N = len(eigenvalues), 400
    starts = gaussian(np.random.default_rng(k), N, n)
    A = Dense(np.diag(eigenvalues))
    top = np.max(eigenvalues)
    found = [power_iteration(A, start, iterations=k, rtol=0.0) for start in starts]
    errors = np.array([(top - f.rayleigh) / top for f in found])
    assert np.mean(errors) <= 0.871 * log(n) / (k - 1) + (log(1 / FALSE_ALARM) / (2 * N)) ** 0.5
    for eps in (0.05, 0.1, 0.3, 0.6):
        chance = min(0.824, 0.354 / (eps * (k - 1)) ** 0.5) * n**0.5 * (1 - eps) ** (k - 0.5)
        if chance < 1:
            assert_rate_at_most(chance, [bool(error > eps) for error in errors])
