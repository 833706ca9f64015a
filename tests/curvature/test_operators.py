"""Operators: what may be multiplied, what is noticed on the way, and the sentences for what does not fit."""

import numpy as np
import pytest

from gnomon.curvature.operators import Dense, asymmetry, ggn_operator, hessian_operator, product
from gnomon.curvature.trace import hutchinson
from gnomon.objectives import MLP, Quadratic

A = np.array([[2.0, 1.0], [1.0, -3.0]])


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


WRONG = [
    ("have shape (2,), got (1,)", lambda v: v[:1]),
    ("have dtype float64, got float32", lambda v: v.astype(np.float32)),
    ("hold real floating-point numbers, got dtype int64", lambda v: v.astype(np.int64)),
    ("be a NumPy array of floating-point numbers, got list", lambda v: v.tolist()),
    ("be finite, got a NaN or an infinity in it", lambda v: v * np.array([1.0, np.nan])),
    ("be finite, got a NaN or an infinity in it", lambda v: v + np.array([0.0, np.inf])),
]


@pytest.mark.parametrize(("must", "operator"), WRONG, ids=[must for must, _ in WRONG])
def test_a_product_that_does_not_fit_gets_a_sentence(must, operator):
    with pytest.raises((ValueError, TypeError)) as caught:
        product(operator, np.ones(2), 0)
    assert str(caught.value) == f"product 0 of the operator must {must}"


def test_the_product_that_is_not_finite_is_named():
    seen = []

    def fails_at_the_third(v):
        seen.append(v)
        return v * (np.nan if len(seen) == 3 else 1.0)

    with pytest.raises(ValueError, match="product 2 of the operator must be finite"):
        hutchinson(fails_at_the_third, np.ones((4, 2)))
