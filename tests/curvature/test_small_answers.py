"""Curvature on matrices of whole numbers: what no law is about, and answers that can be found by hand."""

from statistics import mean

import numpy as np
import pytest

from gnomon.curvature.diagonal import bekas
from gnomon.curvature.draws import all_signs, hadamard
from gnomon.curvature.frobenius import frobenius_squared
from gnomon.curvature.lanczos import lanczos
from gnomon.curvature.largest_eigenvalues import largest_eigenvalues
from gnomon.curvature.operators import Dense
from gnomon.curvature.power import power_iteration
from gnomon.curvature.products import Classification, Regression, empirical_fisher_product, fisher_product, ggnvp, hvp
from gnomon.curvature.quadrature import spectral_measure, trace_of_function
from gnomon.curvature.trace import gaussian_variance, hutchpp, rademacher_variance, standard_error
from gnomon_spec.curvature.hutchinson import sphere_rule
from gnomon_spec.system import find_system

ONES = np.ones((4, 4))
OTHER_FORMS = {
    "samples_divided_by_the_length_of_the_probe": ("hutchinson", lambda f, A, z: f(A, z).trace),
    "weights_without_the_length_of_the_probe": ("spectral_measure", lambda f, A, z: first_moment(f(A, z, steps=2))),
    "sketch_is_not_multiplied": ("hutchpp", lambda f, A, z: f(A, np.array([[1.0, 2.0, 0.0]]), z).trace),
    "rest_is_projected_on_one_side": ("hutchpp", lambda f, A, z: f(A, np.array([[1.0, 2.0, 0.0]]), z).trace),
}


def first_moment(measure):
    return trace_of_function(measure, lambda t: t)


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_what_is_called_another_form_has_the_right_mean(name):
    """Over all signs, and over points on the sphere that integrate its degree 4: a direction is all that counts.

    Normal numbers are a direction and a length, independent of each other; where the length does not cancel (hᵀAg) its
    mean square is n. A mean of at most 12 samples, each a few sums of three terms below 10: 1000 EPS of the trace 2.
    """
    system, A = find_system("curvature"), Dense(np.array([[2.0, 1.0, 0.0], [1.0, -3.0, 2.0], [0.0, 2.0, 3.0]]))
    operation, estimate = OTHER_FORMS[name]
    mistake = system.mistakes[name]
    wrong, right = mistake.function(system.operations[operation]), system.operations[operation].reference
    assert "another" in mistake.statement or mistake.published
    assert "mean" in mistake.statement
    for probes in (all_signs(3), sphere_rule(3, np.float64)):
        means = [np.mean([estimate(f, A, z[np.newaxis]) for z in probes]) for f in (wrong, right)]
        assert np.max(np.abs(np.array(means) - 2)) <= 2000 * np.finfo(np.float64).eps
    uneven = np.array([[1.0, 1.0, 3.0]])
    assert abs(estimate(wrong, A, uneven) - estimate(right, A, uneven)) > 0.1


def test_the_standard_error_divides_by_one_less():
    """Samples 1, 2, 3, 6 have mean 3 and squared deviations 4, 1, 0, 9: 14/3 over 4."""
    assert standard_error(np.array([1.0, 2.0, 3.0, 6.0])) == (14 / 12) ** 0.5
    assert standard_error(np.array([5.0])) == np.inf


def test_a_rotation_moves_the_variance_of_signs():
    """e₁e₁ᵀ and 11ᵀ/n, n = 4, are rotations of each other: signs have 0 and 2(1 - 1/n), normal numbers 2 for both."""
    single = np.diag([1.0, 0.0, 0.0, 0.0])
    assert gaussian_variance(single) == gaussian_variance(ONES / 4) == 2
    assert (rademacher_variance(single), rademacher_variance(ONES / 4)) == (0, 1.5)


def test_hutchpp_leaves_out_what_it_has_seen():
    """Twice the same sketch vector is one direction: one column less, one product less."""
    found = hutchpp(Dense(np.diag([1.0, 2.0, 3.0])), np.eye(3)[[0, 0]], all_signs(3)[:1])
    assert (found.trace, found.products) == (6, 2 + 1 + 1)


def test_a_plain_sample_of_the_diagonal_varies_by_twice_its_square():
    """Normal numbers, of which 0 and ±√3 have the moments: 3·z² varies by 9·(3 - 1) = 2·3²; beside a 4 by 4² more."""
    A = Dense(np.array([[3.0, 4.0], [4.0, 0.0]]))
    nodes, masses = np.array([0.0, 3.0**0.5, -(3.0**0.5)]), np.array([2 / 3, 1 / 6, 1 / 6])
    samples = [[bekas(A, np.array([[x, y]]), variant="plain").diagonal[0] for y in nodes] for x in nodes]
    assert round(float(masses @ (np.array(samples) - 3) ** 2 @ masses), 12) == 2 * 3**2 + 4**2


def test_the_root_of_the_estimate_is_too_low_on_average():
    """Jensen: over all signs the mean of the roots is below the root of the mean, here 3 where the norm is 4."""
    roots = [frobenius_squared(Dense(ONES), z[np.newaxis]).square ** 0.5 for z in all_signs(4)]
    assert mean(roots) == 3.0  # 2·|Σz|: 8, 4 and 0 for 2, 8 and 6 of the 16


def test_one_step_of_lanczos_on_nothing_is_complete():
    found = lanczos(Dense(np.zeros((3, 3))), np.ones(3), steps=3)
    assert (found.products, found.diagonal[0], found.residual_norm) == (1, 0, 0)


def test_a_norm_that_does_not_change_has_converged_and_no_other():
    found = power_iteration(Dense(np.diag([1.0, -1.0, -1.0, 1.0])), np.ones(4))
    assert (found.converged, found.products) == (True, 2)
    assert not power_iteration(Dense(np.diag([2.0, 1.0])), np.ones(2), iterations=3, rtol=0.0).converged


def test_the_published_power_iteration_stops_too_early_on_small_matrices():
    """λ = 1e-5·(100, 99, 1): a change below 1e-6 ends it at once, while the relative tolerance goes on."""
    A, start = Dense(1e-5 * np.diag([100.0, 99.0, 1.0])), np.array([1.0, 2.0, 30.0])
    early = power_iteration(A, start, iterations=10_000, rtol=1e-6, variant="code")
    late = power_iteration(A, start, iterations=10_000, rtol=1e-12)
    assert early.products < 10 < late.products and early.converged and late.converged
    assert round(float(early.norm) * 1e5, 1) < round(float(late.norm) * 1e5, 1) == 100.0


def test_as_many_products_as_the_start_sees_eigenvalues_and_what_it_does_not_see_is_not_found():
    repeated, start = Dense(np.diag([3.0, 3.0, -1.0, -1.0])), np.ones(4)
    found = largest_eigenvalues(repeated, start, count=2)
    assert found.products == 2 and np.array_equal(np.rint(found.values), [3, -1])
    with pytest.raises(ValueError, match=r"^count must be at most 2, what start sees of the eigenvalues, got 3$"):
        largest_eigenvalues(repeated, start, count=3)
    hidden = largest_eigenvalues(Dense(np.diag([5.0, 3.0, 1.0])), np.array([0.0, 1.0, 1.0]), count=1)
    assert np.array_equal(np.rint(hidden.values), [3])


def test_complete_probes_and_all_steps_give_every_trace():
    """tr A⁻¹ and ln det A of eigenvalues 1, 2, 4, 8, to all of 12 digits: 1.875 and 6·ln 2."""
    basis = hadamard(4) / 2
    measure = spectral_measure(Dense((basis.T * np.array([1.0, 2.0, 4.0, 8.0])) @ basis), 2 * np.eye(4), steps=4)
    assert round(float(trace_of_function(measure, lambda t: 1 / t)), 12) == 1.875
    assert round(float(trace_of_function(measure, np.log)), 12) == round(6 * np.log(2.0), 12)


def test_one_example_by_hand():
    """x = 2, y = 1, w = (1, 0): z = 2, r = 1. J = (2, 1): H = G = F = JJᵀ, E = r²·JJᵀ; with y = -1 nine times it."""
    one = Regression(np.array([[2.0]]), np.array([[1.0]]), ())
    w, v = np.array([1.0, 0.0]), np.array([1.0, 3.0])
    for product in (hvp, ggnvp, fisher_product, empirical_fisher_product):
        assert np.array_equal(product(one, w, v), [10.0, 5.0])
    farther = one._replace(targets=np.array([[-1.0]]))
    assert np.array_equal(empirical_fisher_product(farther, w, v), [90.0, 45.0])


def test_two_equally_probable_classes_by_hand():
    """x = 2 and parameters 0: p = ½ each, so ∇²ℓ = ¼·(1, -1)(1, -1)ᵀ; along the first weight J·v = (2, 0): ½, -½."""
    two = Classification(np.array([[2.0]]), np.array([1]), 2, ())
    w, v = np.zeros(4), np.array([1.0, 0.0, 0.0, 0.0])  # W (2, 1), then b (2,)
    for product in (hvp, ggnvp, fisher_product, empirical_fisher_product):
        assert np.array_equal(product(two, w, v), [1.0, -1.0, 0.5, -0.5])
