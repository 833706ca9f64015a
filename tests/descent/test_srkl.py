"""SRKL's reference: exact answers on small problems, the limits of its formulas, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.descent import srkl
from gnomon.objectives import Quadratic


@given(st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0]), min_size=1, max_size=4).filter(any))
def test_kappa_is_exact_where_the_fourth_powers_sum_to_a_square(entries: list[float]) -> None:
    """Of four equal magnitudes 2ᵏ the fourth powers sum to 4·2⁴ᵏ, a square: no rounding at all."""
    size = max(map(abs, entries))
    grad = np.array([size, -size, size, size])
    assert srkl.curvature(grad) == 2 * size**2


@pytest.mark.parametrize(("norm", "expected"), [("fro", 5.0), ("spectral", 4.0), ("diag", 5.0)])
def test_the_norms_of_a_diagonal_hessian(norm: str, expected: float) -> None:
    assert srkl.curvature_hessian(np.diag([3.0, -4.0]), norm=norm) == expected


def test_row_sums_are_not_the_diagonal() -> None:
    assert srkl.curvature_hessian(np.array([[0.0, 1.0], [1.0, 0.0]]), norm="diag") == 0
    assert srkl.curvature_hessian(np.array([[0.0, 1.0], [1.0, 0.0]]), norm="spectral") == 1


def test_a_huge_gradient_still_moves_where_the_plain_formula_freezes() -> None:
    """g = 2³⁰⁰·(1, 1, 1, 1), β = 1: κ = 2⁶⁰¹, Φ = 2⁻⁶⁰¹ up to one rounding, the step 2⁻³⁰¹; g⁴ overflows."""
    grad = np.full(4, 2.0**300)
    moved = srkl.step_code(np.zeros(4), grad, alpha=1.0, beta=1.0)
    np.testing.assert_array_equal(moved, np.full(4, -(2.0**-301)))
    with np.errstate(over="ignore"):
        assert not np.isfinite(np.sum(grad**4))


def test_saddles_are_left_more_slowly_than_by_gradient_descent() -> None:
    """On ½(x²-y²), α = .1, β = 1, y grows by 1 + α/(1+√2) a step: 341 steps from 1e-6 to 1, against 145."""
    f = Quadratic(np.diag([1.0, -1.0]), np.zeros(2))
    steps = []
    for beta in (1.0, 0.0):
        x, count = np.array([0.0, 1e-6]), 0
        while abs(x[1]) < 1:
            x, count = srkl.step_on(x, f, alpha=0.1, beta=beta), count + 1
        steps.append(count)
    assert steps == [341, 145]


def test_the_diagonal_loses_the_guarantee_of_stability() -> None:
    """H = c·11ᵀ, n = 16: the multiplier 1 - Φλ tends to 1 - √n/β·α; 1.5 steps beyond any bound for β = ½."""
    n, c = 16, 1e6
    H = np.full((n, n), c)
    for beta, printed in ((0.5, "-6.999996"), (1.0, "-2.999999"), (2.0, "-0.99999975")):
        rate = srkl.brake(srkl.curvature_hessian(H, norm="diag"), alpha=1.0, beta=beta)
        digits = len(printed.partition(".")[2])
        assert f"{1 - float(rate) * c * n:.{digits}f}" == printed


def test_several_arrays_have_one_kappa_unless_asked_otherwise() -> None:
    params, grads = (np.zeros(2), np.zeros((1, 2))), (np.array([1.0, 1.0]), np.array([[1.0, -1.0]]))
    together = srkl.step_arrays(params, grads, alpha=3.0, beta=1.0)
    assert [float(a.reshape(-1)[0]) for a in together] == [-1.0, -1.0]  # κ = 2, Φ = 1
    apart = srkl.step_arrays(params, grads, alpha=3.0, beta=1.0, per_array=True)
    expected = -3.0 / (1.0 + np.sqrt(2.0))
    assert [float(a.reshape(-1)[0]) for a in apart] == [expected, expected]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_dtype_and_shape_are_kept_and_no_input_changes(dtype: type, shape: tuple[int, ...]) -> None:
    params, grad = np.ones(shape, dtype), np.full(shape, 2, dtype)
    for new in (
        srkl.step_code(params, grad),
        srkl.step(params, grad, srkl.curvature(grad)),
        srkl.step_coordinate(params, grad, grad),
    ):
        assert np.asarray(new).dtype == dtype and np.shape(new) == shape
    assert srkl.curvature(grad).dtype == dtype
    np.testing.assert_array_equal(params, np.ones(shape))


ONE, SINGLE = np.ones(2), np.ones(2, np.float32)
BAD = [
    (lambda: srkl.step_code(ONE, ONE, alpha=0.0), r"alpha must be a finite number in \(0, inf\), got 0.0"),
    (lambda: srkl.step_code(np.ones(2, int), ONE), "params must hold real floating-point numbers, got dtype int64"),
    (lambda: srkl.step(ONE, ONE, np.float64("nan")), "curvature must be >= 0 and not nan, got nan"),
    (lambda: srkl.curvature_hessian(np.ones((2, 3))), r"hessian must have shape \(n, n\), got \(2, 3\)"),
    (
        lambda: srkl.curvature_hessian(np.array([[1.0, 2], [3, 4]])),
        "hessian must be symmetric, got entries that differ from their mirror image by 1.0",
    ),
    (lambda: srkl.trajectory(ONE, np.triu(np.ones((2, 2))), ONE, steps=0), "hessian must be symmetric"),
    (lambda: srkl.curvature_hessian(np.eye(2), norm="max"), "norm must be one of 'fro', 'spectral', 'diag', got 'max'"),
    (lambda: srkl.curvature_probe(np.ones((1, 2)), np.full((1, 2), 2.0)), r"probes must be \+1 or -1"),
    (lambda: srkl.curvature_probe(np.ones((0, 2)), np.ones((0, 2))), r"probes must have shape \(m, n\) with m >= 1"),
    (
        lambda: srkl.step_arrays((SINGLE, ONE), (SINGLE, ONE)),
        "params must hold arrays of one dtype, got float32 and float64",
    ),
    (lambda: srkl.step_arrays((ONE,), (ONE,), per_array=1), "per_array must be True or False, got 1"),
    (lambda: srkl.step_arrays((ONE, ONE), (ONE,)), "grads must have as many arrays as params 2, got 1"),
    (lambda: srkl.step_arrays((ONE,), (ONE[:1],)), r"grads must have the shape of params \(2,\), got \(1,\)"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD)
def test_what_is_out_of_its_domain_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        call()
