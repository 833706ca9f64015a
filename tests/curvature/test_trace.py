"""The trace: exact moments over all probes, exact answers.

Matrices of small whole numbers, so that sums over all sign vectors are exact and equality is asked for.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gnomon.curvature.draws import all_signs, hadamard
from gnomon.curvature.operators import Dense, hessian_operator
from gnomon.curvature.trace import (
    gaussian_variance,
    hutchinson,
    hutchpp,
    orthonormal,
    rademacher_variance,
    sphere_variance,
    standard_error,
)
from gnomon.objectives import MLP

A = np.array([[2.0, 1.0, -3.0, 0.0], [4.0, -1.0, 2.0, 5.0], [0.0, 2.0, 3.0, -2.0], [1.0, 0.0, 0.0, 6.0]])
SYMMETRIC = A + A.T
ONES = np.ones((4, 4))


def test_over_all_signs_mean_and_variance_are_exact():
    found = hutchinson(Dense(A), all_signs(4))
    assert found.trace == np.trace(A) == 10
    assert np.mean((found.samples - 10) ** 2) == rademacher_variance(A)
    assert found.products == 16


def test_over_all_pairs_of_signs_the_variance_halves():
    """T5 and T11: the squared standard error is on average what it estimates; all numbers are multiples of 2⁻², exact
    but for the root, so the squares are taken of samples."""
    pairs = [np.stack(pair) for pair in product(all_signs(3), repeat=2)]
    B = SYMMETRIC[:3, :3]
    found = [hutchinson(Dense(B), pair) for pair in pairs]
    assert np.mean([(f.trace - np.trace(B)) ** 2 for f in found]) == rademacher_variance(B) / 2
    assert np.mean([(f.samples[0] - f.samples[1]) ** 2 / 4 for f in found]) == rademacher_variance(B) / 2


def test_the_standard_error_divides_by_one_less():
    """Samples 1, 2, 3, 6 have mean 3 and squared deviations 4, 1, 0, 9: 14/3 over 4."""
    assert standard_error(np.array([1.0, 2.0, 3.0, 6.0])) == (14 / 12) ** 0.5
    assert standard_error(np.array([5.0])) == np.inf


def test_ones_vary_with_signs_and_the_identity_with_normal_numbers():
    """The variances of 11ᵀ/n, n = 4: signs 2(1 - 1/n), normal numbers 2, and of I: 0 and 2n; the sphere has 0 for I."""
    assert rademacher_variance(ONES / 4) == 2 * (1 - 1 / 4)
    assert gaussian_variance(ONES / 4) == 2
    assert rademacher_variance(np.eye(4)) == 0
    assert gaussian_variance(np.eye(4)) == 8
    assert sphere_variance(np.eye(4)) == 0


def test_a_rotation_moves_the_variance_of_signs():
    """T9: e₁e₁ᵀ and 11ᵀ/n are rotations of each other."""
    single = np.zeros((4, 4))
    single[0, 0] = 1
    assert gaussian_variance(single) == gaussian_variance(ONES / 4) == 2
    assert rademacher_variance(single) == 0
    assert rademacher_variance(ONES / 4) == 1.5


@pytest.mark.parametrize("probes", [hadamard(4), 2 * np.eye(4)], ids=["hadamard", "unit vectors"])
def test_complete_orthogonal_probes_are_exact(probes):
    assert hutchinson(Dense(A), probes).trace == np.trace(A)


def test_a_diagonal_is_exact_with_any_signs():
    found = hutchinson(Dense(np.diag([1.0, 2.0, 3.0])), all_signs(3)[3:4])
    assert found.trace == 6
    assert found.standard_error == np.inf


def test_the_hessian_of_a_network_gives_its_diagonal_to_the_last_bit():
    """n = 64 = 8² parameters: the probes 8·eᵢ scale products by a power of two, so zᵢᵀHzᵢ/64 is Hᵢᵢ exactly."""
    network = MLP(np.arange(15.0).reshape(3, 5) / 16, np.arange(3.0).reshape(3, 1) / 4, (9,))
    assert network.dimension == 64
    params = np.sin(np.arange(64.0))
    entries = np.array([network.hvp(params, e) @ e for e in np.eye(64)])
    found = hutchinson(hessian_operator(network, params), 8 * np.eye(64))
    assert np.array_equal(found.samples / 64, entries)
    assert found.trace == np.sum(entries)


def test_float32_stays_float32():
    found = hutchinson(Dense(A.astype(np.float32)), all_signs(4).astype(np.float32))
    assert found.trace.dtype == found.samples.dtype == found.standard_error.dtype == np.float32
    assert found.trace == 10


def test_hutchpp_sees_a_matrix_of_rank_one_exactly():
    """A = 11ᵀ, ω = e₁: Q = 1/2, all else is 0 up to nothing; 2 + 1 products."""
    found = hutchpp(Dense(ONES), np.eye(4)[:1], all_signs(4)[:1])
    assert found.trace == 4
    assert found.products == 3


def test_hutchpp_counts_two_products_for_each_vector_of_the_sketch():
    found = hutchpp(Dense(SYMMETRIC), np.eye(4)[:2], all_signs(4)[:5])
    assert found.products == 2 * 2 + 5


def test_hutchpp_of_nothing_is_nothing():
    found = hutchpp(Dense(0 * A), np.eye(4)[:2], all_signs(4)[:3])
    assert found.trace == 0
    assert found.products == 2 + 3
    assert found.standard_error == 0


def test_hutchpp_leaves_out_what_it_has_seen():
    """Twice the same sketch vector is one direction: one column less, one product less."""
    found = hutchpp(Dense(np.diag([1.0, 2.0, 3.0])), np.eye(3)[[0, 0]], all_signs(3)[:1])
    assert found.trace == 6
    assert found.products == 2 + 1 + 1


def test_an_orthonormal_basis_of_a_rectangular_sum():
    rows = np.array([[0.0, 3.0, 4.0], [0.0, 6.0, 8.0], [2.0, 0.0, 0.0]])
    assert np.array_equal(orthonormal(rows), [[0.0, 0.6, 0.8], [1.0, 0.0, 0.0]])
