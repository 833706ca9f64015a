"""Rounding noise: its size, its randomness, and what it does at both ends of a dtype's range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from noisy import arrays, dtypes, law, spacing, widened

from gnomon_spec.arithmetic import Noise, wide_dtype
from gnomon_spec.arithmetic.noise import RANGE_SHIFT, as_dtype, limits

FLOAT32 = np.dtype(np.float32)
FINITE = np.finfo(np.float32)


def repeated(value, replicas, entries=1):
    return np.full((replicas, entries), value, dtype=np.float64)


@law
@given(st.data(), dtypes, st.integers(0, 2**32), st.floats(0, 1e6))
def test_rounding_moves_by_no_more_than_one_spacing_or_its_spread(data, dtype, seed, spread):
    exact = widened(data.draw(arrays(dtype, shape=(4, 3))), dtype)
    moved = Noise(4, seed=seed).rounded(exact, dtype)
    assert np.all(np.abs(moved - exact) <= spacing(dtype) * np.abs(exact) * (1 + 2.0**-9))
    assert np.array_equal(np.sign(moved), np.sign(exact))
    spreading = Noise(16, seed=seed).rounded(np.ones((16, 2)), FLOAT32, np.full((16, 2), spread))
    assert np.all(np.abs(spreading - 1) <= spacing(FLOAT32) * spread + 2.0**-40)


def test_perturbations_fill_their_interval_on_both_sides():
    """40 uniform draws all miss the upper or the lower half with probability 2·2⁻⁴⁰ < 2e-12."""
    moved = (Noise(40).rounded(np.ones((40, 1)), FLOAT32) - 1) / spacing(FLOAT32)
    assert moved.max() > 0 > moved.min()


def test_perturbations_average_to_nothing():
    """Hoeffding: the mean of n draws from [-1, 1] exceeds t with probability <= 2exp(-nt²/2), 1e-9 for this t."""
    draws = Noise(32).uniform((32, 1000))
    bound = np.sqrt(2 * np.log(2 / 1e-9) / draws.size)
    assert abs(draws.mean()) <= bound
    assert abs((draws[0] * draws[1]).mean()) <= np.sqrt(2 * np.log(2 / 1e-9) / 1000)


@law
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 5))
def test_the_same_seed_gives_the_same_noise(seed, rows, columns):
    first, second = Noise(4, seed=seed), Noise(4, seed=seed)
    assert np.array_equal(first.uniform((rows, columns)), second.uniform((rows, columns)))
    assert not np.array_equal(first.uniform((4, 4)), Noise(4, seed=seed + 1).uniform((4, 4)))


@law
@given(
    st.integers(0, 2**32), st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(sorted), st.booleans()
)
def test_some_replicas_alone_have_the_noise_that_they_have_among_all(seed, rows, flush):
    noise = Noise(7, seed=seed, flush_subnormals=flush)
    exact = np.full((7, 2), [1.0, FINITE.tiny / 4])
    expected = [noise.rounded(exact, FLOAT32) for _ in range(2)] + [noise.entering(exact, FLOAT32)]
    part = noise.of(rows)
    found = [part.rounded(exact[rows], FLOAT32) for _ in range(2)] + [part.entering(exact[rows], FLOAT32)]
    assert all(np.array_equal(all_[rows], some) for all_, some in zip(expected, found, strict=True))
    halves = part.of(range(len(rows) // 2, len(rows)))
    assert np.array_equal(halves.rounded(exact[: halves.replicas], FLOAT32), found[0][len(rows) // 2 :])


@pytest.mark.parametrize("sizes", [(3, 5), (Noise.BLOCK, 7), (Noise.BLOCK - 1, 2, Noise.BLOCK)])
def test_restarting_repeats_the_noise(sizes):
    noise = Noise(2, seed=3)
    before = [noise.uniform((size,)).copy() for size in sizes]
    noise.restart()
    assert all(np.array_equal(old, noise.uniform((size,))) for old, size in zip(before, sizes, strict=True))


@law
@given(st.floats(2.0**-15, 2.0**15), st.sampled_from([1.0, -1.0]))
def test_each_result_is_itself_or_an_infinity_near_the_end_of_the_range_and_an_infinity_far_beyond(factor, sign):
    value = sign * float(FINITE.max) * factor
    moved = Noise(32).rounded(repeated(value, 32), FLOAT32)
    near = np.abs(moved - value) <= spacing(FLOAT32) * abs(value) * (1 + 2.0**-9)
    assert np.all(near | (moved == sign * np.inf))
    assert np.all(Noise(32).rounded(repeated(sign * float(FINITE.max) * 2.0**17, 32), FLOAT32) == sign * np.inf)


def test_replicas_disagree_about_a_number_at_the_end_of_the_range():
    """Of 255 shifts, uniform over ±16 binades, all are above -2 with probability (9/16)²⁵⁵ < 1e-60; likewise below."""
    moved = Noise(256).rounded(repeated(float(FINITE.max) / 2, 256), FLOAT32)
    assert np.isinf(moved).any() and np.isfinite(moved).any() and np.isfinite(moved[0]).all()


def test_well_inside_the_range_nothing_overflows_or_underflows():
    for value in (float(limits(FLOAT32).surely_finite) / 2, float(limits(FLOAT32).surely_normal) * 2):
        moved = Noise(32).rounded(repeated(value, 32), FLOAT32)
        assert np.all(np.abs(moved - value) <= spacing(FLOAT32) * value * (1 + 2.0**-9))


@law
@given(st.integers(-64, 64), st.integers(0, 2**32))
def test_an_underflowing_result_becomes_a_neighbour_on_the_grid_and_keeps_its_sign(quarters, seed):
    grid = float(FINITE.smallest_subnormal)
    value = quarters * grid / 4
    moved = Noise(1 + 31, seed=seed).rounded(repeated(value, 32), FLOAT32)
    assert np.all((np.sign(moved) == np.sign(value)) | (moved == 0))
    assert np.all(np.abs(moved[0] - value) <= grid)
    assert np.all(moved[0] == np.rint(moved[0] / grid) * grid)


def test_half_of_the_replicas_flush_subnormals_also_beside_a_nan():
    value = float(FINITE.smallest_normal) * 2.0**-17
    exact = repeated(-value, 32, entries=2)
    exact[:, 1] = np.nan
    moved = Noise(32, flush_subnormals=True).rounded(exact, FLOAT32)
    assert np.all(moved[1::2, 0] == 0) and np.all(np.signbit(moved[1::2, 0])) and moved[0, 0] != 0
    assert np.isnan(moved[:, 1]).all()


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf, 0.0, -0.0])
def test_nan_infinity_and_zero_pass_through_and_nothing_stays_nothing(special):
    with np.errstate(invalid="ignore"):
        moved = Noise(8).rounded(repeated(special, 8), FLOAT32)
    assert np.array_equal(moved, repeated(special, 8), equal_nan=True)
    assert Noise(8).rounded(np.empty((8, 0)), FLOAT32).shape == (8, 0)


@pytest.mark.parametrize("dtype", list(RANGE_SHIFT), ids=str)
def test_the_wide_dtype_holds_a_product(dtype):
    assert np.finfo(wide_dtype(dtype)).nmant >= np.finfo(dtype).nmant
    assert wide_dtype(dtype).itemsize > dtype.itemsize


def test_unknown_dtypes_and_too_few_replicas_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match="dtype must be float16, float32 or float64, got int64"):
        as_dtype(np.int64)
    with pytest.raises(ValueError, match="replicas must be an integer >= 1, got 0"):
        Noise(0)
