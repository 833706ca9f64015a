"""HysteroGrad's reference: the numbers known of it, runs that can be done by hand, and what it refuses."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np
import pytest

from gnomon.descent import hysterograd
from gnomon.descent.hysterograd import HysteroGradState

UNIT = 2.0**-53


class Run(NamedTuple):
    """One entry a step: parameters, states and reports after it."""

    params: list[Any]
    states: list[HysteroGradState]
    reports: list[hysterograd.Report]

    @property
    def status(self) -> str:
        return "".join("L" if report.liquid else "F" for report in self.reports)

    @property
    def first_frozen(self) -> int:
        """The first refused step, counted from 1."""
        return self.status.index("F") + 1


def run(start: Any, gradient: Any, steps: int, *, state: Any = None, initial_temp: float = 1.0, **hyper: Any) -> Run:
    """Let the reference step; gradient: a function of the parameters."""
    params = np.array(start, dtype=float)
    state = state or hysterograd.init(params, initial_temp=initial_temp)
    done = Run([], [], [])
    for _ in range(steps):
        params, state, report = hysterograd.step(params, gradient(params), state, **hyper)
        done.params.append(params)
        done.states.append(state)
        done.reports.append(report)
    return done


@pytest.mark.parametrize(
    ("entries", "metric_scale", "lr", "predicted", "observed"),
    [(1, 1.0, 0.01, 40_000, 39_877), (354, 1.0, 0.01, 2_126, 2_003), (100, 300.0, 0.05, 13_856, 13_733)],
)
def test_a_constant_gradient_freezes_at_the_known_step(
    entries: int, metric_scale: float, lr: float, predicted: int, observed: int
) -> None:
    """κ = 0.05. Near the end the barrier grows by 1/(2t) > 1e-5 of itself a step: rounding cannot move the step."""
    assert round(sqrt(metric_scale) / (lr * sqrt(entries) * 0.05**2)) == predicted
    grad, params = np.ones(entries), np.zeros(entries)
    hyper: dict[str, Any] = {"lr": lr, "stiffening_factor": 0.05, "eps": 0.0, "metric_scale": metric_scale}
    state, steps, liquid = hysterograd.init(params), 0, True
    while liquid:
        params, state, report = hysterograd.step(params, grad, state, **hyper)
        steps, liquid = steps + 1, report.liquid
    assert steps == observed


@pytest.mark.parametrize(("variant", "warm"), [("head", 40), ("v4", 41)])
def test_a_warm_start_has_no_barrier_for_the_known_number_of_steps(variant: str, warm: int) -> None:
    done = run([0.0], lambda x: x - 10, 45, initial_temp=1.5, variant=variant)
    assert [bool(report.width > 0) for report in done.reports] == [False] * warm + [True] * (45 - warm)


def test_the_path_grows_while_the_group_is_frozen() -> None:
    done = run([3.0, -1.0], np.ones_like, 5, initial_temp=0.0, lr=0.1, stiffening_factor=50.0)
    assert done.status == "LFFFF"
    assert [f"{state.path_length:.3f}" for state in done.states] == ["1.414", "2.417", "3.237", "3.950", "4.589"]
    assert all(np.array_equal(params, done.params[0]) for params in done.params)


LEASH = {"lr": 0.1, "beta": 0.9, "stiffening_factor": 0.5, "eps": 1e-12}


@cache
def on_a_leash(distance: float) -> Run:
    return run([0.0], lambda x: x - distance, 5000, **LEASH)


@pytest.mark.parametrize(("distance", "end"), [(10.0, "9.237716"), (1e3, "10.406268"), (1e4, "10.413366")])
def test_a_run_ends_where_the_leash_does_and_not_at_the_minimum(distance: float, end: str) -> None:
    """Adaptive, E >= (1-β)·n: once κ·(1-T)·√τ·(1-β) >= 1 no gradient is let through, and the left side never falls."""
    done = on_a_leash(distance)
    last = done.states[-1]
    assert LEASH["stiffening_factor"] * (1 - last.temperature) * sqrt(last.path_length) * (1 - LEASH["beta"]) > 1
    assert f"{done.params[-1][0]:.6f}" == end


def test_the_gate_flickers_without_any_noise_before_it_shuts_for_ever() -> None:
    status = on_a_leash(10.0).status
    assert status.index("F") + 1 == 94
    assert status[88:].startswith("LLLLLFLLFLFLFLFFLFFLFFFFLFFFF")
    assert len(list(groupby(status))) - 1 == 15
    assert status.count("L") == 101
    assert status.rindex("L") + 1 == 113


def test_two_thresholds_flicker_less() -> None:
    """With ρ < 1 the run is frozen later, and comes back less often."""
    done = run([0.0], lambda x: x - 10, 1000, release_ratio=0.75, **LEASH)
    assert done.first_frozen > 94
    assert len(list(groupby(done.status))) - 1 < 15


def test_the_cycle_of_two_in_exact_arithmetic() -> None:
    """lr = ⅛, m = 1, λ = 4: with x = 1/16 and G = λ²x² = 1/16 all numbers are powers of two, and nothing is rounded."""
    x = 2.0**-4
    fresh = hysterograd.init(np.zeros(1))._replace(metric=np.array([2.0**-4]))
    done = run([x], lambda p: 4 * p, 100, state=fresh, lr=0.125, beta=0.5, eps=0.0, stiffening_factor=0.0)
    assert [float(params[0]) for params in done.params] == [-x, x] * 50


@pytest.mark.parametrize(("beta", "curvature", "metric_scale"), [(0.05, 30.0, 1.0), (0.5, 0.1, 25.0), (0.9, 1.0, 1.0)])
def test_without_a_barrier_every_run_ends_on_the_cycle(beta: float, curvature: float, metric_scale: float) -> None:
    """lr/(2√m) is 0.05 or 0.01, whatever β and λ are; the distance to it shrinks like βᵗ/²."""
    done = run(
        [0.037],
        lambda p: curvature * p,
        1000,
        lr=0.1,
        beta=beta,
        eps=0.0,
        stiffening_factor=0.0,
        metric_scale=metric_scale,
    )
    last, before = done.params[-1][0], done.params[-2][0]
    assert f"{abs(last):.12f}" == f"{abs(before):.12f}" == f"{0.05 / sqrt(metric_scale):.12f}"
    assert last * before < 0


def test_a_gated_run_freezes_on_the_cycle_as_far_from_the_minimum_as_ever() -> None:
    state = hysterograd.init(np.zeros(1))._replace(metric=np.array([0.0025]))
    done = run([0.05], lambda p: p, 2000, state=state, lr=0.1, beta=0.9, stiffening_factor=0.3, eps=0.0)
    assert done.first_frozen == 168
    assert f"{abs(done.params[-1][0]):.12f}" == "0.050000000000"
    assert set(done.status[-1000:]) == {"F"}


def test_the_text_divides_by_the_square_and_leaves_the_minimum() -> None:
    theta = run([1e-3], lambda p: p, 1, lr=0.01, eps=0.0, variant="theory").params[0]
    assert f"{theta[0]:.3f}" == "-999.999"


def test_a_rotation_of_the_problem_is_no_rotation_of_the_step() -> None:
    """On ½(x² + 9y²) from (1, ½), and on the same turned by 45°, the first step turned back."""
    hessian, half = np.diag([1.0, 9.0]), sqrt(0.5)
    turn = np.array([[half, -half], [half, half]])
    hyper: dict[str, Any] = {"lr": 0.1, "stiffening_factor": 0.0, "eps": 0.0}
    straight = run([1.0, 0.5], lambda p: hessian @ p, 1, **hyper).params[0]
    oblique = turn.T @ run(turn @ [1.0, 0.5], lambda p: turn @ hessian @ turn.T @ p, 1, **hyper).params[0]
    assert [f"{x:.8f}" for x in straight + 0.0] == ["0.00000000", "-0.50000000"]
    assert [f"{x:.8f}" for x in oblique] == ["1.00000000", "-0.91421356"]


def test_a_unit_of_the_parameters_does_not_change_the_numbers_of_a_step() -> None:
    """x = z/10: in z the step is (-1, -1), too, which is (-10, -10) in units of x."""
    hyper: dict[str, Any] = {"lr": 0.1, "stiffening_factor": 0.0, "eps": 0.0}
    for grad in ([1.0, 4.5], [10.0, 45.0]):
        move = run([0.0, 0.0], lambda p, g=grad: np.array(g), 1, **hyper).params[0]
        assert [f"{x:.12f}" for x in move] == ["-1.000000000000", "-1.000000000000"]


@pytest.mark.parametrize("variant", ["head", "v4"])
def test_a_saturated_clip_keeps_the_gate_open_exactly_as_long_as_the_bound_says(variant: str) -> None:
    """With T = β = 0 the bound 1/(lr·c·(κs)²) is attained: here it is 40.5, and the first frozen step is the next.

    N = 32 exactly, so f·N = c up to 1e-6/32, 1e-8 is as small, and √(41/40.5) is above 1 by 6e-3.
    """
    lr, clip, kappa, scale = 1 / 8, 1.0, sqrt(8 / 40.5), 1.0
    done = run(
        [0.0],
        np.ones_like,
        60,
        initial_temp=0.0,
        lr=lr,
        beta=0.0,
        eps=0.0,
        metric_scale=2.0**-10,
        grad_clip=clip,
        stiffening_factor=kappa,
        hysteresis_scale=scale,
        variant=variant,
    )
    assert done.first_frozen == ceil(1 / (lr * clip * (kappa * scale) ** 2)) == 41
    assert set(done.status[40:]) == {"F"}
    norms = np.array([report.norm for report in done.reports])
    assert np.all(norms == clip) if variant == "v4" else np.all((norms < clip) & (norms > clip * (1 - 1e-6 / 31)))


def test_the_published_clipped_run_could_not_have_frozen() -> None:
    """lr .05, c 2.5, κ .005, s .6: no step before 888,889, in epoch 1137 of 782 steps each; the run had 9 epochs."""
    bound = 1 / (0.05 * 2.5 * (0.005 * 0.6) ** 2)
    assert f"{bound:.0f}" == "888889"
    assert ceil(bound / 782) == 1137


def test_a_square_beyond_the_range_counts_as_no_gradient_and_one_below_it_kills() -> None:
    """Where g² overflows, d = g/∞ = 0; where it underflows and ε = 0, d = g/0 = ∞ and the path is infinite."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        large = run([1.0], lambda p: np.full_like(p, 1e160), 1)
        small = run([1.0], lambda p: np.full_like(p, 1e-165), 2, eps=0.0)
    assert large.status == "F" and large.reports[0].norm == 0 and np.isinf(large.states[0].metric[0])
    assert large.params[0][0] == 1
    assert small.states[0].path_length == np.inf and small.reports[0].norm == np.inf
    assert small.status[1] == "F"


GRADS = np.random.Generator(np.random.PCG64(7)).standard_normal((20, 4))


@pytest.mark.torch
def test_without_a_barrier_it_is_rmsprop_at_another_rate() -> None:
    """lr/√m and ε/√m, α = β, as torch has it: ε outside the root, no bias correction.

    Step by step from 0: G takes 3 roundings a step on either side, halved by the root; the rest are less than 12 each.
    """
    torch = pytest.importorskip("torch")
    metric_scale = 300.0
    state = hysterograd.init(np.zeros(4))
    hyper: dict[str, Any] = {"lr": 0.05, "beta": 0.75, "eps": 1e-3, "stiffening_factor": 0.0}
    theta = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    root = sqrt(metric_scale)
    other = torch.optim.RMSprop([theta], lr=0.05 / root, alpha=0.75, eps=1e-3 / root)
    for t, grad in enumerate(GRADS, start=1):
        move, state, _ = hysterograd.step(np.zeros(4), grad, state, metric_scale=metric_scale, **hyper)
        with torch.no_grad():
            theta.zero_()
        theta.grad = torch.from_numpy(grad.copy())
        other.step()
        expected = theta.detach().numpy()
        assert np.all(np.abs(move - expected) <= 2 * (3 * t / 2 + 12) * UNIT * np.abs(expected))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
@pytest.mark.parametrize("variant", hysterograd.VARIANTS)
@pytest.mark.parametrize("adaptive", [True, False])
def test_dtype_and_shape_are_kept(dtype: type, shape: tuple[int, ...], variant: str, adaptive: bool) -> None:
    clip = None if variant == "theory" else 0.5
    params = np.ones(shape, dtype)
    state = hysterograd.init(params, initial_temp=0.5)
    for _ in range(3):
        params, state, report = hysterograd.step(
            params, np.ones(shape, dtype), state, variant=variant, grad_clip=clip, adaptive_threshold=adaptive
        )
    for array in (params, state.metric):
        assert np.asarray(array).dtype == dtype and np.shape(array) == shape
    for x in (*state[1:4], *report[1:], *hysterograd.shock(state)[1:3]):
        assert x.dtype == dtype and x.shape == ()
    assert type(state.liquid) is bool and type(report.liquid) is bool


def test_the_inputs_are_left_alone() -> None:
    params, grad = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    state = hysterograd.init(params)
    params.flags.writeable = grad.flags.writeable = state.metric.flags.writeable = False
    for variant in hysterograd.VARIANTS:
        hysterograd.step(params, grad, state, variant=variant)
    hysterograd.shock(state)
    assert state == hysterograd.init(params)._replace(metric=state.metric) and not np.any(state.metric)


def test_equal_inputs_give_equal_bits_and_a_saved_state_goes_on() -> None:
    whole = run([1.0, -2.0], lambda p: 3 * p - 1, 40, lr=0.1, stiffening_factor=2.0)
    first = run([1.0, -2.0], lambda p: 3 * p - 1, 17, lr=0.1, stiffening_factor=2.0)
    rest = run(first.params[-1], lambda p: 3 * p - 1, 23, state=first.states[-1], lr=0.1, stiffening_factor=2.0)
    assert first.status + rest.status == whole.status and set(whole.status) == {"L", "F"}
    np.testing.assert_array_equal(np.stack(first.params + rest.params), np.stack(whole.params))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"lr": float("nan")}, r"lr must be a finite number in \[0, inf\), got nan"),
    ({"adaptive_threshold": 1}, "adaptive_threshold must be True or False, got 1"),
    ({"grad_clip": 0.0}, r"grad_clip must be a finite number in \(0, inf\), got 0.0"),
    ({"release_ratio": 1.5}, r"release_ratio must be a finite number in \(0, 1\], got 1.5"),
    ({"variant": "v3"}, "variant must be one of 'head', 'v4', 'theory', got 'v3'"),
    ({"variant": "theory", "grad_clip": 1.0}, "variant 'theory' requires grad_clip None and hysteresis_scale 1"),
    ({"variant": "theory", "hysteresis_scale": 2.0}, "variant 'theory' requires .*, got grad_clip None and .* 2.0"),
]


@pytest.mark.parametrize(("hyper", "sentence"), BAD)
def test_a_hyperparameter_out_of_its_domain_gets_a_sentence(hyper: dict[str, Any], sentence: str) -> None:
    params = np.ones(2)
    with pytest.raises((ValueError, TypeError), match=sentence):
        hysterograd.step(params, params, hysterograd.init(params), **hyper)
    with pytest.raises((ValueError, TypeError), match=sentence):
        hysterograd.trajectory(params, np.eye(2), params, steps=0, **hyper)


ONE = np.ones(2)
FRESH = hysterograd.init(ONE)


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("metric", np.ones(3), r"state.metric must have the shape of params \(2,\)"),
        ("path_length", ONE, r"state.path_length must be one number, got shape \(2,\)"),
        ("mean_norm", np.float32(0), "state.mean_norm must have the dtype of params float64, got float32"),
        ("liquid", 1, "state.liquid must be True or False, got 1"),
    ],
)
def test_a_state_that_does_not_fit_gets_a_sentence(part: str, value: Any, sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        hysterograd.step(ONE, ONE, FRESH._replace(**{part: value}))


def test_numbers_that_are_not_finite_are_named_when_asked_for() -> None:
    with pytest.raises(ValueError, match=r"grad must be finite, got nan at index \(1,\)"):
        hysterograd.step(ONE, np.array([1.0, np.nan]), FRESH, check_finite=True)
    with pytest.raises(ValueError, match=r"params must be finite, got inf at index \(0,\)"):
        hysterograd.step(np.array([np.inf, 1.0]), ONE, FRESH, check_finite=True)
