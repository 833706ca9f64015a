"""What can go wrong in a step and what becomes of it: defined outcomes, sentences, and nothing changed by an error."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from gnomon.curvature.operators import Dense
from gnomon.hessian_free.accumulation import Batch, acc_step
from gnomon.hessian_free.conjugate_gradients import conjugate_gradients
from gnomon.hessian_free.damping import updated_damping
from gnomon.hessian_free.optimizer import HessianFreeState, Report, init, step
from gnomon.hessian_free.preconditioner import fisher_preconditioner
from gnomon.hessian_free.self_tests import is_deterministic, reduction_matches
from gnomon.hessian_free.small_objectives import Fenced, Quadratic, Valley
from gnomon.kernels.hessian_free.conjugate_gradients import conjugate_gradients as compiled
from gnomon.kernels.hessian_free.runs import minimise_quadratics as compiled_runs

VARIANTS = pytest.mark.parametrize("variant", ["code", "martens"])
BOWL = Quadratic(np.diag([1.0, 4.0]), np.zeros(2))
X = np.array([1.0, -2.0])


class Altered:
    """A quadratic with one of its answers replaced."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def value(self, params: Any) -> Any:
        return self.answers.get("value", BOWL.value)(params)

    def gradient(self, params: Any) -> Any:
        return self.answers.get("gradient", BOWL.gradient)(params)

    def hvp(self, params: Any, vector: Any) -> Any:
        return self.answers.get("hvp", BOWL.hvp)(params, vector)

    ggnvp = hvp


def first_step(
    objective: Any, params: Any = X, damping: float = 1.0, **hyper: Any
) -> tuple[Any, HessianFreeState, Report]:
    """Return the first step."""
    new, state, report = step(params, init(params, damping=damping), objective, **hyper)
    return new, state, report


@VARIANTS
def test_where_the_gradient_is_zero_nothing_happens(variant: str) -> None:
    """At a minimum, and at a saddle: no direction, no division, no change, not even of the damping."""
    for matrix in (np.eye(2), np.diag([1.0, -1.0]), np.zeros((2, 2))):
        new, state, report = first_step(Quadratic(matrix, X), variant=variant)
        assert np.array_equal(new, X) and not np.any(state.warm_start) and state.damping == 1
        assert (report.reason, report.iterations, report.loss) == ("zero residual", 0, report.final_loss)
        assert np.isnan(report.ratio)


@VARIANTS
def test_a_warm_start_that_is_exact_already_is_taken(variant: str) -> None:
    """θ = 1, H = 1, λ = 1: A = 2 and x = -½; started there, the residual is 0, and the step is that x."""
    f, state = Quadratic(np.eye(1), np.zeros(1)), HessianFreeState(np.full(1, -0.5), np.float64(1))
    new, after, report = step(np.ones(1), state, f, variant=variant, decay=1.0)
    assert report.reason == "zero residual" and report.iterations == 0
    assert new == 0.5 and after.warm_start == -0.5


@VARIANTS
def test_a_gradient_of_zero_with_a_warm_start_comes_to_rest(variant: str) -> None:
    """b = 0 has a tolerance of 0 that nothing meets; the run ends by its limit or a zero, with finite numbers."""
    state = HessianFreeState(np.array([0.5, 0.25]), np.float64(1))
    new, after, report = step(np.zeros(2), state, BOWL, variant=variant, max_iter=8)
    assert np.all(np.isfinite(new)) and np.all(np.isfinite(after.warm_start)) and np.isfinite(after.damping)
    assert report.final_loss <= BOWL.value(np.array([0.5, 0.25]))


BAD = {
    "a NaN in a product": (Altered(hvp=lambda _x, v: v * np.nan), "product 0 of the operator must be finite"),
    "an infinite product": (Altered(hvp=lambda _x, v: v + np.inf), "product 0 of the operator must be finite"),
    "a product of another shape": (
        Altered(hvp=lambda _x, v: v[:1]),
        r"product must have the shape of the vector \(2,\), got \(1,\)",
    ),
    "a NaN in the gradient": (Altered(gradient=lambda x: x * np.nan), "the gradient must be finite, got nan"),
    "an infinite loss": (Altered(value=lambda x: x[0] * np.inf), "the loss must be finite, got inf"),
    "a loss that is no number": (Altered(value=lambda x: x[0] * np.nan), "the loss must be finite, got nan"),
}


@VARIANTS
@pytest.mark.parametrize("name", BAD)
def test_an_error_says_so_and_changes_nothing(name: str, variant: str) -> None:
    objective, message = BAD[name]
    params, state = X.copy(), HessianFreeState(np.array([0.5, 0.25]), np.float64(2))
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=message):
        step(params, state, objective, variant=variant)
    assert np.array_equal(params, X) and np.array_equal(state.warm_start, [0.5, 0.25]) and state.damping == 2


@VARIANTS
def test_a_step_does_not_write_to_what_it_was_given(variant: str) -> None:
    params, state = X.copy(), HessianFreeState(np.array([0.5, 0.25]), np.array(2.0)[()])
    params.flags.writeable = state.warm_start.flags.writeable = False
    new, after, _ = step(params, state, BOWL, variant=variant)
    assert not np.shares_memory(new, params) and not np.shares_memory(after.warm_start, state.warm_start)


HILL = Quadratic(np.diag([-1.0, 4.0]), np.zeros(2))


def test_the_policy_decides_what_negative_curvature_does() -> None:
    """f = -½θ₁² + 2θ₂² at (1, -2) with λ = ½: A = diag(-½, 4½), g = (-1, -8); the first direction is positive
    (pᵀAp = 287.5), the second is not. "ignore" ends in the saddle of the model, -A⁻¹g = (-2, 16/9), up to roundings of
    two iterations (64ε); "stop" with the first iterate, -(gᵀg/gᵀAg)·g = (65/287.5)·(1, 8), up to 8ε."""
    hyper: dict[str, Any] = {"curvature": "hessian", "damping": 0.5, "max_iter": 2, "backtracking": False, "decay": 1.0}
    eps = np.finfo(float).eps
    _, ignored, told = first_step(HILL, on_nonpositive_curvature="ignore", **hyper)
    assert np.all(np.abs(ignored.warm_start - [-2, 16 / 9]) <= 64 * eps) and told.iterations == 2
    _, stopped, told = first_step(HILL, on_nonpositive_curvature="stop", **hyper)
    assert np.all(np.abs(stopped.warm_start - 65 / 287.5 * np.array([1, 8])) <= 8 * eps)
    assert (told.reason, told.iterations) == ("non-positive curvature", 1)
    with pytest.raises(ValueError, match="operator must be positive along every direction, got -"):
        first_step(HILL, on_nonpositive_curvature="raise", **hyper)
    for variant, policy in (("code", "ignore"), ("martens", "stop")):
        preset, named = (
            first_step(HILL, variant=variant, on_nonpositive_curvature=p, **hyper)[0] for p in (None, policy)
        )
        assert np.array_equal(preset, named)


def test_a_summit_is_left_once_the_damping_has_grown() -> None:
    """f = -½θ² at 1 with λ = ½: no direction of positive curvature; in "martens" λ grows to 9/8, A = 1/8, and then the
    step goes downhill, where "code" with the policy "stop" would stay for ever."""
    f, state, params = Quadratic(-np.eye(1), np.zeros(1)), init(np.ones(1), damping=0.5), np.ones(1)
    dampings = []
    for _ in range(3):
        params, state, _ = step(params, state, f, curvature="hessian")
        dampings.append(state.damping)
    assert dampings[:2] == [0.75, 1.125] and params[0] > 1
    params, state = np.ones(1), init(np.ones(1), damping=0.5)
    for _ in range(3):
        params, state, _ = step(params, state, f, curvature="hessian", variant="code", on_nonpositive_curvature="stop")
    assert params == 1 and state.damping == 0.5


def test_a_singular_direction_never_makes_infinite_parameters() -> None:
    """f = -θ² with λ = 2: A = 0, where the package's parameters become infinite and the loss -∞."""
    for variant in ("code", "martens"):
        for policy in (None, "ignore", "stop", "saddle-free"):
            f = Quadratic(-2 * np.eye(1), np.zeros(1))
            new, state, report = first_step(
                f, np.ones(1), damping=2.0, curvature="hessian", variant=variant, on_nonpositive_curvature=policy
            )
            assert new == 1 and report.final_loss == -1 and np.isfinite(state.damping)


@pytest.mark.parametrize("beyond", [np.inf, -np.inf, np.nan])
def test_infinite_losses_are_passed_over_while_backtracking(beyond: float) -> None:
    """Where f is not finite near the minimum, to which x₂ leads, x₁ is taken."""
    first, _, _ = first_step(BOWL, damping=0.0, variant="code", max_iter=1, backtracking=False, linesearch=False)
    near = BOWL.value(first) / 2
    hole = Altered(value=lambda x: beyond if BOWL.value(x) <= near else BOWL.value(x))
    new, _, report = first_step(hole, damping=0.0, variant="code", max_iter=2, rtol=0.0, linesearch=False)
    assert (report.iterations, report.chosen) == (2, 1) and np.array_equal(new, first)


@pytest.mark.parametrize("beyond", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("backtracking", [True, False])
def test_without_a_line_search_no_step_is_made_to_an_infinite_loss(beyond: float, backtracking: bool) -> None:
    """With lr = 2 the step leads to the other side of the bowl, where f is not finite."""
    wall = Altered(value=lambda x: beyond if x[0] < -0.5 else BOWL.value(x))
    new, state, report = first_step(wall, damping=0.0, lr=2.0, linesearch=False, backtracking=backtracking)
    assert np.array_equal(new, X) and report.step_length == 0 and report.final_loss == report.loss
    assert np.all(np.isfinite(state.warm_start))


@pytest.mark.parametrize("policy", ["stop", "raise"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_underflow_is_not_taken_for_negative_curvature(dtype: Any, policy: str) -> None:
    """Positive definite systems iterated until nothing is left: nothing is counted, "raise" has nothing to raise."""
    generator = np.random.default_rng(5)
    for _ in range(50):
        root = generator.standard_normal((3, 3))
        A = Dense((root @ root.T + np.eye(3)).astype(dtype))
        b = generator.standard_normal(3).astype(dtype)
        hyper = {"rtol": 0.0, "progress_threshold": None, "max_iter": 2000, "on_nonpositive_curvature": policy}
        for solve in (conjugate_gradients, compiled):
            found = solve(A, b, **hyper)
            assert (found.reason, found.non_positive) == ("zero residual", 0)


@VARIANTS
def test_at_the_end_of_the_range_a_step_is_not_made_of_nan(variant: str) -> None:
    """f = ½·2³⁰θ² at 2⁴⁸ in float32: with a gradient of 2⁷⁸ conjugate gradients overflow, and nothing becomes NaN."""
    f, params = (
        Quadratic(np.full((1, 1), 2.0**30, np.float32), np.zeros(1, np.float32)),
        np.full(1, 2.0**48, np.float32),
    )
    with np.errstate(all="ignore"):
        new, state, report = step(params, init(params), f, variant=variant)
        same = compiled_runs(params[None], f.matrix[None], f.stationary[None], steps=1, variant=variant)
    assert report.reason == "divergence" and new == params == same.params[0]
    assert state.warm_start == 0 and np.isfinite(state.damping) and same.dampings[0, 1] == state.damping


def test_a_damping_that_grows_for_ever_stays_finite() -> None:
    """½Σ dⱼθⱼ² in float32 with the released defaults, whose damping runs away, for 300 steps."""
    f = Quadratic(np.diag(np.geomspace(0.01, 1, 5)).astype(np.float32), np.zeros(5, np.float32))
    params = np.ones(5, np.float32)
    state = init(params)
    for _ in range(300):
        params, state, _ = step(params, state, f, variant="code", curvature="hessian")
    assert np.finfo(np.float32).max / 1.5 < state.damping <= np.finfo(np.float32).max
    assert updated_damping(np.float64(1.5e308), np.float64(-1)) == 1.5e308


def test_without_outputs_there_is_no_gauss_newton_matrix() -> None:
    class NoOutputs:
        value, gradient, hvp = Altered.value, Altered.gradient, Altered.hvp
        answers: ClassVar[dict[str, Any]] = {}

    sentence = r"^objective must have ggnvp for curvature 'ggn'$"
    batches = (Batch(BOWL, 1), Batch(NoOutputs(), 1))
    with pytest.raises(ValueError, match=sentence):
        first_step(NoOutputs())
    with pytest.raises(ValueError, match=sentence):
        acc_step(X, init(X), (Batch(BOWL, 1),), None, batches)
    with pytest.raises(ValueError, match=sentence):
        is_deterministic(NoOutputs(), X, X)
    with pytest.raises(ValueError, match=sentence):
        reduction_matches(batches, BOWL, X, X)
    new, _, _ = acc_step(X, init(X), batches, curvature="hessian")
    assert np.all(np.isfinite(new))


def test_sizes_of_batches_may_be_numbers_of_numpy() -> None:
    f, params = Quadratic(BOWL.matrix.astype(np.float32), np.zeros(2, np.float32)), X.astype(np.float32)
    new, _, _ = acc_step(params, init(params), (Batch(f, np.int64(3)), Batch(f, np.int64(1))))
    assert new.dtype == np.float32


@VARIANTS
@pytest.mark.parametrize("beyond", [np.inf, -np.inf, np.nan])
def test_a_step_of_which_nothing_is_finite_is_refused(variant: str, beyond: float) -> None:
    """On -½θ² with λ = 2 the step leads from 1 to 2, beyond the fence: θ stays, the warm start is 0, and in "martens"
    λ grows, so that the next step is another one. In "code" x₀ = 0 itself is on the grid and is taken."""
    f = Fenced(-np.eye(1), np.zeros(1), 1.5, beyond)
    with np.errstate(all="ignore"):
        new, state, report = first_step(f, np.ones(1), damping=2.0, variant=variant, curvature="hessian")
    assert new == 1 and report.final_loss == -0.5
    if variant == "martens":
        assert (report.chosen, state.damping, state.warm_start) == (-1, 3.0, 0.0)
    else:
        assert report.chosen == 0


@VARIANTS
def test_a_line_search_that_fails_leaves_the_parameters(variant: str) -> None:
    """A loss that jumps up everywhere but at θ: a = 0 and θ is the same to the bit, as is the loss."""
    wall = Altered(value=lambda x: BOWL.value(x) + (0.0 if np.array_equal(x, X) else 1e6))
    new, _, report = first_step(wall, variant=variant, backtracking=False)
    assert np.array_equal(new, X) and report.step_length == 0 and report.final_loss == BOWL.value(X)


def test_ascent_is_made_or_refused_as_asked() -> None:
    """f = -½θ² at 1 with λ = 1/4 and "ignore": s = -4/3 leads uphill (gᵀs = 4/3), from -1/2 to -1/18."""
    f, hyper = Quadratic(-np.eye(1), np.zeros(1)), {"curvature": "hessian", "on_nonpositive_curvature": "ignore"}
    made, _, report = first_step(f, np.ones(1), damping=0.25, linesearch=False, **hyper)
    assert abs(made[0] + 1 / 3) <= 4 * np.finfo(float).eps and report.final_loss > report.loss
    for linesearch in (False, True):
        refused, _, report = first_step(f, np.ones(1), damping=0.25, linesearch=linesearch, reject_ascent=True, **hyper)
        assert refused == 1 and report.step_length == 0 and report.final_loss == report.loss


def test_a_damping_of_zero_is_never_adapted() -> None:
    for rate in (1.0, 0.0):
        _, state, report = first_step(BOWL, damping=0.0, lr=rate)
        assert state.damping == 0 and np.isnan(report.ratio)


def test_a_rate_of_zero_moves_the_damping_alone() -> None:
    """λ = 1, 2/3, 4/9 while θ stays, bit for bit: each product rounds once."""
    params, state = X, init(X)
    for t in range(3):
        assert abs(state.damping - (2 / 3) ** t) <= t * np.finfo(float).eps
        params, state, _ = step(params, state, BOWL, variant="code", lr=0.0, decay=0.0)
        assert np.array_equal(params, X) and np.any(state.warm_start) == 0


def test_the_preconditioner_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="must not be 0 in any entry unless exponent is 0"):
        fisher_preconditioner(np.zeros(2), damping=0.0)
    with pytest.raises(ValueError, match="preconditioner's product must have the shape of rhs"):
        step(X, init(X), BOWL, lambda v: v[:1])


@VARIANTS
def test_empty_lists_of_batches_are_errors(variant: str) -> None:
    one = (Batch(Valley(np.float64(100)), 2),)
    for lists, name in ((((),), "losses"), ((one, ()), "gradients"), ((one, one, ()), "curvatures")):
        with pytest.raises(ValueError, match=f"{name} must hold at least one batch, got an empty list"):
            acc_step(X, init(X), *lists, variant=variant)  # type: ignore[arg-type]


SWITCHES = {
    "rho_origin": "'x0', 'zero'",
    "rho_model": "'damped', 'undamped'",
    "rho_iterate": "'last', 'selected'",
    "on_increase": "'ratio', 'distrust'",
    "on_nonpositive_curvature": "'ignore', 'stop', 'saddle-free', 'raise'",
}


@pytest.mark.parametrize("name", SWITCHES)
def test_an_unknown_switch_gets_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be one of {SWITCHES[name]}, got 'x'"):
        step(X, init(X), BOWL, **{name: "x"})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="reject_ascent must be True or False, got 1"):
        step(X, init(X), BOWL, reject_ascent=1)  # type: ignore[arg-type]


def test_a_dense_preconditioner_that_is_the_inverse_ends_after_one_iteration() -> None:
    """A = diag(2, 5) with λ = 1, M = A⁻¹: x₁ = -A⁻¹g = -(1/2, -8/5), a handful of roundings."""
    inverse = Dense(np.diag([1 / 2, 1 / 5]))
    _, state, report = step(X, init(X), BOWL, inverse, variant="code", decay=1.0, rtol=1e-6)
    assert report.iterations == 1
    assert np.all(np.abs(state.warm_start - [-0.5, 1.6]) <= 8 * np.finfo(float).eps * 1.6)
