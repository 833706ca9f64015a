"""Noisy arrays as arrays: arithmetic, dtypes, broadcasting, indices, questions, and what they refuse."""

import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from noisy import REPLICAS, arrays, assert_exactly, assert_within, law, noisy, spacing, weak, widened

from gnomon_spec.arithmetic import Noise, NoisyArray, ReplicasDisagreeError, wide_dtype

ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv]


# --- arithmetic ----------------------------------------------------------------------------------------------------


@law
@given(st.data(), st.sampled_from([1.0, -3, 2.5, 7]) | st.floats(2.0**-20, 2.0**20), st.sampled_from(ARITHMETIC))
def test_python_numbers_and_weak_scalars_are_rounded_to_the_dtype_of_the_array(data, number, operation):
    a, noise = data.draw(arrays(np.float32)), Noise(REPLICAS)
    exact = operation(widened(a, np.float32), np.float64(np.float32(number)))
    for result in (operation(noisy(a), number), operation(noisy(a, noise=noise), weak(number, noise))):
        assert (result.dtype, result.kind) == (np.float32, "noisy")
        assert_within(result, exact, np.abs(exact))
    assert operation(a, weak(number)).dtype == np.float32


@law
@given(st.floats(2.0**-20, 2.0**20), st.floats(2.0**-20, 2.0**20), st.sampled_from(ARITHMETIC))
def test_weak_scalars_compute_as_float64_and_stay_weak(a, b, operation):
    noise = Noise(REPLICAS)
    exact = operation(np.longdouble(a), np.longdouble(b))
    for result in (operation(weak(a, noise), weak(b, noise)), operation(weak(a), b), operation(a, weak(b))):
        assert result.kind == "weak"
        assert_within(result, exact, np.abs(exact))


def test_dtypes_are_promoted_as_in_numpy():
    samples = [np.ones(2, d) for d in (np.float16, np.float32, np.float64, np.int64, np.bool_)]
    for a in samples[:3]:
        for b in [*samples, np.float64(1), np.float32(1), 1, 1.0, True]:
            assert (noisy(a, a.dtype) * b).dtype == (a * b).dtype
            assert (b * noisy(a, a.dtype)).dtype == (b * a).dtype


def test_exact_arrays_compute_without_noise_whatever_they_meet():
    noise, plain = Noise(REPLICAS), np.array([0.1, 0.7])
    a = noisy(plain, np.float64, noise, "exact")
    assert_exactly(a * 3 + a, plain * 3 + plain)
    for result in (a * noisy([1.0, 2.0], np.float64, noise), a > 0.5, np.where(a > 0.5, 1.0, 0.0)):
        assert result.kind == "exact"


def test_multiplying_by_a_mask_made_of_plain_numbers_keeps_the_noise():
    masked = np.where(noisy([1.0, -1.0]) > 0, 1.0, 0.0) * noisy([1.0, -1.0])
    assert (masked.kind, masked.dtype) == ("noisy", (np.where(np.ones(2) > 0, 1.0, 0.0) * np.ones(2, np.float32)).dtype)
    assert len(np.unique((masked * 3).values[:, 0])) > 1


def test_integers_are_exact_until_they_are_divided_and_masks_become_numbers():
    counts = noisy([1, 2, 3], np.int64)
    assert_exactly(counts * 2 + 1, np.array([3, 5, 7]))
    assert (counts / 2).dtype == np.float64
    assert_within(counts / 2, np.array([0.5, 1.0, 1.5]), np.array([0.5, 1.0, 1.5]))
    for kind in ("noisy", "exact"):
        assert_exactly((noisy([1.0, -1.0], np.float64, kind=kind) > 0).astype(np.float64), np.array([1.0, 0.0]))
    assert_exactly(noisy([1.5]).astype(np.bool_), np.array([True]))


def test_lists_and_weak_scalars_are_operands_and_two_results_are_two():
    noise = Noise(REPLICAS)
    assert_within(noisy(2.0) * [1.0, 3.0], [2.0, 6.0], [2.0, 6.0])
    assert_exactly(np.stack([noisy(1.0, noise=noise), weak(2.0, noise)]), np.float32([1.0, 2.0]))
    for divisor in (2.0, noisy([2.0], noise=noise)):
        quotient, remainder = np.divmod(noisy([7.0, 9.0], noise=noise), divisor)
        assert quotient.shape == remainder.shape == (2,)


@law
@given(st.data(), st.integers(0, 2**32))
def test_replicas_differ_where_rounding_happens_and_repeat_from_the_same_seed(data, seed):
    """Two of 8 uniform 53-bit draws coincide with probability < 2⁻⁴⁷; here one entry of all replicas would have to."""
    a = np.abs(data.draw(arrays(np.float32))) + np.float32(1)
    noise = Noise(REPLICAS, seed=seed)
    first = (noisy(a, noise=noise) * 3).values
    noise.restart()
    assert np.array_equal(first, (noisy(a, noise=noise) * 3).values)
    assert np.array_equal(first, (noisy(a, noise=Noise(REPLICAS, seed=seed)) * 3).values)
    assert np.all(np.ptp(first, axis=0) > 0)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_run_through_arithmetic(special):
    with np.errstate(all="ignore"):
        a, plain = noisy([special, 1.0]), np.array([special, 1.0])
        for function in (lambda x: x * 2, lambda x: x - x, lambda x: 1 / x, np.exp, np.sum, lambda x: x @ x):
            result, expected = function(a), function(plain)
            strange = ~np.isfinite(expected)
            for replica in result.values:
                np.testing.assert_array_equal(replica[strange], np.asarray(expected)[strange])


def test_products_overflow_and_underflow_in_the_range_of_the_dtype():
    with np.errstate(over="ignore"):
        assert np.all((noisy([1e30]) * np.float32(1e30)).values == np.inf)
        assert np.all((noisy([-1e30]) * np.float32(1e30)).values == -np.inf)
    assert np.all((noisy([1e-30]) * np.float32(1e-35)).values == 0)
    assert np.all((noisy([1e30], np.float64) * 1e30).values < np.inf)


# --- indices and assignment ----------------------------------------------------------------------------------------


@law
@given(st.data(), arrays(np.float32))
def test_basic_indices_select_as_in_numpy(data, a):
    index = data.draw(hnp.basic_indices(a.shape, allow_newaxis=True))
    assert_exactly(noisy(a)[index], a[index])


ROWS = np.array([1, 0])
INDICES = [
    *(np.array([1, 0, 1]), [1, 0], np.arange(24).reshape(2, 3, 4) % 2 == 0, (ROWS, Ellipsis, 0)),
    *((slice(None), np.array([2, 0])), (slice(None), np.array([True, False, True])), (0, slice(None), ROWS)),
    *((ROWS, slice(None), ROWS), (np.array([[0], [1]]), np.array([1, 2])), (Ellipsis, np.array([0, 1]))),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_arrays_as_indices_select_and_assign_as_in_numpy(index):
    a = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert_exactly(noisy(a)[index], a[index])
    changed, expected = noisy(a), a.copy()
    changed[index] = expected[index] = -1.0
    assert_exactly(changed, expected)


def test_a_noisy_mask_or_position_is_an_index_where_replicas_agree():
    a = noisy([3.0, -1.0, 2.0])
    assert_exactly(a[a > 0], np.array([3.0, 2.0], np.float32))
    assert_exactly(a[np.argsort(a)], np.array([-1.0, 2.0, 3.0], np.float32))
    assert_exactly(a[np.argmax(a)], np.float32(3.0))


def test_assigning_keeps_replicas_apart_broadcasts_and_rounds_what_is_wider():
    noise = Noise(REPLICAS)
    a, row = noisy(np.zeros((2, 3)), noise=noise), noisy([1.0, 2.0, 3.0], noise=noise) * 3
    a[...] = row
    assert np.array_equal(a.values, np.repeat(row.values[:, np.newaxis], 2, axis=1))
    plain, a = np.arange(REPLICAS, dtype=np.float32), noisy(np.zeros((2, REPLICAS)))
    a[...] = plain
    assert_exactly(a, np.tile(plain, (2, 1)))
    a[0] = noisy(1.0, np.float64, a.noise) / 3
    assert a.dtype == np.float32 and np.ptp(a.values[:, 0, 0]) > 4 * np.finfo(np.float64).eps, "rounded"


@pytest.mark.parametrize("operation", [operator.iadd, operator.isub, operator.imul, operator.itruediv])
def test_operators_in_place_write_into_the_same_array(operation):
    a, exact = noisy([2.0, 4.0]), operation(np.array([2.0, 4.0]), np.array([1.0, 2.0]))
    assert operation(a, np.array([1.0, 2.0], np.float32)) is a
    assert_within(a, exact, np.abs(exact))
    with pytest.raises(ValueError, match="cannot be written into"):
        operation(a, noisy([1.0, 2.0, 3.0], noise=a.noise)[:, np.newaxis])


def test_a_changed_output_is_no_longer_what_the_port_returned():
    a = noisy([1.0, 2.0])
    for change in (lambda x: x.__setitem__(0, 5.0), lambda x: operator.imul(x, 2.0)):
        a.source = noisy([1.0, 2.0])
        change(a)
        assert a.source is None
    b = a.astype(np.float32)
    b[0] = 0.0
    assert np.all(a.values[:, 0] != 0), "converting copies unless told otherwise"
    assert a.astype(np.float32, copy=False) is a


@law
@given(arrays(np.float64))
def test_converting_to_a_narrower_dtype_rounds_and_to_a_wider_does_not(a):
    exact = widened(a, np.float64)
    down = noisy(a, np.float64).astype(np.float32)
    assert down.dtype == np.float32
    assert_within(down, exact.astype(np.float64), np.abs(exact))
    assert_exactly(noisy(a.astype(np.float32)).astype(np.float64), a.astype(np.float32).astype(np.float64))


# --- questions and refusals ----------------------------------------------------------------------------------------


def test_replicas_that_agree_answer_questions():
    a = noisy([2.0])
    assert a[0] == 2 and bool(a[0] > 1) and int(a[0]) == 2
    assert int(NoisyArray(np.array([2.25, 2.75]), np.float32, Noise(2))) == 2
    assert [10, 20, 30][noisy(2, np.int64)] == 30
    assert bool(noisy(np.nan) != noisy(np.nan))
    assert math.isnan(noisy(np.nan).agreed())


ASKED = [bool, int, lambda x: bool(x > 0), lambda x: x.agreed(), lambda x: [0, 1][x.astype(int)], lambda x: x[x > 0]]


@pytest.mark.parametrize("ask", ASKED)
def test_replicas_that_disagree_cannot_answer(ask):
    a = NoisyArray(np.array([[-1.0], [1.0]]), np.float32, Noise(2))
    with pytest.raises(ReplicasDisagreeError):
        ask(a[0])


REFUSED = [
    (lambda a: float(a[0]), "would lose rounding noise"),
    (np.asarray, "cannot become a plain array"),
    (lambda a: [1][a[0]], "only integers can be an index, got dtype float32"),
    (lambda a: len(a[0]), "without dimensions"),
    (lambda a: np.add(a, 1, out=np.zeros(1)), "cannot be written into a plain array"),
    (lambda a: np.allclose(a, 1.0), "hand-picked tolerance"),
    (hash, "unhashable type"),
    (lambda a: np.percentile(a, 50), "percentile has no rule for rounding noise"),
    (np.fft.fft, "fft has no rule for rounding noise"),
    (np.unique, "unique has no rule for rounding noise"),
    (lambda a: np.linalg.eig(a * np.eye(1)), "eig has no rule for rounding noise"),
    (np.subtract.reduce, r"numpy\.subtract\.reduce has no rule for rounding noise"),
    (lambda a: np.add(a, 1, where=np.array([True])), r"numpy\.add on a NoisyArray takes no"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED, ids=lambda x: x if isinstance(x, str) else "")
def test_what_leaves_the_noise_behind_or_has_no_rule_is_refused_in_a_sentence(call, words):
    with pytest.raises(TypeError, match=words):
        call(noisy([1.0]))


def test_arrays_describe_themselves_as_numpy_arrays_do():
    a = noisy(np.zeros((2, 3)))
    assert (a.shape, a.ndim, a.size, len(a), a.dtype) == ((2, 3), 2, 6, 2, np.float32)
    assert (np.shape(a), np.ndim(a), np.size(a)) == ((2, 3), 2, 6)
    assert "8 replicas" in repr(a)
    assert [row.shape for row in a] == [(3,), (3,)]
    assert a.values.dtype == wide_dtype(a.dtype)
    assert spacing(a.dtype) == 2.0**-23


def test_a_number_that_is_added_is_never_lost_and_one_that_is_multiplied_with_may_be():
    """1e-8 in float16: 0 + 1e-8 is that in every replica; 1e-8 · 1e3 is 0 in some and 1e-5 in others."""
    zero, large = (NoisyArray(np.full((32, 1), value), np.float16, Noise(32)) for value in (0.0, 1e3))
    for total in (zero + 1e-8, 1e-8 + zero, 1e-8 - zero):
        assert np.all(np.abs(total.values - 1e-8) <= 1e-10)
    for product in (1e-8 * large, large * 1e-8, large / 1e8):
        assert np.any(product.values == 0) and np.any(np.abs(product.values - 1e-5) <= 1e-6)
