"""What the tests of compiled kernels share: bits, sentences and signatures held against those of the reference."""

from __future__ import annotations

from inspect import signature as signature_of
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

DTYPES = (np.float32, np.float64)
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0)


def numbers(dtype: Any) -> st.SearchStrategy[Any]:
    """Any number of the dtype: NaN, infinite, subnormal, -0."""
    return st.sampled_from(SPECIAL) | hnp.from_dtype(np.dtype(dtype))


@st.composite
def quadratics(draw: st.DrawFn, ndim: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts of one (n,) or many (replicas, n) points, a Hessian and a minimiser, of one dtype."""
    rng, dtype = np.random.default_rng(draw(st.integers(0, 2**32))), draw(st.sampled_from(DTYPES))
    n, replicas = draw(st.integers(0, 7)), draw(st.sampled_from([0, 1, 3, 64, 65, 130]))
    shape = (replicas, n)[2 - ndim :]
    hessian = rng.standard_normal((n, n))
    return tuple(a.astype(dtype) for a in (rng.standard_normal(shape), hessian + hessian.T, rng.standard_normal(n)))


def gradient_in_order(params: np.ndarray, hessian: np.ndarray, minimiser: np.ndarray) -> np.ndarray:
    """H(x-x*) summed in the kernels' order: over j ascending, from 0."""
    grad = np.zeros_like(params)
    with np.errstate(all="ignore"):
        for column, displacement in zip(hessian.T, params - minimiser, strict=True):
            grad += column * displacement
    return grad


def layouts(dtype: Any) -> list[np.ndarray]:
    """Arrays of ordinary numbers that lie in memory in every way: strided, transposed, reversed, read-only."""
    base = np.random.default_rng(0).standard_normal((6, 8)).astype(dtype)
    frozen = base[:3, :4].copy()
    frozen.flags.writeable = False
    return [base[::2, ::2], base[:4, :3].T, base[3:, 4:][::-1], np.asfortranarray(base[:3, :4]), frozen]


def gamma(roundings: int, dtype: Any) -> float:
    """Higham's γ_k = ku/(1-ku): what k roundings make of a number, relative to it."""
    ku = roundings * float(np.finfo(dtype).eps) / 2
    return ku / (1 - ku)


def leaves(outputs: Any) -> list[Any]:
    """The arrays and numbers in nested tuples."""
    if isinstance(outputs, tuple):
        return [leaf for part in outputs for leaf in leaves(part)]
    return [outputs]


def assert_same_bits(actual: Any, expected: Any) -> None:
    """NaNs count as equal: which of its many encodings a NaN has is nobody's claim."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(actual, expected)
    if expected.dtype.kind == "f":
        numbers = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(actual[numbers]), np.signbit(expected[numbers]))


def assert_same_outputs(actual: Any, expected: Any) -> None:
    """The same tuples of the same bits."""
    assert type(actual) is type(expected) or not isinstance(expected, tuple)
    if isinstance(expected, tuple):
        for mine, theirs in zip(actual, expected, strict=True):
            assert_same_outputs(mine, theirs)
    else:
        assert_same_bits(actual, expected)


def message(call: Any, *args: Any, **options: Any) -> tuple[type, str]:
    with pytest.raises((TypeError, ValueError)) as caught:
        call(*args, **options)
    return caught.type, str(caught.value)


def signature(module: ModuleType, operation: str) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in signature_of(getattr(module, operation)).parameters.values()]
