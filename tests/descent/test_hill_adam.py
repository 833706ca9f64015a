"""Hill-ADAM: exact answers on small problems, long runs against Adam bit for bit, the known losses, the torch port."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from kernel_contract import assert_within
from running_error import UNIT, Bounded, agree

from gnomon.descent import adam, hill_adam
from gnomon.descent.hill_adam_escape import climb
from gnomon.descent.hill_adam_losses import LOSSES, Colours
from gnomon.descent.hill_adam_runs import EVENTS, trajectory
from gnomon.kernels.descent import hill_adam as compiled
from gnomon.kernels.descent import hill_adam_runs as compiled_runs
from gnomon_spec.descent.adam_family import sharp_bound

NO_TURNS = {"delta": 0.0, "hi": inf, "lo": -inf}
STARTS = {"tilted": (2.0,), "bumps": (4.0,), "three-wells": (2.8,), "four-wells": (1.6, 1.3), "camel": (1.9, 0.9)}
every_loss = pytest.mark.parametrize("name", LOSSES)
# A seventh of the way: what a polynomial of degree 6 or less has for a slope, by its values at seven equal distances.
STENCIL = {-3: -1 / 60, -2: 3 / 20, -1: -3 / 4, 1: 3 / 4, 2: -3 / 20, 3: 1 / 60}


def printed(numbers):
    """Return numbers that are right to half a unit of the last place: decimal digits read as floats."""
    return Bounded(np.array(numbers), UNIT * np.abs(numbers))


def calls(value, gradient, x, times, start="min", **hyper):
    """Return the iterates from x on, the reports and the last state of a run."""
    state = hill_adam.init(x, start=start, variant=hyper.get("variant", "clean"))
    path, reports = [x], []
    for _ in range(times):
        x, state, report = hill_adam.step(x, gradient(x), state, np.float64(value(x)), **hyper)
        path.append(x)
        reports.append(report)
    return np.array(path), reports, state


@every_loss
def test_the_minimisers_are_stationary_to_the_digits_given_and_the_minimum_is_theirs(name):
    loss = LOSSES[name]
    for point in (*loss.minimisers, *loss.others):
        agree(loss.gradient(printed(point)), 0)
    for point in loss.minimisers:
        assert abs(loss.value(np.array(point)) - loss.minimum) <= 2 * np.spacing(abs(loss.minimum))
        agree(loss.value(printed(point)), printed(loss.minimum))
    around = np.random.default_rng(0).uniform(-2.2, 3.5, (2000, loss.dimension))
    assert min(float(loss.value(x)) for x in around) >= loss.minimum


@every_loss
def test_gradients_are_those_of_the_values(name):
    loss = LOSSES[name]
    for x in np.random.default_rng(1).uniform(-2, 2, (20, loss.dimension)):
        for i, step in enumerate(np.eye(loss.dimension) / 4):
            terms = [Bounded(c, UNIT * abs(c)) * loss.value(Bounded(x) + k * step) for k, c in STENCIL.items()]
            agree(4 * np.sum(np.stack(terms)), loss.gradient(Bounded(x))[i])


def test_two_local_minima_have_the_values_that_are_known():
    values = {"tilted": -2.61855598076524737, "bumps": 2.92414648102826285, "three-wells": 0.597103880457022376}
    for name, value in values.items():
        agree(LOSSES[name].value(printed(LOSSES[name].others[-1])), printed(value))


def test_the_red_regulariser_is_level_at_both_of_its_minima():
    """R_r = ((r+½)²-1)² has its two minima at ½ and -3/2, 0 high; without data E's optimum is the one or the other."""
    nothing = Colours(np.array([0.0, 0.0, 1.0]), np.zeros(3))
    best, least = nothing.optimum()
    assert abs(best[0]) in (0.5, 1.5)
    agree(printed(best[1]), printed(1.06442128591114626))
    agree(nothing.value(printed(best)), printed(2.32457151625608403))
    agree(least, nothing.value(printed(best)))


def test_the_optimum_of_the_colours_is_stationary_and_lowest_on_a_grid():
    colours = Colours(np.array([0.7, 0.25, 0.5]), np.array([0.35, 0.6, 0.45]))
    best, least = colours.optimum()
    agree(colours.gradient(printed(best)), 0)
    grid = np.stack(np.meshgrid(*[np.linspace(-2, 4, 41)] * 3), -1).reshape(-1, 3)
    assert min(float(colours.value(x)) for x in grid[::7]) >= least


@every_loss
@pytest.mark.parametrize("variant", ["clean", "code"])
def test_without_thresholds_it_is_adam_bit_for_bit(name, variant):
    """H1, 400 steps, the reference and the kernel."""
    x, f = np.array(STARTS[name]), LOSSES[name]
    state, path = adam.init(x), [x]
    for _ in range(400):
        x, state = adam.step(x, f.gradient(x), state, lr=1e-2)
        path.append(x)
    for runs in (trajectory, compiled_runs.trajectory):
        run = runs(path[0], loss=name, steps=400, variant=variant, **NO_TURNS)
        assert np.array_equal(run.iterates, path)


@every_loss
def test_between_events_it_is_a_fresh_adam_up_or_down_bit_for_bit(name):
    """H2, H3: 800 steps with lr = 0.1; upwards Adam is given the negated gradient. The kernel has all the same bits."""
    run, f = trajectory(np.array(STARTS[name]), loss=name, steps=800, lr=0.1), LOSSES[name]
    fast = compiled_runs.trajectory(np.array(STARTS[name]), loss=name, steps=800, lr=0.1)
    assert all(np.array_equal(left, right) for left, right in zip(run, fast, strict=True))
    x, state = run.iterates[0], adam.init(run.iterates[0])
    for k in range(800):
        sign = 1 if run.ascending[k] else -1
        if run.events[k]:
            state = adam.init(x)
            move = 0.1 * f.gradient(x) / (np.abs(f.gradient(x)) + 1e-8)
            assert np.max(np.abs(run.iterates[k + 1] - (x + sign * move))) <= 4 * 2.0**-53 * (0.1 + np.max(np.abs(x)))
        x, state = adam.step(x, -sign * f.gradient(x), state, lr=0.1)
        assert np.array_equal(x, run.iterates[k + 1])
    assert np.count_nonzero(run.events) >= 6


def test_on_a_steep_line_it_saws_between_the_ends_of_the_band():
    """H6: c = (3, -4), lr = .1, D = .7, band ±10: range ±10.5, best -10.5; the code's best is -9.8."""
    c, band = np.array([3.0, -4.0]), {"lr": 0.1, "hi": 10.0, "lo": -10.0}
    for variant, best in (("clean", -10.5), ("code", -9.8)):
        path, reports, state = calls(lambda x: c @ x, lambda x: c, np.zeros(2), 120, variant=variant, **band)
        met = [(k, report.event) for k, report in enumerate(reports, start=1) if report.event]
        assert met[:4] == [(16, "lo"), (46, "hi"), (76, "lo"), (106, "hi")]
        height = 0.1 * np.sum(c * c / (np.abs(c) + 1e-8))  # of a step, of 14 roundings or less; and the band is 30 wide
        assert_within(np.ptp(path @ c), 30 * height, 14 * len(path), 10.5)
        assert_within(state.best_loss, best / 0.7 * height, 14 * len(path), 10.5)


def test_below_the_band_the_code_creeps_and_records_nothing():
    """H14: f = x²/2 - 1000, lo = -10, x₀ = 1, lr = .1."""
    given = (lambda x: x[0] ** 2 / 2 - 1000, lambda x: x, np.ones(1), 12)
    path, reports, state = calls(*given, lr=0.1, lo=-10.0, variant="code")
    x = path[:-1, 0]
    assert_within(np.diff(path[:, 0]), 0.1 * (x / (x + 1e-8)), 14, path[1:, 0])
    assert [report.event for report in reports] == ["lo"] * 12
    assert state.best_loss == 999999999 and np.isnan(state.best_params[0])
    path, reports, state = calls(*given, lr=0.1, lo=-10.0)
    assert [f"{x:.6f}" for x in path[1:5, 0]] == ["1.100000", "1.200135", "1.300490", "1.401147"]
    assert [report.event for report in reports] == ["lo"] + [""] * 11 and state.best_loss == -999.5


def test_of_the_negative_loss_the_code_goes_another_way():
    """H11 holds of "clean" and not of "code", for c2: from x²/2 - 1000 up, and from its negative down."""
    for variant, same in (("clean", True), ("code", False)):
        up, _, _ = calls(lambda x: x @ x / 2 - 1000, lambda x: x, np.ones(1), 12, lr=0.1, lo=-10.0, variant=variant)
        down, _, _ = calls(
            lambda x: 1000 - x @ x / 2, lambda x: -x, np.ones(1), 12, "max", lr=0.1, hi=10.0, lo=-inf, variant=variant
        )
        assert np.array_equal(up, down) == same


def test_begun_on_the_way_up_the_code_records_nothing():
    run = trajectory(np.array([2.0]), loss="tilted", steps=600, start="max", variant="code", lr=0.1)
    assert run.best_loss == -999999999 and np.isnan(run.best_params[0])
    assert (
        trajectory(np.array([2.0]), loss="tilted", steps=600, start="max", lr=0.1).best_loss < -2.6
    )  # "clean" records


def test_with_its_default_rate_the_code_stays_where_it_is():
    """R3: f = x²/2 from .9, lr = δ = 1e-4, 20,000 calls; Adam arrives."""
    for variant, best in (("clean", "0.40491"), ("code", "0.40500")):
        x, ends = np.array([0.9]), []
        state = hill_adam.init(x, variant=variant)
        for _ in range(20_000):
            x, state, _ = compiled.step(x, x, state, np.float64(x[0] ** 2 / 2), lr=1e-4, variant=variant)
            ends.append(x[0])
        assert min(ends) > 0.9 - 1e-4 and f"{max(ends):.7f}" == "0.9001029"
        assert f"{state.best_loss:.5f}" == best
    x = adam.trajectory(np.array([0.9]), np.eye(1), np.zeros(1), steps=20_000, lr=1e-4)[-1]
    assert f"{abs(x[0]):.1e}" == "4.8e-80"


def test_the_first_step_of_the_code_is_shorter_by_single_precision():
    """c5: 1 - .999 in float32 makes it lr·(1 - 6.6e-6)."""
    x, given = np.zeros(1), {"lr": 1e-2, "variant": "code"}
    state, loss = hill_adam.init(x, variant="code"), np.float64(1)
    single, double = (
        hill_adam.step(x, np.ones(1), state, loss, bias_dtype=dtype, **given)[0][0] for dtype in ("float32", "float64")
    )
    assert f"{single / double - 1:.1e}" == "-6.6e-06"


def test_how_far_adam_climbs():
    """E3's table, and E2: 7.27·lr in the long run, 1.0431·lr in the first ten steps."""
    hills = {0.0: "9.045237", 0.01: "8.600339", 0.1: "6.746176", 0.25: "5.195275", 0.5: "3.797854", 1.0: "2.434062",
             2.0: "1.313834", 5.0: "0.395285"}  # fmt: skip
    height, steps = climb(np.array(list(hills)), lr=1.0)
    assert [f"{h:.6f}" for h in height] == list(hills.values())
    assert steps.tolist() == [inf, 43, 22, 15, 10, 6, 3, 1]
    assert f"{sharp_bound(0.9, 0.999, 10):.4f}" == "1.0431" and f"{sharp_bound(0.9, 0.999, 20_000):.2f}" == "7.27"


def test_a_run_that_is_made_again_or_taken_up_from_its_state_has_the_same_bits():
    """H17: 150 calls with lr = 0.1, taken up after 90 of them from the state as plain numbers."""
    f, x = LOSSES["camel"], np.array([1.9, 0.9])
    path, _, last = calls(f.value, f.gradient, x, 150, lr=0.1)
    first, _, state = calls(f.value, f.gradient, x, 90, lr=0.1)
    x, state = first[-1], hill_adam.HillAdamState(*(np.array(v.tolist()) if hasattr(v, "tolist") else v for v in state))
    state = state._replace(best_loss=np.float64(state.best_loss), previous_loss=np.float64(state.previous_loss))
    for _ in range(60):
        x, state, _ = hill_adam.step(x, f.gradient(x), state, np.float64(f.value(x)), lr=0.1)
    assert np.array_equal(x, path[-1]) and np.array_equal(first, path[:91])
    assert np.array_equal(state.best_params, last.best_params) and state.best_loss == last.best_loss


def test_the_margin_says_how_near_a_decision_was():
    """P1, lr = .1, 400 calls: 4.6e-6."""
    f, x = LOSSES["tilted"], np.array([2.0])
    _, reports, _ = calls(f.value, f.gradient, x, 400, lr=0.1)
    assert f"{np.nanmin([report.margin for report in reports]):.1e}" == "4.6e-06"


def test_a_loss_that_is_not_finite_is_rejected_with_its_call():
    x, state = np.ones(1), hill_adam.init(np.ones(1))
    with pytest.raises(ValueError, match="loss must be finite, got nan at call 1"):
        hill_adam.step(x, x, state, np.float64(np.nan))
    with pytest.raises(ValueError, match=r"lo must be less than hi, got lo 1\.0 and hi nan"):
        hill_adam.step(x, x, state, np.float64(1), lo=1.0, hi=np.nan)
    for runs in (trajectory, compiled_runs.trajectory):
        with np.errstate(all="ignore"), pytest.raises(ValueError, match="loss must be finite, got inf at call 1"):
            runs(np.array([1e200]), loss="tilted", steps=3)
        with pytest.raises(ValueError, match="params must have 1 entries for the loss 'bumps', got 2"):
            runs(np.ones(2), loss="bumps", steps=3)


# --- the published behaviour in torch


@pytest.mark.torch
@every_loss
def test_the_torch_port_turns_where_the_code_does(name):
    """Events the same over 3,000 calls, iterates to 1e-7: the rest is the last bit of torch's power in float32."""
    import torch

    from gnomon_validation.ports.peers.torch_hill_adam import PublishedOptimizer

    x = torch.nn.Parameter(torch.tensor(STARTS[name], dtype=torch.float64))
    optimizer, f, path = PublishedOptimizer([x], lr=1e-2), LOSSES[name], []
    for _ in range(3000):
        values = x.detach().numpy().copy()
        x.grad = torch.from_numpy(f.gradient(values))
        optimizer.step(torch.tensor(f.value(values)), values)
        path.append(x.detach().numpy().copy())
    run = compiled_runs.trajectory(np.array(STARTS[name]), loss=name, steps=3000, variant="code", bias_dtype="float32")
    turns = [(k + 1, EVENTS[run.events[k]], bool(run.ascending[k])) for k in np.flatnonzero(run.events)]
    assert optimizer.events == turns
    assert np.max(np.abs(np.array(path) - run.iterates[1:])) < 1e-7


@pytest.mark.torch
def test_the_torch_port_steps_one_group_and_keeps_what_it_is_given():
    """c6."""
    import torch

    from gnomon_validation.ports.peers.torch_hill_adam import PublishedOptimizer

    first, second = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
    optimizer = PublishedOptimizer([{"params": [first]}, {"params": [second]}], lr=0.1)
    for loss in (3.0, 2.0, 1.0):
        for p in (first, second):
            p.grad = torch.ones(1)
        best, _ = optimizer.step(loss, first)
    assert second.item() == 1 and first.item() < 0.8
    assert best is first  # which has moved on


@pytest.mark.torch
def test_the_torch_port_conforms():
    from gnomon_spec.system import find_system
    from gnomon_validation.checker import check
    from gnomon_validation.ports.find import find_port
    from gnomon_validation.runs.plan import Plan

    for dtype in ("float32", "float64"):
        found = check(find_port("torch.hill_adam"), [find_system("hill_adam")], Plan(15, (dtype,)))
        said = {v.law.name: v.status for v in found.verdicts if v.status not in ("conforms", "not provided")}
        assert said == {}
