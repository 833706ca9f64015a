"""What the tests of noisy arrays share: making them, and bounds that follow from the declared noise."""

from itertools import product

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gnomon_spec.arithmetic import Noise, NoisyArray, wide_dtype

law = settings(deadline=None, max_examples=25)
REPLICAS = 8
DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
dtypes = st.sampled_from(DTYPES)


def noisy(values, dtype=np.float32, noise=None, kind="noisy"):
    """The same array in every replica."""
    noise = noise or Noise(REPLICAS)
    plain = np.asarray(values, dtype=np.longdouble if kind == "weak" else dtype)
    wide = np.dtype(dtype) if kind == "exact" or plain.dtype.kind != "f" else wide_dtype(np.dtype(dtype))
    return NoisyArray(np.repeat(plain[np.newaxis].astype(wide), noise.replicas, axis=0), dtype, noise, kind)


def mixtures(call, *operands):
    """What a function gives of arrays some or all of which are noisy."""
    noise = Noise(REPLICAS)
    for chosen in list(product((True, False), repeat=len(operands)))[:-1]:
        yield call(*(noisy(x, x.dtype, noise) if c else x for x, c in zip(operands, chosen, strict=True)))


def weak(value, noise=None):
    """A Python float in every replica."""
    return noisy(value, np.float64, noise, "weak")


def arrays(dtype=np.float32, *, shape=None, exponents=(-20, 20)):
    """Arrays of 0 and ±m·2^e with integers m, all of them numbers of the dtype."""
    low, high = exponents
    entry = st.builds(lambda m, e: m * 2.0**e, st.integers(-1024, 1024), st.integers(low, high))
    shape = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4) if shape is None else shape
    return hnp.arrays(dtype, shape, elements=entry)


def broadcastable(number):
    shapes = hnp.mutually_broadcastable_shapes(num_shapes=number, max_dims=3, max_side=3)
    return shapes.map(lambda drawn: drawn.input_shapes)


def drawn(data, dtype, shapes, exponents=(-20, 20)):
    """Operands of one of the given shapes."""
    chosen = data.draw(st.sampled_from(shapes) if isinstance(shapes, list) else shapes)
    return [data.draw(arrays(dtype, shape=shape, exponents=exponents)) for shape in chosen]


def spacing(dtype):
    """2u."""
    return float(np.finfo(dtype).eps)


def widened(x, dtype):
    return np.asarray(x).astype(wide_dtype(np.dtype(dtype)))


def assert_within(result, exact, spread, *, operations=1):
    """Every replica lies within the noise of that many operations, 2u·spread each, of the exact result.

    The wide dtype's own roundings are far below: at most 2¹⁰ of them, each 2⁻¹⁰ of one spacing.
    """
    reach = spacing(result.dtype) * np.asarray(spread) * (operations + 2.0**-9)
    reach = np.where(np.asarray(spread) > 0, np.maximum(reach, np.finfo(wide_dtype(result.dtype)).tiny), reach)
    assert result.shape == np.shape(exact)
    strays = np.abs(result.values - exact)
    assert np.all(strays <= reach), (strays.max(), reach)


def assert_exactly(result, expected):
    """Every replica is the expected array, bit for bit, as an array of the dtype that NumPy gives."""
    expected = np.asarray(expected)
    assert result.shape == expected.shape
    assert result.dtype == expected.dtype
    for replica in result.values:
        np.testing.assert_array_equal(replica, expected)
