"""Probes: what is drawn has the promised shape and length, and the complete sets are complete."""

import numpy as np
import pytest

from gnomon.curvature.draws import all_signs, gaussian, hadamard, rademacher, sphere

U = 2.0**-53


@pytest.mark.parametrize("draw", [rademacher, gaussian, sphere])
def test_the_generator_decides_what_is_drawn(draw):
    first, again, other = (draw(np.random.default_rng(seed), 3, 5) for seed in (1, 1, 2))
    assert first.shape == (3, 5) and first.dtype == np.float64
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_signs_are_signs():
    """64 fair signs are all alike with probability 2⁻⁶³."""
    assert set(rademacher(np.random.default_rng(3), 8, 8).ravel()) == {-1.0, 1.0}


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_points_of_the_sphere_have_its_radius(n):
    """‖z‖² = n up to rounding: the sum of squares is off by n·u, its root by half of that and one unit, product and
    quotient by one each and √n by one; then ‖z‖² by twice these and n more for summing it up: 2(n/2 + 4) + n + 1."""
    points = sphere(np.random.default_rng(4), 20, n)
    assert np.all(np.abs(np.sum(points * points, axis=1) - n) <= n * (2 * n + 9) * U)


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_all_signs_are_all_of_them_once(n):
    signs = all_signs(n)
    assert signs.shape == (2**n, n) and np.all(np.abs(signs) == 1) and len(np.unique(signs, axis=0)) == 2**n


@pytest.mark.parametrize("n", [1, 2, 4, 16])
def test_rows_of_sylvesters_matrix_are_orthogonal_signs(n):
    rows = hadamard(n)
    assert np.all(np.abs(rows) == 1) and np.array_equal(rows @ rows.T, n * np.eye(n))
