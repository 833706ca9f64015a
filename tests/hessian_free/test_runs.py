"""Runs on many problems: exact answers, the published figures of a runaway damping, linear models, bad input."""

from __future__ import annotations

import inspect
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from running_error import Bounded, agree

from gnomon.hessian_free.linear_models import LOSSES, LinearModel
from gnomon.hessian_free.optimizer import init, step
from gnomon.hessian_free.runs import Runs, fit_linear_models, minimise_quadratics
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon.objectives import LogisticRegression
from gnomon.objectives.contract import GaussNewtonObjective

HADAMARD = np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
both_variants = pytest.mark.parametrize("variant", ["martens", "code"])


def examples(N: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights, features and labels, drawn."""
    rng = np.random.default_rng(3)
    return rng.standard_normal(n), rng.standard_normal((N, n)), (rng.standard_normal(N) > 0).astype(float)


def as_fractions(array: np.ndarray) -> np.ndarray:
    return np.array([Fraction(float(x)) for x in array.ravel()], dtype=object).reshape(array.shape)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_linear_model_is_an_objective_with_gauss_newton_products(loss: str) -> None:
    w, X, y = examples(5, 3)
    model = LinearModel(X, y, 0.25, loss)
    assert isinstance(model, GaussNewtonObjective)
    np.testing.assert_array_equal(model.ggnvp(w, w), model.hvp(w, w))
    for dtype in (np.float32, np.float64):
        narrow = LinearModel(X.astype(dtype), y.astype(dtype), 0.25, loss)
        v = w.astype(dtype)
        assert {np.asarray(x).dtype for x in (narrow.value(v), narrow.gradient(v), narrow.hvp(v, v))} == {
            np.dtype(dtype)
        }


def test_the_logistic_model_is_logistic_regression() -> None:
    """Two texts of the same function, each within its own running error bound."""
    w, X, y = examples(7, 3)
    model, other = LinearModel(X, y, 0.25, "logistic"), LogisticRegression(X, y.astype(int), 0.25)
    v, x = Bounded(np.arange(1.0, 4.0)), Bounded(w)
    agree(model.value(x), other.value(x))
    agree(model.gradient(x), other.gradient(x))
    agree(model.hvp(x, v), other.hvp(x, v))


def test_the_squared_model_has_the_derivatives_of_its_definition() -> None:
    w, X, y = examples(4, 3)
    model, exact = (
        LinearModel(X, y, 0.25, "squared"),
        LinearModel(*map(as_fractions, (X, y)), Fraction(1, 4), "squared"),
    )
    v, direction = as_fractions(w), as_fractions(np.arange(1.0, 4.0))
    agree(model.value(Bounded(w)), float(exact.value(v)))
    # A quadratic is its own Taylor series: f(w ± d) = f(w) ± gᵀd + ½dᵀHd.
    plus, minus = exact.value(v + direction), exact.value(v - direction)
    assert plus - minus == 2 * np.sum(exact.gradient(v) * direction)
    assert plus + minus - 2 * exact.value(v) == np.sum(direction * exact.hvp(v, direction))


def test_the_poisson_model_at_nought() -> None:
    """e⁰ = 1: f = 1, ∇f = Xᵀ(1 - y)/N, ∇²f·v = Xᵀ(X·v)/N, all of them exact for whole numbers and N = 4."""
    y, nought, v = np.array([0.0, 3, 1, 2]), np.zeros(4), np.array([1.0, -2, 0, 5])
    model = LinearModel(HADAMARD, y, 0.5, "poisson")
    assert model.value(nought) == 1
    np.testing.assert_array_equal(model.gradient(nought), HADAMARD.T @ (1 - y) / 4)
    np.testing.assert_array_equal(model.hvp(nought, v), v + 0.5 * v)


def test_the_logistic_loss_of_huge_outputs_is_finite() -> None:
    X = np.array([[1e300], [-1e300]])
    with np.errstate(all="raise", under="ignore"):
        for y, expected in (((1.0, 0.0), 0.0), ((0.0, 1.0), 1e300), ((0.5, 0.5), 5e299)):
            model = LinearModel(X, np.array(y), 0.0, "logistic")
            assert model.value(np.ones(1)) == expected
            assert model.gradient(np.ones(1)) == expected
            assert model.hvp(np.ones(1), np.ones(1)) == 0


@both_variants
def test_with_unit_curvature_and_damping_every_step_halves_the_distance(variant: str) -> None:
    params, stationary = np.array([[4.0, 8.0], [-6.0, 1.0]]), np.array([[0.0, 0.0], [2.0, -3.0]])
    matrices = np.stack([np.eye(2), np.eye(2)])
    found = minimise_quadratics(
        params, matrices, stationary, steps=5, variant=variant, adapt_damping=False, decay=0.0, max_iter=1
    )
    np.testing.assert_array_equal(found.params, stationary + (params - stationary) / 32)
    squares = np.sum((params - stationary) ** 2, axis=1)
    np.testing.assert_array_equal(found.losses, squares[:, np.newaxis] / 2 / 4.0 ** np.arange(6))
    np.testing.assert_array_equal(found.dampings, np.ones((2, 6)))
    np.testing.assert_array_equal(found.iterations, np.ones((2, 5)))
    np.testing.assert_array_equal(found.step_lengths, np.ones((2, 5)))


def test_least_squares_on_orthogonal_features_are_solved_exactly_in_one_step() -> None:
    """XᵀX/4 = I, so that the first iterate of conjugate gradients is Xᵀy/4, and no operation rounds."""
    y = np.array([[3.0, -1.0, 2.0, 6.0]])
    found = fit_linear_models(np.array([[8.0, 0.0, -4.0, 1.0]]), HADAMARD[np.newaxis], y, steps=1, damping=0.0)
    np.testing.assert_array_equal(found.params, y @ HADAMARD / 4)
    np.testing.assert_array_equal(found.dampings, [[0.0, 0.0]])
    assert found.losses[0, 1] == 0


def test_a_run_is_made_of_steps() -> None:
    w, X, y = examples(6, 3)
    hyper: dict[str, Any] = {"variant": "code", "max_iter": 3, "decay": 0.5, "lr": 0.5, "rtol": 0.01}
    found = fit_linear_models(
        w[np.newaxis], X[np.newaxis], y[np.newaxis], steps=4, loss="logistic", damping=2.0, **hyper
    )
    x, state, told = w, init(w, damping=2.0), []
    for _ in range(4):
        x, state, report = step(x, state, LinearModel(X, y, 0.0, "logistic"), **hyper)
        told.append(report)
    np.testing.assert_array_equal(found.params[0], x)
    np.testing.assert_array_equal(found.losses[0], [*(r.loss for r in told), told[-1].final_loss])
    np.testing.assert_array_equal(found.dampings[0], [*(r.damping for r in told), state.damping])
    np.testing.assert_array_equal(found.iterations[0], [r.iterations for r in told])
    np.testing.assert_array_equal(found.step_lengths[0], [r.step_length for r in told])
    quadratic = Quadratic(X.T @ X, y[:3])
    found = minimise_quadratics(w[np.newaxis], quadratic.matrix[np.newaxis], quadratic.stationary[np.newaxis], steps=1)
    np.testing.assert_array_equal(found.params[0], step(w, init(w), quadratic)[0])


def test_the_damping_of_the_package_runs_away_on_a_convex_quadratic() -> None:
    """With every default of the package, λ grows for ever and the loss stands still; from cold starts, or by the rules
    of the method's author, λ = (2/3)ᵗ and after 20 steps the loss is 0 up to rounding: below ε times the first. To the
    digits published."""
    arrays = np.ones((1, 5)), np.diag(np.geomspace(0.01, 1, 5))[np.newaxis], np.zeros((1, 5))
    stalled = minimise_quadratics(*arrays, steps=60, variant="code")
    assert rounded(stalled, 5, 10, 20, 60) == ["3.85e-02", "2.86e-02", "2.76e-02", "2.76e-02"]
    assert f"{stalled.dampings[0, 50]:.1e}" == "1.9e+08"
    for hyper in ({"variant": "code", "decay": 0.0}, {"variant": "martens"}):
        found = minimise_quadratics(*arrays, steps=20, **hyper)  # type: ignore[arg-type]
        assert rounded(found, 5, 10) == ["1.66e-02", "7.14e-04"]
        assert found.losses[0, 20] <= np.finfo(float).eps * found.losses[0, 0]
        shrunk = np.cumprod([1.0] + [2 / 3] * 20)
        np.testing.assert_array_equal(found.dampings[0], shrunk)


def rounded(runs: Runs, *steps: int) -> list[str]:
    return [f"{runs.losses[0, t]:.2e}" for t in steps]


@both_variants
def test_on_separable_data_the_loss_falls_for_ever(variant: str) -> None:
    """Under "code" warm starts may raise it; hence a cold one."""
    X = np.array([[[1.0, 0.5], [2.0, -1.0], [-1.0, 0.25], [-0.5, -3.0]]])
    found = fit_linear_models(
        np.zeros((1, 2)), X, np.array([[1.0, 1, 0, 0]]), steps=40, loss="logistic", variant=variant, decay=0.0
    )
    assert np.all(np.diff(found.losses) < 0) and np.all(found.losses > 0) and np.all(np.isfinite(found.params))
    assert np.all(np.sign(X[0] @ found.params[0]) == [1, 1, -1, -1])


QUADRATICS = (np.ones((1, 2)), np.eye(2)[np.newaxis], np.zeros((1, 2)))
MODELS = (np.ones((1, 2)), np.ones((1, 3, 2)), np.ones((1, 3)))
BAD = [
    (minimise_quadratics, {"params": np.ones(2)}, "params must have shape (P, n) with P >= 1 and n >= 1, got (2,)"),
    (minimise_quadratics, {"steps": 0}, "steps must be an integer >= 1, got 0"),
    (minimise_quadratics, {"rtol": -1.0}, "rtol must be a finite number in [0, inf), got -1.0"),
    (
        minimise_quadratics,
        {"matrices": np.eye(2)},
        "matrices must have shape (1, 2, 2) to fit params (1, 2), got (2, 2)",
    ),
    (
        minimise_quadratics,
        {"matrices": np.eye(2, dtype=np.float32)[np.newaxis]},
        "matrices must have the dtype of params float64, got float32",
    ),
    (
        fit_linear_models,
        {"features": np.ones((1, 0, 2))},
        "features must have shape (1, N, 2) with N >= 1 to fit params (1, 2), got (1, 0, 2)",
    ),
    (
        fit_linear_models,
        {"targets": np.ones((1, 2))},
        "targets must have shape (1, 3) to fit features (1, 3, 2), got (1, 2)",
    ),
    (
        fit_linear_models,
        {"loss": "logistic", "targets": 2 * np.ones((1, 3))},
        "targets must be in [0, 1] for loss 'logistic'",
    ),
]


@pytest.mark.parametrize(("function", "changed", "sentence"), BAD, ids=[sentence for _, _, sentence in BAD])
def test_problems_that_do_not_fit_get_a_sentence(function: Any, changed: dict[str, Any], sentence: str) -> None:
    names = list(inspect.signature(function).parameters)[:3]
    good = dict(zip(names, QUADRATICS if function is minimise_quadratics else MODELS, strict=True))
    with pytest.raises((TypeError, ValueError)) as caught:
        function(**{**good, "steps": 1, **changed})
    assert str(caught.value) == sentence
