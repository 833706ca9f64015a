"""The rules for NumPy's functions on noisy arrays: reductions, products, linear algebra, rearrangements.

Spread of the noise, with n the number of terms: a sum moves by 2u√n·Σ|xᵢ|·ξ, a product of matrices by
2u√n·(|A||B|)·ξ, a product of n factors by 2u√n of itself. A routine of `numpy.linalg` is backward stable: its input is
moved norm-wise by 2u√n, n its longer side (twice that in float64), then it is computed in float64 and its result
rounded. (Without the √n a LAPACK that computes in float32 strays beyond the band already at 5 × 8; NumPy's own computes
float32 in float64.) Rearrangements add nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from gnomon_spec.arithmetic.arrays import NoisyArray, ReplicasDisagreeError, Together, elementwise
from gnomon_spec.arithmetic.noise import Values, limits, wide_dtype

RULES: dict[Any, Callable[..., Any]] = {}
Rule = TypeVar("Rule", bound=Callable[..., Any])


def rule(*functions: Any) -> Callable[[Rule], Rule]:
    """Declare what the NumPy functions do with noisy arrays."""

    def declare(implementation: Rule) -> Rule:
        for function in functions:
            RULES[function] = implementation
        return implementation

    return declare


def _hidden(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return visible axes as axes of `values`, whose first one holds the replicas."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(int(a) + 1 if a >= 0 else int(a) + ndim + 1 for a in axes)


def _visible(axis: Any, ndim: int) -> tuple[int, ...]:
    return tuple(a - 1 for a in _hidden(axis, ndim))


def _terms(values: Values, axes: tuple[int, ...]) -> int:
    return int(np.prod([values.shape[a] for a in axes], initial=1))


@rule(np.sum)
def total(a: NoisyArray, axis: Any = None, *, keepdims: bool = False) -> NoisyArray:
    together = Together((a,))
    (values,) = together.values
    axes = _hidden(axis, a.ndim)
    spread = np.sqrt(_terms(values, axes)) * np.sum(np.abs(values), axis=axes, keepdims=keepdims)
    return together.result(np.sum(values, axis=axes, keepdims=keepdims), spread)


@rule(np.mean)
def mean(a: NoisyArray, axis: Any = None, *, keepdims: bool = False) -> Any:
    return total(a, axis, keepdims=keepdims) / _terms(a.values, _hidden(axis, a.ndim))


@rule(np.var)
def variance(a: NoisyArray, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    centred = a - mean(a, axis, keepdims=True)
    return total(centred * centred, axis, keepdims=keepdims) / (_terms(a.values, _hidden(axis, a.ndim)) - ddof)


@rule(np.std)
def deviation(a: NoisyArray, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    return np.sqrt(variance(a, axis, ddof=ddof, keepdims=keepdims))


@rule(np.prod)
def product(a: NoisyArray, axis: Any = None, *, keepdims: bool = False) -> NoisyArray:
    together = Together((a,))
    (values,) = together.values
    axes = _hidden(axis, a.ndim)
    result = np.prod(values, axis=axes, keepdims=keepdims)
    return together.result(result, np.sqrt(_terms(values, axes)) * np.abs(result))


@rule(np.cumsum)
def running_total(a: NoisyArray, axis: Any = None) -> NoisyArray:
    a = a.reshape(-1) if axis is None else a
    together = Together((a,))
    (values,) = together.values
    (along,) = _hidden(0 if axis is None else axis, a.ndim)
    count = np.arange(1, values.shape[along] + 1).reshape((-1,) + (1,) * (values.ndim - 1 - along))
    return together.result(np.cumsum(values, axis=along), np.sqrt(count) * np.cumsum(np.abs(values), axis=along))


def _selection(reduce: Callable[..., Any]) -> Callable[..., NoisyArray]:
    def select(a: NoisyArray, axis: Any = None, *, keepdims: bool = False, **initial: Any) -> NoisyArray:
        values = np.asarray(reduce(a.values, axis=_hidden(axis, a.ndim), keepdims=keepdims, **initial))
        return NoisyArray(values, values.dtype if values.dtype.kind != "f" else a.dtype, a.noise, a.kind)

    return select


_function: Any
_routine: Any
for _function in (np.max, np.min, np.any, np.all, np.nanmax, np.nanmin, np.count_nonzero):
    RULES[_function] = _selection(_function)
REDUCTIONS: dict[np.ufunc, Callable[..., NoisyArray]] = {
    np.add: total,
    np.multiply: product,
    np.maximum: RULES[np.max],
    np.minimum: RULES[np.min],
    np.logical_and: RULES[np.all],
    np.logical_or: RULES[np.any],
}


def _running(select: np.ufunc) -> Callable[..., NoisyArray]:
    def accumulate(a: NoisyArray, axis: int = 0) -> NoisyArray:
        return a._like(select.accumulate(a.values, axis=_hidden(axis, a.ndim)[0]))

    return accumulate


ACCUMULATIONS: dict[np.ufunc, Callable[..., NoisyArray]] = {
    np.add: running_total,
    np.maximum: _running(np.maximum),
    np.minimum: _running(np.minimum),
}


def _position(find: Callable[..., Any]) -> Callable[..., NoisyArray]:
    def choose(a: NoisyArray, axis: Any = None, **options: Any) -> NoisyArray:
        flat = a.reshape(-1) if axis is None else a
        values = find(flat.values, axis=_hidden(0 if axis is None else axis, flat.ndim)[0], **options)
        return NoisyArray(values, values.dtype if values.dtype.kind != "f" else a.dtype, a.noise, a.kind)

    return choose


RULES[np.argmax] = _position(np.argmax)
RULES[np.argmin] = _position(np.argmin)


def _sorting(sort: Callable[..., Any]) -> Callable[..., NoisyArray]:
    find = _position(sort)

    def choose(a: NoisyArray, axis: int | None = -1, **options: Any) -> NoisyArray:
        return find(a, axis, **options)

    return choose


RULES[np.sort] = _sorting(np.sort)
RULES[np.argsort] = _sorting(np.argsort)


def matmul(a: Any, b: Any) -> NoisyArray:
    """A @ B with the noise of a sum of products."""
    together = Together((a, b))
    left = NoisyArray._stored(a, together.dtype, together.wide)
    right = NoisyArray._stored(b, together.dtype, together.wide)
    left_ndim, right_ndim = (x.ndim if isinstance(x, NoisyArray) else np.ndim(x) for x in (a, b))
    if left_ndim == 0 or right_ndim == 0:
        raise ValueError("matmul: operands must have at least one dimension")
    if left_ndim == 1:
        left = left[..., np.newaxis, :]
    if right_ndim == 1:
        right = right[..., :, np.newaxis]
    if together.ndim > 2:  # a stack of matrices, perhaps with a single one
        left, right = (
            _padded(v, together.ndim) if isinstance(x, NoisyArray) else v for v, x in ((left, a), (right, b))
        )
    values = np.matmul(left, right)
    spread = np.sqrt(left.shape[-1]) * np.matmul(np.abs(left), np.abs(right))
    drop = tuple(axis for axis, ndim in ((-2, left_ndim), (-1, right_ndim)) if ndim == 1)
    return together.result(np.squeeze(values, axis=drop), np.squeeze(spread, axis=drop))


def log_sum(a: Any, b: Any) -> Any:
    """log(eᵃ + eᵇ) as ports compute it: where it is near 0 it is as uncertain as the larger of a and b."""
    high, low = np.maximum(a, b), np.minimum(a, b)
    apart = np.where(high == low, 0.0, low - high)  # ∞ - ∞ is no number
    return high + np.log1p(np.exp(apart))


COMPOSED: dict[np.ufunc, Callable[..., Any]] = {np.matmul: matmul, np.logaddexp: log_sum}


def log_sum_along(a: NoisyArray, axis: Any = 0, *, keepdims: bool = False) -> Any:
    """log Σ exp(aᵢ), shifted by the largest entry; -∞ where all are."""
    high = RULES[np.max](a, axis, keepdims=True)
    shift = np.where(np.isfinite(high), high, 0.0)
    logarithm: Any = np.log(total(np.exp(a - shift), axis, keepdims=True)) + shift
    return logarithm if keepdims else squeeze(logarithm, _visible(axis, a.ndim))


REDUCTIONS[np.logaddexp] = log_sum_along


@rule(np.dot)
def dot(a: Any, b: Any) -> Any:
    if 0 in (_visible_ndim(a), _visible_ndim(b)):
        return a * b
    if _visible_ndim(b) > 2:
        raise TypeError("numpy.dot with more than two dimensions has no rule for rounding noise: use einsum")
    return matmul(a, b)


@rule(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    return matmul(a.reshape(-1), b.reshape(-1))


@rule(np.inner)
def inner(a: Any, b: Any) -> Any:
    return dot(a, b if _visible_ndim(b) < 2 else np.swapaxes(b, -1, -2))


@rule(np.outer)
def outer(a: Any, b: Any) -> Any:
    return a.reshape(-1, 1) * b.reshape(1, -1)


def _visible_ndim(x: Any) -> int:
    return x.ndim if hasattr(x, "ndim") else np.ndim(x)


@rule(np.einsum)
def einsum(subscripts: str, *operands: Any, optimize: Any = False) -> NoisyArray:
    together = Together(operands)
    terms, _arrow, output = subscripts.replace(" ", "").partition("->")
    labels = terms.split(",")
    if "." in subscripts or "Z" in subscripts:
        raise TypeError("einsum on a NoisyArray takes neither an ellipsis nor the label Z")
    if not _arrow:
        letters = terms.replace(",", "")
        output = "".join(sorted(x for x in set(letters) if letters.count(x) == 1))
    stored = [NoisyArray._stored(x, together.dtype, together.wide) for x in operands]
    marked = ["Z" + label if isinstance(x, NoisyArray) else label for x, label in zip(operands, labels, strict=True)]
    formula = f"{','.join(marked)}->Z{output}"
    lengths = {
        letter: length
        for label, x in zip(labels, operands, strict=True)
        for letter, length in zip(label, x.shape, strict=True)
    }
    summed = np.prod([length for letter, length in lengths.items() if letter not in output], initial=1)
    spread = np.sqrt(summed * len(operands)) * np.einsum(formula, *map(np.abs, stored))
    summed_up: Values = np.einsum(formula, *stored)
    return together.result(summed_up, spread)


@rule(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    ndim, other = _visible_ndim(a), _visible_ndim(b)
    if isinstance(axes, int):
        axes = (range(ndim - axes, ndim), range(axes))
    left, right = (tuple(x) if hasattr(x, "__iter__") else (x,) for x in axes)
    letters = "abcdefghijklmnopqrstuvwxy"
    first, second = list(letters[:ndim]), list(letters[ndim : ndim + other])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    kept = [x for x in (*first, *second) if (*first, *second).count(x) == 1]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(kept)}", a, b)


@rule(np.kron)
def kron(a: Any, b: Any) -> Any:
    ndim = max(_visible_ndim(a), _visible_ndim(b))
    rows, columns = ((1,) * (ndim - _visible_ndim(x)) + _visible_shape(x) for x in (a, b))
    left = np.reshape(a, tuple(n for length in rows for n in (length, 1)))
    right = np.reshape(b, tuple(n for length in columns for n in (1, length)))
    return np.reshape(left * right, tuple(m * n for m, n in zip(rows, columns, strict=True)))


@rule(np.cumprod)
def running_product(a: NoisyArray, axis: Any = None) -> NoisyArray:
    a = a.reshape(-1) if axis is None else a
    together = Together((a,))
    (values,) = together.values
    (along,) = _hidden(0 if axis is None else axis, a.ndim)
    count = np.arange(1, values.shape[along] + 1).reshape((-1,) + (1,) * (values.ndim - 1 - along))
    products = np.cumprod(values, axis=along)
    return together.result(products, np.sqrt(count) * np.abs(products))


@rule(np.median)
def median(a: NoisyArray, axis: int | None = None, *, keepdims: bool = False) -> Any:
    flat = a.reshape(-1) if axis is None else moveaxis(a, axis, -1)
    ordered, middle = RULES[np.sort](flat), flat.shape[-1] // 2
    centre = ordered[..., middle] if flat.shape[-1] % 2 else (ordered[..., middle - 1] + ordered[..., middle]) / 2
    return expand_dims(centre, _visible(axis, a.ndim)) if keepdims else centre


@rule(np.trace)
def trace(a: NoisyArray, offset: int = 0, axis1: int = 0, axis2: int = 1) -> NoisyArray:
    return total(diagonal(a, offset, axis1, axis2), axis=-1)


@rule(np.diff)
def difference(a: NoisyArray, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        along = moveaxis(a, axis, 0)
        a = moveaxis(along[1:] - along[:-1], 0, axis)
    return a


@rule(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


@rule(np.where)
def where(condition: Any, a: Any, b: Any) -> Any:
    branches = [x for x in (a, b) if isinstance(x, NoisyArray)]
    if not branches:  # plain values chosen by a noisy condition
        values = np.where(_padded(condition.values, max(map(_visible_ndim, (condition, a, b)))), a, b)
        wide = wide_dtype(values.dtype) if values.dtype.kind == "f" and condition.kind != "exact" else values.dtype
        return NoisyArray(values.astype(wide, copy=False), values.dtype, condition.noise, condition.kind)
    together = Together((a, b))
    mask = condition
    ndim = max(together.ndim, _visible_ndim(condition))
    if isinstance(condition, NoisyArray):
        mask = _padded(condition.values, ndim)
    noisy = (isinstance(x, NoisyArray) for x in (a, b))
    left, right = (_padded(v, ndim) if is_noisy else v for v, is_noisy in zip(together.values, noisy, strict=True))
    return together.result(np.where(mask, left, right), exact=True)


def _padded(values: Values, ndim: int) -> Values:
    return values.reshape(values.shape[:1] + (1,) * (ndim + 1 - values.ndim) + values.shape[1:])


# Rearrangements: what NumPy does to one array, done along the visible axes.


@rule(np.transpose)
def transpose(a: NoisyArray, axes: Any = None) -> NoisyArray:
    visible = tuple(reversed(range(a.ndim))) if axes is None else axes
    return a._like(np.transpose(a.values, (0, *_hidden(tuple(visible), a.ndim))))


@rule(np.reshape)
def reshape(a: NoisyArray, shape: Any) -> NoisyArray:
    return a.reshape(shape)


@rule(np.ravel)
def ravel(a: NoisyArray) -> NoisyArray:
    return a.reshape(-1)


@rule(np.swapaxes)
def swapaxes(a: NoisyArray, axis1: int, axis2: int) -> NoisyArray:
    return a._like(np.swapaxes(a.values, *_hidden((axis1, axis2), a.ndim)))


@rule(np.moveaxis)
def moveaxis(a: NoisyArray, source: Any, destination: Any) -> NoisyArray:
    return a._like(np.moveaxis(a.values, _hidden(source, a.ndim), _hidden(destination, a.ndim)))


@rule(np.squeeze)
def squeeze(a: NoisyArray, axis: Any = None) -> NoisyArray:
    axes = tuple(i for i, n in enumerate(a.shape) if n == 1) if axis is None else axis
    return a._like(np.squeeze(a.values, axis=_hidden(axes, a.ndim)))


@rule(np.expand_dims)
def expand_dims(a: NoisyArray, axis: Any) -> NoisyArray:
    added = len(axis) if isinstance(axis, tuple) else 1
    return a._like(np.expand_dims(a.values, _hidden(axis, a.ndim + added)))


@rule(np.broadcast_to)
def broadcast_to(a: NoisyArray, shape: Any) -> NoisyArray:
    visible = (shape,) if isinstance(shape, int) else tuple(shape)
    return a._like(np.broadcast_to(_padded(a.values, len(visible)), (a.noise.replicas, *visible)))


@rule(np.flip)
def flip(a: NoisyArray, axis: Any = None) -> NoisyArray:
    return a._like(np.flip(a.values, _hidden(axis, a.ndim)))


@rule(np.diagonal)
def diagonal(a: NoisyArray, offset: int = 0, axis1: int = 0, axis2: int = 1) -> NoisyArray:
    return a._like(np.diagonal(a.values, offset, *_hidden((axis1, axis2), a.ndim)))


@rule(np.diag)
def diag(a: NoisyArray, k: int = 0) -> NoisyArray:
    if a.ndim == 2:
        return diagonal(a, k)
    size = len(a) + abs(k)
    matrix = np.zeros((a.noise.replicas, size, size), a.values.dtype)
    rows = np.arange(len(a)) + max(0, -k)
    matrix[:, rows, rows + k] = a.values
    return a._like(matrix)


@rule(np.triu)
def triu(a: NoisyArray, k: int = 0) -> NoisyArray:
    return a._like(np.triu(a.values, k))


@rule(np.tril)
def tril(a: NoisyArray, k: int = 0) -> NoisyArray:
    return a._like(np.tril(a.values, k))


@rule(np.take)
def take(a: NoisyArray, indices: Any, axis: int | None = None) -> NoisyArray:
    flat = a.reshape(-1) if axis is None else a
    where_ = indices.agreed() if isinstance(indices, NoisyArray) else indices
    return a._like(np.take(flat.values, where_, axis=_hidden(axis or 0, flat.ndim)[0]))


@rule(np.roll)
def roll(a: NoisyArray, shift: Any, axis: Any = None) -> NoisyArray:
    if axis is None:
        return roll(a.reshape(-1), shift, 0).reshape(a.shape)
    return a._like(np.roll(a.values, shift, _hidden(axis, a.ndim)))


@rule(np.copy)
def copy(a: NoisyArray) -> NoisyArray:
    return a.copy()


@rule(np.take_along_axis)
def take_along_axis(a: NoisyArray, indices: Any, axis: int | None = None) -> NoisyArray:
    flat = a.reshape(-1) if axis is None else a
    places = indices.values if isinstance(indices, NoisyArray) else indices[np.newaxis]
    places = np.broadcast_to(places, (a.noise.replicas, *places.shape[1:]))
    return a._like(np.take_along_axis(flat.values, places, _hidden(axis or 0, flat.ndim)[0]))


@rule(np.repeat)
def repeat(a: NoisyArray, repeats: Any, axis: int | None = None) -> NoisyArray:
    flat = a.reshape(-1) if axis is None else a
    return a._like(np.repeat(flat.values, repeats, _hidden(axis or 0, flat.ndim)[0]))


@rule(np.tile)
def tile(a: NoisyArray, reps: Any) -> NoisyArray:
    times = (reps,) if isinstance(reps, int) else tuple(reps)
    ndim = max(a.ndim, len(times))
    return a._like(np.tile(_padded(a.values, ndim), (1, *(1,) * (ndim - len(times)), *times)))


@rule(np.atleast_1d)
def atleast_1d(a: NoisyArray) -> NoisyArray:
    return a._like(_padded(a.values, max(a.ndim, 1)))


@rule(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(a: NoisyArray) -> NoisyArray:
    return swapaxes(a, -1, -2)


@rule(np.real)
def real(a: NoisyArray) -> NoisyArray:
    return a


def _joined(join: Callable[..., Any], axis: int, parts: Any, new_axis: int) -> NoisyArray:
    together = Together(tuple(parts))
    replicas = together.noise.replicas
    stored = [
        v if isinstance(x, NoisyArray) else np.broadcast_to(v, (replicas, *np.shape(v)))
        for v, x in zip(together.values, parts, strict=True)
    ]
    return together.result(join(stored, axis=_hidden(axis, together.ndim + new_axis)[0]), exact=True)


@rule(np.concatenate)
def concatenate(arrays: Any, axis: int = 0) -> NoisyArray:
    return _joined(np.concatenate, axis, arrays, 0)


@rule(np.stack)
def stack(arrays: Any, axis: int = 0) -> NoisyArray:
    return _joined(np.stack, axis, arrays, 1)


def _filled(make: Callable[..., Any]) -> Callable[..., NoisyArray]:
    def fill(a: NoisyArray, dtype: Any = None) -> NoisyArray:
        new = a.dtype if dtype is None else np.dtype(dtype)
        stored = wide_dtype(new) if new.kind == "f" and a.kind != "exact" else new
        return NoisyArray(make(a.values, dtype=stored), new, a.noise, a.kind)

    return fill


for _function in (np.zeros_like, np.ones_like, np.empty_like):
    RULES[_function] = _filled(_function)


@rule(np.full_like)
def full_like(a: NoisyArray, fill_value: Any, dtype: Any = None) -> NoisyArray:
    filled: NoisyArray = RULES[np.empty_like](a, dtype)
    filled[...] = fill_value
    return filled


@rule(np.nan_to_num)
def nan_to_num(a: NoisyArray, *, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> NoisyArray:
    largest = np.finfo(a.dtype).max
    above, below = (largest if posinf is None else posinf), (-largest if neginf is None else neginf)
    return a._like(np.nan_to_num(a.values, nan=nan, posinf=above, neginf=below))


@rule(np.nonzero)
def nonzero(a: NoisyArray) -> Any:
    return np.nonzero((a != 0).agreed())


@rule(np.flatnonzero)
def flatnonzero(a: NoisyArray) -> Any:
    return np.flatnonzero((a != 0).agreed())


@rule(np.shape)
def shape(a: NoisyArray) -> tuple[int, ...]:
    return a.shape


@rule(np.ndim)
def ndim(a: NoisyArray) -> int:
    return a.ndim


@rule(np.size)
def size(a: NoisyArray) -> int:
    return a.size


@rule(np.argwhere)
def argwhere(a: NoisyArray) -> Any:
    return np.argwhere((a != 0).agreed())


@rule(np.array_equal)
def array_equal(a: Any, b: Any) -> bool:
    return _visible_shape(a) == _visible_shape(b) and bool(np.all(elementwise(np.equal, (a, b))))


@rule(np.allclose, np.isclose)
def allclose(*_: Any, **__: Any) -> Any:
    raise TypeError("a hand-picked tolerance has no place on noisy arrays: yield the two sides as a fact")


def _visible_shape(x: Any) -> tuple[int, ...]:
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


# Linear algebra.

Routine = Callable[..., Any]


def _moved(operand: Any, together: Together, *, symmetric: bool) -> Any:
    """Return a matrix in float64, moved at random by 2u√n of its norm, n its longer side."""
    stored = NoisyArray._stored(operand, together.dtype, together.wide).astype(np.float64)
    if not isinstance(operand, NoisyArray):
        stored = np.broadcast_to(stored, (together.noise.replicas, *stored.shape))
    # In exact arithmetic, too, LAPACK computes in float64.
    dtype = together.dtype if together.dtype.itemsize <= 8 and together.kind != "exact" else np.dtype(np.float64)
    if stored.size == 0:
        return stored
    visible = tuple(range(1, stored.ndim))[-2:]
    sides = [stored.shape[axis] for axis in visible]
    shorter = np.prod(sides) / max(sides)
    norm = np.sqrt(np.sum(stored * stored, axis=visible, keepdims=True))
    noise = together.noise.uniform(stored.shape)
    if symmetric:
        noise = (noise + np.swapaxes(noise, -1, -2)) / np.sqrt(2)
    # In float64 the oracle, too, goes through LAPACK in float64: the band has to cover both of them.
    spacing = float(limits(dtype).spacing) * (2 if dtype.itemsize >= 8 else 1)
    return stored + spacing * norm / np.sqrt(shorter) * noise


def _linear_algebra(routine: Routine, matrices: int = 1, *, symmetric: bool = False) -> Routine:
    def compute(*args: Any, **options: Any) -> Any:
        together = Together(tuple(args[:matrices]))
        if together.dtype.kind != "f":
            together.dtype, together.wide = np.dtype(np.float64), wide_dtype(np.dtype(np.float64))
        moved = [_moved(x, together, symmetric=symmetric) for x in args[:matrices]]
        vector = matrices == 2 and moved[1].ndim == 2  # solve() and lstsq() with one right-hand side
        if vector:
            moved[1] = moved[1][..., np.newaxis]
        if matrices == 2 and moved[0].ndim != moved[1].ndim:  # a stack of systems with a single one
            stack = max(x.ndim for x in moved) - 1
            moved = [_padded(x, stack) for x in moved]
        result = routine(*moved, *args[matrices:], **options)
        if isinstance(result, tuple):
            if vector:
                result = (result[0][..., 0], *result[1:])
            parts = [_rounded(part, together) for part in result]
            return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
        return _rounded(result[..., 0] if vector else result, together)

    return compute


def _rounded(values: Any, together: Together) -> NoisyArray:
    values = np.asarray(values)
    return together.result(values if values.dtype.kind != "f" else values.astype(together.wide))


def _least_squares(a: Values, b: Values, *args: Any, **options: Any) -> Any:
    """`numpy.linalg.lstsq`, replica by replica."""
    results = [np.linalg.lstsq(x, y, *args, **options) for x, y in zip(a, b, strict=True)]
    for parts in zip(*results, strict=True):
        if len({np.shape(part) for part in parts}) > 1:
            raise ReplicasDisagreeError
    return tuple(np.stack(parts) for parts in zip(*results, strict=True))


for _routine in (np.linalg.svd, np.linalg.qr, np.linalg.inv, np.linalg.det, np.linalg.pinv):
    RULES[_routine] = _linear_algebra(_routine)
for _routine in (np.linalg.eigvals, np.linalg.svdvals, np.linalg.cond):
    RULES[_routine] = _linear_algebra(_routine)
for _routine in (np.linalg.eigh, np.linalg.eigvalsh, np.linalg.cholesky):
    RULES[_routine] = _linear_algebra(_routine, symmetric=True)
RULES[np.linalg.solve] = _linear_algebra(np.linalg.solve, matrices=2)
_least_squares_solution = _linear_algebra(_least_squares, matrices=2)
_sign_and_logarithm = _linear_algebra(np.linalg.slogdet)


def _rank_threshold(a: Any) -> float:
    """Return the size, relative to the largest, below which NumPy takes a singular value of this dtype for zero."""
    dtype = a.dtype if a.dtype.kind == "f" else np.dtype(np.float64)
    largest: int = max(a.shape[-2:])
    return float(np.finfo(dtype).eps) * largest


@rule(np.linalg.lstsq)
def least_squares(a: Any, b: Any, rcond: Any = None) -> Any:
    return _least_squares_solution(a, b, rcond=_rank_threshold(a) if rcond is None else rcond)


@rule(np.linalg.matrix_rank)
def matrix_rank(a: NoisyArray, tol: Any = None) -> Any:
    values = RULES[np.linalg.svdvals](a)
    smallest = RULES[np.max](values, -1, keepdims=True) * _rank_threshold(a) if tol is None else tol
    return RULES[np.count_nonzero](values > smallest, -1)


@rule(np.linalg.slogdet)
def sign_and_logarithm(a: NoisyArray) -> Any:
    result = _sign_and_logarithm(a)
    return result._replace(sign=np.sign(result.sign))


@rule(np.linalg.norm)
def norm(x: NoisyArray, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    axes = (tuple(range(x.ndim)) if axis is None else axis) if not isinstance(axis, int) else (axis,)
    if (ord is None and (axis is None or len(axes) < 3)) or (ord, len(axes)) in ((2, 1), ("fro", 2)):
        return np.sqrt(total(x * x, axes, keepdims=keepdims))
    if len(axes) == 2 and ord in (2, -2, "nuc"):
        values = RULES[np.linalg.svdvals](moveaxis(x, axes, (-2, -1)))
        pick: Any = {2: np.max, -2: np.min, "nuc": np.sum}[ord]
        chosen = pick(values, axis=-1)
        return expand_dims(chosen, axes) if keepdims else chosen
    if len(axes) == 1 and ord in (1, np.inf, -np.inf):
        reduce: Any = {1: total, np.inf: RULES[np.max], -np.inf: RULES[np.min]}[ord]
        return reduce(abs(x), axes, keepdims=keepdims)
    raise TypeError(f"numpy.linalg.norm with ord={ord!r} on {len(axes)} dimensions has no rule for rounding noise")
