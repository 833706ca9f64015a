"""What chooses among entries, or answers a question about them: it adds no noise.

An answer that is a plain number, shape or index is the same in all replicas, or `ReplicasDisagreeError` is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gnomon_spec.arithmetic.arrays import NoisyArray, Together, elementwise
from gnomon_spec.arithmetic.noise import wide_dtype
from gnomon_spec.arithmetic.rules import (
    ACCUMULATIONS,
    REDUCTIONS,
    RULES,
    hidden,
    padded,
    rule,
    visible_ndim,
    visible_shape,
)


def _selection(reduce: Callable[..., Any]) -> Callable[..., NoisyArray]:
    def select(a: NoisyArray, axis: Any = None, *, keepdims: bool = False, **initial: Any) -> NoisyArray:
        values = np.asarray(reduce(a.values, axis=hidden(axis, a.ndim), keepdims=keepdims, **initial))
        return NoisyArray(values, values.dtype if values.dtype.kind != "f" else a.dtype, a.noise, a.kind)

    return select


_function: Any
for _function in (np.max, np.min, np.any, np.all, np.nanmax, np.nanmin, np.count_nonzero):
    RULES[_function] = _selection(_function)
REDUCTIONS.update(
    {np.maximum: RULES[np.max], np.minimum: RULES[np.min], np.logical_and: RULES[np.all], np.logical_or: RULES[np.any]}
)


def _running(select: np.ufunc) -> Callable[..., NoisyArray]:
    def accumulate(a: NoisyArray, axis: int = 0) -> NoisyArray:
        return a._like(select.accumulate(a.values, axis=hidden(axis, a.ndim)[0]))

    return accumulate


ACCUMULATIONS.update({np.maximum: _running(np.maximum), np.minimum: _running(np.minimum)})


def _position(find: Callable[..., Any]) -> Callable[..., NoisyArray]:
    def choose(a: NoisyArray, axis: Any = None, **options: Any) -> NoisyArray:
        flat = a.reshape(-1) if axis is None else a
        values = find(flat.values, axis=hidden(0 if axis is None else axis, flat.ndim)[0], **options)
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


@rule(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


@rule(np.where)
def where(condition: Any, a: Any, b: Any) -> Any:
    branches = [x for x in (a, b) if isinstance(x, NoisyArray)]
    if not branches:  # plain values chosen by a noisy condition
        values = np.where(padded(condition.values, max(map(visible_ndim, (condition, a, b)))), a, b)
        wide = wide_dtype(values.dtype) if values.dtype.kind == "f" and condition.kind != "exact" else values.dtype
        return NoisyArray(values.astype(wide, copy=False), values.dtype, condition.noise, condition.kind)
    together = Together((a, b))
    mask = condition
    ndim = max(together.ndim, visible_ndim(condition))
    if isinstance(condition, NoisyArray):
        mask = padded(condition.values, ndim)
    noisy = (isinstance(x, NoisyArray) for x in (a, b))
    left, right = (padded(v, ndim) if is_noisy else v for v, is_noisy in zip(together.values, noisy, strict=True))
    return together.result(np.where(mask, left, right), exact=True)


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


@rule(np.argwhere)
def argwhere(a: NoisyArray) -> Any:
    return np.argwhere((a != 0).agreed())


@rule(np.shape)
def shape(a: NoisyArray) -> tuple[int, ...]:
    return a.shape


@rule(np.ndim)
def ndim(a: NoisyArray) -> int:
    return a.ndim


@rule(np.size)
def size(a: NoisyArray) -> int:
    return a.size


@rule(np.array_equal)
def array_equal(a: Any, b: Any) -> bool:
    return visible_shape(a) == visible_shape(b) and bool(np.all(elementwise(np.equal, (a, b))))


@rule(np.allclose, np.isclose)
def allclose(*_: Any, **__: Any) -> Any:
    raise TypeError("a hand-picked tolerance has no place on noisy arrays: yield the two sides as a fact")
