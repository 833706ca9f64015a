"""What the tests of compiled kernels share: what they draw, and bits and sentences held against the reference's."""

from importlib import import_module

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gnomon.descent import hysterograd, srkl
from gnomon_spec import strategies
from gnomon_spec.cases import Context

DTYPES = (np.float32, np.float64)
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0)


@st.composite
def declared(draw, method, variant=None):
    """What a method's step takes, drawn from the domains that its signature declares; for one variant of it."""
    quantities = strategies.hyperparameters(import_module(f"gnomon.descent.{method}").step).quantities
    given = {name: quantity.draw(draw, Context(np.dtype(float), (), {})) for name, quantity in quantities.items()}
    if given.get("nesterov"):
        given |= {"momentum": given["momentum"] or 0.9, "dampening": 0.0}
    if variant == "theory":
        given |= {"grad_clip": None, "hysteresis_scale": 1.0}
    return given if variant is None else {**given, "variant": variant}


# What the step of a method, or of a variant of it, may be given.
RATES = declared("srkl")
HYPERPARAMETERS = {
    **{method: declared(method) for method in ("sgd", "adam", "adamw", "rmsprop", "lion", "nadam")},
    **{f"srkl {variant}": declared("srkl", variant) for variant in srkl.VARIANTS},
    **{f"hysterograd {variant}": declared("hysterograd", variant) for variant in hysterograd.VARIANTS},
}


def numbers(dtype):
    """Any number of the dtype: NaN, infinite, subnormal, -0."""
    return st.sampled_from(SPECIAL) | hnp.from_dtype(np.dtype(dtype))


@st.composite
def quadratics(draw, ndim):
    """Starts of one (n,) or many (replicas, n) points, a Hessian and a minimiser, of one dtype."""
    rng, dtype = np.random.default_rng(draw(st.integers(0, 2**32))), draw(st.sampled_from(DTYPES))
    n, replicas = draw(st.integers(0, 7)), draw(st.sampled_from([0, 1, 3, 64, 65, 130]))
    shape = (replicas, n)[2 - ndim :]
    hessian = rng.standard_normal((n, n))
    return tuple(a.astype(dtype) for a in (rng.standard_normal(shape), hessian + hessian.T, rng.standard_normal(n)))


def gradient_in_order(params, hessian, minimiser):
    """H(x-x*) summed in the kernels' order: over j ascending, from 0."""
    grad = np.zeros_like(params)
    with np.errstate(all="ignore"):
        for column, displacement in zip(hessian.T, params - minimiser, strict=True):
            grad += column * displacement
    return grad


def gamma(roundings, dtype):
    """Higham's γ_k = ku/(1-ku): what k roundings make of a number, relative to it."""
    ku = roundings * float(np.finfo(dtype).eps) / 2
    return ku / (1 - ku)


def assert_within(actual, expected, roundings, magnitude):
    """Assert that two results may both come from the same exact one, after as many roundings of that magnitude.

    The magnitude is itself computed, from terms that are not negative: one more factor 1+γ.
    """
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    bound = gamma(roundings, expected.dtype)
    deviation = np.abs(actual.astype(np.float64) - expected)
    assert np.all(deviation <= 2 * bound * (1 + bound) * np.float64(magnitude))


def leaves(outputs):
    """The arrays and numbers in nested tuples."""
    if isinstance(outputs, tuple):
        return [leaf for part in outputs for leaf in leaves(part)]
    return [outputs]


def assert_same_bits(actual, expected):
    """NaNs count as equal: which of its many encodings a NaN has is nobody's claim."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(actual, expected)
    if expected.dtype.kind == "f":
        numbers = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(actual[numbers]), np.signbit(expected[numbers]))


def assert_same_outputs(actual, expected):
    """The same tuples of the same bits."""
    assert type(actual) is type(expected) or not isinstance(expected, tuple)
    if isinstance(expected, tuple):
        for mine, theirs in zip(actual, expected, strict=True):
            assert_same_outputs(mine, theirs)
    else:
        assert_same_bits(actual, expected)


def quietly(call, *args, **options):
    with np.errstate(all="ignore"):
        return call(*args, **options)


def refusal(call, *args, **options):
    """The error that a call raises for what it was given, if it does."""
    try:
        quietly(call, *args, **options)
    except (TypeError, ValueError) as error:
        return type(error), str(error)
    return None


def assert_alike(modules, name, *args, **options):
    """Assert that a function gives the same bits, or the same error, in the compiled module and in the plain one."""
    functions = [getattr(module, name) for module in modules]
    found, expected = (refusal(function, *args, **options) for function in functions)
    assert found == expected
    if expected is None:
        assert_same_outputs(*(quietly(function, *args, **options) for function in functions))
    return expected
