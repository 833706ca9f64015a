"""Large-step gradient descent: derived figures, exact answers, kernels against the reference."""

from math import log

import numpy as np
import pytest
from kernel_contract import assert_same_outputs, assert_within

from gnomon.dynamics.gd_chaos import boundary, boxes, outcomes, steps
from gnomon.dynamics.gd_chaos.outcomes import DIVERGED, cell_centres
from gnomon.dynamics.gd_chaos.preimages import preimages
from gnomon.kernels.dynamics.gd_chaos import boxes as compiled_boxes
from gnomon.kernels.dynamics.gd_chaos import outcomes as compiled
from gnomon_validation.studies.gd_chaos import pull_backs
from gnomon_validation.studies.gd_chaos.minima import selected

ONE = np.ones(1)
PUBLISHED = {"eta": 1.0, "y": 0.5, "lam": 0.2}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "given", [PUBLISHED, {"eta": 0.5, "y": -1.5, "lam": 0.0}, {"eta": 2.0, "y": 0.25, "lam": 0.25}]
)
def test_kernels_have_the_bits_of_the_reference(dtype, given):
    """More starts than fit side by side, an irrational share of a cell off the symmetric grid, and far ones."""
    centres = cell_centres(-4, 4, 27, shift=2**-0.5)
    u, v = (np.append(part, [1e30, -1e30, 0.0]).astype(dtype) for part in np.meshgrid(centres, centres))
    assert_same_outputs(compiled.basin_grid(u, v, **given), outcomes.basin_grid(u, v, **given))
    found, expected = (module.escape_potential(u, v, **given) for module in (compiled, outcomes))
    escaped = np.isfinite(expected)
    np.testing.assert_array_equal(found[~escaped], expected[~escaped])
    # Three operations, two of them logarithms, which the libraries round by an ulp each at most.
    assert_within(found[escaped], expected[escaped], 8, 100 + np.abs(expected[escaped]))
    image = boxes.edge_cells(outcomes.basin_grid(*np.meshgrid(centres, centres), **given).labels)
    for box in (1, 3, 9, 27):
        assert compiled_boxes.box_count(image, box=box) == boxes.box_count(image, box=box)


def test_slices_in_ten_dimensions_are_pictures_of_two_numbers():
    """(z - 1)² + 0.3·w with d = 5, two random directions of R¹⁰; its scale is 2."""
    for eta, share in pull_backs.SHARES.items():
        assert f"{np.mean(pull_backs.in_slice(eta) != DIVERGED):.3f}" == share


def test_the_critical_step_of_a_start():
    assert steps.critical_step(np.array([2.5]), np.array([0.3]), y=1.0) == 0.6159542718828572
    assert steps.critical_step(0 * ONE, 0 * ONE, y=0.0) == np.inf
    assert steps.critical_step(1e200 * ONE, 0 * ONE, y=0.0) == 0.0
    assert log(3) == outcomes.LOG_3


def test_gradient_flow_is_the_limit_of_small_steps():
    """w tends to √(4y² + w₀² - 4z₀²) from u = 2.5, v = 0.3; the errors halve with the step."""
    stated = {0.1: "-4.22e-03", 0.05: "-1.71e-03", 0.025: "-7.80e-04", 0.0125: "-3.74e-04", 0.00625: "-1.83e-04"}
    limit = (4 + 6.34**2 - 4 * 0.75**2) ** 0.5
    for eta, text in stated.items():
        w = selected(eta * 2.8**2 * ONE, eta * 2.2**2 * ONE, eta, 6000)[0] / eta
        assert f"{w - limit:.2e}" == text


def test_eigenvalues_are_those_of_the_dense_hessian():
    u, v, y, lam = np.array([1.0, -2.0, 0.5]), np.array([0.25, 1.0, 3.0]), 0.7, 0.2
    r, one = u @ v - y, np.eye(3)
    hessian = np.block([[np.outer(v, v), r * one + np.outer(v, u)], [r * one + np.outer(u, v), np.outer(u, u)]])
    expected = np.linalg.eigvalsh(hessian + lam * np.eye(6))
    # LAPACK is backward stable: O(n) roundings of the norm.
    assert_within(steps.spectrum(u, v, y=y, lam=lam), expected, 36, np.full(6, np.linalg.norm(hessian)))


def test_three_and_five_preimages():
    """As many as the quintic has real roots; of points in N(0, 4) with Y = λ = 0 about 4 % have five."""
    counts, R = [], np.polynomial.Polynomial([0, 1])
    for u, v in 2 * np.random.default_rng(0).standard_normal((100, 2)):
        quintic = (u + v) ** 2 * (1 + R) ** 2 - (u - v) ** 2 * (1 - R) ** 2 - 4 * R * (1 - R * R) ** 2
        counts.append(len(preimages(u, v, eta=1.0, y=0.0).u))
        assert counts[-1] == np.count_nonzero(quintic.roots().imag == 0)
    assert set(counts) == {3, 5}


def test_boxes_of_known_sets():
    """Slope 1 of a diagonal, 2 of a square, log 8/log 3 of a carpet."""
    sizes = 2.0 ** np.arange(7)
    for image, dimension in ((np.eye(128, dtype=bool), 1.0), (np.ones((128, 128), bool), 2.0)):
        counts = np.array([float(boxes.box_count(image, box=int(box))) for box in sizes])
        assert_within(boxes.box_dimension(sizes, counts), np.float64(dimension), 16, 4.0)
    assert f"{boxes.box_dimension(3.0 ** np.arange(4), 8.0 ** np.arange(4)[::-1]):.12f}" == f"{log(8) / log(3):.12f}"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: steps.vector_step(ONE, np.ones(2)), "v must have the shape of u"),
        (lambda: steps.vector_step(ONE, ONE, eta=0.0), "eta must be a finite number in"),
        (lambda: boundary.boundary_point(ONE, eta=1.0, y=2.5), "eta \\* y must be in"),
        (lambda: boxes.box_count(np.ones((4, 6), bool), box=4), "box must divide both sides"),
        (lambda: preimages(np.float64(1), np.float64(-1)), "u must not be ±v"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
