"""The compiled conjugate gradients and optimizer against the reference: bits where nothing is rounded, and sentences.

On small whole numbers products and sums are exact, in any order, so that equal means the same bits.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_contract import DTYPES, assert_alike, assert_same_bits, assert_same_outputs, numbers, refusal

from gnomon.curvature.operators import Dense
from gnomon.hessian_free import conjugate_gradients as plain
from gnomon.hessian_free import runs as plain_problems
from gnomon.hessian_free.preconditioner import DiagonalPower
from gnomon.hessian_free.progress import progress_has_ended
from gnomon.kernels.domains import contiguous
from gnomon.kernels.hessian_free import conjugate_gradients as compiled
from gnomon.kernels.hessian_free import products
from gnomon.kernels.hessian_free import runs as compiled_problems

CG, RUNS = (compiled, plain), (compiled_problems, plain_problems)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
# Eight rows are multiplied at once, and as many columns as the processor has room for: with and without any left over.
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 100, 767, 768, 769, 1534)


def whole_numbers(seed, n, dtype, *, symmetric=True):
    """Return a matrix with entries up to 6 and a vector with entries ±1."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-3, 4, (n, n))
    if symmetric:
        matrix = matrix + matrix.T
    return matrix.astype(dtype), (2 * rng.integers(0, 2, n) - 1).astype(dtype)


def layouts(matrix):
    """The same matrix, lying in memory in other ways."""
    wide, frozen = np.repeat(np.repeat(matrix, 2, axis=0), 2, axis=1), matrix.copy()
    frozen.flags.writeable = False
    return [wide[::2, ::2], np.asfortranarray(matrix), frozen]


@every_dtype
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("n", SIZES)
def test_products_of_whole_numbers_are_exact_in_every_layout(n, symmetric, dtype):
    matrix, vector = whole_numbers(n, n, dtype, symmetric=symmetric)
    result = np.full(n, np.nan, dtype)
    for layout in [matrix, *layouts(matrix)]:
        assert products.multiply(contiguous(layout), vector, result)
        assert_same_bits(result, matrix @ vector)


def exactly_summed(n, dtype):
    """Return whether no sum of one iteration on `whole_numbers` is rounded.

    Entry by entry |r| <= 6n + 1, |p| = |Mr| <= 4|r| and |Ap| <= 6n|p|, so that pᵀAp, the largest of the sums, is at
    most 6n²·16(6n + 1)²: below 2²⁴ for n = 5, below 2⁵³ for n = 769. All else is done entry by entry.
    """
    return bool(96 * n**2 * (6 * n + 1) ** 2 <= 2 / np.finfo(dtype).eps)


@pytest.mark.parametrize(("n", "dtype"), [(n, dtype) for n in SIZES for dtype in DTYPES if exactly_summed(n, dtype)])
def test_one_iteration_on_whole_numbers_has_the_bits_of_the_reference(n, dtype):
    matrix, rhs = whole_numbers(n, n, dtype)
    scales = np.exp2(np.arange(n) % 3).astype(dtype)
    for preconditioner in (None, DiagonalPower(scales), Dense(np.diag(scales))):
        for start in (None, rhs[::-1].copy()):
            arguments, options = (Dense(matrix), rhs, start, preconditioner), {"max_iter": 1, "stored": (0,)}
            found, expected = (m.conjugate_gradients(*arguments, **options) for m in CG)
            assert_same_bits(found.iterates, expected.iterates)
            assert found.values[0] == expected.values[0]  # which 0 a sum of nothing is, is a library's own
            assert (found.iterations, found.reason) == (expected.iterations, expected.reason)


@every_dtype
@pytest.mark.parametrize("policy", plain.POLICIES[:3])
@pytest.mark.parametrize("factor", [4.0, -2.0, 0.0])
def test_on_multiples_of_the_identity_all_is_exact(factor, policy, dtype):
    rhs = np.array([3, -1, 2], dtype)
    operator = Dense(factor * np.eye(3, dtype=dtype))
    for start in (None, np.array([1, 0, -5], dtype)):
        most = 1 if policy == "saddle-free" else 7  # beyond one, it neither ends nor stays exact
        options = {"on_nonpositive_curvature": policy, "stored": (0, 1), "max_iter": most}
        found, expected = (m.conjugate_gradients(operator, rhs, start, **options) for m in CG)
        assert_same_outputs(found._replace(products=0), expected._replace(products=0))
        assert found.products == expected.products - (start is None)


@every_dtype
@pytest.mark.parametrize("n", [40, 768])
def test_iterates_do_not_depend_on_which_are_kept_nor_on_the_limit(n, dtype):
    """With more values and iterates than there is room for at first."""
    matrix = np.diag(np.arange(1, n + 1)).astype(dtype) + np.eye(n, k=1, dtype=dtype) + np.eye(n, k=-1, dtype=dtype)
    rhs, options = np.ones(n, dtype), {"rtol": 0.0, "progress_threshold": None}
    everything = compiled.conjugate_gradients(Dense(matrix), rhs, max_iter=39, stored=tuple(range(300)), **options)
    assert everything.iterates.shape == (40, n) and everything.values.shape == (40,)
    for N in (1, 15, 16, 17, 39):
        found = compiled.conjugate_gradients(Dense(matrix), rhs, max_iter=N, stored=(3, 0, 3), **options)
        kept = [i for i in (0, 3) if i < N] + [N]
        assert_same_bits(found.iterates, everything.iterates[kept])
        assert_same_bits(found.values, everything.values[: N + 1])
    for layout in layouts(matrix):
        found = compiled.conjugate_gradients(Dense(layout), rhs, max_iter=39, stored=tuple(range(300)), **options)
        assert_same_outputs(found, everything)


@given(st.sampled_from(DTYPES).flatmap(lambda dtype: st.tuples(st.just(dtype), st.lists(numbers(dtype), max_size=45))))
@settings(deadline=None)
def test_the_rule_of_progress_is_that_of_the_reference(drawn):
    dtype, model = drawn[0], np.array([drawn[0](-1), *drawn[1]], drawn[0])
    i = len(model) - 1
    for variant in ("code", "martens"):
        for threshold in (5e-4, 0.1, 0.0):
            with np.errstate(all="ignore"):
                expected = progress_has_ended(model, threshold=threshold, variant=variant)
            assert compiled.has_ended(model.astype(dtype), i, threshold, variant == "martens") == expected


def test_bad_systems_get_the_sentence_of_the_reference():
    """What is wrong with two arguments together, or with one that is seldom given."""
    matrix, rhs = whole_numbers(3, 4, np.float64)
    infinite = matrix.copy()
    infinite[1, 2] = np.inf
    bad = [
        {"operator": Dense(infinite), "rhs": 0 * rhs},
        {"operator": Dense(infinite), "start": rhs},
        {"operator": Dense(-matrix @ matrix), "on_nonpositive_curvature": "raise"},
        {"start": rhs[:3]},
        {"start": rhs.astype(np.float32)},
        {"start": np.full(4, np.inf)},
        {"preconditioner": Dense(matrix[:3, :3])},
        {"preconditioner": Dense(matrix[:, :3])},
        {"preconditioner": DiagonalPower(rhs[:3])},
        {"preconditioner": DiagonalPower(rhs.astype(np.float32))},
        {"stored": (1, -1)},
    ]
    for changed in bad:
        arguments = {"operator": Dense(matrix), "rhs": rhs, **changed}
        assert assert_alike(CG, "conjugate_gradients", **arguments), changed
    huge, vector = np.full((2, 2), 1e308), np.ones(2)
    for start in (None, vector):  # A·x₀ with x₀ = 0 is product 0, although it costs nothing
        _, sentence = assert_alike(CG, "conjugate_gradients", Dense(huge), vector, start)
        assert sentence.startswith(f"product {int(start is None)} of the operator must be finite")


def test_only_matrices_at_hand_are_compiled():
    for arguments, sentence in (
        ((lambda v: v, np.ones(2)), "operator must be a Dense matrix for a compiled kernel, got function"),
        (
            (Dense(np.eye(2)), np.ones(2), None, lambda v: v),
            "preconditioner must be None, Dense or DiagonalPower for a compiled kernel, got function",
        ),
    ):
        assert refusal(compiled.conjugate_gradients, *arguments) == (TypeError, sentence)


@every_dtype
@pytest.mark.parametrize("variant", ["code", "martens"])
def test_runs_that_need_no_rounding_have_the_bits_of_the_reference(variant, dtype):
    """With H = 1 and λ = 1 every step halves x - x*, and a warm start of 0 or half of the last step stays dyadic."""
    params, stationary = np.array([[4], [-6], [1]], dtype), np.array([[0], [2], [-1]], dtype)
    ones, zeros = np.ones((3, 1, 1), dtype), np.zeros((3, 1), dtype)
    options = {"steps": 6, "variant": variant, "adapt_damping": False}
    for changed in ({"decay": 0.0}, {"decay": 0.5}, {"decay": 0.0, "linesearch": False, "lr": 0.5}):
        options |= changed
        assert_alike(RUNS, "minimise_quadratics", params, ones, stationary, **options)
        assert_alike(RUNS, "fit_linear_models", params, ones, zeros, **options)


def test_a_run_that_leaves_the_range_of_numbers_gets_the_sentence_of_the_reference():
    """The second problem begins where eᶻ overflows; the first and the third do not."""
    features, targets = np.ones((3, 1, 1)), np.ones((3, 1))
    params = np.array([[0.0], [1000.0], [0.0]])
    options = {"steps": 3, "loss": "poisson"}
    assert assert_alike(RUNS, "fit_linear_models", params, features, targets, **options)
    # A step of 1e300 would lead there, too, and is not made.
    for loss in ("squared", "poisson"):
        options = {"steps": 3, "loss": loss, "linesearch": False, "lr": 1e300}
        with np.errstate(over="ignore", invalid="ignore"):
            found, expected = (m.fit_linear_models(params[:1], features[:1], 2 * targets[:1], **options) for m in RUNS)
        for runs in (found, expected):  # how many iterations a residual of rounding takes is not compared
            assert not np.any(runs.step_lengths) and np.array_equal(runs.params, params[:1])
        assert_same_bits(found.losses, expected.losses)
