"""The parts at work: exact cases, exports that keep every bit, layers, optimizers, a run on an objective."""

from __future__ import annotations

import csv
from io import StringIO
from itertools import pairwise

import numpy as np
import pytest

from gnomon.curvature.draws import rademacher
from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy.clipping import clip_gradients
from gnomon.descent.homotopy.estimator import estimate, init_estimator
from gnomon.descent.homotopy.export import HEADER, LAYERS_HEADER, history_csv, layers_csv
from gnomon.descent.homotopy.layers import LayersState, init_layers, rate_of, schedule_layers
from gnomon.descent.homotopy.optimizer import BASES, init, step, step_on
from gnomon.descent.homotopy.proposals import init_average, init_creeping, proposal_adaptive, proposal_average
from gnomon.descent.homotopy.scheduler import Report, init_scheduler, schedule
from gnomon.descent.homotopy.warm_up import init_warm_up, warm_up
from gnomon.domains import Array
from gnomon.objectives.test_functions import Rosenbrock

LOW = np.float64(0.0)


def a_run(steps: int, dtype: str = "float64", **hyper: object) -> list[Report]:
    """Return the reports of a run on a fixed indefinite Hessian with gradients that shrink."""
    generator = np.random.default_rng(7)
    matrix = generator.standard_normal((4, 4))
    operator = Dense(np.asarray(matrix + matrix.T, dtype))
    grad = np.asarray(generator.standard_normal(4), dtype)
    state, reports = init_scheduler(grad), []
    for k in range(steps):
        probes = np.asarray(rademacher(generator, 2, 4), dtype)
        start = np.asarray(generator.standard_normal(4), dtype)
        shorter = np.asarray(grad * 0.8**k, dtype)
        state, report = schedule(state, operator, shorter, probes, start, k, **hyper)  # type: ignore[arg-type]
        reports.append(report)
    return reports


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_exported_history_reads_back_bit_for_bit(dtype: str) -> None:
    reports = a_run(30, dtype, frequency=3, warmup_steps=4)
    header, *rows = csv.reader(StringIO(history_csv(reports)))
    assert ",".join(header) == HEADER
    assert [int(row[0]) for row in rows] == list(range(1, 31))
    for row, report in zip(rows, reports, strict=True):
        stored = (report.norm, report.trace, report.grad_norm, report.curvature, report.lr)
        assert [np.dtype(dtype).type(cell) for cell in row[1:]] == list(stored)


def test_the_code_exports_six_digits_and_another_rate_than_was_used() -> None:
    """With the adaptive target the rates come close to base_lr again; the export still has those of the fixed one."""
    reports = a_run(30, frequency=1, warmup_steps=4, target_curvature=1e-3, base_lr=0.5)
    used = [float(row[-1]) for row in csv.reader(StringIO(history_csv(reports))) if row[0] != "step"]
    text = history_csv(reports, variant="code", target_curvature=1e-3, base_lr=0.5)
    exported = [row for row in csv.reader(StringIO(text)) if row[0] != "step"]
    assert used == [report.lr for report in reports]
    assert all(len(cell.replace(".", "").lstrip("-0").split("e")[0]) <= 6 for row in exported for cell in row[1:])
    late = [(u, float(row[-1])) for u, row in zip(used[4:], exported[4:], strict=True)]
    assert all(u > 2 * e for u, e in late)


def test_an_infinite_curvature_and_a_held_call_can_be_exported() -> None:
    unknown = np.float64(np.nan)
    held = Report(False, unknown, unknown, unknown, unknown, unknown, 0, unknown, np.float64(0.25), False)
    critical = held._replace(curvature=np.float64(np.inf), lr=np.float64(1e-7))
    rows = list(csv.reader(StringIO(history_csv([held, critical]))))[1:]
    assert np.isnan(float(rows[0][4])) and float(rows[0][5]) == 0.25
    assert float(rows[1][4]) == np.inf and float(rows[1][5]) == 1e-7


def test_layers_are_exported_with_the_rate_of_each_step() -> None:
    first = init_layers(["a", "b"], base_lr=0.1)
    second = first._replace(rates=np.array([0.2, 0.3]), curvatures=np.array([1 / 3, 2.0]))
    rows = layers_csv([first, second]).splitlines()
    assert rows[0] == LAYERS_HEADER
    assert rows[1:] == ["a,0,1.0,0.1", f"a,1,{1 / 3!r},0.2", "b,0,1.0,0.1", "b,1,2.0,0.3"]
    assert layers_csv([first, second], variant="code").splitlines()[1] == "a,0,1,0.2"
    assert layers_csv([]) == LAYERS_HEADER + "\n"


@pytest.mark.parametrize("frequency", [1, 2, 3, 10])
def test_the_cost_of_a_run_is_as_stated(frequency: int) -> None:
    """T calls ask for the Hessian 1 + ⌊T/N⌋ times (T for N = 1), K + m products at most each time."""
    reports = a_run(59, frequency=frequency, iterations=3, rtol=0.0)
    for calls in range(1, 60):
        asked = sum(report.full for report in reports[:calls])
        assert asked == (calls if frequency == 1 else 1 + calls // frequency)
        assert sum(report.products for report in reports[:calls]) == asked * (3 + 2)


def test_the_published_defaults_cost_three_products_a_step() -> None:
    """1000 calls with N = 10, K = 20, m = 10 ask 101 times, 30 products each: 3030."""
    grad, state, products = np.ones(1), init_scheduler(np.ones(1)), 0
    for k in range(1000):
        state, report = schedule(state, Dense(np.eye(1)), grad, np.ones((10, 1)), grad, k, rtol=0.0)
        products += report.products
    assert products == 3030


def test_the_same_draws_give_the_same_history() -> None:
    assert history_csv(a_run(12)) == history_csv(a_run(12))


def test_a_held_call_is_as_if_it_had_not_been_made() -> None:
    grad, start = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    operator, probes = Dense(np.eye(2)), np.ones((1, 2))
    hyper = {"on_nonfinite": "hold", "frequency": 2}
    once, _ = schedule(init_scheduler(grad), operator, grad, probes, start, 0, **hyper)  # type: ignore[arg-type]
    held, report = schedule(once, Dense(np.full((2, 2), np.nan)), grad, probes, start, 1, **hyper)  # type: ignore[arg-type]
    assert held is once and report.lr == once.lr and np.isnan(report.curvature)


def test_the_curvature_of_a_tiny_or_huge_gradient_stays_in_the_range() -> None:
    """‖g‖² leaves the range for ‖g‖ = 2⁻⁶⁰⁰ and 2⁶⁰⁰; with H = 2⁻⁴⁰⁰·I or 2⁴⁰⁰·I, κ = 2⁸⁰⁰ or 2⁻⁸⁰⁰ exactly."""
    for power in (-200, 200):
        grad = np.array([2.0 ** (3 * power), 0.0])
        operator = Dense(np.eye(2) * 2.0 ** (2 * power))
        _, found = estimate(init_estimator(grad), operator, grad, np.ones((1, 2)), np.array([1.0, 0.0]))
        assert found.grad_norm == 2.0 ** (3 * power)
        assert found.curvature == 2.0 ** (-4 * power)


def layer_blocks(seed: int) -> tuple[Array, Array, list[slice]]:
    generator = np.random.default_rng(seed)
    factor = generator.integers(-3, 4, (6, 6)).astype(np.float64)
    return factor @ factor.T, generator.integers(1, 5, 6).astype(np.float64), [slice(0, 2), slice(2, 5), slice(5, 6)]


@pytest.mark.parametrize("seed", range(20))
def test_the_mean_curvature_of_the_layers_is_not_below_the_whole_one(seed: int) -> None:
    """For a semidefinite H, Σ w_l·κ_l = Σ ‖H_ll‖/‖g‖² >= ‖H‖/‖g‖², w_l = ‖g_l‖²/‖g‖², and ‖H_ll‖ <= ‖H‖.

    Integer matrices; eigenvalues by `eigvalsh` are off by less than n·‖H‖·2⁻⁵⁰."""
    H, grad, blocks = layer_blocks(seed)
    whole = np.linalg.eigvalsh(H)[-1]
    parts = [np.linalg.eigvalsh(H[b, b])[-1] for b in blocks]
    slack = 6 * whole * 2.0**-50
    assert all(part <= whole + slack for part in parts)
    kappas = [part / np.sum(grad[b] ** 2) for part, b in zip(parts, blocks, strict=True)]
    mean = sum(k * np.sum(grad[b] ** 2) for k, b in zip(kappas, blocks, strict=True))
    assert mean >= whole - 2 * slack


def test_the_mean_curvature_of_the_layers_says_nothing_of_an_indefinite_hessian() -> None:
    """H = [[0, 1], [1, 0]] has blocks 0, so that every layer has κ = 0 and the whole rate."""
    H = np.array([[0.0, 1.0], [1.0, 0.0]])
    state = init_layers(["a", "b"], base_lr=0.5)
    blocks = (Dense(H[:1, :1]), Dense(H[1:, 1:]))
    ones = (np.ones(1), np.ones(1))
    after, _ = schedule_layers(state, blocks, ones, (np.ones((1, 1)),) * 2, ones, 0, base_lr=0.5)
    assert after.curvatures.tolist() == [0.0, 0.0]
    assert rate_of(after, "b") == 0.5


def test_layers_are_measured_at_steps_0_90_190() -> None:
    state, vector = init_layers(["only"]), (np.ones(1),)
    asked = []
    for k in range(200):
        state, products = schedule_layers(state, (Dense(np.eye(1)),), vector, (np.ones((1, 1)),), vector, k)
        asked += [k] if products else []
    assert asked == [0, 90, 190]


def test_arrays_without_a_gradient_are_skipped_by_the_clipper() -> None:
    grads = (np.array([3.0]), None, np.array([4.0]))
    clipped, threshold = clip_gradients(grads, LOW, base_norm=2.5)
    assert threshold == 2.5
    assert clipped[1] is None
    assert [float(g[0]) for g in clipped if g is not None] == [1.5, 2.0]
    assert grads[0] is not None and grads[0][0] == 3.0
    assert clip_gradients((None,), LOW)[0] == (None,)


@pytest.mark.parametrize(("fraction", "factor", "calls"), [(0.01, 1.01, 463), (0.01, 1.05, 95), (0.2, 1.3, 7)])
def test_a_warm_up_on_low_curvature_takes_as_long_as_its_logarithms_say(
    fraction: float, factor: float, calls: int
) -> None:
    state, rates = init_warm_up(np.zeros(1), fraction=fraction), []
    while not state.done:
        state = warm_up(state, LOW, factor=factor)
        rates.append(float(state.lr))
    assert len(rates) == state.calls == calls
    assert rates[-1] == 1e-3
    assert all(a < b for a, b in pairwise(rates))


def test_a_warm_up_on_high_curvature_jumps_unless_it_is_told_not_to() -> None:
    high = np.float64(1e7)
    state = free = init_warm_up(np.zeros(1), target_lr=1.0, fraction=0.25)
    for _ in range(5):
        state = warm_up(state, high, target_lr=1.0, max_steps=5)
        free = warm_up(free, high, target_lr=1.0, max_steps=5, force=False)
    assert (state.lr, state.done) == (1.0, True)
    assert (free.lr, free.done) == (0.25, False)


@pytest.mark.parametrize("base", BASES)
def test_an_optimizer_steps_with_the_rate_that_is_reported_and_exported(base: str) -> None:
    objective, params = Rosenbrock(2), np.array([-1.5, 2.5])
    state, reports = init(params, base=base), []
    generator = np.random.default_rng(0)
    for _ in range(5):
        operator = lambda v, x=params: objective.hvp(x, v)  # noqa: E731
        draws = rademacher(generator, 1, 2), generator.standard_normal(2)
        before, grad = params, objective.gradient(params)
        params, state, report = step(params, grad, state, operator, *draws, base=base, target_curvature=1e-3)
        assert state.scheduler.lr == report.lr
        if base == "sgd":
            assert np.array_equal(params, before - report.lr * grad)
        reports.append(report)
    last = history_csv(reports).splitlines()[-1]
    assert float(last.split(",")[-1]) == reports[-1].lr


def test_without_memory_it_runs_on_an_objective() -> None:
    """On Rosenbrock's function from (-1.2, 1), b below the inverse of the largest curvature met: the loss falls."""
    objective, params = Rosenbrock(2), np.array([-1.2, 1.0])
    losses = [float(objective.value(params))]
    for _ in range(50):
        params = step_on(params, objective, base_lr=1e-3, target_curvature=10.0)
        losses.append(float(objective.value(params)))
    assert losses[-1] < losses[0]


def test_the_earlier_designs_start_at_their_highest_rate_or_climb_to_it() -> None:
    grad = np.array([1.0])
    state, lr = proposal_average(init_average(grad), Dense(np.eye(1)), grad, grad, base_lr=0.5)
    assert (state.calls, lr) == (1, 0.5)
    creeping, rates = init_creeping(grad), []
    for _ in range(6):
        creeping, lr = proposal_adaptive(creeping, np.float64(2.0), base_lr=0.5, warmup_steps=4)
        rates.append(float(lr))
    assert rates == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5]


def test_a_layer_has_a_state_of_its_own() -> None:
    state = init_layers(("a", "b"), dtype=np.float32)
    assert isinstance(state, LayersState) and state.rates.dtype == np.float32
