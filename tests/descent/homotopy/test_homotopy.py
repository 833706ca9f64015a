"""Homotopy's parts that no law is about: exports that keep every bit, `None` for a gradient, the ends of the range."""

import csv
from io import StringIO

import numpy as np
import pytest

from gnomon.curvature.draws import rademacher
from gnomon.curvature.operators import Dense
from gnomon.descent.homotopy.clipping import clip_gradients
from gnomon.descent.homotopy.estimator import estimate, init_estimator
from gnomon.descent.homotopy.export import HEADER, LAYERS_HEADER, history_csv, layers_csv
from gnomon.descent.homotopy.layers import init_layers
from gnomon.descent.homotopy.optimizer import step_on
from gnomon.descent.homotopy.quadratics import descend
from gnomon.descent.homotopy.scheduler import Report, init_scheduler, schedule
from gnomon.domains import NonFiniteError
from gnomon.objectives.test_functions import Rosenbrock

GRAD, START, PROBES = np.array([1.0, 2.0]), np.ones(2), np.ones((1, 2))


def a_run(steps, dtype="float64", **hyper):
    """Return the reports of a run on a fixed indefinite Hessian with gradients that shrink."""
    generator = np.random.default_rng(7)
    matrix = generator.standard_normal((4, 4))
    operator, grad = Dense(np.asarray(matrix + matrix.T, dtype)), np.asarray(generator.standard_normal(4), dtype)
    state, reports = init_scheduler(grad), []
    for k in range(steps):
        probes, start = rademacher(generator, 2, 4).astype(dtype), generator.standard_normal(4).astype(dtype)
        shorter = np.asarray(grad * 0.8**k, dtype)
        state, report = schedule(state, operator, shorter, probes, start, k, **hyper)
        reports.append(report)
    return reports


def rows_of(text):
    return list(csv.reader(StringIO(text)))[1:]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_exported_history_reads_back_bit_for_bit(dtype):
    reports = a_run(30, dtype, frequency=3, warmup_steps=4)
    text = history_csv(reports)
    assert text.startswith(HEADER + "\n1,") and [int(row[0]) for row in rows_of(text)] == list(range(1, 31))
    for row, report in zip(rows_of(text), reports, strict=True):
        stored = (report.norm, report.trace, report.grad_norm, report.curvature, report.lr)
        assert [np.dtype(dtype).type(cell) for cell in row[1:]] == list(stored)


def test_the_code_exports_six_digits_and_another_rate_than_was_used():
    """With the adaptive target the rates come close to base_lr again; the export still has those of the fixed one."""
    reports = a_run(30, frequency=1, warmup_steps=4, target_curvature=1e-3, base_lr=0.5)
    exported = rows_of(history_csv(reports, variant="code", target_curvature=1e-3, base_lr=0.5))
    assert all(len(cell.replace(".", "").lstrip("-0").split("e")[0]) <= 6 for row in exported for cell in row[1:])
    assert all(r.lr > 2 * float(row[-1]) for r, row in zip(reports[4:], exported[4:], strict=True))


def test_an_infinite_curvature_and_a_held_call_can_be_exported():
    unknown = np.float64(np.nan)
    held = Report(False, unknown, unknown, unknown, unknown, unknown, 0, unknown, np.float64(0.25), False)
    critical = held._replace(curvature=np.float64(np.inf), lr=np.float64(1e-7))
    assert [row[4:] for row in rows_of(history_csv([held, critical]))] == [["nan", "0.25"], ["inf", "1e-07"]]


def test_layers_are_exported_with_the_rate_of_each_step():
    first = init_layers(["a", "b"], base_lr=0.1)
    second = first._replace(rates=np.array([0.2, 0.3]), curvatures=np.array([1 / 3, 2.0]))
    rows = layers_csv([first, second]).splitlines()
    assert rows == [LAYERS_HEADER, "a,0,1.0,0.1", f"a,1,{1 / 3!r},0.2", "b,0,1.0,0.1", "b,1,2.0,0.3"]
    assert layers_csv([first, second], variant="code").splitlines()[1] == "a,0,1,0.2"
    assert layers_csv([]) == LAYERS_HEADER + "\n"
    assert init_layers(("a", "b"), dtype=np.float32).rates.dtype == np.float32


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_product_that_is_not_finite_is_an_error_or_is_held_as_if_the_call_had_not_been_made(bad):
    once, _ = schedule(init_scheduler(GRAD), Dense(np.eye(2)), GRAD, PROBES, START, 0, frequency=2)
    given = once, Dense(np.full((2, 2), bad)), GRAD, PROBES, START, 1
    with pytest.raises(NonFiniteError, match="product 0 of the operator must be finite"):
        schedule(*given, frequency=2)
    held, report = schedule(*given, frequency=2, on_nonfinite="hold")
    assert held is once and report.lr == once.lr and np.isnan(report.curvature)


@pytest.mark.parametrize("power", [-200, 200])
def test_the_curvature_of_a_tiny_or_huge_gradient_stays_in_the_range(power):
    """‖g‖² leaves the range for ‖g‖ = 2⁻⁶⁰⁰ and 2⁶⁰⁰; with H = 2⁻⁴⁰⁰·I or 2⁴⁰⁰·I, κ = 2⁸⁰⁰ or 2⁻⁸⁰⁰ exactly."""
    grad, operator = np.array([2.0 ** (3 * power), 0.0]), Dense(np.eye(2) * 2.0 ** (2 * power))
    _, found = estimate(init_estimator(grad), operator, grad, PROBES, np.array([1.0, 0.0]))
    assert (found.grad_norm, found.curvature) == (2.0 ** (3 * power), 2.0 ** (-4 * power))


def test_a_hessian_whose_squares_leave_the_range_has_its_curvature():
    """‖H‖ = 3e160 and ‖g‖² = 2; a norm of 0 would give κ = 0, the highest rate, where it should be the lowest."""
    operator, grad = Dense(1e160 * np.diag([3.0, 1.0])), np.ones(2)
    _, found = estimate(init_estimator(grad), operator, grad, np.ones((1, 2)), np.ones(2))
    assert round(found.curvature / 1e160, 6) == 1.5


def test_arrays_without_a_gradient_are_skipped_by_the_clipper():
    flat = np.float64(0.0)
    clipped, threshold = clip_gradients((np.array([3.0]), None, np.array([4.0])), flat, base_norm=2.5)
    assert threshold == 2.5 and clipped == (np.array([1.5]), None, np.array([2.0]))
    assert clip_gradients((None,), flat)[0] == (None,)


def test_without_memory_it_runs_on_an_objective():
    """On Rosenbrock's function from (-1.2, 1), b below the inverse of the largest curvature met: the loss falls."""
    objective, params = Rosenbrock(2), np.array([-1.2, 1.0])
    before = objective.value(params)
    for _ in range(50):
        params = step_on(params, objective, base_lr=1e-3, target_curvature=10.0)
    assert objective.value(params) < before


def test_on_three_eigenvalues_the_loss_times_the_step_tends_to_a_constant():
    """t·L_t → α·λ_max/(4·b·target·λ_min²); the ratio at t = 10,000 is 0.9269."""
    eigenvalues, steps = np.array([1.0, 3.0, 10.0]), 10_000
    found = descend(np.ones(3), eigenvalues, steps=steps, base_lr=0.05, target_curvature=1.0, alpha=1.7, min_lr=0.0)
    loss = float(np.sum(eigenvalues * found.iterates[-1] ** 2) / 2)
    assert round(steps * loss / (1.7 * 10 / (4 * 0.05)), 4) == 0.9269
