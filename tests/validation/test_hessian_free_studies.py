"""What the studies of Hessian-free optimization stand on: problems as written, theory, costs that are counted."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from gnomon.curvature.products import network
from gnomon.hessian_free.small_objectives import Valley
from gnomon.objectives import MLP
from gnomon_validation.studies.counted import Counted, operations
from gnomon_validation.studies.hessian_free import autoencoder, digits, rosenbrock, runaway, small_network
from gnomon_validation.studies.hessian_free.autoencoder import LOSS_COST, METHODS, PRODUCT_COST, RELEASED, Curve, costs
from gnomon_validation.studies.hessian_free.claims_about_conjugate_gradients import exact_residual, first_end
from gnomon_validation.studies.hessian_free.rosenbrock import peers
from gnomon_validation.studies.hessian_free.runs import DenseCurvature, descend, first_below, tiny_networks
from gnomon_validation.studies.printed import Comparison

EPS = 2.0**-52

# --- Rosenbrock


@pytest.mark.parametrize("i", range(20))
def test_the_power_of_a_candidate_is_found_again(i):
    a = 1.0
    for _ in range(i):
        a *= 0.8
    assert rosenbrock.power(a) == i


def test_a_stated_step_that_is_off_by_a_unit_is_noticed():
    run = descend(rosenbrock.VALLEY, rosenbrock.START, 1, curvature="hessian", variant="code")
    assert all(c.reproduced for c in rosenbrock.compare(1, rosenbrock.STATED[1], run))
    wrong = "-1.0000250956 1.0100001882 4.010000629 1.00497497 2 1 1 1.0000000"
    missed = [c.quantity.split(": ")[1] for c in rosenbrock.compare(1, wrong, run) if not c.reproduced]
    assert missed == ["x", "f", "ρ", "iteration taken", "power of 0.8 in a"]


def test_the_first_step_lands_on_the_saddle_of_the_model():
    """Damped Hessian [[3, 400], [400, 201]], gradient (796, 400): x = A⁻¹b, determinant 603 - 160000.

    The point is compared with all ten printed digits of that fraction.
    """
    run = descend(rosenbrock.VALLEY, rosenbrock.START, 1, curvature="hessian", variant="code")
    determinant = 3 * 201 - 400 * 400
    saddle = [-1 + Fraction(-796 * 201 + 400 * 400, determinant), 3 + Fraction(796 * 400 - 3 * 400, determinant)]
    for found, exact in zip(run.points[1], saddle, strict=True):
        assert Comparison("θ", f"{float(exact):.10f}", found).reproduced
    assert run.reports[0].chosen == 2 and run.reports[0].step_length == 1
    assert np.array_equal(run.lengths, [np.linalg.norm(run.points[1] - run.points[0])])


def test_evaluations_are_counted():
    f, x = Counted(Valley(100.0)), np.array([-1.0, 3.0])
    assert f.value(x) == 404 and np.array_equal(f.gradient(x), [796, 400])
    assert np.array_equal(f.hessian(x), [[2, 400], [400, 200]])
    assert f.effort == (1, 1, 2)


def test_without_scipy_there_are_no_peers(monkeypatch):
    monkeypatch.setattr("gnomon_validation.studies.hessian_free.rosenbrock.find_spec", lambda name: None)
    assert peers(np.array([-1.0, 3.0])) == {}
    findings = rosenbrock.measure()
    assert findings.reproduced and not findings.data[1]
    assert findings.conclusions[-1].startswith("SciPy is not installed")
    assert not any("SciPy" in c.quantity for c in findings.comparisons)


def test_a_goal_that_is_never_reached_is_an_error():
    assert first_below(np.array([3.0, 1.0, 0.5, 1.0, 0.25]), 1.0) == 2
    with pytest.raises(ValueError, match=r"f never falls below 0\.25; the least is 0\.25"):
        first_below(np.array([3.0, 0.25]), 0.25)


@pytest.mark.curvature
def test_with_scipy_its_methods_arrive_and_efforts_grow():
    for peer in peers(np.array([-1.0, 3.0])).values():
        assert peer.losses[0] == 404 and first_below(peer.losses, rosenbrock.GOAL) > 0
        assert all(np.all(np.diff(counts) >= 0) for counts in zip(*peer.efforts, strict=True))


# --- small networks


def test_a_figure_that_all_runs_print_is_compared_digit_by_digit():
    ours = [0.3417411, 0.3417412, 0.3417409]
    assert small_network.compare("f", "0.341741", ours) == Comparison("f", "0.341741", 0.3417411)
    assert not small_network.compare("f", "0.341742", ours).reproduced


@pytest.mark.parametrize(
    ("stated", "nearest"), [("3.1e-5", 2e-5), ("4.1e-7", 4e-6), ("3.9e-7", 4e-6), ("6.9e-3", 7e-4), ("8e-2", 7e-4)]
)
def test_a_figure_that_rounding_decides_must_be_within_ten_times_of_a_run(stated, nearest):
    comparison = small_network.compare("f", stated, [2e-5, 4e-6, 7e-4])
    assert comparison.measured == nearest and comparison.reproduced == (stated not in ("3.9e-7", "8e-2"))
    assert comparison.quantity == f"f: rounding decides; within ten times of {stated}, ours 4e-06 … 0.0007"
    assert comparison.stated == f"{float(stated) / 10:.3g} … {float(stated) * 10:.3g}"


@pytest.mark.parametrize("specimen", tiny_networks(), ids=lambda one: one.name)
def test_the_dense_matrix_is_that_of_the_products(specimen):
    """G_ij = (1/N) Σₑ Σₖ Σₗ Jₑₖᵢ Hₑₖₗ Jₑₗⱼ: N·C² terms, 48 or 135, whose parts H are at most 2 in size.

    With one hidden layer an entry of J is a product, without a sum. Each way has less than 2⁸ roundings a term, 20 of
    them in factors: the two differ by at most 2·2⁸ε of (2/N) Σₑ (Σₖ |Jₑₖᵢ|)(Σₗ |Jₑₗⱼ|).
    """
    f, x = network(specimen.problem), specimen.start
    products = np.stack([f.ggnvp(x, e) for e in np.eye(x.size)])
    dense = DenseCurvature(**vars(f))
    z = f.outputs(x)
    pullbacks = [np.abs(f.example_pullbacks(x, 0 * z + e)) for e in np.eye(z.shape[1])]
    sums = np.sum(pullbacks, axis=0)
    bounds = 2 * 2**8 * EPS * 2 / len(z) * sums.T @ sums
    for v, Gv, bound in zip(np.eye(x.size), products, bounds, strict=True):
        assert np.all(np.abs(dense.ggnvp(x, v) - Gv) <= bound)
    assert not np.array_equal(dense.ggnvp(x / 2, x), dense.ggnvp(x, x))


def test_neighbours_start_a_few_roundings_away(monkeypatch):
    monkeypatch.setattr(small_network, "STEPS", 1)
    specimen = tiny_networks()[1]
    _, *near = small_network.case(specimen, 10.0, small_network.RELEASED).runs
    assert len(near) == small_network.MANY
    for run in near:
        moved = np.abs(run.points[0] - specimen.start) / np.spacing(np.abs(specimen.start))
        assert 0 < np.max(moved) <= small_network.ROUNDINGS


# --- the runaway damping


@pytest.mark.parametrize("decay", [0.7, 0.8, 0.95, 1.0])
def test_the_limit_is_that_of_the_closed_form_in_one_dimension(decay):
    """ρ = 1 - u(q + 1)/(q - 1) with u = λ/(1 + λ), q = x₀/x_N = d(1 + λ)/(1 + λ/1.5), here for λ = 2²⁶.

    f = ½ changes by (1.5d - 1)/λ >= 0.05/λ: cancellation leaves a relative error of a few 10λε, below 2⁸λε < 4e-6.
    """
    damping = 2.0**26
    q, u = decay * (1 + damping) / (1 + damping / 1.5), damping / (1 + damping)
    exact = 1 - u * (q + 1) / (q - 1)
    assert abs(runaway.measured_limit(decay) / exact - 1) < 4e-6
    assert abs(exact - runaway.limit(decay)) <= (1 + abs(exact) + exact**2) / damping


def test_steps_that_grow_are_counted_from_the_end():
    run = runaway.on_quadratic(runaway.RULES[runaway.RELEASED], 12)
    later = run._replace(state=run.state._replace(damping=run.reports[-1].damping))
    assert runaway.steps_that_grow(run) == 12 - np.flatnonzero(np.diff(run.dampings) <= 0)[-1] - 1 > 0
    assert runaway.steps_that_grow(later) == 0


# --- claims


@pytest.mark.parametrize(("q", "code", "martens"), [(0.5, 21, 18), (0.8, 44, 34), (0.9, 79, 57), (0.95, 152, 96)])
def test_where_the_two_rules_of_progress_end_a_geometric_descent(q, code, martens):
    assert (first_end("code", q), first_end("martens", q)) == (code, martens)


def test_exact_conjugate_gradients_end_with_the_distinct_eigenvalues_and_no_earlier():
    """The all-ones matrix plus I has the eigenvalues 1 and n + 1; b = A(1, …, 1) lies in one of their two spaces."""
    assert exact_residual(np.ones((4, 4), int) + np.eye(4, dtype=int), 1) == 0
    pascal = np.array([[1, 1, 1], [1, 2, 3], [1, 3, 6]])
    assert exact_residual(pascal, 2) > 0 == exact_residual(pascal, 3)


# --- digits


@pytest.mark.parametrize(("widths", "batch"), [((5, 3), 2), ((4, 6, 3), 7), ((64, 32, 16, 8, 16, 32, 64), 3)])
def test_operations_are_those_counted_by_hand(widths, batch):
    """c operations of a layer forward; backward as much for W and, but for the first layer, for its input."""
    c = [2 * batch * inputs * outputs for inputs, outputs in pairwise(widths)]
    f = MLP(np.ones((batch, widths[0])), np.ones((batch, widths[-1])), widths[1:-1])
    forward, gradient = sum(c), 3 * sum(c) - c[0]
    w = np.full(f.dimension, 0.5)
    assert (operations(f.value, w), operations(f.gradient, w)) == (forward, gradient)
    # At least: forward, its derivative (two products a layer, one in the first), backward.
    product = operations(f.ggnvp, w, w)
    assert forward + 2 * forward - c[0] + 2 * forward - c[0] <= product <= 5 * forward
    assert costs(f) == (forward / gradient, product / gradient)


def small() -> autoencoder.Training:
    """Return the autoencoder of twelve made-up images in three batches."""
    images = 0.5 + 0.5 * np.sin(np.arange(12.0 * 6).reshape(12, 6))
    return autoencoder.training(images, batch=4, hidden=(3,))


def test_a_curve_tells_the_last_loss_that_is_known():
    curve = Curve(np.array([0.0, 10.0, 30.0]), np.array([4.0, 2.0, 1.0]), 2)
    assert np.array_equal(curve.at(np.array([0.0, 9.9, 10.0, 29.0, 30.0, 99.0])), [4, 4, 2, 2, 1, 1])


@pytest.mark.parametrize("method", [*METHODS, RELEASED], ids=lambda method: method.name)
def test_a_method_pays_for_what_it_does(method):
    train = small()
    start = train.start(0, 1.0)
    curve = method.run(train, start, method.settings[0], 30.0, 0)
    assert curve.costs[0] == 0 and curve.losses[0] == train.whole.value(start)
    assert np.all(np.diff(curve.costs) > 0) and curve.costs[-1] >= 30
    if "Hessian" in method.name:
        variant = "code" if method is RELEASED else "martens"
        run = descend(train.whole, start, curve.updates, damping=method.settings[0], variant=variant)
        paid = [1 + PRODUCT_COST * r.products + LOSS_COST * r.evaluations for r in run.reports]
        assert np.array_equal(np.diff(curve.costs), paid) and np.array_equal(curve.losses, run.losses)
    else:
        assert curve.updates == 30 * (3 if "batches" in method.name else 1)


def test_gradient_descent_is_gradient_descent():
    train = small()
    params = train.start(0, 1.0)
    curve = METHODS[1].run(train, params, 0.1, 10.0, 0)
    for _ in range(10):
        params = params - 0.1 * train.whole.gradient(params)
    assert curve.losses[-1] == train.whole.value(params)


def test_batches_are_the_whole():
    """The mean over three batches of four is that of all twelve; 12 summands, each rounded: 32ε of it is ample."""
    train = small()
    w = train.start(1, 0.5)
    parts = np.mean([part.value(w) for part in train.parts])
    assert abs(parts - train.whole.value(w)) <= 32 * EPS * parts


def test_a_rate_that_diverges_ends_at_infinity_and_is_not_chosen():
    train = small()
    method = METHODS[1]._replace(settings=(1e6, 0.1))
    found = digits.contest(method, train, 1.0, budget=20.0, seeds=(0, 1))
    assert found.tried[1e6] > found.tried[0.1] and found.best == 0.1
    assert len(found.curves) == 2 and found.curves[0].losses[-1] == found.tried[0.1]


def test_without_scikit_learn_the_study_says_so(monkeypatch):
    monkeypatch.setattr("gnomon_validation.studies.hessian_free.autoencoder.digits", lambda: None)
    findings = digits.measure()
    assert findings.reproduced and findings.tables
    assert "scikit-learn is not installed" in findings.conclusions[0]


@pytest.mark.digits
def test_the_images_are_those_of_scikit_learn():
    images = autoencoder.digits()
    assert images is not None and images.shape == (200, 64)
    assert np.min(images) == 0 and np.max(images) == 1
    assert np.all(images * 16 == np.round(images * 16))
