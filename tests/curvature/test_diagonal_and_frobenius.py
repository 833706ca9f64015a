"""The diagonal and the Frobenius norm: exact moments over all signs, exact answers."""

from __future__ import annotations

from statistics import mean

import numpy as np
import pytest

from gnomon.curvature.diagonal import bekas
from gnomon.curvature.draws import all_signs, hadamard
from gnomon.curvature.frobenius import frobenius_squared
from gnomon.curvature.operators import Dense
from gnomon.curvature.trace import hutchinson, rademacher_variance

A = np.array([[2.0, 1.0, -3.0, 0.0], [4.0, -1.0, 2.0, 5.0], [0.0, 2.0, 3.0, -2.0], [1.0, 0.0, 0.0, 6.0]])


@pytest.mark.parametrize("variant", ["ratio", "plain"])
def test_over_all_signs_mean_and_variance_of_the_diagonal_are_exact(variant):
    found = np.stack([bekas(Dense(A), z[np.newaxis], variant=variant).diagonal for z in all_signs(4)])
    assert np.array_equal(np.mean(found, axis=0), np.diagonal(A))
    rows = np.sum(A * A, axis=1) - np.diagonal(A) ** 2
    assert np.array_equal(np.mean((found - np.diagonal(A)) ** 2, axis=0), rows)


@pytest.mark.parametrize("variant", ["ratio", "plain"])
def test_hadamards_probes_give_the_diagonal(variant):
    found = bekas(Dense(A), hadamard(4), variant=variant)
    assert np.array_equal(found.diagonal, np.diagonal(A))
    assert found.products == 4


def test_the_ratio_of_a_diagonal_matrix_needs_no_signs():
    """Entries and probes are powers of two: every operation is exact."""
    found = bekas(Dense(np.diag([1.0, -4.0])), np.array([[2.0, 0.5], [4.0, 8.0]]))
    assert np.array_equal(found.diagonal, [1.0, -4.0])


def test_with_the_same_signs_the_diagonal_adds_up_to_the_trace():
    """Whole numbers over m = 4 probes: exact."""
    signs = all_signs(4)[3:7]
    assert np.sum(bekas(Dense(A), signs).diagonal) == hutchinson(Dense(A), signs).trace


def test_a_coordinate_without_a_probe_gets_a_sentence():
    probes = np.array([[1.0, 0.0], [2.0, 0.0]])
    with pytest.raises(ValueError, match="probes must not all be 0 in the same coordinate"):
        bekas(Dense(A[:2, :2]), probes)
    assert np.array_equal(bekas(Dense(np.eye(2)), probes, variant="plain").diagonal, [2.5, 0.0])


def test_over_all_signs_mean_and_variance_of_the_square_are_exact():
    found = frobenius_squared(Dense(A), all_signs(4))
    square = np.sum(A * A)
    assert found.square == square
    assert np.mean((found.samples - square) ** 2) == rademacher_variance(A.T @ A)
    assert np.mean((found.samples - square) ** 2) <= 2 * square**2
    assert found.products == 16


def test_hadamards_probes_give_the_norm():
    assert frobenius_squared(Dense(A), hadamard(4)).square == np.sum(A * A)


def test_the_root_is_too_low_on_average():
    """Jensen: over all signs the mean of the roots is below the root of the mean, here 3 where the norm is 4."""
    roots = [frobenius_squared(Dense(np.ones((4, 4))), z[np.newaxis]).square ** 0.5 for z in all_signs(4)]
    assert mean(roots) == 3.0  # 2·|Σz|: 8, 4 and 0 for 2, 8 and 6 of the 16
    assert np.sum(np.ones((4, 4))) ** 0.5 == 4.0
