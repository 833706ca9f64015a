"""Products of curvature matrices: against automatic derivatives, and by hand.

The closed forms run with their running error bound; automatic derivatives lie within 8 of it, as `test_derivatives`
derives, so that the two are within 9 of it.
"""

from __future__ import annotations

import autograd.numpy as traced
import numpy as np
import pytest
from running_error import Bounded, agree

from gnomon import derivatives
from gnomon.curvature.products import (
    Classification,
    Regression,
    empirical_fisher_product,
    fisher_product,
    ggnvp,
    hvp,
    network,
)

X = np.array([[0.5, -1.0], [1.5, 0.25], [-0.75, 1.0]])
PROBLEMS = {
    "linear regression": Regression(X, np.array([[0.5], [1.0], [-2.0]]), ()),
    "network regression": Regression(X, np.array([[0.5, 1.0], [1.0, 0.0], [-2.0, 0.25]]), (2,)),
    "softmax regression": Classification(X, np.array([0, 2, 1]), 3, ()),
    "network classification": Classification(X, np.array([1, 0, 1]), 2, (2,)),
}
PRODUCTS = (hvp, ggnvp, fisher_product, empirical_fisher_product)
EIGHT = 8


@pytest.fixture(params=PROBLEMS)
def problem(request):
    return PROBLEMS[request.param]


@pytest.fixture
def params(problem):
    return np.cos(np.arange(float(network(problem).dimension)))


@pytest.fixture
def vector(params):
    return np.sin(1 + 3 * np.arange(float(len(params))))


def test_hessian_products_are_those_of_automatic_derivatives(problem, params, vector):
    automatic = derivatives.hvp(network(problem).value, params, vector)
    agree(automatic, hvp(problem, Bounded(params), Bounded(vector)), times=1 + EIGHT)


def test_gauss_newton_and_fisher_products_are_those_of_automatic_derivatives(problem, params, vector):
    objective = network(problem)
    mean = lambda z: traced.sum(objective.output_loss.losses(z)) / len(X)  # noqa: E731
    automatic = derivatives.ggnvp(objective.outputs, mean, params, vector)
    for product in (ggnvp, fisher_product):
        agree(automatic, product(problem, Bounded(params), Bounded(vector)), times=1 + EIGHT)


def test_the_diagonal_of_the_empirical_fisher_matrix_is_that_of_automatic_derivatives(problem, params):
    """A square doubles the relative deviation: hence twice."""
    objective = network(problem)
    automatic = derivatives.empirical_fisher_diagonal(
        lambda w, i: objective.example_values(w)[i], params, range(len(X))
    )
    for i, unit in enumerate(np.eye(len(params))):
        entry = empirical_fisher_product(problem, Bounded(params), Bounded(unit))[i]
        agree(automatic[i], entry, times=2 * (1 + EIGHT))


def test_the_hessian_of_a_product_is_not_its_gauss_newton_matrix():
    """f = ½(θ₁θ₂ - y)² at θ = (1.3, -0.7), y = 0.4: H₁₂ = 2θ₁θ₂ - y = -2.22, G₁₂ = θ₁θ₂ = -0.91."""
    theta = np.array([1.3, -0.7])
    model = lambda x: x[0:1] * x[1:2]  # noqa: E731
    loss = lambda z: traced.sum((z - 0.4) ** 2) / 2  # noqa: E731
    H = np.stack([derivatives.hvp(lambda x: loss(model(x)), theta, e) for e in np.eye(2)])
    G = np.stack([derivatives.ggnvp(model, loss, theta, e) for e in np.eye(2)])
    assert np.array_equal(np.round(H, 12), [[0.49, -2.22], [-2.22, 1.69]])
    assert np.array_equal(np.round(G, 12), [[0.49, -0.91], [-0.91, 1.69]])


def test_one_example_by_hand():
    """x = 2, y = 1, w = (1, 0): z = 2, r = 1. J = (2, 1): H = G = F = JJᵀ, E = r²·JJᵀ; with y = -1 nine times it."""
    one = Regression(np.array([[2.0]]), np.array([[1.0]]), ())
    w, v = np.array([1.0, 0.0]), np.array([1.0, 3.0])
    for product in PRODUCTS:
        assert np.array_equal(product(one, w, v), [10.0, 5.0])
    farther = one._replace(targets=np.array([[-1.0]]))
    assert np.array_equal(empirical_fisher_product(farther, w, v), [90.0, 45.0])
    assert np.array_equal(fisher_product(farther, w, v), [10.0, 5.0])


def test_two_equally_probable_classes_by_hand():
    """x = 2 and parameters 0: p = ½ each, so ∇²ℓ = ¼·(1, -1)(1, -1)ᵀ; along the first weight J·v = (2, 0): ½, -½."""
    two = Classification(np.array([[2.0]]), np.array([1]), 2, ())
    w, v = np.zeros(4), np.array([1.0, 0.0, 0.0, 0.0])  # W (2, 1), then b (2,)
    for product in (hvp, ggnvp, fisher_product, empirical_fisher_product):
        assert np.array_equal(product(two, w, v), [1.0, -1.0, 0.5, -0.5])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("product", PRODUCTS)
def test_the_dtype_is_that_of_the_features(product, dtype):
    one = Regression(np.ones((1, 1), dtype), np.ones((1, 1), dtype), (2,))
    w = np.ones(network(one).dimension, dtype)
    assert product(one, w, w).dtype == dtype


def bent(phi):
    """θ = φ + φ²/2, entry by entry: θ' = 1 + φ, θ'' = 1."""
    return phi + phi * phi / 2


def outputs(theta):
    return traced.concatenate([theta[:1] * theta[1:2], theta[1:2] * theta[2:] - 2 * theta[:1]])


def half_the_squares(z):
    return traced.sum((z - np.array([3.0, -1.0])) ** 2) / 2


PHI, ALONG = np.array([2.0, -4.0, 1.0]), np.array([1.0, 3.0, -2.0])
SLOPE = 1 + PHI


def loss(theta):
    return half_the_squares(outputs(theta))


def test_gauss_newton_products_follow_any_change_of_parameters():
    """G̃ = DGD, D = θ', also where the change is not linear. All numbers are multiples of ½: exact."""
    found = derivatives.ggnvp(lambda phi: outputs(bent(phi)), half_the_squares, PHI, ALONG)
    assert np.array_equal(found, SLOPE * derivatives.ggnvp(outputs, half_the_squares, bent(PHI), SLOPE * ALONG))


def test_hessian_products_see_the_curvature_of_the_change():
    """H̃ = DHD + diag(g∘θ''), so the Hessian does not follow. All numbers are multiples of ½: exact."""
    found = derivatives.hvp(lambda phi: loss(bent(phi)), PHI, ALONG)
    followed = SLOPE * derivatives.hvp(loss, bent(PHI), SLOPE * ALONG)
    assert np.array_equal(found, followed + derivatives.gradient(loss, bent(PHI)) * ALONG)
    assert not np.array_equal(found, followed)


@pytest.mark.parametrize("h", [0.5, 0.25, 0.125])
def test_central_differences_of_gradients_are_off_by_the_square_of_their_width(h):
    """f = Σ x⁴: (∇f(x + hv) - ∇f(x - hv))/2h is 12x²v + 4h²v³, exactly so for multiples of ⅛."""
    quartic = lambda x: traced.sum(x * x * x * x)  # noqa: E731
    ahead, behind = (derivatives.gradient(quartic, PHI + side * h * ALONG) for side in (1, -1))
    off = (ahead - behind) / (2 * h) - derivatives.hvp(quartic, PHI, ALONG)
    assert np.array_equal(off, 4 * h * h * ALONG**3)
