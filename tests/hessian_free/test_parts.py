"""The parts of the Hessian-free optimizer: published tables, exact answers on small problems, bad input."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gnomon.curvature.operators import Dense
from gnomon.hessian_free import conjugate_gradients as cg
from gnomon.hessian_free.backtracking import choose_iterate
from gnomon.hessian_free.damping import reduction_ratio, updated_damping
from gnomon.hessian_free.line_search import armijo
from gnomon.hessian_free.preconditioner import fisher_preconditioner, squared_gradients
from gnomon.hessian_free.progress import progress_has_ended, window
from gnomon.hessian_free.small_objectives import Fenced, Quadratic, Valley
from gnomon.hessian_free.storage_grid import kept_iterations, storage_grid

CODE_GRID = [0, 1, 2, 3, 4, 6, 8, 10, 13, 17, 23, 30, 39, 51, 66, 86, 112, 146, 190, 247, 321, 417, 542]
MARTENS_GRID = [5, 7, 9, 11, 15, 19, 25, 32, 41, 54, 69, 90, 117, 152, 197]


def test_the_grid_of_the_package() -> None:
    assert storage_grid(542, variant="code").tolist() == CODE_GRID
    assert len(storage_grid(250, variant="code")) == 20  # 21 with the last iterate


def test_the_grid_of_the_demo() -> None:
    assert storage_grid(200).tolist() == MARTENS_GRID


def test_the_grid_is_that_of_exact_integers() -> None:
    """⌈1.3ʲ⌉ - 1 and ⌈5·1.3ʲ⌉ in integers, beyond j = 44, where the package's single precision has 103,158."""
    powers = [(13**j, 10**j) for j in range(45)]
    assert storage_grid(110_000, variant="code").tolist() == sorted({-(-a // b) - 1 for a, b in powers})
    assert storage_grid(110_000, variant="code")[-1] == 103_159
    assert storage_grid(520_000).tolist() == sorted({-(-5 * a // b) for a, b in powers})


def test_the_grid_of_another_base() -> None:
    assert storage_grid(20, base=2.0, variant="code").tolist() == [0, 1, 3, 7, 15]
    assert storage_grid(20, base=2.0).tolist() == [5, 10, 20]


def test_the_last_iterate_is_kept_whichever_it_is() -> None:
    assert kept_iterations((0, 1, 2, 4), 3) == (0, 1, 2, 3)
    assert kept_iterations((5, 7), 3) == (3,)
    assert kept_iterations((0, 1), 0) == (0,)


@pytest.mark.parametrize(
    ("ratio", "code", "martens"), [(0.5, 21, 18), (0.8, 44, 34), (0.9, 79, 57), (0.95, 152, 96), (0.99, 772, 320)]
)
def test_where_progress_ends_on_a_geometric_model(ratio: float, code: int, martens: int) -> None:
    model = -(1 - ratio ** np.arange(800.0))
    for variant, expected in (("code", code), ("martens", martens)):
        ends = [i for i in range(expected + 1) if progress_has_ended(model[: i + 1], variant=variant)]
        assert ends == [expected]


def test_the_window_of_each_variant() -> None:
    assert [window(i, variant="code") for i in (5, 100, 109, 110, 250)] == [10, 10, 10, 11, 25]
    assert [window(i) for i in (5, 100, 101, 110, 250)] == [10, 10, 11, 11, 25]


def test_the_example_of_the_package_on_backtracking() -> None:
    """f(x) = x + 10 at 2, 1, 2.7, 2.4, 7.3: the full search takes 1, the other stops at 2.4 because 2.7 is worse."""
    losses = np.array([2, 1, 2.7, 2.4, 7.3]) + 10
    assert choose_iterate(losses, variant="full") == (1, 5)
    assert choose_iterate(losses, variant="code") == choose_iterate(losses, variant="martens") == (3, 3)


def test_losses_that_are_not_finite_are_passed_over() -> None:
    assert choose_iterate(np.array([1.0, np.nan, np.inf])) == (0, 3)
    assert choose_iterate(np.array([np.nan, -np.inf])) == (-1, 2)


def test_conjugate_gradients_solve_a_small_system_exactly() -> None:
    """A = diag(1, 2), b = (1, 2), from 0: α₁ = 5/9, x₁ = (5/9, 10/9), and x₂ = (1, 1) up to rounding.

    The second step's quantities are quotients of small integers; eight roundings of relative size ε stand between them
    and x₂, with no cancellation but in r (4/9 and -2/9, exact to 5ε): 64ε covers them.
    """
    found = cg.conjugate_gradients(Dense(np.diag([1.0, 2.0])), np.array([1.0, 2.0]), max_iter=2, stored=(0, 1, 2))
    assert found.iterations == 2 and found.products == 3 and found.non_positive == 0
    exact = np.array([[0, 0], [5 / 9, 10 / 9], [1, 1]])
    assert np.all(np.abs(found.iterates - exact) <= 64 * np.finfo(float).eps)


@pytest.mark.parametrize("rhs", [np.zeros(2), np.array([1.0, 2.0])])
def test_nothing_is_divided_by_nothing_at_an_exact_start(rhs: np.ndarray[Any, Any]) -> None:
    found = cg.conjugate_gradients(Dense(np.eye(2)), rhs, rhs)
    assert found.reason == cg.NOTHING_LEFT and found.iterations == 0
    assert np.array_equal(found.iterates[-1], rhs)


def test_a_singular_direction_ends_the_run_whatever_the_policy() -> None:
    """f = -θ² with damping 2: A = 0, where the package's iterate becomes infinite."""
    for policy in ("ignore", "stop", "saddle-free"):
        found = cg.conjugate_gradients(Dense(np.zeros((1, 1))), np.ones(1), on_nonpositive_curvature=policy)
        assert found.reason == cg.NEGATIVE and found.iterates[-1, 0] == 0
    with pytest.raises(ValueError, match="operator must be positive along every direction"):
        cg.conjugate_gradients(Dense(np.zeros((1, 1))), np.ones(1), on_nonpositive_curvature="raise")


def test_cold_runs_of_martens_rule_are_the_shorter_ones() -> None:
    """Up to 100 iterations the window is 10 in both, and mᵢ - m₀ = mᵢ: the factor k only lets it end earlier."""
    generator = np.random.default_rng(0)
    for n in (20, 40, 80):
        factor = np.linalg.qr(generator.standard_normal((n, n)))[0]
        A = (factor * np.geomspace(1e-3, 1, n)) @ factor.T
        b = generator.standard_normal(n)
        code, martens = (
            cg.conjugate_gradients(Dense(A), b, max_iter=100, rtol=0.0, variant=variant).iterations
            for variant in ("code", "martens")
        )
        assert martens <= code


def test_saddle_free_does_not_solve_the_system() -> None:
    """On A = diag(1, -2), b = (1, 1), conjugacy is lost: x₂ = (55/21, 41/14) is neither A⁻¹b = (1, -½) nor (1, ½).

    By hand: p₁ = (1, 1), |pᵀAp| = 1, α₁ = 2, x₁ = (2, 2), r₁ = (1, -5); p₂ = (12, 18), |pᵀAp| = 504, α₂ = 26/504. All
    but α₂, α₂·p₂ and its sum with x₁ is in integers: three roundings, each of at most ε/2 of a number that x₂ exceeds.
    """
    A, b = Dense(np.diag([1.0, -2.0])), np.ones(2)
    free = cg.conjugate_gradients(A, b, max_iter=2, rtol=0.0, on_nonpositive_curvature="saddle-free").iterates[-1]
    for found, exact in zip(free, (Fraction(55, 21), Fraction(41, 14)), strict=True):
        assert abs(Fraction(float(found)) - exact) <= 3 * Fraction(2) ** -53 * exact


class CountingMatrix:
    """A symmetric matrix that counts its products."""

    def __init__(self, matrix: Any) -> None:
        self.matrix, self.products = np.asarray(matrix, dtype=float), 0

    def __call__(self, vector: Any) -> Any:
        self.products += 1
        return self.matrix @ vector


@pytest.mark.parametrize("policy", ["ignore", "stop", "saddle-free"])
@pytest.mark.parametrize(
    ("diagonal", "start"),
    [([1.0, 2.0], None), ([1.0, 2.0], [1.0, 0.5]), ([1.0, 2.0], [0.25, 4.0]), ([1.0, -2.0], None), ([0.0, 0.0], None)],
)
def test_the_products_that_are_told_are_those_that_were_made(policy: str, diagonal: Any, start: Any) -> None:
    """One before, one an iteration, and one that ended the run by its curvature; also from an exact start, (1, ½)."""
    A, x = CountingMatrix(np.diag(diagonal)), None if start is None else np.array(start)
    found = cg.conjugate_gradients(A, np.ones(2), x, max_iter=5, on_nonpositive_curvature=policy)
    assert found.products == A.products == 1 + found.iterations + (found.reason == cg.NEGATIVE)


def test_uphill_armijo_lets_the_loss_rise() -> None:
    """f(t) = t(1 - t) from 0 along 0.995: slope 0.995, and a = 1 is taken although f rises to 0.995·0.005."""
    hill, start, direction = Quadratic(np.array([[-2.0]]), np.array([0.5])), np.zeros(1), np.array([0.995])
    grad = hill.gradient(start)
    found = armijo(hill, start, direction, grad)
    assert found.step_length == 1 and found.evaluations == 2
    rise = found.value - hill.value(start)
    assert f"{rise:.6f}" == "0.004975"
    assert armijo(hill, start, direction, grad, reject_ascent=True).step_length == 0


def test_steps_shrink_by_repeated_multiplication() -> None:
    """0.8⁵ by repeated multiplication is 0.32768000000000014, as a power 0.3276800000000001."""
    f, start = Quadratic(np.array([[1.0]]), np.zeros(1)), np.ones(1)
    found = armijo(f, start, np.array([-6.0]), f.gradient(start))
    assert found.step_length == 0.32768000000000014 != 0.8**5 and found.evaluations == 7


def test_a_failed_search_costs_an_evaluation_a_candidate() -> None:
    f, start = Quadratic(np.array([[1.0]]), np.zeros(1)), np.ones(1)
    assert armijo(f, start, np.ones(1), f.gradient(start)) == (0, 0.5, 21)


def test_the_table_of_the_damping() -> None:
    ratios = (-np.inf, 0.24, 0.25, 0.5, 0.75, 0.76, np.inf)
    assert [updated_damping(3.0, r) for r in ratios] == [4.5, 4.5, 3, 3, 3, 2, 2]
    assert updated_damping(3.0, np.nan) == 4.5 and updated_damping(3.0, np.nan, variant="code") == 3


def test_other_thresholds_and_factors_of_the_damping() -> None:
    """Numbers that are short in base two: exact."""
    rules = {"low": 0.5, "high": 0.5, "grow": 4.0, "shrink": 0.125}
    assert [updated_damping(2.0, r, **rules) for r in (0.25, 0.5, 0.75, np.nan)] == [8, 2, 0.25, 8]


def test_a_positive_ratio_does_not_mean_progress() -> None:
    """f = -θ² at 1 with λ = ½: A = -3/2, x = -4/3; f rises from -1 to -1/9 and m from 0 to 4/3: ρ = 2/3."""
    ratio = reduction_ratio(-1.0, -1 / 9, 4 / 3, variant="code")
    assert abs(ratio - 2 / 3) <= np.finfo(float).eps
    assert reduction_ratio(-1.0, -1 / 9, 4 / 3) == reduction_ratio(-1.0, np.inf, 4 / 3) == -np.inf


def test_the_preconditioner_by_hand() -> None:
    """Gradients (3, 1) and (1, 1): d = (5, 1) as a mean; with λ = 11 and ξ = 3/4, 16^(-3/4) = 1/8."""
    gradients = np.array([[3.0, 1.0], [1.0, 1.0]])
    assert squared_gradients(gradients).tolist() == [5, 1]
    assert squared_gradients(gradients, reduction="sum").tolist() == [10, 2]
    operator = fisher_preconditioner(np.array([5.0, 0.0]), damping=11.0)
    assert operator(np.array([8.0, 0.0])).tolist() == [1, 0]


def test_the_functions_have_the_derivatives_they_claim() -> None:
    """12·f'(x) = f(x - 2) - 8f(x - 1) + 8f(x + 1) - f(x + 2) for polynomials of degree 4; everything in integers."""
    valley, x = Valley(100), np.array([4, -3])

    def difference(function: Any, e: Any) -> Any:
        return function(x - 2 * e) - 8 * function(x - e) + 8 * function(x + e) - function(x + 2 * e)

    for i, e in enumerate(np.eye(2, dtype=int)):
        assert difference(valley.value, e) == 12 * valley.gradient(x)[i]
        assert np.array_equal(difference(valley.gradient, e), 12 * valley.hvp(x, e))


def test_the_gauss_newton_matrix_of_the_valley_is_made_of_two_outputs() -> None:
    """J = [[-1, 0], [-2x√s, √s]], L = ‖z‖²: 2JᵀJ, in integers for s = 4 and x = 3."""
    J = np.array([[-1.0, 0.0], [-12.0, 2.0]])
    product = np.stack([Valley(4.0).ggnvp(np.array([3.0, 5.0]), e) for e in np.eye(2)])
    assert np.array_equal(product, 2 * J.T @ J)


QUADRATIC = Quadratic(np.eye(2), np.zeros(2))
X = np.ones(2)
BAD = [
    (lambda: storage_grid(5, base=1.0), r"base must be a finite number in \(1, inf\), got 1.0"),
    (lambda: progress_has_ended(np.zeros(0)), r"model must have shape \(i \+ 1,\) with i \+ 1 >= 1, got \(0,\)"),
    (lambda: choose_iterate(np.zeros(2), variant="x"), "variant must be one of 'code', 'martens', 'full', got 'x'"),
    (
        lambda: cg.conjugate_gradients(Dense(np.eye(2)), X * np.nan),
        "rhs must be finite, got a NaN or an infinity in it",
    ),
    (
        lambda: cg.conjugate_gradients(Dense(np.eye(2)), X, np.zeros(3)),
        r"start must have shape \(2,\) to fit rhs \(2,\)",
    ),
    (lambda: cg.conjugate_gradients(Dense(np.eye(2)), X, stored=(-1,)), "stored must be an integer >= 0, got -1"),
    (lambda: cg.conjugate_gradients(Dense(np.full((2, 2), np.nan)), X), "product 0 of the operator must be finite"),
    (lambda: armijo(QUADRATIC, X, np.ones(3), X), "direction must have the shape of params"),
    (lambda: armijo(QUADRATIC, X, X, X, shrink=1.0), r"shrink must be a finite number in \(0, 1\), got 1.0"),
    (
        lambda: armijo(Fenced(np.eye(2), np.zeros(2), 0.5, np.inf), X, X, X),
        "objective must be finite at params, got inf",
    ),
    (lambda: updated_damping(1.0, 1.0, low=0.5, high=0.25), "low must be at most high, got 0.5 and 0.25"),
    (lambda: updated_damping(1.0, 1.0, shrink=0.0), r"shrink must be a finite number in \(0, 1\], got 0.0"),
    (lambda: squared_gradients(np.zeros((0, 2))), r"example_gradients must have shape \(N, n\) with N >= 1"),
    (lambda: fisher_preconditioner(-X), "diagonal must be >= 0 and not nan in every entry"),
    (lambda: fisher_preconditioner(0 * X, damping=0.0), "must not be 0 in any entry unless exponent is 0"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_gets_a_sentence(call: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        call()
