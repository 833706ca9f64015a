"""HysteroGrad's reference: the numbers known of it that no study states, and the ends of the range."""

from math import ceil, sqrt
from typing import Any

import numpy as np
import pytest

from gnomon.descent import hysterograd
from gnomon.descent.hysterograd import HysteroGradState, Report
from gnomon.descent.hysterograd_groups import init_groups, step_groups

Steps = list[tuple[Any, HysteroGradState, Report]]


def run(start, gradient, steps, state=None, **hyper):
    """Let the reference step in one dimension; gradient: a function of the parameters."""
    params = np.array([start])
    state, done = state or hysterograd.init(params), []
    for _ in range(steps):
        params, state, report = hysterograd.step(params, gradient(params), state, **hyper)
        done.append((params, state, report))
    return done


def statuses(done):
    return "".join("FL"[report.liquid] for *_, report in done)


@pytest.mark.parametrize(("variant", "warm"), [("head", 40), ("v4", 41)])
def test_a_warm_start_has_no_barrier_for_the_known_number_of_steps(variant, warm):
    done = run(0.0, lambda x: x - 10, 45, hysterograd.init(np.zeros(1), initial_temp=1.5), variant=variant)
    assert [bool(report.width > 0) for *_, report in done] == [False] * warm + [True] * (45 - warm)


def test_the_cycle_of_two_in_exact_arithmetic():
    """lr = ⅛, m = 1, λ = 4: with x = 1/16 and G = λ²x² = 1/16 all numbers are powers of two, and nothing is rounded."""
    x = 2.0**-4
    state = hysterograd.init(np.zeros(1))._replace(metric=np.array([2.0**-4]))
    done = run(x, lambda p: 4 * p, 100, state, lr=0.125, beta=0.5, eps=0.0, stiffening_factor=0.0)
    assert [float(params[0]) for params, *_ in done] == [-x, x] * 50


@pytest.mark.parametrize(("beta", "curvature", "metric_scale"), [(0.05, 30.0, 1.0), (0.5, 0.1, 25.0), (0.9, 1.0, 1.0)])
def test_without_a_barrier_every_run_ends_on_the_cycle(beta, curvature, metric_scale):
    """lr/(2√m) is 0.05 or 0.01, whatever β and λ are; the distance to it shrinks like βᵗ/²."""
    hyper = {"lr": 0.1, "beta": beta, "eps": 0.0, "stiffening_factor": 0.0, "metric_scale": metric_scale}
    (before, *_), (last, *_) = run(0.037, lambda p: curvature * p, 1000, **hyper)[-2:]
    assert f"{abs(last[0]):.12f}" == f"{abs(before[0]):.12f}" == f"{0.05 / sqrt(metric_scale):.12f}"
    assert last * before < 0


def test_a_gated_run_freezes_on_the_cycle_as_far_from_the_minimum_as_ever():
    state = hysterograd.init(np.zeros(1))._replace(metric=np.array([0.0025]))
    done = run(0.05, lambda p: p, 2000, state, lr=0.1, beta=0.9, stiffening_factor=0.3, eps=0.0)
    assert statuses(done).index("F") + 1 == 168 and "L" not in statuses(done)[-1000:]
    assert f"{abs(done[-1][0][0]):.12f}" == "0.050000000000"


@pytest.mark.parametrize("variant", ["head", "v4"])
def test_a_saturated_clip_keeps_the_gate_open_exactly_as_long_as_the_bound_says(variant):
    """With T = β = 0 the bound 1/(lr·c·(κs)²) is attained: here it is 40.5, and the first frozen step is the next.

    N = 32 exactly, so f·N = c up to 1e-6/32, 1e-8 is as small, and √(41/40.5) is above 1 by 6e-3.
    """
    lr, clip, kappa = 1 / 8, 1.0, sqrt(8 / 40.5)
    hyper = {"lr": lr, "beta": 0.0, "eps": 0.0, "metric_scale": 2.0**-10, "variant": variant}
    cold = hysterograd.init(np.zeros(1), initial_temp=0.0)
    done = run(0.0, np.ones_like, 60, cold, grad_clip=clip, stiffening_factor=kappa, **hyper)
    assert statuses(done) == "L" * 40 + "F" * 20 and ceil(1 / (lr * clip * kappa**2)) == 41


def test_a_square_beyond_the_range_counts_as_no_gradient_and_one_below_it_kills():
    """Where g² overflows, d = g/∞ = 0; where it underflows and ε = 0, d = g/0 = ∞ and the path is infinite."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        ((params, state, report),) = large = run(1.0, lambda p: np.full_like(p, 1e160), 1)
        small = run(1.0, lambda p: np.full_like(p, 1e-165), 2, eps=0.0)
    assert statuses(large) == "F" and report.norm == 0 and np.isinf(state.metric[0]) and params[0] == 1
    assert small[0][1].path_length == small[0][2].norm == np.inf and statuses(small)[1] == "F"


def test_a_group_cut_in_two_groups_parts_from_it_at_the_known_step():
    """Gradients 1 and 0.5ᵗ: in one group both entries have one gate, in two groups each its own."""
    hyper = {"lr": 0.1, "stiffening_factor": 1.0, "beta": 0.9}
    zero = np.zeros(1)
    together = ((zero, zero),)
    apart = ((zero,), (zero,))
    states, others, parted = init_groups(together), init_groups(apart), []
    for t in range(12):
        one, two = np.ones(1), np.array([0.5**t])
        together, states, _ = step_groups(together, ((one, two),), states, **hyper)
        apart, others, _ = step_groups(apart, ((one,), (two,)), others, **hyper)
        parted.append(not np.array_equal(np.concatenate(together[0]), np.concatenate([*apart[0], *apart[1]])))
    assert parted.index(True) + 1 == 9
