"""NumPy's functions on noisy arrays: shapes and dtypes are NumPy's, values within the declared noise of NumPy's own.

A row is a function, what it may be given, and how far a result may be from that of the wide dtype; what selects or
rearranges must be exact. Every operand is noisy in turn, and all of them together.
"""

import inspect
import operator
import sys
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import test_noisy_linear_algebra
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from noisy import (
    REPLICAS,
    arrays,
    assert_exactly,
    assert_within,
    broadcastable,
    drawn,
    dtypes,
    law,
    mixtures,
    noisy,
    spacing,
    widened,
)

from gnomon_spec.arithmetic import Noise, NoisyArray, ReplicasDisagreeError
from gnomon_spec.arithmetic.rules import RULES

NUMBERS = (np.arange(24, dtype=np.float32).reshape(2, 3, 4) * 7) % 11 - 1
STRANGE = np.float32([np.nan, np.inf, -np.inf, 1.0])
AXES = [None, 0, 1, -1, -3, (0, 2), (-1, 0)]
REDUCED = [{"axis": axis, "keepdims": kept} for axis in [*AXES, ()] for kept in (False, True)]
ALONG = [{"axis": axis} for axis in (None, 0, -1)]
KEPT = [option for option in REDUCED if option["axis"] in (None, 0, -1)]


# --- what selects and rearranges is exact --------------------------------------------------------------------------

PLAIN = [np.ravel, np.copy, np.real, np.atleast_1d, np.matrix_transpose, np.linalg.matrix_transpose, np.zeros_like]
PLAIN += [np.nonzero, np.flatnonzero, np.argwhere, np.shape, np.ndim, np.size, np.nan_to_num, np.squeeze]
EXTREMES = [np.max, np.min, np.nanmax, np.nanmin, np.any, np.all, np.count_nonzero]
EXACT = {
    **{function: [{}] for function in PLAIN},
    **{f: [{"axis": axis, "keepdims": kept} for axis in [*AXES, 2] for kept in (False, True)] for f in EXTREMES},
    **dict.fromkeys((np.argmax, np.argmin), ALONG),
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
    np.maximum.reduce: [{"axis": -1}, {}],
    np.minimum.reduce: [{"axis": -1}, {}],
    np.maximum.accumulate: [{"axis": -1}],
    np.minimum.accumulate: [{"axis": -1}],
}
ALSO_EXACT = {
    "methods": lambda a: [a.copy(), a.ravel(), a.flatten(), a.transpose(), a.transpose(0, 2, 1), a.reshape(6, 4)],
    "turned": lambda a: [a.mT, a.T],
    "extremes": lambda a: [getattr(a, name)(axis=-1, keepdims=True) for name in ("max", "min", "any", "all")],
    "positions": lambda a: [getattr(a, name)(axis=1) for name in ("argmax", "argmin")],
    "masks": lambda a: [np.logical_or.reduce(a > 0), np.logical_and.reduce(a > 0, axis=1, keepdims=True)],
    "triangles of a row": lambda a: [f(a[0, 0], k) for f in (np.triu, np.tril) for k in (-1, 0, 1)],
    "diagonals": lambda a: [np.diag(plain, k) for plain in (a[0, 0, :3], a[0, :, :3]) for k in range(-2, 3)],
    "squeezed": lambda a: [np.squeeze(a[:1, :, :1], axis=axis) for axis in (None, 0, -1, (0, 2))],
    "empty": lambda a: [a[:0, 0].reshape(-1, 4), np.sum(a[:0, 0], axis=0)],
    "with an initial value": lambda a: [np.max(a[0, 0, :n], initial=2.0) for n in (0, 1)],
}


def assert_as_in_numpy(call, plain):
    results, expected = call(noisy(plain)), call(plain)
    for result, wanted in zip(results, expected, strict=True) if isinstance(expected, list) else [(results, expected)]:
        (assert_exactly if isinstance(result, NoisyArray) else np.testing.assert_array_equal)(result, wanted)


@pytest.mark.parametrize("function", EXACT, ids=lambda f: f.__name__)
def test_rearrangements_and_selections_are_exact(function):
    for options in EXACT[function]:
        assert_as_in_numpy(partial(function, **options), NUMBERS)


@pytest.mark.parametrize("name", ALSO_EXACT)
def test_methods_and_selections_are_those_of_numpy(name):
    assert_as_in_numpy(ALSO_EXACT[name], NUMBERS)
    assert np.empty_like(noisy(NUMBERS)).shape == NUMBERS.shape


def test_strange_numbers_are_moved_and_replaced_as_in_numpy():
    for k in range(-2, 3):
        assert_as_in_numpy(partial(np.diag, k=k), STRANGE)
    for options in ({}, {"nan": 2.0, "posinf": 3.0, "neginf": 4.0}):
        assert_as_in_numpy(partial(np.nan_to_num, **options), STRANGE)


UNARY, BINARY = [((2, 3),)], [((2, 3), (3,))]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
SIGNS = [np.abs, np.negative, np.sign, np.floor, np.ceil, np.trunc, np.rint, np.positive]
SELECTED = {
    **{f.__name__: (f, UNARY) for f in SIGNS},
    **{f.__name__: (f, BINARY) for f in (np.maximum, np.minimum, np.fmax, np.copysign, *COMPARISONS)},
    "concatenate": (lambda a, b: np.concatenate([a, b[np.newaxis], b[np.newaxis]], -2), BINARY),
    "concatenate in rows": (lambda a, b: np.concatenate([a[0], b]), BINARY),
    **{f"stack {axis}": (partial(lambda axis, a, b: np.stack([a[0], b], axis), axis), BINARY) for axis in (0, 1, -1)},
    "where": (lambda mask, a, b: np.where(mask > 0, a, b), broadcastable(3)),
}


@pytest.mark.parametrize("name", SELECTED)
@law
@given(st.data(), dtypes)
def test_choosing_comparing_and_joining_are_exact(name, data, dtype):
    call, shapes = SELECTED[name]
    operands = drawn(data, dtype, shapes)
    for result in mixtures(call, *operands):
        assert_exactly(result, call(*operands))


def test_replicas_choose_and_sort_apart():
    a = NoisyArray(np.array([[-1.0, 2.0], [2.0, -1.0]]), np.float32, Noise(2))
    assert np.array_equal(np.where(a > 0, 1.0, 2.0).values, [[2.0, 1.0], [1.0, 2.0]])
    assert_exactly(np.sort(a), np.float32([-1.0, 2.0]))
    assert_exactly(np.take_along_axis(a, np.argsort(a), -1), np.float32([-1.0, 2.0]))
    with pytest.raises(ReplicasDisagreeError):
        np.take(a, np.argsort(a))


def test_arrays_are_equal_if_shapes_and_entries_are():
    for other, equal in ((NUMBERS, True), (NUMBERS + 1, False), (NUMBERS[0], False)):
        assert np.array_equal(noisy(NUMBERS), other) is equal


# --- what rounds moves by no more than its spread ------------------------------------------------------------------


class Rounded(NamedTuple):
    """A function, the shapes of its operands, how far it may move in units of 2u each operation, and its options."""

    call: Any
    shapes: Any
    spread: Any
    options: Any = ({},)
    operations: int = 1
    exponents: tuple[int, int] = (-20, 20)


def of_itself(call, *wide, **options):
    return np.abs(call(*wide, **options))


def root_of(terms):
    """√n·f(|x|) for n terms or factors."""
    return lambda call, *wide, **options: np.sqrt(terms(*wide, **options)) * np.abs(call(*map(np.abs, wide), **options))


def terms(x, axis=None, **_):
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return int(np.prod([x.shape[i] for i in axes], initial=1))


def of_exponents(call, x, **options):
    """exp(aᵢ - m) is off by (|aᵢ - m| + 1)·2u of itself, its sum by √n more, the logarithm and last sum by one each."""
    return 2 * np.abs(x).max() + 1 + np.sqrt(12) + np.log(12) + np.abs(call(x, **options))


def of_difference(call, a, b):
    return 2 + 2 * np.abs(a - b) + np.abs(call(a, b))


def of_largest(times):
    return lambda _, x, **__: times * np.abs(x).max()


def pairs(a, b):
    return 2 * a.size * b.size


ANY = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4).map(lambda shape: (shape,))
ROWS, BOX = [((4, 3),)], [((2, 3, 2),)]
VECTORS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 0), (0, 3))]
STACKS = [((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((6, 1, 2, 3), (5, 3, 4))]
REPLICATED = [((REPLICAS, 2, 3), (3,)), ((2, 3), (REPLICAS, 3, 4))]
EINSUMS = {"ij,jk->ik": ((2, 3), (3, 2)), "ij,jk": ((2, 3), (3, 2)), "ij,ij->": ((2, 3), (2, 3))}
EINSUMS |= {"bij,bj->bi": ((4, 2, 3), (4, 3)), "i,j->ij": ((2,), (3,)), "ii,j->j": ((2, 2), (3,))}
CONTRACTED = [{"axes": axes} for axes in (0, 1, 2, ((0,), (1,)), (1, 0), ([1, 0], [0, 1]))]
TRACES = [{}, {"offset": 1}, {"axis1": 1, "axis2": 2}]
SUM, OF_FIRST = root_of(terms), root_of(lambda a, b: a.size)
ARITHMETIC = [operator.add, operator.sub, operator.mul, lambda a, b: a / np.where(b == 0, 1, b)]
ELEMENTARY = [np.exp, np.sqrt, np.tanh, np.sin, np.log1p, np.square, np.cbrt, np.arctan]
MOVED = {
    **{f.__name__: Rounded(f, broadcastable(2), of_itself) for f in ARITHMETIC},
    **{f.__name__: Rounded(lambda a, f=f: f(np.abs(a)), ANY, of_itself, exponents=(-14, -5)) for f in ELEMENTARY},
    "np.sum": Rounded(np.sum, BOX, SUM, REDUCED),
    "a.sum": Rounded(lambda a, **options: a.sum(**options), BOX, SUM, REDUCED),
    "np.mean": Rounded(np.mean, BOX, SUM, REDUCED, 2),
    "a.mean": Rounded(lambda a, **options: a.mean(**options), BOX, SUM, REDUCED, 2),
    "np.prod": Rounded(np.prod, BOX, SUM, REDUCED, exponents=(-10, -10)),
    "np.add.reduce": Rounded(np.add.reduce, BOX, SUM, [{"axis": 0}, {"axis": (0, 1)}]),
    "np.multiply.reduce": Rounded(np.multiply.reduce, BOX, SUM, [{"axis": 0}], exponents=(-10, -10)),
    "np.cumsum": Rounded(np.cumsum, ROWS, SUM, ALONG),
    "np.add.accumulate": Rounded(np.add.accumulate, ROWS, SUM, ALONG[1:]),
    "np.cumprod": Rounded(np.cumprod, ROWS, SUM, ALONG, exponents=(-10, -10)),
    **{f"np.diff {n}": Rounded(partial(np.diff, n=n), ROWS, of_largest(2**n), ALONG[1:], n) for n in (1, 2)},
    "np.median": Rounded(np.median, ROWS, of_largest(1), KEPT, 2),
    "np.trace": Rounded(np.trace, [((2, 3, 4),)], root_of(lambda a, **_: 3), TRACES),
    "np.matmul": Rounded(np.matmul, VECTORS + STACKS + REPLICATED, root_of(lambda a, b: a.shape[-1])),
    "np.dot": Rounded(np.dot, [((2, 3), (3,)), ((2, 2, 3), (3, 2))], OF_FIRST),
    "np.inner": Rounded(np.inner, [((2, 3), (4, 3)), ((3,), (3,))], OF_FIRST),
    "np.vdot": Rounded(np.vdot, [((2, 3), (2, 3))], OF_FIRST),
    "np.kron": Rounded(np.kron, [((2, 3), (2, 2)), ((3,), (2, 2))], OF_FIRST),
    "np.outer": Rounded(np.outer, [((2,), (3,)), ((2, 2), (3,))], OF_FIRST),
    **{f: Rounded(partial(np.einsum, f, optimize=True), [s], root_of(pairs)) for f, s in EINSUMS.items()},
    "np.tensordot": Rounded(np.tensordot, [((2, 2), (2, 2))], root_of(lambda *_, **__: 8), CONTRACTED),
    "np.subtract.outer": Rounded(np.subtract.outer, [((3,), (1, 2))], of_itself),
    "np.multiply.outer": Rounded(np.multiply.outer, [((3,), (1, 2))], of_itself),
    "np.logaddexp.reduce": Rounded(np.logaddexp.reduce, [((3, 4),)], of_exponents, KEPT, 2, (-6, -6)),
    "np.logaddexp": Rounded(np.logaddexp, [((3,), (3,))], of_difference, operations=2, exponents=(-6, -6)),
}


@pytest.mark.parametrize("name", MOVED)
@law
@given(st.data(), dtypes)
def test_what_rounds_moves_by_no_more_than_its_spread(name, data, dtype):
    row = MOVED[name]
    operands, options = drawn(data, dtype, row.shapes, row.exponents), data.draw(st.sampled_from(row.options))
    wide = [widened(operand, dtype) for operand in operands]
    exact, spread = row.call(*wide, **options), row.spread(row.call, *wide, **options)
    for result in mixtures(partial(row.call, **options), *operands):
        assert result.dtype == dtype
        assert_within(result, exact, spread, operations=row.operations)


@law
@given(st.data(), st.sampled_from([0, 1]), st.sampled_from([None, 0, -1]))
def test_variance_and_deviation_move_by_what_their_steps_move(data, ddof, axis):
    """First order: c = a - m is off by s = 2u(4√n max|a| + |c|), Σc² by 2s·Σ|c| + (1 + √n)·2u·Σc²; four such terms."""
    a = data.draw(arrays(np.float32, shape=(3, 2), exponents=(0, 0)))
    n, wide = terms(a, axis), widened(a, a.dtype)
    reach = spacing(np.float32) * 16 * n * np.sqrt(n) * (1 + np.abs(a).max()) ** 2 * (1 + 2.0**-8)
    result, root = np.var(noisy(a), axis=axis, ddof=ddof, keepdims=True), np.std(noisy(a), axis=axis, ddof=ddof)
    assert np.all(np.abs(result.values - wide.var(axis=axis, ddof=ddof, keepdims=True)) <= reach)
    assert root.shape == wide.std(axis=axis).shape
    assert np.all(np.abs(root.values**2 - wide.var(axis=axis, ddof=ddof)) <= 2 * reach)


def test_a_dot_product_with_a_number_or_a_list_is_that_of_numpy():
    assert_within(np.dot(noisy([1.0, 2.0]), 3.0), [3.0, 6.0], [3.0, 6.0])
    for product in (np.dot(noisy([1.0, 2.0]), [3.0, 4.0]), noisy([1.0, 2.0]).dot(np.float32([3.0, 4.0]))):
        assert_within(product, 11.0, np.sqrt(2) * 11.0)


def test_log_domain_zeros_and_infinities_are_those_of_numpy():
    a, b = np.float32([-np.inf, -np.inf, np.inf, np.inf, np.nan]), np.float32([-np.inf, 2.0, 1.0, -np.inf, 0.0])
    with np.errstate(all="ignore"):
        noise = Noise(REPLICAS)
        result = np.logaddexp(noisy(a, noise=noise), noisy(b, noise=noise)).values
        assert np.array_equal(np.isfinite(result[0]), [False, True, False, False, False])
        assert np.all(result[:, 0] == -np.inf)
        assert np.all(np.abs(result[:, 1] - 2) <= spacing(np.float32) * 4)
        assert np.all(np.logaddexp.reduce(noisy(np.full(3, -np.inf))).values == -np.inf)
        assert np.all(np.logaddexp.reduce(noisy([1.0, np.inf])).values == np.inf)


NOT_COVERED = [
    (TypeError, "where", lambda: np.sum(noisy([1.0]), where=np.array([True]))),
    (TypeError, "dtype", lambda: np.sum(noisy([1.0]), dtype=np.float64)),
    (TypeError, "initial", lambda: np.sum(noisy([1.0]), initial=1.0)),
    (TypeError, "use einsum", lambda: np.dot(noisy(NUMBERS), noisy(NUMBERS))),
    (TypeError, "neither an ellipsis nor the label Z", lambda: np.einsum("...i->...", noisy(NUMBERS))),
    (ValueError, "at least one dimension", lambda: np.matmul(noisy(1.0), noisy(NUMBERS))),
    (TypeError, r"linalg\.norm with ord=3 on 1 dimensions", lambda: np.linalg.norm(noisy([1.0]), 3)),
]


@pytest.mark.parametrize(("error", "words", "call"), NOT_COVERED, ids=lambda x: x if isinstance(x, str) else "")
def test_what_a_rule_does_not_cover_is_refused_and_not_ignored(error, words, call):
    with pytest.raises(error, match=words):
        call()


def test_every_rule_is_exercised_by_name():
    """A rule without a test here is a rule that nothing holds to NumPy."""
    text = "".join(map(inspect.getsource, (sys.modules[__name__], test_noisy_linear_algebra)))
    names = {f"{f.__module__}.{f.__name__}".replace("numpy.", "np.") for f in RULES}
    assert {name for name in names - {"np.allclose", "np.isclose"} if name not in text} == set()
