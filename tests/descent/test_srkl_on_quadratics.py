"""SRKL on quadratics: its thresholds counted exactly, what one probe measures, where only the code stays finite."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import fsum

import numpy as np
import pytest

from gnomon.descent import srkl
from gnomon.objectives import Rosenbrock

UNIT = 2.0**-53
SIXTEENTHS = np.arange(1, 28) / 16


def test_overshoot_and_divergence_with_a_norm_on_a_grid() -> None:
    """On ½λx² with a norm the sign changes iff λ(α-β) > 1 and |x| grows iff λ(α-2β) > 2: 19,683 cases.

    Both sides of the inequalities are multiples of 2⁻⁸ and exact in floating point. x' = 1 - αλ/(1+βλ) has 3 roundings
    of numbers below 2 + |x'|, while x', 1 + x' and 1 - x' are 0 or at least 2⁻⁸/(1+βλ) > 2⁻¹⁰ in size.
    """
    alpha, beta, lam = (x.reshape(-1) for x in np.meshgrid(SIXTEENTHS, SIXTEENTHS, SIXTEENTHS))
    new = np.array(
        [
            srkl.step_coordinate(np.ones(1), np.array([h]), np.array([h]), alpha=float(a), beta=float(b))[0]
            for a, b, h in zip(alpha, beta, lam, strict=True)
        ]
    )
    room = 3 * UNIT * 4
    np.testing.assert_array_equal(new < -room, lam * (alpha - beta) > 1)
    np.testing.assert_array_equal(new < -1 - room, lam * (alpha - 2 * beta) > 2)
    assert np.all(new <= 1)


def test_the_three_norms_make_that_same_step_in_one_dimension() -> None:
    for norm in srkl.NORMS:
        for a, b, h in product(SIXTEENTHS[::5], repeat=3):
            kappa = srkl.curvature_hessian(np.array([[h]]), norm=norm)
            new = srkl.step(np.ones(1), np.array([h]), kappa, alpha=float(a), beta=float(b))
            exact = 1 - Fraction(a) * Fraction(h) / (1 + Fraction(b) * Fraction(h))
            # Four roundings of αλ/(1+βλ) < 3, one of the difference; the root of a square of few bits is exact.
            assert abs(Fraction(float(new[0])) - exact) <= 5 * 4 * Fraction(UNIT)


def test_overshoot_with_the_code_on_a_grid() -> None:
    """On ½λx² with the code the sign changes iff βλ²x² < αλ - 1, 6,561 cases: never for αλ <= 1.

    Both sides are multiples of 2⁻¹⁶ and exact; x'/x = (1 + βλ²x² - αλ)/(1 + βλ²x²) is 0 or at least 2⁻¹⁶/34 in size,
    and has 6 roundings of numbers below 4.
    """
    coarse = SIXTEENTHS[::3]
    alpha, beta, lam, x = (part.reshape(-1) for part in np.meshgrid(coarse, coarse, coarse, coarse))
    grad = lam * x
    new = np.array(
        [
            srkl.step_code(np.array([w]), np.array([g]), alpha=float(a), beta=float(b))[0]
            for w, g, a, b in zip(x, grad, alpha, beta, strict=True)
        ]
    )
    overshoots = beta * grad * grad < alpha * lam - 1
    np.testing.assert_array_equal(new / x < -6 * UNIT * 4, overshoots)
    assert np.any(overshoots) and not np.any(overshoots[alpha * lam <= 1])


def test_stability_per_coordinate_needs_beta_of_half_of_n_times_alpha() -> None:
    """H = c·11ᵀ, n = 8, β = ½, c = 10⁹: the largest eigenvalue of diag(Φ)·H is 15.99999997."""
    n, c = 8, 1e9
    ones = np.ones(n)
    moved = srkl.step_coordinate(0 * ones, c * n * ones, c * ones, alpha=1.0, beta=0.5)
    assert {f"{-entry:.8f}" for entry in moved} == {"15.99999997"}


def test_two_probes_see_half_of_what_is_beside_the_diagonal() -> None:
    """Over all 4,096 pairs of sign vectors, n = 6, the mean of κ² is ‖diag H‖² + (‖H‖² - ‖diag H‖²)/2.

    With integers ĥ and its square sum are exact; κ is one root, so that κ² is off by less than 2 units and a square by
    one more: 3 units of a mean of non-negative numbers, with one rounding by `fsum` and one by the division.
    """
    H = np.array([[(3 * i + 5 * j) % 7 - 3 for j in range(6)] for i in range(6)], dtype=float)
    H = H + H.T
    signs = np.array(list(product((1.0, -1.0), repeat=6)))
    images = signs @ H
    squares = [float(srkl.curvature_probe(images[[i, j]], signs[[i, j]])) ** 2 for i in range(64) for j in range(64)]
    diagonal = int(np.sum(np.diag(H) ** 2))
    expected = diagonal + Fraction(int(np.sum(H * H)) - diagonal, 2)
    assert abs(Fraction(fsum(squares) / 4096) - expected) <= 6 * Fraction(UNIT) * expected


def test_the_code_has_a_preferred_frame() -> None:
    """(5, 0) has κ = 25; turned to (3, 4) it has κ = √337."""
    assert srkl.curvature(np.array([5.0, 0.0])) == 25
    assert abs(srkl.curvature(np.array([3.0, 4.0])) ** 2 - 337) <= 16 * UNIT * 337  # fewer than 8 roundings of κ
    for norm in ("fro", "spectral"):
        assert srkl.curvature_hessian(np.diag([1.0, 0.0]), norm=norm) == 1
    assert srkl.curvature_hessian(np.full((2, 2), 0.5), norm="fro") == 1
    assert srkl.curvature_hessian(np.full((2, 2), 0.5), norm="diag") == np.sqrt(0.5)


@pytest.mark.parametrize("ratio", [2.05, 3.0, 10.0, 50.0])
def test_beyond_gradient_descents_limit_the_code_neither_converges_nor_diverges(ratio: float) -> None:
    """α·λmax > 2: braking is at least half of αλmax/2 - 1 again and again, and ‖x‖ keeps to its bound.

    While β·κ is below half of αλmax/2 - 1, the steepest coordinate grows by a factor of at least
    αλmax/(1 + (αλmax/2 - 1)/2) - 1 = g > 1, so that it cannot stay there for long; 400 steps are more than 40/ln g.
    The bound is max(‖x₀‖, R + α·n^¼/(2√β)), R = (√n·(αλmax/2 - 1)/β)^½/λmin.
    """
    eigenvalues, beta = np.array([1.0, 0.5, 0.25]), 0.75
    growth = ratio / (1 + (ratio / 2 - 1) / 2) - 1
    start, steps = np.array([0.3, -0.2, 0.5]), 400 + int(40 / np.log(growth))
    path = srkl.trajectory(
        start, np.diag(eigenvalues), np.zeros(3), steps=2 * steps, variant="code", alpha=ratio, beta=beta
    )
    late = path[steps:] * eigenvalues
    assert np.max(beta * np.sqrt(np.sum(late**4, axis=1))) >= (ratio / 2 - 1) / 2
    inner = np.sqrt(np.sqrt(3) * (ratio / 2 - 1) / beta) / 0.25
    bound = max(float(np.linalg.norm(start)), inner + ratio * 3**0.25 / (2 * np.sqrt(beta)))
    assert np.max(np.linalg.norm(path, axis=1)) <= bound


def test_gradient_descent_overflows_where_the_code_stays() -> None:
    """α = 50 on ½x²: gradient descent multiplies by -49 and overflows at step 183; the code keeps to α/(2√β)."""
    start, hessian = np.ones(1), np.ones((1, 1))
    with np.errstate(over="ignore", invalid="ignore"):
        wild = srkl.trajectory(start, hessian, 0 * start, steps=183, alpha=50.0, beta=0.0)
    assert [bool(np.isfinite(x)) for x in wild[[182, 183], 0]] == [True, False]
    calm = srkl.trajectory(start, hessian, 0 * start, steps=183, variant="code", alpha=50.0, beta=1.0)
    assert np.max(np.abs(calm)) <= 25


@pytest.mark.parametrize(
    ("variant", "alpha", "beta", "printed"),
    [
        ("code", 1e-3, 0.1, ("24.18850", "23.04928")),
        ("fro", 1e-3, 0.1, ("23.84420", "7.299985")),
        ("fro", 1.0, 1.0, ("4.577505", "3.808285")),
        ("diag", 1.0, 0.6, ("9.407633", "0.4021887")),
    ],
)
def test_one_and_a_hundred_steps_on_rosenbrock(
    variant: str, alpha: float, beta: float, printed: tuple[str, str]
) -> None:
    """From (-1.2, 1), where f = 24.2, to the seven digits that were measured."""
    f, x, values = Rosenbrock(), np.array([-1.2, 1.0]), {}
    for t in range(1, 101):
        x = srkl.step_on(x, f, variant=variant, alpha=alpha, beta=beta)
        values[t] = f"{f.value(x):#.7g}"
    assert (values[1], values[100]) == printed


def test_without_entries_or_arrays_there_is_nothing_to_do() -> None:
    empty = np.zeros(0)
    assert srkl.curvature(empty) == 0 and srkl.step_code(empty, empty).shape == (0,)
    assert srkl.curvature_hessian(np.zeros((0, 0))) == srkl.curvature_hessian(np.zeros((0, 0)), norm="spectral") == 0
    assert srkl.step_arrays((), ()) == ()
