"""The rules for NumPy's functions: shapes and dtypes like NumPy's, values within the declared noise of NumPy's.

Linear algebra is bounded through backward errors. A routine computes the exact result of A + E with ‖E‖ <= 2u√n‖A‖ (the
noise, n the longer side; √2 times that if it is symmetric), to within LAPACK's own error in float64, p(n)·2⁻⁵³‖A‖; for
the float32 arrays and n <= 4 here p(n)·2⁻⁵³ is below 2⁻⁹·2u for any p(n) < 2²⁰, and ROUTINE = 2½·2u is above 2u√4 and
2u√6. Its results are rounded at the end, each entry by 2u of itself. So residuals of products of k results are at most
(1 + k)·ROUTINE of the product of norms, up to second order: a factor 1 + 2⁻⁸ pays for both.
"""

import inspect
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from noisy import REPLICAS, arrays, assert_exactly, assert_within, dtypes, law, noisy, spacing, weak, widened

from gnomon_spec.arithmetic import Noise, NoisyArray, ReplicasDisagreeError
from gnomon_spec.arithmetic.rules import RULES

SECOND_ORDER = 1 + 2.0**-8
U2 = spacing(np.float32)
ROUTINE = 2.5 * U2
CUBE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
SQUARE = np.float32([[4, 1, 0], [1, 3, 1], [0, 1, 2]])
AXES = [None, 0, 1, -1, -3, (0, 2), (-1, 0), ()]


# --- rearrangements and selections are exact -----------------------------------------------------------------------

PLAIN = [np.ravel, np.copy, np.real, np.atleast_1d, np.matrix_transpose, np.linalg.matrix_transpose, np.zeros_like]
PLAIN += [np.nonzero, np.flatnonzero, np.argwhere, np.shape, np.ndim, np.size, np.nan_to_num, np.squeeze]
REARRANGEMENTS = {
    **{function: [{}] for function in PLAIN},
    np.transpose: [{}, {"axes": (1, 0, 2)}, {"axes": (-1, 0, 1)}],
    np.reshape: [{"shape": (4, 6)}, {"shape": -1}, {"shape": [2, -1]}],
    np.swapaxes: [{"axis1": 0, "axis2": -1}],
    np.moveaxis: [{"source": 0, "destination": -1}, {"source": (0, 1), "destination": (-1, 0)}],
    np.expand_dims: [{"axis": 0}, {"axis": -1}, {"axis": (0, -1)}],
    np.broadcast_to: [{"shape": (5, 2, 3, 4)}],
    np.flip: [{}, {"axis": 1}, {"axis": (0, -1)}],
    np.diagonal: [{}, {"axis1": -2, "axis2": -1}, {"offset": 1}],
    np.triu: [{}, {"k": 1}],
    np.tril: [{"k": -1}],
    np.take: [{"indices": [1, 0]}, {"indices": np.array([[1], [0]]), "axis": -1}],
    np.take_along_axis: [{"indices": np.array([[[0], [1], [0]]]), "axis": 2}],
    np.roll: [{"shift": 1}, {"shift": -2, "axis": 1}, {"shift": (1, 2), "axis": (0, -1)}],
    np.sort: [{}, {"axis": None}, {"axis": 0}],
    np.argsort: [{"kind": "stable"}, {"axis": 1, "kind": "stable"}],
    np.repeat: [{"repeats": 2}, {"repeats": 2, "axis": -1}],
    np.tile: [{"reps": 2}, {"reps": (2, 1, 1, 3)}],
    np.zeros_like: [{}, {"dtype": np.float64}],
    np.ones_like: [{"dtype": bool}],
    np.full_like: [{"fill_value": 0.1}, {"fill_value": 3, "dtype": np.float64}],
    np.clip: [{"a_min": 3, "a_max": 9.0}, {"min": 3}, {"max": 5}],
    np.diff: [{"n": 0}],
}


@pytest.mark.parametrize("function", REARRANGEMENTS, ids=lambda f: f.__name__)
def test_rearrangements_are_exact(function):
    a = (CUBE * 7) % 11
    for options in REARRANGEMENTS[function]:
        result, expected = function(noisy(a), **options), function(a, **options)
        if isinstance(result, NoisyArray):
            assert_exactly(result, expected)
        else:
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("axis", [*AXES[:-1], 2])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    "function", [np.max, np.min, np.nanmax, np.nanmin, np.any, np.all, np.count_nonzero], ids=lambda f: f.__name__
)
def test_selecting_reductions_are_exact(function, axis, keepdims):
    a = (CUBE * 7) % 11 - 1
    assert_exactly(function(noisy(a), axis=axis, keepdims=keepdims), function(a, axis=axis, keepdims=keepdims))


SELECTIONS = {
    "methods": lambda a: [a.copy(), a.ravel(), a.flatten(), a.transpose(), a.transpose(0, 2, 1), a.reshape(6, 4)],
    "turned": lambda a: [a.mT, a.T],
    "extremes": lambda a: [getattr(a, name)(axis=-1, keepdims=True) for name in ("max", "min", "any", "all")],
    "where they are": lambda a: [getattr(a, name)(axis=1) for name in ("argmax", "argmin")],
    "positions": lambda a: [f(a, axis=axis) for f in (np.argmax, np.argmin) for axis in (None, 0, -1)],
    "running": lambda a: [ufunc.accumulate(a, axis=-1) for ufunc in (np.maximum, np.minimum)],
    "ufuncs": lambda a: [np.maximum.reduce(a, axis=-1), np.minimum.reduce(a), np.logical_or.reduce(a > 0)],
    "masks": lambda a: [np.logical_and.reduce(a > 0, axis=1, keepdims=True)],
    "triangles of a row": lambda a: [f(a[0, 0], k) for f in (np.triu, np.tril) for k in (-1, 0, 1)],
    "squeezed": lambda a: [np.squeeze(a[:1, :, :1], axis=axis) for axis in (None, 0, -1, (0, 2))],
    "empty": lambda a: [a[:0, 0].reshape(-1, 4), np.sum(a[:0, 0], axis=0)],
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_methods_and_selections_are_those_of_numpy(name):
    a = (CUBE * 7) % 11
    for result, expected in zip(SELECTIONS[name](noisy(a)), SELECTIONS[name](a), strict=True):
        assert_exactly(result, expected)
    assert np.empty_like(noisy(a)).shape == a.shape


def test_an_initial_value_bounds_the_largest_entry():
    for values in ([], [1.0]):
        assert_exactly(np.max(noisy(values), initial=2.0), np.float32(2.0))


@pytest.mark.parametrize("k", [-2, -1, 0, 1, 2])
def test_diagonal_matrices_are_exact_and_hold_any_number(k):
    for plain in (np.float32([1.0, np.inf, np.nan]), SQUARE):
        assert_exactly(np.diag(noisy(plain), k), np.diag(plain, k))


def test_joining_is_exact_with_plain_and_weak_parts():
    a, b = CUBE, CUBE[:1] + 1
    noise = Noise(REPLICAS)
    for axis in (0, -3):
        assert_exactly(
            np.concatenate([noisy(a, noise=noise), b, noisy(b, noise=noise)], axis), np.concatenate([a, b, b], axis)
        )
    for axis in (0, 1, -1):
        assert_exactly(np.stack([noisy(a, noise=noise), a + 1], axis), np.stack([a, a + 1], axis))
    assert_exactly(np.stack([noisy(1.0, noise=noise), weak(2.0, noise)]), np.float32([1.0, 2.0]))


@law
@given(st.data(), dtypes)
def test_where_chooses_exactly_and_broadcasts(data, dtype):
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)).input_shapes
    mask, a, b = (data.draw(arrays(dtype, shape=shape)) for shape in shapes)
    expected, noise = np.where(mask > 0, a, b), Noise(REPLICAS)
    condition = noisy(mask, dtype, noise) > 0
    for chosen in (
        np.where(condition, noisy(a, dtype, noise), noisy(b, dtype, noise)),
        np.where(condition, noisy(a, dtype, noise), b),
        np.where(mask > 0, a, noisy(b, dtype)),
        np.where(condition, a, b),
    ):
        assert_exactly(chosen, expected)


def test_where_follows_each_replica():
    condition = NoisyArray(np.array([[-1.0], [1.0]]), np.float32, Noise(2)) > 0
    assert np.array_equal(np.where(condition, 1.0, 2.0).values, [[2.0], [1.0]])


def test_replicas_with_different_orders_sort_alike_and_index_apart():
    a = NoisyArray(np.array([[1.0, 2.0], [2.0, 1.0]]), np.float32, Noise(2))
    assert_exactly(np.sort(a), np.float32([1.0, 2.0]))
    assert_exactly(np.take_along_axis(a, np.argsort(a), -1), np.float32([1.0, 2.0]))
    with pytest.raises(ReplicasDisagreeError):
        np.take(a, np.argsort(a))


def test_what_is_not_a_number_becomes_one_as_in_numpy():
    a = np.float32([np.nan, np.inf, -np.inf, 1.0])
    assert_exactly(np.nan_to_num(noisy(a)), np.nan_to_num(a))
    assert_exactly(np.nan_to_num(noisy(a), nan=2.0, posinf=3.0, neginf=4.0), np.float32([2.0, 3.0, 4.0, 1.0]))


def test_arrays_are_equal_if_shapes_and_entries_are():
    a = noisy(CUBE)
    assert np.array_equal(a, CUBE)
    assert not np.array_equal(a, CUBE + 1)
    assert not np.array_equal(a, CUBE[0])


# --- sums and products ---------------------------------------------------------------------------------------------


def terms(shape, axis):
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return int(np.prod([shape[i] for i in axes], initial=1))


SPREADS = [
    (np.sum, lambda x, **options: np.abs(x).sum(**options), 1, (-20, 20)),
    (np.mean, lambda x, **options: np.abs(x).mean(**options), 2, (-20, 20)),
    (np.prod, lambda x, **options: np.abs(x.prod(**options)), 1, (-10, -10)),
]


@pytest.mark.parametrize(("function", "size", "operations", "exponents"), SPREADS, ids=["sum", "mean", "product"])
@law
@given(st.data(), dtypes, st.sampled_from(AXES), st.booleans())
def test_a_reduction_moves_by_the_root_of_its_terms(function, size, operations, exponents, data, dtype, axis, keepdims):
    a, options = data.draw(arrays(dtype, shape=(2, 3, 2), exponents=exponents)), {"axis": axis, "keepdims": keepdims}
    wide = widened(a, dtype)
    spread = np.sqrt(terms(a.shape, axis)) * size(wide, **options)
    results = [function(noisy(a, dtype), **options)]
    if function is not np.prod:
        results.append(getattr(noisy(a, dtype), function.__name__)(axis, keepdims))
    for result in results:
        assert result.dtype == dtype
        assert_within(result, function(wide, **options), spread, operations=operations)


@law
@given(st.data(), st.sampled_from([0, 1]), st.sampled_from([None, 0, -1]))
def test_variance_and_deviation_move_by_what_their_steps_move(data, ddof, axis):
    """First order: c = a - m is off by s = 2u(4√n max|a| + |c|), Σc² by 2s·Σ|c| + (1 + √n)·2u·Σc²; four such terms."""
    a = data.draw(arrays(np.float32, shape=(3, 2), exponents=(0, 0)))
    n = terms(a.shape, axis)
    reach = U2 * 16 * n * np.sqrt(n) * (1 + np.abs(a).max()) ** 2 * SECOND_ORDER
    wide = widened(a, a.dtype)
    result = np.var(noisy(a), axis=axis, ddof=ddof, keepdims=True)
    assert np.all(np.abs(result.values - wide.var(axis=axis, ddof=ddof, keepdims=True)) <= reach)
    root = np.std(noisy(a), axis=axis, ddof=ddof)
    assert root.shape == wide.std(axis=axis).shape
    assert np.all(np.abs(root.values**2 - wide.var(axis=axis, ddof=ddof)) <= 2 * reach)


@law
@given(st.data(), st.sampled_from([None, 0, 1, -1]))
def test_running_sums_and_products_move_by_their_spread(data, axis):
    a = data.draw(arrays(np.float32, shape=(3, 4), exponents=(-10, -10)))
    wide = widened(a, a.dtype)
    most = np.sqrt(12 if axis is None else 4)
    assert_within(np.cumsum(noisy(a), axis=axis), wide.cumsum(axis=axis), most * np.abs(wide).cumsum(axis=axis))
    assert_within(np.cumprod(noisy(a), axis=axis), wide.cumprod(axis=axis), most * np.abs(wide.cumprod(axis=axis)))
    if axis is not None:
        running = np.add.accumulate(noisy(a), axis=axis)
        assert_within(running, wide.cumsum(axis=axis), most * np.abs(wide).cumsum(axis=axis))


@law
@given(st.data(), st.sampled_from([1, 2]), st.sampled_from([0, -1]))
def test_differences_round_once_an_order(data, n, axis):
    a = data.draw(arrays(np.float32, shape=(4, 3)))
    wide = widened(a, a.dtype)
    spread = 2**n * np.abs(wide).max()
    assert_within(np.diff(noisy(a), n=n, axis=axis), np.diff(wide, n=n, axis=axis), spread, operations=n)


@law
@given(st.data(), st.sampled_from([None, 0, -1]), st.booleans())
def test_a_median_rounds_at_most_a_sum_and_a_half(data, axis, keepdims):
    a = data.draw(arrays(np.float32, shape=(4, 3)))
    exact = np.median(widened(a, a.dtype), axis=axis, keepdims=keepdims)
    assert_within(np.median(noisy(a), axis=axis, keepdims=keepdims), exact, np.abs(a).max(), operations=2)


def test_ufunc_reductions_are_the_functions():
    wide = widened(CUBE, np.float32)
    assert_within(np.add.reduce(noisy(CUBE), axis=(0, 1)), wide.sum(axis=(0, 1)), np.sqrt(6) * wide.sum(axis=(0, 1)))
    assert_within(np.multiply.reduce(noisy(CUBE), axis=0), wide.prod(axis=0), np.sqrt(2) * wide.prod(axis=0))


@pytest.mark.parametrize("option", [{"where": np.array([True])}, {"dtype": np.float64}, {"initial": 1.0}])
def test_an_option_that_a_rule_does_not_know_is_refused_and_not_ignored(option):
    with pytest.raises(TypeError, match=next(iter(option))):
        np.sum(noisy([1.0]), **option)


# --- products of matrices ------------------------------------------------------------------------------------------

VECTORS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 0), (0, 3))]
STACKS = [((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((6, 1, 2, 3), (5, 3, 4))]
REPLICATED = [((REPLICAS, 2, 3), (3,)), ((2, 3), (REPLICAS, 3, 4))]
EINSUMS = {
    "ij,jk->ik": [((2, 3), (3, 2))],
    "ij,jk": [((2, 3), (3, 2))],
    "ij,ij->": [((2, 3), (2, 3))],
    "bij,bj->bi": [((4, 2, 3), (4, 3))],
    "i,j->ij": [((2,), (3,))],
    "ii,j->j": [((2, 2), (3,))],
}
# A product, of how many terms it adds at most, of arrays of which shapes.
PRODUCTS = [
    (np.matmul, lambda a, b: a.shape[-1], VECTORS + STACKS + REPLICATED),
    (np.dot, lambda a, b: a.size, [((2, 3), (3,)), ((2, 2, 3), (3, 2))]),
    (np.inner, lambda a, b: a.size, [((2, 3), (4, 3)), ((3,), (3,))]),
    (np.vdot, lambda a, b: a.size, [((2, 3), (2, 3))]),
    (np.kron, lambda a, b: a.size, [((2, 3), (2, 2)), ((3,), (2, 2))]),
    (np.outer, lambda a, b: a.size, [((2,), (3,)), ((2, 2), (3,))]),
    *((partial(np.einsum, f, optimize=True), lambda a, b: 2 * a.size * b.size, s) for f, s in EINSUMS.items()),
]


def products(function, a, b):
    noise = Noise(REPLICAS)
    return (
        function(noisy(a, a.dtype, noise), noisy(b, b.dtype, noise)),
        function(noisy(a, a.dtype), b),
        function(a, noisy(b, b.dtype)),
    )


@pytest.mark.parametrize(("function", "most", "shapes"), PRODUCTS, ids=lambda x: getattr(x, "__name__", ""))
@law
@given(st.data(), dtypes)
def test_products_move_by_no_more_than_their_spread(function, most, shapes, data, dtype):
    a, b = (data.draw(arrays(dtype, shape=shape)) for shape in data.draw(st.sampled_from(shapes)))
    wide = widened(a, dtype), widened(b, dtype)
    spread = np.sqrt(most(a, b)) * function(*map(np.abs, wide))
    for result in products(function, a, b):
        assert result.dtype == dtype
        assert_within(result, function(*wide), spread)


@pytest.mark.parametrize("axes", [0, 1, 2, ((0,), (1,)), (1, 0), ([1, 0], [0, 1])], ids=str)
def test_contracted_tensors_move_by_no_more_than_their_spread(axes):
    a = np.float32([[1, -2], [3, 4]])
    exact = np.tensordot(a.astype(float), a.astype(float), axes)
    spread = np.sqrt(8) * np.tensordot(np.abs(a), np.abs(a), axes)
    for result in products(lambda x, y: np.tensordot(x, y, axes), a, a):
        assert_within(result, exact, spread)


def test_traces_are_sums_of_diagonals():
    for options in ({}, {"offset": 1}, {"axis1": 1, "axis2": 2}):
        exact = np.trace(CUBE.astype(float), **options)
        assert_within(np.trace(noisy(CUBE), **options), exact, 2 * exact)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, "use einsum", lambda: np.dot(noisy(CUBE), noisy(CUBE))),
        (TypeError, "neither an ellipsis nor the label Z", lambda: np.einsum("...i->...", noisy(CUBE))),
        (ValueError, "at least one dimension", lambda: np.matmul(noisy(1.0), noisy(CUBE))),
        (TypeError, r"linalg\.norm with ord=3 on 1 dimensions", lambda: np.linalg.norm(noisy([1.0]), 3)),
    ],
)
def test_what_the_products_do_not_cover_is_refused_in_a_sentence(error, words, call):
    with pytest.raises(error, match=words):
        call()


def test_a_dot_product_with_a_number_or_a_list_is_that_of_numpy():
    assert_within(np.dot(noisy([1.0, 2.0]), 3.0), [3.0, 6.0], [3.0, 6.0])
    assert_within(np.dot(noisy([1.0, 2.0]), [3.0, 4.0]), 11.0, np.sqrt(2) * 11.0)
    assert_within(noisy([1.0, 2.0]).dot(np.float32([3.0, 4.0])), 11.0, np.sqrt(2) * 11.0)


@pytest.mark.parametrize("outer", [np.subtract.outer, np.multiply.outer])
def test_a_ufunc_between_all_pairs_rounds_once(outer):
    a, b = np.float32([1, 2, 3]), np.float32([[5, 7]])
    exact = outer(a.astype(float), b.astype(float))
    for result in products(outer, a, b):
        assert_within(result, exact, np.abs(exact))


# --- linear algebra ------------------------------------------------------------------------------------------------

well_conditioned = st.builds(
    lambda codes, scale: (np.reshape(codes, (3, 3)) / 8 + 4 * np.eye(3)).astype(np.float32) * np.float32(2.0**scale),
    st.lists(st.integers(-8, 8), min_size=9, max_size=9),
    st.integers(-8, 8),
)
stacked = st.builds(lambda a, b: np.stack([a, b]), well_conditioned, well_conditioned) | well_conditioned
symmetric = stacked.map(lambda a: a @ np.swapaxes(a, -1, -2))


def frobenius(a):
    return np.sqrt(np.sum(np.asarray(a, dtype=np.float64) ** 2, axis=(-2, -1)))


def assert_small(residual, scale, results):
    """‖residual‖ <= (1 + results)·2u·scale in every replica."""
    assert np.all(frobenius(residual) <= (1 + results) * ROUTINE * scale * SECOND_ORDER)


@law
@given(stacked, st.booleans())
def test_singular_vectors_and_values_multiply_to_the_matrix(a, full):
    u, s, vt = np.linalg.svd(noisy(a), full_matrices=full)
    assert (u.shape, s.shape, vt.shape) == tuple(x.shape for x in np.linalg.svd(a))
    assert {u.dtype, s.dtype, vt.dtype} == {np.dtype(np.float32)}
    assert_small((u.values * s.values[..., np.newaxis, :]) @ vt.values - a, 3 * frobenius(a), 3)


def test_singular_values_move_by_the_norm_and_their_own_rounding():
    """Weyl: singular values move by at most ‖E‖."""
    exact, reach = np.linalg.svd(SQUARE.astype(float))[1], frobenius(SQUARE) + np.abs(SQUARE).sum()
    for values in (np.linalg.svdvals(noisy(SQUARE)), np.linalg.svd(noisy(SQUARE), compute_uv=False)):
        assert_within(values, exact, reach, operations=2)


@law
@given(stacked, st.sampled_from(["reduced", "complete", "r"]))
def test_orthogonal_and_triangular_factor_multiply_to_the_matrix(a, mode):
    result = np.linalg.qr(noisy(a), mode=mode)
    if mode == "r":
        gram = np.swapaxes(result.values, -1, -2) @ result.values
        assert_small(gram - np.swapaxes(a.astype(float), -1, -2) @ a, 2 * frobenius(a) ** 2, 1)
    else:
        assert_small(result.Q.values @ result.R.values - a, 2 * frobenius(a), 2)


@law
@given(stacked)
def test_an_inverse_solves_the_identity(a):
    """|(A + E)⁻¹A - I| <= ‖A⁻¹‖(‖E‖ + 2u‖A‖) to first order; ‖A⁻¹‖‖A‖ is bounded by its value at A."""
    condition = frobenius(a) * frobenius(np.linalg.inv(a.astype(float)))
    for inverse in (np.linalg.inv(noisy(a)), np.linalg.pinv(noisy(a))):
        assert_small(inverse.values @ a - np.eye(3), condition, 1)


SOLVED = [((3, 3), (3,)), ((3, 3), (3, 2)), ((5, 3, 3), (3,))]
SOLVED += [((5, 3, 3), (5, 3, 2)), ((5, 3, 3), (3, 2)), ((3, 3), (5, 3, 2))]


@pytest.mark.parametrize(("left", "right"), SOLVED, ids=str)
def test_a_solved_system_has_a_small_residual(left, right):
    """Backward errors of A and of b, and the rounding of x: the residual is below 3·2u·‖A‖‖x‖ and ‖b‖ <= ‖A‖‖x‖."""
    a = np.broadcast_to(SQUARE, left).astype(np.float32)
    b = np.arange(1, 1 + np.prod(right), dtype=np.float32).reshape(right)
    for x in products(np.linalg.solve, a, b):
        assert x.shape == np.linalg.solve(a, b).shape
        assert x.dtype == np.float32
        for replica in x.values:
            columns = replica if len(right) > 1 else replica[..., np.newaxis]
            residual = np.abs(a.astype(float) @ columns - (b if len(right) > 1 else b[:, np.newaxis]))
            size = frobenius(SQUARE) * np.linalg.norm(replica)
            assert np.all(residual <= 3 * ROUTINE * size * SECOND_ORDER)


@pytest.mark.parametrize("columns", [None, 2])
def test_least_squares_has_the_shapes_and_normal_equations_of_numpy(columns):
    """Exact data b = A·x have no residual, so x moves to first order by ‖A⁺‖(‖E‖‖x‖ + ‖e‖), and ‖b‖ <= ‖A‖‖x‖."""
    a = np.float32([[1, 0], [1, 1], [1, 2], [1, 4]])
    x = np.float32([1, 2]) if columns is None else np.float32([[1, 2], [3, -1]])
    expected = np.linalg.lstsq(a, a @ x, rcond=None)
    result = np.linalg.lstsq(noisy(a), a @ x)
    assert [np.shape(part) for part in result] == [np.shape(part) for part in expected]
    assert result[2] == 2
    reach = 2 * frobenius(np.linalg.pinv(a)) * frobenius(a) * np.linalg.norm(x) + np.abs(x)
    assert_within(result[0], x.astype(float), reach, operations=4)


@law
@given(symmetric)
def test_eigenvectors_and_eigenvalues_multiply_to_the_matrix(a):
    values, vectors = np.linalg.eigh(noisy(a))
    rebuilt = (vectors.values * values.values[..., np.newaxis, :]) @ np.swapaxes(vectors.values, -1, -2)
    assert_small(rebuilt - a, 3 * frobenius(a), 3)
    alone = np.linalg.eigvalsh(noisy(a))
    assert np.all(
        np.abs(alone.values - np.linalg.eigvalsh(a.astype(float))) <= 2 * ROUTINE * frobenius(a).max() * SECOND_ORDER
    )


@law
@given(symmetric)
def test_a_cholesky_factor_squares_to_the_matrix(a):
    factor = np.linalg.cholesky(noisy(a)).values
    assert_small(factor @ np.swapaxes(factor, -1, -2) - a, 2 * frobenius(a), 2)


@law
@given(well_conditioned)
def test_determinants_move_by_the_condition(a):
    """First order: |det(A + E) - det A| <= |det A|·‖A⁻¹‖‖E‖."""
    exact, condition = np.linalg.det(a.astype(float)), frobenius(a) * frobenius(np.linalg.inv(a.astype(float)))
    assert_within(np.linalg.det(noisy(a)), exact, abs(exact) * (condition + 1), operations=4)
    sign, logarithm = np.linalg.slogdet(noisy(a))
    assert_exactly(sign, np.float32(np.sign(exact)))
    assert_within(logarithm, np.log(abs(exact)), condition + abs(np.log(abs(exact))), operations=4)


def test_eigenvalues_of_a_nonsymmetric_matrix_satisfy_its_trace():
    a = np.float32([[1, 2], [3, 4]])
    values = np.linalg.eigvals(noisy(a))
    assert values.shape == (2,)
    assert np.all(np.abs(values.values.sum(axis=-1) - 5) <= 2 * ROUTINE * (2 * frobenius(a) + 12) * SECOND_ORDER)


def test_the_condition_number_moves_by_itself():
    """κ = σ₁/σₙ moves to first order by κ(‖E‖/σ₁ + ‖E‖/σₙ) <= κ·2u·(1 + κ)·√n."""
    exact = np.linalg.cond(SQUARE.astype(float))
    assert_within(np.linalg.cond(noisy(SQUARE)), exact, 2 * exact * (2 + exact) * np.sqrt(3), operations=2)


def test_the_rank_is_that_of_the_dtype():
    """Noise of 2u‖A‖ leaves the vanishing singular values below NumPy's threshold 2u·max(m, n)·σ₁ in that dtype."""
    dyad = np.outer([1, 2, 3], [1, -1, 2]).astype(np.float32)
    assert_exactly(np.linalg.matrix_rank(noisy(dyad)), np.int64(1))
    assert_exactly(np.linalg.matrix_rank(noisy(np.stack([SQUARE, dyad]))), np.array([3, 1]))
    assert_exactly(np.linalg.matrix_rank(noisy(SQUARE), tol=100.0), np.int64(0))
    assert np.linalg.lstsq(noisy(dyad), np.ones(3, np.float32))[2] == 1


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
    exact = np.linalg.norm(a.astype(float), ord, axis, keepdims)
    result = np.linalg.norm(noisy(a), ord, axis, keepdims)
    assert_within(result, exact, np.abs(a).sum() * np.sqrt(a.size), operations=6)


def test_no_matrix_at_all_is_decomposed_into_none():
    assert np.linalg.inv(noisy(np.zeros((0, 0)))).shape == (0, 0)


# --- logarithms of sums --------------------------------------------------------------------------------------------


@law
@given(st.data(), st.sampled_from([None, 0, -1]), st.booleans())
def test_log_sum_exp_moves_by_what_its_exponents_move(data, axis, keepdims):
    """exp(aᵢ - m) is off by (|aᵢ - m| + 1)·2u of itself, its sum by √n more, the logarithm and last sum by one each."""
    a = data.draw(arrays(np.float32, shape=(3, 4), exponents=(-6, -6)))
    result = np.logaddexp.reduce(noisy(a), axis=axis, keepdims=keepdims)
    exact = np.log(np.sum(np.exp(a.astype(float)), axis=axis, keepdims=keepdims))
    reach = 2 * np.abs(a).max() + 1 + np.sqrt(12) + np.log(12) + np.abs(exact)
    assert_within(result, exact, reach, operations=2)


@law
@given(st.data())
def test_the_logarithm_of_a_sum_of_two_is_as_uncertain_as_the_larger(data):
    a, b = (data.draw(arrays(np.float32, shape=(3,), exponents=(-6, -6))) for _ in range(2))
    exact = np.logaddexp(a.astype(float), b.astype(float))
    for result in products(np.logaddexp, a, b):
        assert_within(result, exact, 2 + 2 * np.abs(a - b) + np.abs(exact), operations=2)


def test_log_domain_zeros_and_infinities_are_those_of_numpy():
    a, b = np.float32([-np.inf, -np.inf, np.inf, np.inf, np.nan]), np.float32([-np.inf, 2.0, 1.0, -np.inf, 0.0])
    with np.errstate(all="ignore"):
        noise = Noise(REPLICAS)
        result = np.logaddexp(noisy(a, noise=noise), noisy(b, noise=noise)).values
        assert np.array_equal(np.isfinite(result[0]), [False, True, False, False, False])
        assert np.all(result[:, 0] == -np.inf)
        assert np.all(np.abs(result[:, 1] - 2) <= U2 * 4)
        assert np.all(np.logaddexp.reduce(noisy(np.full(3, -np.inf))).values == -np.inf)
        assert np.all(np.logaddexp.reduce(noisy([1.0, np.inf])).values == np.inf)


def test_every_rule_is_exercised_by_name():
    """A rule without a test here is a rule that nothing holds to NumPy."""
    text = inspect.getsource(sys.modules[__name__])
    names = {f"{f.__module__}.{f.__name__}".replace("numpy.", "np.") for f in RULES}
    refused = {"np.allclose", "np.isclose"}
    missing = {name for name in names - refused if f"{name}" not in text}
    assert not missing
