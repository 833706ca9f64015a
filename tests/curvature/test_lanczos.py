"""Lanczos: orthogonality kept and lost, exact rational processes, random starts."""

from __future__ import annotations

from fractions import Fraction
from math import log

import numpy as np
import pytest
from binomial import FALSE_ALARM, assert_rate_at_most

from gnomon.curvature.draws import gaussian
from gnomon.curvature.lanczos import lanczos, ritz, tridiagonal
from gnomon.curvature.operators import Dense
from gnomon_spec.system import find_system

U = 2.0**-53
SYSTEM = find_system("curvature")
UNORTHOGONALISED = SYSTEM.mistakes["orthogonality_is_left_to_the_recurrence"].function(SYSTEM.operations["lanczos"])
SPREAD = np.concatenate([np.linspace(0.0, 1.0, 95), [5.0, 10.0, 20.0, 50.0, 100.0]])
FEW = np.concatenate([[1000.0, 500.0, 100.0, 50.0, 10.0], np.ones(45)])


def departure(basis):
    """Return max |QQᵀ - I|, summed in extended precision."""
    Q = basis.astype(np.longdouble)
    return float(np.max(np.abs(Q @ Q.T - np.eye(len(Q)))))


def test_orthogonality_is_kept_for_sixty_steps():
    """The second pass subtracts a combination of rows that is of the size of rounding, so what remains of each row is
    the rounding of its own coefficient, n·u·b, and of the subtraction of j rows, at most (j + 2)·u·b, relative to b;
    the first pass left at most (n + j)·u·‖A‖, of which the second removes all but (n + j)·u times j. The norm of a row
    is 1 to (n + 4)·u. With b >= ‖A‖·2⁻²⁰ the term from the first pass is below u."""
    n, m = len(SPREAD), 60
    found = lanczos(Dense(np.diag(SPREAD)), np.ones(n), steps=m)
    assert found.products == m
    assert np.min(found.off_diagonal) > 100 * 2.0**-20
    assert m * ((n + m) * U) ** 2 * 100 / np.min(found.off_diagonal) < U
    assert departure(found.basis) <= 2 * (n + m + 4) * U


def test_without_reorthogonalisation_it_is_lost_and_copies_appear():
    """The catalogued mistake, on the same matrix: the eigenvalue 100 is found more than once within 60 steps."""
    found = UNORTHOGONALISED(Dense(np.diag(SPREAD)), np.ones(len(SPREAD)), steps=60)
    assert departure(found.basis) > 0.1
    values = np.linalg.eigvalsh(tridiagonal(found))
    assert np.sum(np.abs(values - 100) < 1) > 1
    right = ritz(Dense(np.diag(SPREAD)), np.ones(len(SPREAD)), steps=60).values
    assert np.sum(np.abs(right - 100) < 1) == 1


def rational_diagonal(eigenvalues, steps):
    """Return a₁ … a_steps for the start (1, …, 1), exactly: monic orthogonal polynomials on the eigenvalues."""
    points = [Fraction(int(x)) for x in eigenvalues]
    before, now, length = [Fraction(0)] * len(points), [Fraction(1)] * len(points), Fraction(1)
    diagonal = []
    for j in range(steps):
        square = sum(p * p for p in now)
        a = sum(t * p * p for t, p in zip(points, now, strict=True)) / square
        diagonal.append(a)
        b_squared = square / length if j else Fraction(0)
        before, now = now, [(t - a) * p - b_squared * q for t, p, q in zip(points, now, before, strict=True)]
        length = square
    return diagonal


def test_the_diagonal_of_the_process_is_no_spectrum():
    """With 6 different eigenvalues 6 steps find them; the aⱼ, which the published function returns, are others."""
    start = np.ones(len(FEW))
    exact = sorted(rational_diagonal(FEW, 6))
    published = ritz(Dense(np.diag(FEW)), start, steps=6, variant="code").values
    assert [f"{x:.6g}" for x in published] == [f"{float(x):.6g}" for x in exact]
    assert Fraction(341, 10) in exact  # a₁, the mean of the eigenvalues
    assert not set(exact) & {Fraction(int(x)) for x in FEW}
    assert np.array_equal(np.round(ritz(Dense(np.diag(FEW)), start, steps=6).values, 8), np.unique(FEW))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("distinct", [1, 2, 3, 4, 5])
def test_it_makes_as_many_steps_as_there_are_different_eigenvalues(distinct, dtype):
    eigenvalues = (np.arange(14) % distinct + 1).astype(dtype)
    found = lanczos(Dense(np.diag(eigenvalues)), np.ones(14, dtype), steps=14)
    assert found.products == len(found.basis) == len(found.diagonal) == distinct
    assert len(found.off_diagonal) == distinct - 1
    assert found.basis.dtype == np.dtype(dtype)


def test_one_step_of_nothing_is_complete():
    found = lanczos(Dense(np.zeros((3, 3))), np.ones(3), steps=3)
    assert (found.products, found.diagonal[0], found.residual_norm) == (1, 0, 0)


def test_more_steps_than_dimensions_count_as_the_dimension():
    assert lanczos(Dense(np.diag([1.0, 2.0])), np.array([1.0, 2.0]), steps=9).products == 2


SPECTRA = {
    "linear": np.linspace(1.0, 100.0, 20),
    "one outlier": np.concatenate([np.linspace(1.0, 2.0, 19), [10.0]]),
    "cluster at the top": np.concatenate([np.linspace(0.1, 0.9, 10), np.linspace(0.99, 1.0, 10)]),
}


@pytest.mark.parametrize("k", [4, 8])
@pytest.mark.parametrize("name", SPECTRA)
def test_random_starts_keep_to_the_bounds_of_kuczynski_and_wozniakowski(name, k):
    """Definite A, a start uniform in direction, k products, n >= 8: the relative error e = (λ₁ - θ₁)/λ₁ has

        E e <= 0.103·(ln(n(k - 1)⁴)/(k - 1))²,   P(e > ε) <= 1.648·√n·exp(-√ε·(2k - 1)).

    e is in [0, 1], so the mean of N is above its expectation by t with probability at most exp(-2Nt²) (Hoeffding).
    """
    eigenvalues = SPECTRA[name]
    n, N, top = len(eigenvalues), 300, np.max(eigenvalues)
    starts = gaussian(np.random.default_rng(k), N, n)
    A = Dense(np.diag(eigenvalues))
    errors = np.array([(top - ritz(A, start, steps=k).values[-1]) / top for start in starts])
    bound = 0.103 * (log(n * (k - 1) ** 4) / (k - 1)) ** 2
    assert np.mean(errors) <= bound + (log(1 / FALSE_ALARM) / (2 * N)) ** 0.5
    for eps in (0.05, 0.1, 0.3, 0.6):
        chance = 1.648 * n**0.5 * np.exp(-(eps**0.5) * (2 * k - 1))
        if chance < 1:
            assert_rate_at_most(chance, [bool(error > eps) for error in errors])
