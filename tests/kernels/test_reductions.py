"""The order of summation that compiled kernels share, and what it promises: few roundings, and the same ones always."""

from fractions import Fraction
from math import ceil, log2

import numpy as np
import pytest
from kernel_contract import DTYPES, assert_same_bits, gamma

from gnomon.kernels.reductions import CHUNK, LANES, fold, fold_in_chunks, largest_magnitude, sum_of_squares

SIZES = (0, 1, 2, 3, 7, 8, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5, 200_000)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def additions(count):
    """How many additions a term passes at most, as the module states."""
    return (ceil(log2(count)) if count > 1 else 0) + (count > CHUNK)


@every_dtype
@pytest.mark.parametrize("size", SIZES)
def test_a_sum_of_squares_has_the_error_of_a_pairwise_sum(size, dtype):
    """A square is rounded once, then added `additions` times; all terms are positive.

    The exact sum is that of fractions.
    """
    array = np.random.default_rng(size).uniform(0.5, 1.5, size).astype(dtype)
    exact = sum((Fraction(float(x)) ** 2 for x in array), Fraction(0))
    actual = Fraction(sum_of_squares(array, array, dtype(1)))
    assert abs(actual - exact) <= Fraction(gamma(1 + additions(size), dtype)) * exact


@every_dtype
def test_many_small_terms_are_not_lost_beside_a_large_one(dtype):
    """Each of them is below half a unit in the last place of the first; one long loop would return exactly 1."""
    array = np.full(SIZES[-1], np.finfo(dtype).eps ** 0.5 / 2, dtype)
    array[0] = 1
    exact = 1 + (array.size - 1) * Fraction(float(array[1])) ** 2
    assert np.cumsum(array * array)[-1] == 1
    bound = Fraction(gamma(1 + additions(array.size), dtype)) * exact
    assert abs(Fraction(sum_of_squares(array, array, dtype(1))) - exact) <= bound < exact - 1


@every_dtype
@pytest.mark.parametrize("size", SIZES[1:-1])
def test_rows_of_a_block_are_summed_as_one_array_is(size, dtype):
    block = np.random.default_rng(size).standard_normal((size, 3)).astype(dtype)
    expected = [sum_of_squares(column, column, dtype(1)) for column in block.T.copy()]
    terms = block * block
    fold_in_chunks(terms)
    assert_same_bits(terms[0], np.array(expected, dtype))


@every_dtype
@pytest.mark.parametrize("size", range(1, 20))
def test_folding_whole_numbers_is_exact(size, dtype):
    terms = np.arange(2 * size, dtype=dtype).reshape(size, 2)
    fold(terms)
    assert_same_bits(terms[0], np.array([size * (size - 1), size * size], dtype))


@every_dtype
@pytest.mark.parametrize("size", [1, 5, CHUNK + 1])
def test_infinity_and_nan_pass_through_a_sum(size, dtype):
    for special in (np.inf, np.nan):
        array = np.ones(size, dtype)
        array[size // 2] = special
        assert_same_bits(dtype(sum_of_squares(array, array, dtype(1))), dtype(special))


@every_dtype
@pytest.mark.parametrize("size", [0, 1, 2, LANES - 1, LANES, LANES + 1, 5 * LANES + 3])
def test_the_largest_magnitude_is_numpys(size, dtype):
    array = np.random.default_rng(size).standard_normal(size).astype(dtype)
    assert largest_magnitude(array) == np.max(np.abs(array), initial=0)
    for place in range(0, size, 37):
        for special in (np.nan, -np.inf, 9, -9):
            marked = array.copy()
            marked[place] = special
            assert_same_bits(dtype(largest_magnitude(marked)), np.max(np.abs(marked)))
