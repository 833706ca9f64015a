"""Operators: what may be multiplied, what is noticed on the way, and the sentences for what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from gnomon.curvature.operators import Dense, asymmetry, ggn_operator, hessian_operator, product
from gnomon.curvature.trace import hutchinson
from gnomon.objectives import MLP, Quadratic

A = np.array([[2.0, 1.0], [1.0, -3.0]])


def test_a_matrix_is_an_operator():
    assert np.array_equal(Dense(A)(np.array([1.0, 2.0])), [4.0, -5.0])


def test_a_quadratic_has_the_operator_of_its_hessian():
    quadratic = Quadratic(A, np.zeros(2))
    for of in (hessian_operator, ggn_operator):
        assert np.array_equal(of(quadratic, np.ones(2))(np.array([0.0, 1.0])), A[1])


def test_a_network_has_the_operators_of_its_own_products():
    network = MLP(np.array([[0.5, -1.0]]), np.array([[0.25]]), (2,))
    params, vector = np.arange(network.dimension) / 8.0, np.ones(network.dimension)
    assert np.array_equal(hessian_operator(network, params)(vector), network.hvp(params, vector))
    assert np.array_equal(ggn_operator(network, params)(vector), network.ggnvp(params, vector))


def test_an_asymmetric_matrix_is_noticed():
    """Whole numbers, so exact: uᵀAv - vᵀAu = Σ (uᵢvⱼ - vᵢuⱼ)(Aᵢⱼ - Aⱼᵢ) over i < j."""
    u, v = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    assert asymmetry(Dense(A), u, v) == 0
    assert asymmetry(Dense(A + np.array([[0.0, 1.0], [0.0, 0.0]])), u, v) == 7


WRONG = {
    "another shape": (lambda v: v[:1], "product 0 of the operator must have shape (2,), got (1,)"),
    "another dtype": (lambda v: v.astype(np.float32), "product 0 of the operator must have dtype float64, got float32"),
    "integers": (
        lambda v: v.astype(np.int64),
        "product 0 of the operator must hold real floating-point numbers, got dtype int64",
    ),
    "a list": (
        lambda v: v.tolist(),
        "product 0 of the operator must be a NumPy array of floating-point numbers, got list",
    ),
    "a NaN": (lambda v: v * np.nan, "product 0 of the operator must be finite, got a NaN or an infinity in it"),
    "an infinity": (lambda v: v / 0, "product 0 of the operator must be finite, got a NaN or an infinity in it"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_product_that_does_not_fit_gets_a_sentence(what):
    operator, sentence = WRONG[what]
    with pytest.raises((ValueError, TypeError)) as caught:
        product(operator, np.ones(2), 0)
    assert str(caught.value) == sentence


def test_the_product_that_is_not_finite_is_named():
    seen = []

    def fails_at_the_third(v):
        seen.append(v)
        return v * (np.nan if len(seen) == 3 else 1.0)

    with pytest.raises(ValueError, match="product 2 of the operator must be finite"):
        hutchinson(fails_at_the_third, np.ones((4, 2)))


def test_a_vector_that_does_not_fit_the_matrix_gets_a_sentence():
    with pytest.raises(ValueError, match=r"vector must have shape \(2,\) to fit the matrix, got \(3,\)"):
        Dense(A)(np.ones(3))
