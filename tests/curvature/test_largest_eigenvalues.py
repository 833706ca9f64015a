"""The eigenvalues of largest size, on matrices whose eigenvalues are known."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.curvature.largest_eigenvalues import largest_eigenvalues
from gnomon.curvature.operators import Dense
from gnomon.curvature.power import power_iteration

# A Householder reflection, orthogonal and of multiples of 1/2: I - 2wwᵀ with w = (1, 1, 1, 1)/2.
TURN = np.eye(4) - 0.5
EIGENVALUES = np.array([4.0, -8.0, 1.0, 2.0])
A = (TURN * EIGENVALUES) @ TURN.T
START = TURN @ np.array([1.0, 2.0, -1.0, 1.0])


def nearest(values, unit=1.0):
    """Return the multiples of a unit that are nearest: which eigenvalue it is. How near is for the laws to say."""
    return np.rint(np.asarray(values) / unit) * unit


def test_they_are_the_largest_in_size_with_their_signs_and_vectors():
    for count in (1, 2, 3, 4):
        found = largest_eigenvalues(Dense(A), START, count=count)
        assert found.values.shape == (count,) and found.vectors.shape == (count, 4)
        np.testing.assert_array_equal(nearest(found.values), [-8.0, 4.0, 2.0, 1.0][:count])
        expected = (TURN * [1, 1, -1, 1]).T[[1, 0, 3, 2]]
        np.testing.assert_array_equal(nearest(found.vectors, 0.5), expected[:count])
        assert np.all(found.vectors @ START >= 0)


def test_it_asks_for_as_many_products_as_the_start_sees_eigenvalues():
    asked = []

    def operator(vector):
        asked.append(vector)
        return A @ vector

    assert largest_eigenvalues(operator, START, count=1).products == len(asked) == 4
    repeated = np.diag([3.0, 3.0, -1.0, -1.0])
    found = largest_eigenvalues(Dense(repeated), np.ones(4), count=2)
    assert found.products == 2
    np.testing.assert_array_equal(nearest(found.values), [3.0, -1.0])


def test_what_the_start_does_not_see_is_not_found():
    with pytest.raises(ValueError, match=r"^count must be at most 2, what start sees of the eigenvalues, got 3$"):
        largest_eigenvalues(Dense(np.diag([3.0, 3.0, -1.0, -1.0])), np.ones(4), count=3)
    found = largest_eigenvalues(Dense(np.diag([5.0, 3.0, 1.0])), np.array([0.0, 1.0, 1.0]), count=1)
    np.testing.assert_array_equal(nearest(found.values), [3.0])


def test_deflated_power_iteration_ends_at_the_same_pairs():
    found = largest_eigenvalues(Dense(A), START, count=3)
    for k in range(3):
        power = power_iteration(Dense(A), START, found.vectors[:k], iterations=60, rtol=0.0)
        assert nearest(power.rayleigh) == nearest(found.values[k]) == [-8.0, 4.0, 2.0][k]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype):
    found = largest_eigenvalues(Dense(A.astype(dtype)), START.astype(dtype), count=2)
    assert found.values.dtype == found.vectors.dtype == dtype


def test_a_product_that_is_not_finite_names_its_index():
    def operator(vector):
        operator.asked += 1
        return A @ vector if operator.asked < 3 else np.full(4, np.nan)

    operator.asked = 0
    with pytest.raises(ValueError, match=r"^product 2 of the operator must be finite"):
        largest_eigenvalues(operator, START, count=1)
