"""What NumPy does to the places of entries, done along the visible axes: it adds no noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon_spec.arithmetic.arrays import NoisyArray, Together
from gnomon_spec.arithmetic.noise import Values, wide_dtype
from gnomon_spec.arithmetic.rules import RULES, hidden, padded, rule


@rule(np.transpose)
def transpose(a: NoisyArray, axes: Any = None) -> NoisyArray:
    visible = tuple(reversed(range(a.ndim))) if axes is None else axes
    return a._like(np.transpose(a.values, (0, *hidden(tuple(visible), a.ndim))))


@rule(np.reshape)
def reshape(a: NoisyArray, shape: Any) -> NoisyArray:
    return a.reshape(shape)


@rule(np.ravel)
def ravel(a: NoisyArray) -> NoisyArray:
    return a.reshape(-1)


@rule(np.swapaxes)
def swapaxes(a: NoisyArray, axis1: int, axis2: int) -> NoisyArray:
    return a._like(np.swapaxes(a.values, *hidden((axis1, axis2), a.ndim)))


@rule(np.moveaxis)
def moveaxis(a: NoisyArray, source: Any, destination: Any) -> NoisyArray:
    return a._like(np.moveaxis(a.values, hidden(source, a.ndim), hidden(destination, a.ndim)))


@rule(np.squeeze)
def squeeze(a: NoisyArray, axis: Any = None) -> NoisyArray:
    axes = tuple(i for i, n in enumerate(a.shape) if n == 1) if axis is None else axis
    return a._like(np.squeeze(a.values, axis=hidden(axes, a.ndim)))


@rule(np.expand_dims)
def expand_dims(a: NoisyArray, axis: Any) -> NoisyArray:
    added = len(axis) if isinstance(axis, tuple) else 1
    return a._like(np.expand_dims(a.values, hidden(axis, a.ndim + added)))


@rule(np.broadcast_to)
def broadcast_to(a: NoisyArray, shape: Any) -> NoisyArray:
    visible = (shape,) if isinstance(shape, int) else tuple(shape)
    return a._like(np.broadcast_to(padded(a.values, len(visible)), (a.noise.replicas, *visible)))


@rule(np.flip)
def flip(a: NoisyArray, axis: Any = None) -> NoisyArray:
    return a._like(np.flip(a.values, hidden(axis, a.ndim)))


@rule(np.diagonal)
def diagonal(a: NoisyArray, offset: int = 0, axis1: int = 0, axis2: int = 1) -> NoisyArray:
    return a._like(np.diagonal(a.values, offset, *hidden((axis1, axis2), a.ndim)))


@rule(np.diag)
def diag(a: NoisyArray, k: int = 0) -> NoisyArray:
    if a.ndim == 2:
        return diagonal(a, k)
    size = len(a) + abs(k)
    matrix = np.zeros((a.noise.replicas, size, size), a.values.dtype)
    rows = np.arange(len(a)) + max(0, -k)
    matrix[:, rows, rows + k] = a.values
    return a._like(matrix)


def _matrices(a: NoisyArray) -> Values:
    """Return the values of matrices; as NumPy does, take an array of one dimension for each row of a square one."""
    if a.ndim != 1:
        return a.values
    return np.broadcast_to(padded(a.values, 2), (a.noise.replicas, len(a), len(a)))


@rule(np.triu)
def triu(a: NoisyArray, k: int = 0) -> NoisyArray:
    return a._like(np.triu(_matrices(a), k))


@rule(np.tril)
def tril(a: NoisyArray, k: int = 0) -> NoisyArray:
    return a._like(np.tril(_matrices(a), k))


@rule(np.take)
def take(a: NoisyArray, indices: Any, axis: int | None = None) -> NoisyArray:
    flat = a.reshape(-1) if axis is None else a
    where_ = indices.agreed() if isinstance(indices, NoisyArray) else indices
    return a._like(np.take(flat.values, where_, axis=hidden(axis or 0, flat.ndim)[0]))


@rule(np.roll)
def roll(a: NoisyArray, shift: Any, axis: Any = None) -> NoisyArray:
    if axis is None:
        return roll(a.reshape(-1), shift, 0).reshape(a.shape)
    return a._like(np.roll(a.values, shift, hidden(axis, a.ndim)))


@rule(np.copy)
def copy(a: NoisyArray) -> NoisyArray:
    return a.copy()


@rule(np.take_along_axis)
def take_along_axis(a: NoisyArray, indices: Any, axis: int | None = None) -> NoisyArray:
    flat = a.reshape(-1) if axis is None else a
    places = indices.values if isinstance(indices, NoisyArray) else indices[np.newaxis]
    places = np.broadcast_to(places, (a.noise.replicas, *places.shape[1:]))
    return a._like(np.take_along_axis(flat.values, places, hidden(axis or 0, flat.ndim)[0]))


@rule(np.repeat)
def repeat(a: NoisyArray, repeats: Any, axis: int | None = None) -> NoisyArray:
    flat = a.reshape(-1) if axis is None else a
    return a._like(np.repeat(flat.values, repeats, hidden(axis or 0, flat.ndim)[0]))


@rule(np.tile)
def tile(a: NoisyArray, reps: Any) -> NoisyArray:
    times = (reps,) if isinstance(reps, int) else tuple(reps)
    ndim = max(a.ndim, len(times))
    return a._like(np.tile(padded(a.values, ndim), (1, *(1,) * (ndim - len(times)), *times)))


@rule(np.atleast_1d)
def atleast_1d(a: NoisyArray) -> NoisyArray:
    return a._like(padded(a.values, max(a.ndim, 1)))


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
    return together.result(join(stored, axis=hidden(axis, together.ndim + new_axis)[0]), exact=True)


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


_function: Any
for _function in (np.zeros_like, np.ones_like, np.empty_like):
    RULES[_function] = _filled(_function)


@rule(np.full_like)
def full_like(a: NoisyArray, fill_value: Any, dtype: Any = None) -> NoisyArray:
    filled: NoisyArray = RULES[np.empty_like](a, dtype)
    filled[...] = fill_value
    return filled
