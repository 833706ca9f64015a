"""What can go wrong in a step where no law looks: defined outcomes, and nothing made of infinities or NaN."""

import numpy as np
import pytest

from gnomon.curvature.operators import Dense
from gnomon.hessian_free.accumulation import Batch, acc_step
from gnomon.hessian_free.conjugate_gradients import NEGATIVE, conjugate_gradients
from gnomon.hessian_free.optimizer import HessianFreeState, init, step
from gnomon.hessian_free.self_tests import is_deterministic, reduction_matches
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon.kernels.hessian_free.conjugate_gradients import conjugate_gradients as compiled_conjugate_gradients
from gnomon.kernels.hessian_free.runs import minimise_quadratics as compiled_runs

VARIANTS = pytest.mark.parametrize("variant", ["code", "martens"])
BOWL = Quadratic(np.diag([1.0, 4.0]), np.zeros(2))
X = np.array([1.0, -2.0])


@VARIANTS
def test_a_warm_start_that_is_exact_already_is_taken(variant):
    """θ = 1, H = 1, λ = 1: A = 2 and x = -½; started there, the residual is 0, and the step is that x."""
    f, state = Quadratic(np.eye(1), np.zeros(1)), HessianFreeState(np.full(1, -0.5), np.float64(1))
    new, after, report = step(np.ones(1), state, f, variant=variant, decay=1.0)
    assert (new, after.warm_start, report.reason, report.iterations) == (0.5, -0.5, "zero residual", 0)


@VARIANTS
def test_a_gradient_of_zero_with_a_warm_start_comes_to_rest(variant):
    """b = 0 has a tolerance of 0 that nothing meets; the run ends by its limit or a zero, with finite numbers."""
    state = HessianFreeState(np.array([0.5, 0.25]), np.float64(1))
    new, after, report = step(np.zeros(2), state, BOWL, variant=variant, max_iter=8)
    assert np.all(np.isfinite([*new, *after.warm_start, after.damping]))
    assert report.final_loss <= BOWL.value(np.array([0.5, 0.25]))


@VARIANTS
@pytest.mark.parametrize("policy", [None, "ignore", "stop", "saddle-free"])
def test_a_singular_direction_never_makes_infinite_parameters(variant, policy):
    """f = -θ² with λ = 2: A = 0, where the package's parameters become infinite and the loss -∞."""
    f, hyper = Quadratic(-2 * np.eye(1), np.zeros(1)), {"variant": variant, "on_nonpositive_curvature": policy}
    new, state, report = step(np.ones(1), init(np.ones(1), damping=2.0), f, curvature="hessian", **hyper)
    assert (new, report.final_loss, report.reason) == (1, -1, NEGATIVE) and np.isfinite(state.damping)
    with pytest.raises(ValueError, match="operator must be positive along every direction, got 0"):
        conjugate_gradients(Dense(np.zeros((1, 1))), np.ones(1), on_nonpositive_curvature="raise")


def test_a_step_uses_its_preconditioner():
    """A = diag(2, 5) with λ = 1, M = A⁻¹: x₁ = -A⁻¹g = -(1/2, -8/5), a handful of roundings."""
    inverse = Dense(np.diag([1 / 2, 1 / 5]))
    _, state, report = step(X, init(X), BOWL, inverse, variant="code", decay=1.0, rtol=1e-6)
    assert report.iterations == 1
    assert np.all(np.abs(state.warm_start - [-0.5, 1.6]) <= 8 * np.finfo(float).eps * 1.6)


class Valued:
    """The bowl with other values."""

    gradient, hvp, ggnvp = BOWL.gradient, BOWL.hvp, BOWL.ggnvp

    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize("beyond", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("backtracking", [True, False])
def test_without_a_line_search_no_step_is_made_to_an_infinite_loss(beyond, backtracking):
    """With lr = 2 the step leads to the other side of the bowl, where f is not finite."""
    wall, state = Valued(lambda x: beyond if x[0] < -0.5 else BOWL.value(x)), init(X, damping=0.0)
    new, state, report = step(X, state, wall, lr=2.0, linesearch=False, backtracking=backtracking)
    assert np.array_equal(new, X) and report.step_length == 0 and report.final_loss == report.loss
    assert np.all(np.isfinite(state.warm_start))


@VARIANTS
def test_at_the_end_of_the_range_a_step_is_not_made_of_nan(variant):
    """f = -½·aθ² at 2¹¹⁰ in float32, a = 2⁻¹⁰⁰(1 - 2⁻²⁴), damped by 2⁻¹⁰⁰: x = 2¹³⁴ is none; no NaN comes of it."""
    f = Quadratic(np.full((1, 1), -(2.0**-100) * (1 - 2.0**-24), np.float32), np.zeros(1, np.float32))
    params, damping = np.full(1, 2.0**110, np.float32), 2.0**-100
    with np.errstate(all="ignore"):
        new, state, report = step(params, init(params, damping=damping), f, variant=variant)
        given = {"steps": 1, "damping": damping, "variant": variant}
        same = compiled_runs(params[None], f.matrix[None], f.stationary[None], **given)
    assert report.reason == "divergence" and new == params == same.params[0]
    assert state.warm_start == 0 and np.isfinite(state.damping) and same.dampings[0, 1] == state.damping


@VARIANTS
def test_a_gradient_whose_square_is_no_number_is_followed_to_the_minimum(variant):
    """f = ½·2³⁰θ² at 2⁴⁸ in float32: the gradient is 2⁷⁸, and the first step finds 0."""
    f = Quadratic(np.full((1, 1), 2.0**30, np.float32), np.zeros(1, np.float32))
    params = np.full(1, 2.0**48, np.float32)
    with np.errstate(all="ignore"):
        new, _, _ = step(params, init(params), f, variant=variant)
        same = compiled_runs(params[None], f.matrix[None], f.stationary[None], steps=1, variant=variant)
    assert new == 0 == same.params[0]


@pytest.mark.parametrize("cg", [conjugate_gradients, compiled_conjugate_gradients])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_right_side_as_large_as_numbers_are_is_solved(cg, dtype):
    b = np.array([np.finfo(dtype).max, 1], dtype)
    with np.errstate(all="ignore"):
        assert np.array_equal(cg(Dense(np.eye(2, dtype=dtype)), b).iterates[-1], b)


@pytest.mark.parametrize("cg", [conjugate_gradients, compiled_conjugate_gradients])
@pytest.mark.parametrize(
    ("dtype", "size"), [(np.float32, 1e-25), (np.float32, 1e30), (np.float64, 1e-200), (np.float64, 1e200)]
)
def test_a_right_side_whose_square_is_no_number_is_solved(cg, dtype, size):
    """A = diag(1, 4): x = (1, ¼)·b, found in two iterations."""
    b = np.full(2, size, dtype)
    with np.errstate(all="ignore"):
        found = cg(Dense(np.diag(np.array([1, 4], dtype))), b)
    assert np.all(np.abs(found.iterates[-1] - b * [1, 0.25]) <= 4 * np.finfo(dtype).eps * b)


class NoOutputs:
    value, gradient, hvp = BOWL.value, BOWL.gradient, BOWL.hvp


def test_without_outputs_there_is_no_gauss_newton_matrix():
    batches = (Batch(BOWL, 1), Batch(NoOutputs(), 1))
    for call in (
        lambda: step(X, init(X), NoOutputs()),
        lambda: acc_step(X, init(X), (Batch(BOWL, 1),), None, batches),
        lambda: is_deterministic(NoOutputs(), X, X),
        lambda: reduction_matches(batches, BOWL, X, X),
    ):
        with pytest.raises(ValueError, match=r"^objective must have ggnvp for curvature 'ggn'$"):
            call()
    new, _, _ = acc_step(X, init(X), batches, curvature="hessian")
    assert np.all(np.isfinite(new))


def test_sizes_of_batches_may_be_numbers_of_numpy():
    f, params = Quadratic(BOWL.matrix.astype(np.float32), np.zeros(2, np.float32)), X.astype(np.float32)
    new, _, _ = acc_step(params, init(params), (Batch(f, np.int64(3)), Batch(f, np.int64(1))))
    assert new.dtype == np.float32
