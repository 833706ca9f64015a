"""The compiled estimators against the reference: bits where nothing is rounded, sentences, counts.

On matrices and probes of small whole numbers every sum is exact, in any order, so that equal means the same bits.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_contract import DTYPES, assert_alike, assert_same_bits, assert_same_outputs, refusal

from gnomon.curvature import diagonal, frobenius, lanczos, power, trace
from gnomon.curvature.operators import Dense
from gnomon.kernels.curvature import dense
from gnomon.kernels.curvature import diagonal as compiled_diagonal
from gnomon.kernels.curvature import frobenius as compiled_frobenius
from gnomon.kernels.curvature import lanczos as compiled_lanczos
from gnomon.kernels.curvature import power as compiled_power
from gnomon.kernels.curvature import trace as compiled_trace

FROM_PROBES = {
    "hutchinson": (compiled_trace, trace),
    "bekas": (compiled_diagonal, diagonal),
    "frobenius_squared": (compiled_frobenius, frobenius),
}
POWER = compiled_power, power

every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def whole_numbers(seed, n, m, dtype):
    """Return a symmetric matrix with entries up to 6 and m sign vectors."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-3, 4, (n, n))
    return (matrix + matrix.T).astype(dtype), (2 * rng.integers(0, 2, (m, n)) - 1).astype(dtype)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 9), m=st.integers(1, 5), dtype=st.sampled_from(DTYPES))
def test_estimates_that_need_no_rounding_have_the_bits_of_the_reference(seed, n, m, dtype):
    """But for the sign of a sum that vanishes, which is BLAS's own: 0 + 0 is 0 there, and -0 + -0 may be."""
    matrix, probes = whole_numbers(seed, n, m, dtype)
    for operation, modules in FROM_PROBES.items():
        estimates = (getattr(module, operation)(Dense(matrix), probes) for module in modules)
        assert_same_outputs(*(tuple(part + 0 for part in estimate) for estimate in estimates))


@every_dtype
def test_of_a_diagonal_matrix_lanczos_makes_one_step_from_each_axis(dtype):
    matrix = np.diag(np.array([4, -2, 1], dtype))
    for i in range(3):
        start = 2 * np.eye(3, dtype=dtype)[i]
        for steps in (1, 3, 9):
            found = compiled_lanczos.lanczos(Dense(matrix), start, steps=steps)
            assert_same_outputs(found, lanczos.lanczos(Dense(matrix), start, steps=steps))
            assert (found.products, found.diagonal[0]) == (1, matrix[i, i])
        assert_alike(POWER, "power_iteration", Dense(matrix), start)


@every_dtype
def test_a_start_within_the_deflated_space_is_rejected(dtype):
    basis, matrix = np.eye(3, dtype=dtype)[:2], np.eye(3, dtype=dtype)
    said = assert_alike(POWER, "power_iteration", Dense(matrix), 5 * basis[0], basis)
    assert said == (ValueError, "start must not be in the span of deflated")


def test_the_index_of_a_product_that_is_not_finite_counts_from_0():
    """The first probe does not see the infinity: 0·∞ would be NaN, so the row is finite and the second overflows."""
    matrix, probes = np.diag(np.array([1.0, 1e200])), np.array([[1.0, 0.0], [0.0, 1e200]])
    for operation, modules in FROM_PROBES.items():
        _, sentence = assert_alike(modules, operation, Dense(matrix), probes)
        assert sentence.startswith("product 1 of the operator must be finite")


def test_only_a_matrix_that_is_at_hand_is_compiled():
    sentence = "operator must be a Dense matrix for a compiled kernel, got function"
    assert refusal(compiled_trace.hutchinson, lambda v: v, np.ones((1, 2))) == (TypeError, sentence)


@every_dtype
def test_products_are_summed_in_the_order_of_the_columns(dtype):
    rng = np.random.default_rng(3)
    matrix, vector = rng.standard_normal((7, 7)).astype(dtype), rng.standard_normal(7).astype(dtype)
    expected, result = np.zeros(7, dtype), np.empty(7, dtype)
    for column, factor in zip(matrix.T, vector, strict=True):
        expected += column * factor
    assert dense.multiply(np.ascontiguousarray(matrix.T), vector, result)
    assert_same_bits(result, expected)
    matrix[3, 4] = np.nan
    assert not dense.multiply(np.ascontiguousarray(matrix.T), vector, result)
