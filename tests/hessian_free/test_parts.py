"""Parts of the Hessian-free optimizer: published tables, exact answers by hand, and what no law is about."""

from fractions import Fraction

import numpy as np

from gnomon.curvature.operators import Dense
from gnomon.hessian_free.backtracking import choose_iterate
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.hessian_free.line_search import armijo
from gnomon.hessian_free.small_objectives import Quadratic, Valley
from gnomon.hessian_free.storage_grid import kept_iterations, storage_grid

CODE_GRID = [0, 1, 2, 3, 4, 6, 8, 10, 13, 17, 23, 30, 39, 51, 66, 86, 112, 146, 190, 247, 321, 417, 542]
MARTENS_GRID = [5, 7, 9, 11, 15, 19, 25, 32, 41, 54, 69, 90, 117, 152, 197]


def test_the_grids_of_the_package_and_of_the_demo():
    """At j = 44 the package's single precision has 103,158."""
    assert storage_grid(542, variant="code").tolist() == CODE_GRID
    assert storage_grid(200).tolist() == MARTENS_GRID
    assert storage_grid(110_000, variant="code")[-1] == 103_159


def test_the_last_iterate_is_kept_whichever_it_is():
    assert kept_iterations((0, 1, 2, 4), 3) == (0, 1, 2, 3)
    assert kept_iterations((5, 7), 3) == (3,)
    assert kept_iterations((0, 1), 0) == (0,)


def test_the_example_of_the_package_on_backtracking():
    """f(x) = x + 10 at 2, 1, 2.7, 2.4, 7.3: the full search takes 1, the other stops at 2.4 because 2.7 is worse."""
    losses = np.array([2, 1, 2.7, 2.4, 7.3]) + 10
    assert choose_iterate(losses, variant="full") == (1, 5)
    assert choose_iterate(losses, variant="code") == choose_iterate(losses, variant="martens") == (3, 3)


def test_saddle_free_does_not_solve_the_system():
    """On A = diag(1, -2), b = (1, 1), conjugacy is lost: x₂ = (55/21, 41/14) is neither A⁻¹b = (1, -½) nor (1, ½).

    By hand: p₁ = (1, 1), |pᵀAp| = 1, α₁ = 2, x₁ = (2, 2), r₁ = (1, -5); p₂ = (12, 18), |pᵀAp| = 504, α₂ = 26/504. All
    but α₂, α₂·p₂ and its sum with x₁ is in integers: three roundings, each of at most ε/2 of a number that x₂ exceeds.
    """
    A, b = Dense(np.diag([1.0, -2.0])), np.ones(2)
    free = conjugate_gradients(A, b, max_iter=2, rtol=0.0, on_nonpositive_curvature="saddle-free").iterates[-1]
    for found, exact in zip(free, (Fraction(55, 21), Fraction(41, 14)), strict=True):
        assert abs(Fraction(float(found)) - exact) <= 3 * Fraction(2) ** -53 * exact


def test_steps_shrink_by_repeated_multiplication():
    """0.8⁵ by repeated multiplication is 0.32768000000000014, as a power 0.3276800000000001."""
    f, start = Quadratic(np.array([[1.0]]), np.zeros(1)), np.ones(1)
    found = armijo(f, start, np.array([-6.0]), f.gradient(start))
    assert found.step_length == 0.32768000000000014 != 0.8**5 and found.evaluations == 7


def test_the_valley_has_the_derivatives_that_it_claims():
    """12·f'(x) = f(x - 2) - 8f(x - 1) + 8f(x + 1) - f(x + 2) for polynomials of degree 4; everything in integers."""
    valley, x = Valley(100), np.array([4, -3])

    def difference(function, e):
        return function(x - 2 * e) - 8 * function(x - e) + 8 * function(x + e) - function(x + 2 * e)

    for i, e in enumerate(np.eye(2, dtype=int)):
        assert difference(valley.value, e) == 12 * valley.gradient(x)[i]
        assert np.array_equal(difference(valley.gradient, e), 12 * valley.hvp(x, e))


def test_the_gauss_newton_matrix_of_the_valley_is_made_of_two_outputs():
    """J = [[-1, 0], [-2x√s, √s]], L = ‖z‖²: 2JᵀJ, in integers for s = 4 and x = 3."""
    J = np.array([[-1.0, 0.0], [-12.0, 2.0]])
    product = np.stack([Valley(4.0).ggnvp(np.array([3.0, 5.0]), e) for e in np.eye(2)])
    assert np.array_equal(product, 2 * J.T @ J)
