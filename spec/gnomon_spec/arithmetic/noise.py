"""How a result is perturbed: rounding noise, and the ends of a dtype's range.

With u the unit roundoff of the dtype and ξ uniform in [-1, 1], drawn anew for every entry of every replica:

rounding    a result r becomes r + 2u·s·ξ, where the spread s is |r| for an elementwise operation, √n·Σ|xᵢ| for a sum
            of n terms, √n·|A||B| for a matrix product.
underflow   a result below the smallest normal number is rounded at random to one of its two neighbours on the grid of
            subnormal numbers, so that it may become zero and never changes its sign. In float16 only every other one
            is: ports have some results in float32.
overflow    a result beyond the largest finite number becomes an infinity of its sign.

Ports associate products differently ((1-β)·g·g in either order), which moves the point where an intermediate result
leaves the range. So each replica has a range of its own, both ends moved inwards or outwards by a random power of two,
by at most `RANGE_SHIFT` binades: 2¹⁶ outwards covers weights 1-β down to 1.5e-5. (float16 has no 16 binades to spare
inwards.) A case in which such an intermediate result matters makes the replicas differ and is ambiguous; it is not held
against the port.

A Python number keeps its value beside an array. A port may multiply with it in the array's dtype, so that it enters a
product as if it had been a result itself, within the range of the replica; but a number that is added is never lost:
0 + ε is ε, however small, and not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

# By how many binades the ends of a range move: inwards, outwards.
RANGE_SHIFT = {np.dtype(np.float16): (4, 16), np.dtype(np.float32): (16, 16), np.dtype(np.float64): (16, 16)}

Values = NDArray[Any]


@cache
def wide_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype in which results meant for `dtype` are first computed: the next one that holds a product.

    float16 and float32 → float64; float64 → longdouble. (Where the machine's longdouble is a float64, the noise of
    float64 falls on the grid of float64 itself: each of many replicas then moves by a whole unit or not at all.)
    """
    return np.dtype(np.longdouble) if dtype.itemsize >= 8 else np.dtype(np.float64)


class Limits(NamedTuple):
    """The range of a dtype, in its wide dtype."""

    spacing: Any
    largest: Any
    smallest_normal: Any
    smallest_subnormal: Any
    surely_finite: Any
    surely_normal: Any


@cache
def limits(dtype: np.dtype[Any]) -> Limits:
    """Return the spacing 2u of `dtype`, its range, and the part of its range that no shift reaches."""
    wide, info, shift = wide_dtype(dtype).type, np.finfo(dtype), 2.0 ** RANGE_SHIFT[dtype][0]
    largest, normal = wide(info.max), wide(info.smallest_normal)
    subnormal = wide(info.smallest_subnormal)
    return Limits(wide(info.eps), largest, normal, subnormal, largest / wide(shift), normal * wide(shift))


class Noise:
    """The random perturbations of one set of runs; the same arguments give the same perturbations.

    replicas: K, how many runs. seed: of the random stream. flush_subnormals: imitate a machine that may replace a
    subnormal result by zero (half of the replicas do).
    """

    BLOCK = 1 << 16

    def __init__(self, replicas: int = 32, *, seed: int = 0, flush_subnormals: bool = False) -> None:
        if replicas < 1:
            raise ValueError(f"replicas must be an integer >= 1, got {replicas!r}")
        self.replicas = self._drawn = replicas
        self._rows = np.arange(replicas)
        self.flush_subnormals = flush_subnormals
        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._shift = self._generator.uniform(-1.0, 1.0, replicas)
        if replicas > 1:
            self._shift[0] = 0.0
        self._blocks: list[NDArray[np.float64]] = []
        self.restart()

    def of(self, replicas: Sequence[int]) -> Noise:
        """Return the noise of some replicas alone, which is what theirs is among all."""
        part = copy(self)
        part.replicas, part._rows, part._shift = len(replicas), self._rows[replicas], self._shift[replicas]
        part.restart()
        return part

    def restart(self) -> None:
        """Start the stream of perturbations again, so that a case has the same noise whenever it is judged."""
        self._block, self._position = 0, 0

    def uniform(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return the next numbers of the stream, uniform in [-1, 1]. shape: its first axis is that of the replicas."""
        if self.replicas == self._drawn:
            return self._next(shape)
        return self._next((self._drawn, *shape[1:]))[self._rows]

    def _next(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        size = prod(shape)
        if size > self.BLOCK:
            return self._generator.uniform(-1.0, 1.0, shape)
        if self._position + size > self.BLOCK:
            self._block, self._position = self._block + 1, 0
        if self._block == len(self._blocks):
            self._blocks.append(self._generator.uniform(-1.0, 1.0, self.BLOCK))
        start = self._position
        self._position += size
        return self._blocks[self._block][start : self._position].reshape(shape)

    def rounded(
        self, exact: Values, dtype: np.dtype[Any], spread: Values | None = None, *, may_underflow: bool = True
    ) -> Values:
        """Return `exact` (computed in the wide dtype) as a port that computes in `dtype` might have it.

        spread: the size that the noise is relative to; |exact| by default.
        """
        bounds = limits(dtype)
        size = np.abs(exact)
        moved: Values = exact + bounds.spacing * (size if spread is None else spread) * self.uniform(exact.shape)
        inside = (size >= bounds.surely_normal) & (size <= bounds.surely_finite)
        if np.count_nonzero(inside) == inside.size:
            return moved
        if not size.max() <= bounds.surely_finite:
            largest = bounds.largest * self._factor(dtype, exact.ndim)
            beyond = np.isinf(exact) | (np.abs(moved) > largest)
            moved = np.where(beyond & ~np.isnan(exact), np.copysign(np.inf, exact), moved)
        if may_underflow and ((size < bounds.surely_normal) & (size > 0)).any():
            moved = self._underflown(moved, dtype)
        return moved

    def entering(self, values: Values, dtype: np.dtype[Any]) -> Values:
        """Return inputs as the machine reads them: subnormal ones may be zero, in half of the replicas."""
        if not self.flush_subnormals:
            return values
        below = np.abs(values) < limits(dtype).smallest_normal
        return np.where(below & self._flushing(values.ndim), np.copysign(0, values), values)

    def _flushing(self, ndim: int) -> NDArray[np.bool_]:
        """Return which replicas flush subnormals: every other one, or the only one."""
        chosen: NDArray[np.bool_] = self._rows % 2 == (self._drawn > 1)
        return chosen.reshape((-1,) + (1,) * (ndim - 1))

    def _underflown(self, values: Values, dtype: np.dtype[Any]) -> Values:
        bounds, factor = limits(dtype), self._factor(dtype, values.ndim)
        below = np.abs(values) < bounds.smallest_normal / factor
        if dtype == np.float16:
            below = below & (self.uniform(values.shape) < 0)
        grid = bounds.smallest_subnormal / factor
        neighbour = grid * np.floor(values / grid + (self.uniform(values.shape) + 1) / 2)
        if self.flush_subnormals:
            neighbour = np.where(self._flushing(values.ndim), np.copysign(0, values), neighbour)
        return np.where(below, neighbour, values)

    def _factor(self, dtype: np.dtype[Any], ndim: int) -> Values:
        inwards, outwards = RANGE_SHIFT[dtype]
        shifts = np.rint(self._shift * np.where(self._shift < 0, inwards, outwards))
        return np.exp2(shifts).astype(wide_dtype(dtype)).reshape((-1,) + (1,) * (ndim - 1))


@cache
def as_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return `dtype` as a NumPy dtype; raise `ValueError` unless it is float16, float32 or float64."""
    known = np.dtype(dtype)
    if known not in RANGE_SHIFT:
        raise ValueError(f"dtype must be float16, float32 or float64, got {known}")
    return known
