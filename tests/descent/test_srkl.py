"""SRKL's reference: the numbers known of it that no study states, and what has no entries."""

from math import exp, log

import numpy as np
import pytest

from gnomon.descent import srkl, srkl_map
from gnomon.kernels.descent import srkl as compiled_srkl
from gnomon.objectives import Quadratic


def test_saddles_are_left_more_slowly_than_by_gradient_descent():
    """On ½(x²-y²), α = .1, β = 1, y grows by 1 + α/(1+√2) a step: 341 steps from 1e-6 to 1, against 145."""
    f = Quadratic(np.diag([1.0, -1.0]), np.zeros(2))
    steps = []
    for beta in (1.0, 0.0):
        x, count = np.array([0.0, 1e-6]), 0
        while abs(x[1]) < 1:
            x, count = srkl.step_on(x, f, alpha=0.1, beta=beta), count + 1
        steps.append(count)
    assert steps == [341, 145]


@pytest.mark.parametrize(("beta", "printed"), [(0.5, "-6.999996"), (1.0, "-2.999999"), (2.0, "-0.99999975")])
def test_the_diagonal_loses_the_guarantee_of_stability(beta, printed):
    """H = c·11ᵀ, n = 16: the multiplier 1 - Φλ tends to 1 - √n/β·α; 1.5 steps beyond any bound for β = ½."""
    n, c = 16, 1e6
    rate = srkl.brake(srkl.curvature_hessian(np.full((n, n), c), norm="diag"), alpha=1.0, beta=beta)
    assert f"{1 - float(rate) * c * n:.{len(printed.partition('.')[2])}f}" == printed


def test_stability_per_coordinate_needs_beta_of_half_of_n_times_alpha():
    """H = c·11ᵀ, n = 8, β = ½, c = 10⁹: the largest eigenvalue of diag(Φ)·H is 15.99999997."""
    n, c, ones = 8, 1e9, np.ones(8)
    moved = srkl.step_coordinate(0 * ones, c * n * ones, c * ones, alpha=1.0, beta=0.5)
    assert {f"{-entry:.8f}" for entry in moved} == {"15.99999997"}


def test_gradient_descent_overflows_where_the_code_stays():
    """α = 50 on ½x²: gradient descent multiplies by -49 and overflows at step 183; the code keeps to α/(2√β)."""
    start, hessian = np.ones(1), np.ones((1, 1))
    with np.errstate(over="ignore", invalid="ignore"):
        wild = srkl.trajectory(start, hessian, 0 * start, steps=183, alpha=50.0, beta=0.0)
    assert [bool(np.isfinite(x)) for x in wild[[182, 183], 0]] == [True, False]
    calm = srkl.trajectory(start, hessian, 0 * start, steps=183, variant="code", alpha=50.0, beta=1.0)
    assert np.max(np.abs(calm)) <= 25


@pytest.mark.parametrize(("ratio", "printed"), [(0.1, "0.0805"), (0.01, "0.0777"), (0.001, "0.0774")])
def test_orbits_follow_the_gradient_flow_with_an_error_in_proportion_to_a(ratio, printed):
    """ln y + ½y² falls at the rate a along the flow; from 3 after a·t = 6 the error/a is .0805, .0777, .0774."""
    target, low, high = log(3) + 4.5 - 6, 0.0, 3.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if middle < exp(target - middle * middle / 2) else (low, middle)
    end = srkl_map.attractor(np.array([3.0]), np.array([ratio]), burn_in=round(6 / ratio) - 1, kept=1)[0, 0]
    assert f"{abs(end - low) / ratio:.4f}" == printed


@pytest.mark.parametrize("module", [srkl, compiled_srkl], ids=["reference", "kernel"])
def test_a_hessian_of_any_size_has_its_norms_and_one_that_is_not_finite_has_none(module):
    for size in (1e200, 1e-200):
        norms = [module.curvature_hessian(size * np.eye(4), norm=norm) / size for norm in srkl.NORMS]
        assert np.array_equal(np.round(norms, 14), [2, 1, 2])
    for bad, kappa in ((np.nan, np.nan), (np.inf, np.inf), (-np.inf, np.inf)):
        for norm in srkl.NORMS:
            assert np.array_equal(module.curvature_hessian(np.diag([bad, 1.0]), norm=norm), kappa, equal_nan=True)
    with pytest.raises(ValueError, match=r"^curvature must be >= 0 and not nan, got nan$"):
        srkl.advance(np.ones(2), np.ones(2), np.diag([np.nan, 1.0]), variant="spectral")


def test_without_entries_or_arrays_there_is_nothing_to_do():
    empty, none = np.zeros(0), np.zeros((0, 0))
    assert srkl.curvature(empty) == 0 and srkl.step_code(empty, empty).shape == (0,)
    assert srkl.curvature_hessian(none) == srkl.curvature_hessian(none, norm="spectral") == 0
    assert srkl.step_arrays((), ()) == ()
