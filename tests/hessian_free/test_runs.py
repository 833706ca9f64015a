"""Linear models as objectives, beyond what runs show of them; and that a run is made of steps."""

import numpy as np
from running_error import Bounded, agree

from gnomon.hessian_free.linear_models import LinearModel
from gnomon.hessian_free.optimizer import init, step
from gnomon.hessian_free.runs import fit_linear_models, minimise_quadratics
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon.objectives import LogisticRegression

HADAMARD = np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])


def examples(N, n):
    """Return weights, features and labels, drawn."""
    rng = np.random.default_rng(3)
    return rng.standard_normal(n), rng.standard_normal((N, n)), (rng.standard_normal(N) > 0).astype(float)


def test_the_logistic_model_is_logistic_regression():
    """Two texts of the same function, each within its own running error bound."""
    w, X, y = examples(7, 3)
    model, other = LinearModel(X, y, 0.25, "logistic"), LogisticRegression(X, y.astype(int), 0.25)
    v, x = Bounded(np.arange(1.0, 4.0)), Bounded(w)
    agree(model.value(x), other.value(x))
    agree(model.gradient(x), other.gradient(x))
    agree(model.hvp(x, v), other.hvp(x, v))


def test_the_poisson_model_at_nought():
    """e⁰ = 1: f = 1, ∇f = Xᵀ(1 - y)/N, ∇²f·v = Xᵀ(X·v)/N, all of them exact for whole numbers and N = 4."""
    y, nought, v = np.array([0.0, 3, 1, 2]), np.zeros(4), np.array([1.0, -2, 0, 5])
    model = LinearModel(HADAMARD, y, 0.5, "poisson")
    assert model.value(nought) == 1
    np.testing.assert_array_equal(model.gradient(nought), HADAMARD.T @ (1 - y) / 4)
    np.testing.assert_array_equal(model.hvp(nought, v), v + 0.5 * v)


def test_the_logistic_loss_of_huge_outputs_is_finite():
    X = np.array([[1e300], [-1e300]])
    with np.errstate(all="raise", under="ignore"):
        for y, expected in (((1.0, 0.0), 0.0), ((0.0, 1.0), 1e300), ((0.5, 0.5), 5e299)):
            model = LinearModel(X, np.array(y), 0.0, "logistic")
            assert model.value(np.ones(1)) == model.gradient(np.ones(1)) == expected
            assert model.hvp(np.ones(1), np.ones(1)) == 0


def test_a_run_is_made_of_steps():
    w, X, y = examples(6, 3)
    hyper = {"variant": "code", "max_iter": 3, "decay": 0.5, "lr": 0.5, "rtol": 0.01}
    found = fit_linear_models(
        w[np.newaxis], X[np.newaxis], y[np.newaxis], steps=4, loss="logistic", damping=2.0, **hyper
    )
    x, state, told = w, init(w, damping=2.0), []
    for _ in range(4):
        x, state, report = step(x, state, LinearModel(X, y, 0.0, "logistic"), **hyper)
        told.append(report)
    for part, expected in (
        ("params", x),
        ("losses", [*(r.loss for r in told), told[-1].final_loss]),
        ("dampings", [*(r.damping for r in told), state.damping]),
        ("iterations", [r.iterations for r in told]),
        ("step_lengths", [r.step_length for r in told]),
    ):
        np.testing.assert_array_equal(getattr(found, part)[0], expected, part)
    quadratic = Quadratic(X.T @ X, y[:3])
    found = minimise_quadratics(w[np.newaxis], quadratic.matrix[np.newaxis], quadratic.stationary[np.newaxis], steps=1)
    np.testing.assert_array_equal(found.params[0], step(w, init(w), quadratic)[0])
