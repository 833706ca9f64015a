"""The compiled map against the reference.

A step of the map performs the reference's operations in the reference's order, each rounded once by IEEE 754: equal
means the same bits. So do the sums of logarithms; only a logarithm itself may differ in its last bits.
"""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kernel_contract import DTYPES, assert_same_bits, assert_within, quietly

from gnomon.descent import srkl_map as reference
from gnomon.kernels.descent import srkl_map as compiled
from gnomon.kernels.descent.srkl_map import ROOM, WIDTH

SIZES = (0, 1, WIDTH - 1, WIDTH, WIDTH + 1, 2 * WIDTH + 88)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


@st.composite
def starts(draw):
    """Any finite starts and any positive ratios, subnormal and huge ones too, of any shape."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    finite = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False)
    smallest = float(np.finfo(dtype).smallest_subnormal)
    tame, positive = st.floats(-4, 4, width=32), st.floats(2**-10, 8, width=32)
    anything = hnp.from_dtype(dtype, allow_nan=False, allow_infinity=False, min_value=smallest)
    return (
        draw(hnp.arrays(dtype, shape, elements=tame | finite, fill=st.nothing())),
        draw(hnp.arrays(dtype, shape, elements=positive | anything, fill=st.nothing())),
    )


def many(size, dtype):
    rng = np.random.default_rng(size)
    return rng.uniform(-4, 4, size).astype(dtype), rng.uniform(0.01, 8, size).astype(dtype)


@settings(deadline=None)
@given(orbits=starts(), steps=st.integers(0, 20))
def test_an_orbit_has_the_bits_of_the_reference(orbits, steps):
    assert_same_bits(*(quietly(m.orbit, *orbits, steps=steps) for m in (compiled, reference)))


@every_dtype
@pytest.mark.parametrize("size", SIZES)
def test_an_attractor_has_the_bits_of_the_reference(size, dtype):
    start, ratio = many(size, dtype)
    expected = reference.attractor(start, ratio, burn_in=50, kept=7)
    assert_same_bits(compiled.attractor(start, ratio, burn_in=50, kept=7), expected)
    assert_same_bits(compiled.orbit(start, ratio, steps=57)[-7:], expected)


@every_dtype
@pytest.mark.parametrize("size", SIZES)
def test_a_lyapunov_exponent_agrees_with_the_reference(size, dtype):
    """Both add the same logarithms in the same order; NumPy states 4 units in the last place, 8u, for one of them.

    With L the sum of the logarithms' magnitudes each sum lies within 8u·L + γ_k·(1+8u)·L, k = steps - 1, of the true
    one, and one more rounding is that of the division: 2·γ_(k+9)·L/steps in all. L is itself computed: one more factor
    1+γ. The steps are more than fit into the room for slopes.
    """
    start, ratio = many(size, dtype)
    steps = 2 * ROOM // WIDTH + 3
    burn_in = 20
    points = reference.orbit(start, ratio, steps=burn_in + steps - 1)[burn_in:]
    magnitude = np.mean(np.abs(np.log(np.abs(reference.slope(points, ratio))).astype(np.float64)), axis=0)
    options = {"burn_in": burn_in, "steps": steps}
    exponents = [m.lyapunov_exponent(start, ratio, **options) for m in (compiled, reference)]
    assert_within(*exponents, steps + 8, magnitude)


@every_dtype
def test_a_critical_point_has_the_exponent_minus_infinity(dtype):
    """F'(0) = 1 - a is exactly 0 for a = 1, and F(0) = 0."""
    start, ratio = np.zeros((2, 2), dtype), np.array([[1, 2], [3, 1]], dtype)
    actual = compiled.lyapunov_exponent(start, ratio, burn_in=0, steps=1)
    assert_same_bits(actual, np.array([[-np.inf, 0], [np.log(dtype(2)), -np.inf]], dtype))


def test_nothing_is_held_that_is_not_kept():
    """Beside the result: a copy of the starts, the checks' few bytes an orbit, and the room for slopes."""
    start, ratio = many(50_000, np.float64)
    result = 3 * start.nbytes
    assert peak(lambda: compiled.attractor(start, ratio, burn_in=500, kept=3)) < result + 2 * start.nbytes
    room = 8 * ROOM
    assert peak(lambda: compiled.lyapunov_exponent(start, ratio, burn_in=500, steps=500)) < room + 5 * start.nbytes


def peak(call):
    """Return the largest number of bytes that Python and NumPy held at once during a call, compiled before."""
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
