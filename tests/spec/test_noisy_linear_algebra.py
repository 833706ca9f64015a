"""Linear algebra on noisy arrays, bounded through backward errors.

A routine computes the exact result of A + E with ‖E‖ <= 2u√n‖A‖ (the noise, n the longer side; √2 times that if it is
symmetric), to within LAPACK's own error in float64, p(n)·2⁻⁵³‖A‖; for the float32 arrays and n <= 4 here p(n)·2⁻⁵³ is
below 2⁻⁹·2u for any p(n) < 2²⁰, and ROUTINE = 2½·2u is above 2u√4 and 2u√6. Its results are rounded at the end, each
entry by 2u of itself. So residuals of products of k results are at most (1 + k)·ROUTINE of the product of norms, up to
second order: a factor 1 + 2⁻⁸ pays for both.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from noisy import assert_exactly, assert_within, law, mixtures, noisy, spacing

SECOND_ORDER = 1 + 2.0**-8
ROUTINE = 2.5 * spacing(np.float32)
SQUARE = np.float32([[4, 1, 0], [1, 3, 1], [0, 1, 2]])
DYAD = np.outer([1, 2, 3], [1, -1, 2]).astype(np.float32)

well_conditioned = st.builds(
    lambda codes, scale: (np.reshape(codes, (3, 3)) / 8 + 4 * np.eye(3)).astype(np.float32) * np.float32(2.0**scale),
    st.lists(st.integers(-8, 8), min_size=9, max_size=9),
    st.integers(-8, 8),
)
stacked = st.builds(lambda a, b: np.stack([a, b]), well_conditioned, well_conditioned) | well_conditioned
symmetric = stacked.map(lambda a: a @ np.swapaxes(a, -1, -2))


def turned(a):
    return np.swapaxes(a, -1, -2)


def frobenius(a):
    return np.sqrt(np.sum(np.asarray(a, dtype=np.float64) ** 2, axis=(-2, -1)))


def condition(a):
    return frobenius(a) * frobenius(np.linalg.inv(a.astype(float)))


def spectral(vectors, values, others):
    return (vectors * values[..., np.newaxis, :]) @ others


def singular(full):
    return (lambda a: np.linalg.svd(a, full_matrices=full), stacked, lambda a, u, s, vt: spectral(u, s, vt) - a, 3)


def triangular(mode):
    return (lambda a: np.linalg.qr(a, mode), stacked, lambda a, q, r: q @ r - a, 2)


# Factors of drawn matrices, what their product leaves over, of how many results it is one. By default the scale is the
# norm of A for each result; an inverse is bounded to first order, |(A + E)⁻¹A - I| <= ‖A⁻¹‖(‖E‖ + 2u‖A‖), at A.
FACTORED = {
    "all singular vectors": singular(True),
    "reduced singular vectors": singular(False),
    "reduced orthogonal and triangular": triangular("reduced"),
    "complete orthogonal and triangular": triangular("complete"),
    "triangular alone": (
        lambda a: np.linalg.qr(a, mode="r"),
        *(stacked, lambda a, r: turned(r) @ r - turned(a.astype(float)) @ a, 1, lambda a: 2 * frobenius(a) ** 2),
    ),
    "Cholesky": (np.linalg.cholesky, symmetric, lambda a, c: c @ turned(c) - a, 2),
    "eigenvectors": (np.linalg.eigh, symmetric, lambda a, values, q: spectral(q, values, turned(q)) - a, 3),
    "inverse": (np.linalg.inv, stacked, lambda a, inverse: inverse @ a - np.eye(3), 1, condition),
    "pseudoinverse": (np.linalg.pinv, stacked, lambda a, inverse: inverse @ a - np.eye(3), 1, condition),
}


@pytest.mark.parametrize("name", FACTORED)
@law
@given(st.data())
def test_factors_multiply_to_the_matrix(name, data):
    factors, matrices, remainder, results, *scale = FACTORED[name]
    a = data.draw(matrices)
    found, expected = ([*x] if isinstance(x, tuple) else [x] for x in (factors(noisy(a)), factors(a)))
    assert [(x.shape, x.dtype) for x in found] == [(x.shape, x.dtype) for x in expected]
    size = scale[0](a) if scale else results * frobenius(a)
    left = frobenius(remainder(a, *(x.values for x in found)))
    assert np.all(left <= (1 + results) * ROUTINE * size * SECOND_ORDER)


def test_singular_values_move_by_the_norm_and_their_own_rounding():
    """Weyl: singular values move by at most ‖E‖."""
    exact, reach = np.linalg.svd(SQUARE.astype(float))[1], frobenius(SQUARE) + np.abs(SQUARE).sum()
    for values in (np.linalg.svdvals(noisy(SQUARE)), np.linalg.svd(noisy(SQUARE), compute_uv=False)):
        assert_within(values, exact, reach, operations=2)


@law
@given(symmetric)
def test_eigenvalues_move_by_the_norm(a):
    strays = np.abs(np.linalg.eigvalsh(noisy(a)).values - np.linalg.eigvalsh(a.astype(float)))
    assert np.all(strays <= 2 * ROUTINE * frobenius(a).max() * SECOND_ORDER)


def test_eigenvalues_of_a_nonsymmetric_matrix_satisfy_its_trace():
    a = np.float32([[1, 2], [3, 4]])
    values = np.linalg.eigvals(noisy(a))
    assert values.shape == (2,)
    assert np.all(np.abs(values.values.sum(axis=-1) - 5) <= 2 * ROUTINE * (2 * frobenius(a) + 12) * SECOND_ORDER)


SOLVED = [((3, 3), (3,)), ((3, 3), (3, 2)), ((5, 3, 3), (3,))]
SOLVED += [((5, 3, 3), (5, 3, 2)), ((5, 3, 3), (3, 2)), ((3, 3), (5, 3, 2))]


@pytest.mark.parametrize(("left", "right"), SOLVED, ids=str)
def test_a_solved_system_has_a_small_residual(left, right):
    """Backward errors of A and of b, and the rounding of x: the residual is below 3·2u·‖A‖‖x‖ and ‖b‖ <= ‖A‖‖x‖."""
    a = np.broadcast_to(SQUARE, left).astype(np.float32)
    b = np.arange(1, 1 + np.prod(right), dtype=np.float32).reshape(right)
    for x in mixtures(np.linalg.solve, a, b):
        assert (x.shape, x.dtype) == (np.linalg.solve(a, b).shape, np.float32)
        for replica in x.values:
            columns, wanted = (y if len(right) > 1 else y[..., np.newaxis] for y in (replica, b))
            residual = np.abs(a.astype(float) @ columns - wanted)
            assert np.all(residual <= 3 * ROUTINE * frobenius(SQUARE) * np.linalg.norm(replica) * SECOND_ORDER)


@pytest.mark.parametrize("columns", [None, 2])
def test_least_squares_has_the_shapes_and_normal_equations_of_numpy(columns):
    """Exact data b = A·x have no residual, so x moves to first order by ‖A⁺‖(‖E‖‖x‖ + ‖e‖), and ‖b‖ <= ‖A‖‖x‖."""
    a = np.float32([[1, 0], [1, 1], [1, 2], [1, 4]])
    x = np.float32([1, 2]) if columns is None else np.float32([[1, 2], [3, -1]])
    result, expected = np.linalg.lstsq(noisy(a), a @ x), np.linalg.lstsq(a, a @ x, rcond=None)
    assert [np.shape(part) for part in result] == [np.shape(part) for part in expected]
    assert result[2] == 2
    reach = 2 * frobenius(np.linalg.pinv(a)) * frobenius(a) * np.linalg.norm(x) + np.abs(x)
    assert_within(result[0], x.astype(float), reach, operations=4)


@law
@given(well_conditioned)
def test_determinants_move_by_the_condition(a):
    """First order: |det(A + E) - det A| <= |det A|·‖A⁻¹‖‖E‖."""
    exact = np.linalg.det(a.astype(float))
    assert_within(np.linalg.det(noisy(a)), exact, abs(exact) * (condition(a) + 1), operations=4)
    sign, logarithm = np.linalg.slogdet(noisy(a))
    assert_exactly(sign, np.float32(np.sign(exact)))
    assert_within(logarithm, np.log(abs(exact)), condition(a) + abs(np.log(abs(exact))), operations=4)


def test_the_condition_number_moves_by_itself():
    """κ = σ₁/σₙ moves to first order by κ(‖E‖/σ₁ + ‖E‖/σₙ) <= κ·2u·(1 + κ)·√n."""
    exact = np.linalg.cond(SQUARE.astype(float))
    assert_within(np.linalg.cond(noisy(SQUARE)), exact, 2 * exact * (2 + exact) * np.sqrt(3), operations=2)


def test_the_rank_is_that_of_the_dtype():
    """Noise of 2u‖A‖ leaves the vanishing singular values below NumPy's threshold 2u·max(m, n)·σ₁ in that dtype."""
    assert_exactly(np.linalg.matrix_rank(noisy(DYAD)), np.int64(1))
    assert_exactly(np.linalg.matrix_rank(noisy(np.stack([SQUARE, DYAD]))), np.array([3, 1]))
    assert_exactly(np.linalg.matrix_rank(noisy(SQUARE), tol=100.0), np.int64(0))
    assert np.linalg.lstsq(noisy(DYAD), np.ones(3, np.float32))[2] == 1


NORMS = [
    *(((3,), ord, None) for ord in (None, 1, np.inf, -np.inf, 2)),
    *(((2, 3), ord, None) for ord in (None, "fro", 2, -2, "nuc")),
    *(((2, 3), *options) for options in ((None, 0), (1, -1), (np.inf, 1))),
    *(((2, 2, 3), *options) for options in ((2, (1, 2)), (2, (-1, 0)), (None, (0, 1)), (None, None))),
]


@pytest.mark.parametrize(("shape", "ord", "axis"), NORMS, ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_move_by_a_few_roundings_of_the_sum_of_their_entries(shape, ord, axis, keepdims):
    a = np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape) * np.float32(-1.5)
    exact, result = (np.linalg.norm(x, ord, axis, keepdims) for x in (a.astype(float), noisy(a)))
    assert_within(result, exact, np.abs(a).sum() * np.sqrt(a.size), operations=6)


def test_no_matrix_at_all_is_decomposed_into_none():
    assert np.linalg.inv(noisy(np.zeros((0, 0)))).shape == (0, 0)
