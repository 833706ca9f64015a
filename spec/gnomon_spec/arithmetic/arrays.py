"""The noisy array: K replicas of an array that take part in NumPy's operations as if they were one.

The replicas lie along a hidden first axis of `values`; `shape`, indices and axes speak of the visible ones. There are
three kinds:

noisy   imitates arrays of `dtype`: computes in the wide dtype, then perturbs.
weak    imitates Python floats (NumPy's weak scalars): computes as float64 and takes the dtype of the array it meets.
        What a ufunc returns for it is weak again, while NumPy's `sqrt` of a Python float is a strong float64: operators
        and ufuncs arrive alike, so the two cannot be told apart. The difference would show beside arrays narrower than
        float64; there the perturbed runs use plain Python floats, and the promotion is NumPy's own.
exact   computes in its own dtype without noise: what a law does with the outputs of perturbed runs.

A question whose answer differs between replicas (`if norm == 0:`) raises `ReplicasDisagreeError`; the runs are then
made again, those together that gave the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike, NDArray

from gnomon_spec.arithmetic.noise import Noise, Values, limits, wide_dtype
from gnomon_spec.arithmetic.rules import ACCUMULATIONS, COMPOSED, REDUCTIONS, RULES

Kind = Literal["noisy", "weak", "exact"]

# Ufuncs that select or change a sign: their results need no rounding.
EXACT_UFUNCS = {
    *(np.absolute, np.fabs, np.negative, np.positive, np.sign, np.copysign, np.maximum, np.minimum),
    *(np.fmax, np.fmin, np.floor, np.ceil, np.trunc, np.rint, np.conjugate, np.nextafter),
}
SUMS = frozenset((np.add, np.subtract))
PRODUCTS = frozenset((np.multiply, np.divide))
FLOAT64 = np.dtype(np.float64)
PYTHON_NUMBERS = frozenset((int, float))


class ReplicasDisagreeError(Exception):
    """The replicas of a noisy array answer a question differently. answers: of each replica, along the first axis."""

    def __init__(self, answers: Values | Sequence[Any]) -> None:
        super().__init__("replicas disagree")
        self.answers = answers

    def parts(self) -> list[list[int]]:
        """Return the replicas that give the same answer, for each answer; raise this error if there is only one."""
        found: dict[str, list[int]] = {}
        for replica, answer in enumerate(self.answers):
            found.setdefault(str(np.asarray(answer).tolist()), []).append(replica)
        if len(found) == 1:
            raise self
        return list(found.values())


class NoisyArray(NDArrayOperatorsMixin):
    """K perturbed replicas of one array; see the module's text."""

    __slots__ = ("dtype", "kind", "noise", "source", "values")
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __init__(self, values: Values, dtype: DTypeLike, noise: Noise, kind: Kind = "noisy") -> None:
        self.values = values
        self.dtype = dtype if isinstance(dtype, np.dtype) else np.dtype(dtype)
        self.noise = noise
        self.kind = kind
        self.source: NoisyArray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape[1:]

    @property
    def ndim(self) -> int:
        return self.values.ndim - 1

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a NoisyArray without dimensions")
        return self.shape[0]

    def __iter__(self) -> Iterator[NoisyArray]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"NoisyArray({self.values[0]}, dtype={self.dtype}, {self.kind}, {self.noise.replicas} replicas)"

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        raise TypeError("a NoisyArray cannot become a plain array: its replicas would be lost")

    def __float__(self) -> float:
        raise TypeError("float() on the data path would lose rounding noise (and the dtype of a real array)")

    def __bool__(self) -> bool:
        return bool(self.agreed())

    def __int__(self) -> int:
        return int(self._like(np.trunc(self.values)).agreed())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TypeError(f"only integers can be an index, got dtype {self.dtype}")
        return int(self.agreed())

    def agreed(self) -> Any:
        """Return the value that all replicas have; raise `ReplicasDisagreeError` if they differ."""
        first = self.values[0]
        if not np.array_equal(self.values, np.broadcast_to(first, self.values.shape), equal_nan=self.dtype.kind == "f"):
            raise ReplicasDisagreeError(self.values)
        return first

    def __getitem__(self, index: Any) -> NoisyArray:
        return self._like(self.values[(slice(None), *self._plain_index(index))])

    def __setitem__(self, index: Any, value: Any) -> None:
        where = (slice(None), *self._plain_index(index))
        self.source = None
        if isinstance(value, NoisyArray):
            target = self.values[where]
            stored = self._entering(value)
            value = stored.reshape(stored.shape[:1] + (1,) * (target.ndim - stored.ndim) + stored.shape[1:])
        else:
            value = self._stored(value, self.dtype, self.values.dtype)
        self.values[where] = value

    def _entering(self, value: NoisyArray) -> Values:
        """Return the values of another array as they are after being written into this one."""
        if self.kind != "exact" and value.kind == "noisy" and self.dtype.kind == "f":
            value = value.astype(self.dtype, copy=False)
        return np.asarray(self._stored(value, self.dtype, self.values.dtype))

    def _plain_index(self, index: Any) -> tuple[Any, ...]:
        if not isinstance(index, tuple):
            return (index.agreed() if isinstance(index, NoisyArray) else index,)
        parts = tuple(part.agreed() if isinstance(part, NoisyArray) else part for part in index)
        if len(parts) > 1 and any(isinstance(part, np.ndarray | list) for part in parts):
            # Where arrays stand apart from each other NumPy puts their axes first: before the hidden one, too.
            places = np.arange(self.size).reshape(self.shape)[parts]
            return tuple(np.unravel_index(places, self.shape))
        return parts

    def _like(self, values: Values) -> NoisyArray:
        return NoisyArray(values, self.dtype, self.noise, self.kind)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "__call__" and not options and ufunc not in COMPOSED:
            return elementwise(ufunc, inputs)
        out = options.pop("out", None)
        if options.pop("where", True) is not True or not set(options) <= {"axis", "keepdims", "axes"}:
            raise TypeError(f"numpy.{ufunc.__name__} on a NoisyArray takes no {', '.join(options) or 'where'}")
        if ufunc in COMPOSED and method == "__call__":
            result: Any = COMPOSED[ufunc](*inputs)
        elif method == "__call__":
            result = elementwise(ufunc, inputs)
        elif method == "reduce" and ufunc in REDUCTIONS:
            kept = bool(options.get("keepdims", False))
            result = REDUCTIONS[ufunc](inputs[0], options.get("axis", 0), keepdims=kept)
        elif method == "accumulate" and ufunc in ACCUMULATIONS:
            result = ACCUMULATIONS[ufunc](inputs[0], options.get("axis", 0))
        elif method == "outer":
            left, right = inputs
            result = ufunc(np.reshape(left, (*np.shape(left), *(1,) * np.ndim(right))), right)
        else:
            raise TypeError(f"numpy.{ufunc.__name__}.{method} has no rule for rounding noise")
        if out is None:
            return result
        (target,) = out
        if not isinstance(target, NoisyArray):
            raise TypeError("a noisy result cannot be written into a plain array")
        if target.shape != np.broadcast_shapes(target.shape, result.shape):
            raise ValueError(
                f"a result of shape {result.shape} cannot be written into an array of shape {target.shape}"
            )
        target[...] = result
        return target

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        rule = RULES.get(function)
        if rule is None:
            name = f"{function.__module__}.{function.__name__}"
            raise TypeError(f"{name} has no rule for rounding noise (gnomon_spec.arithmetic.rules.RULES)")
        return rule(*args, **kwargs)

    @staticmethod
    def _stored(operand: Any, dtype: np.dtype[Any], wide: np.dtype[Any]) -> Any:
        """Return an operand of an operation in `dtype` as it is computed with, in `wide`."""
        if isinstance(operand, NoisyArray):
            if operand.kind == "weak" and dtype.itemsize < 8:
                return operand.values.astype(dtype).astype(wide)
            return operand.values.astype(wide, copy=False)
        if isinstance(operand, bool | int | float):
            return wide.type(dtype.type(operand))
        return np.asarray(operand).astype(wide, copy=False)

    def _applied(self, function: Any, *args: Any, **kwargs: Any) -> NoisyArray:
        result: NoisyArray = function(self, *args, **kwargs)
        return result

    # Methods that NumPy's arrays have; each is the function of the same name.
    def astype(self, dtype: DTypeLike, copy: bool = True) -> NoisyArray:
        new = np.dtype(dtype)
        if self.kind == "exact" and (new.kind == self.dtype.kind or new.kind == "f"):
            return self if self.dtype.kind == "f" else NoisyArray(self.values.astype(new), new, self.noise, "exact")
        if new == self.dtype and self.kind != "weak":
            return self.copy() if copy else self
        if new.kind != "f":
            return NoisyArray(self.values.astype(new), new, self.noise, self.kind if self.kind == "exact" else "noisy")
        values = self.values.astype(wide_dtype(new))
        narrower = self.dtype.kind != "b" and (self.dtype.kind != "f" or new.itemsize < self.dtype.itemsize)
        return NoisyArray(self.noise.rounded(values, new) if narrower else values, new, self.noise)

    def reshape(self, *shape: Any) -> NoisyArray:
        new = shape[0] if len(shape) == 1 and not isinstance(shape[0], int | np.integer) else shape
        if -1 in new and 0 in self.shape:
            new = np.empty(self.shape).reshape(new).shape
        return self._like(self.values.reshape((self.noise.replicas, *new)))

    @property
    def T(self) -> NoisyArray:  # noqa: N802 - NumPy's own name
        return self._applied(np.transpose)

    @property
    def mT(self) -> NoisyArray:  # noqa: N802 - NumPy's own name
        return self._applied(np.swapaxes, -1, -2)

    def copy(self) -> NoisyArray:
        return self._like(self.values.copy())

    def ravel(self) -> NoisyArray:
        return self.reshape(-1)

    def flatten(self) -> NoisyArray:
        return self.ravel().copy()

    def transpose(self, *axes: Any) -> NoisyArray:
        return self._applied(np.transpose, (axes[0] if len(axes) == 1 else axes) or None)

    def sum(self, axis: Any = None, keepdims: bool = False) -> NoisyArray:
        return self._applied(np.sum, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> NoisyArray:
        return self._applied(np.mean, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> NoisyArray:
        return self._applied(np.max, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> NoisyArray:
        return self._applied(np.min, axis=axis, keepdims=keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> NoisyArray:
        return self._applied(np.all, axis=axis, keepdims=keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> NoisyArray:
        return self._applied(np.any, axis=axis, keepdims=keepdims)

    def argmax(self, axis: Any = None) -> NoisyArray:
        return self._applied(np.argmax, axis=axis)

    def argmin(self, axis: Any = None) -> NoisyArray:
        return self._applied(np.argmin, axis=axis)

    def dot(self, other: Any) -> NoisyArray:
        return self._applied(np.dot, other)


class Together:
    """Operands of one operation brought to a common dtype, kind and number of dimensions."""

    def __init__(self, operands: Any) -> None:
        arrays = [x for x in operands if isinstance(x, NoisyArray)]
        self.noise = arrays[0].noise
        strong = [x.dtype for x in operands if _is_strong(x)]
        if any(x.kind == "exact" and x.dtype.kind == "f" for x in arrays):
            self.kind: Kind = "exact"
            self.dtype = max((x.dtype for x in arrays if x.kind == "exact"), key=lambda d: d.itemsize)
            self.wide = self.dtype
        else:
            common = np.result_type(*strong) if strong else FLOAT64
            integral = common.kind != "f"
            if integral and any(isinstance(x, float) or getattr(x, "kind", "") == "weak" for x in operands):
                common, integral = FLOAT64, False
            self.kind = "noisy" if strong else "weak"
            self.dtype = common
            self.wide = common if integral else wide_dtype(common)
        self.ndim = max(_ndim(x) for x in operands)
        self.values = [self._aligned(x) for x in operands]

    def _aligned(self, operand: Any) -> Any:
        stored = NoisyArray._stored(operand, self.dtype, self.wide)
        if isinstance(operand, NoisyArray) and operand.ndim < self.ndim:
            return stored.reshape(stored.shape[:1] + (1,) * (self.ndim - operand.ndim) + stored.shape[1:])
        return stored

    def result(self, values: Values, spread: Values | None = None, *, exact: bool = False) -> NoisyArray:
        """Wrap what was computed from the operands, with the noise of rounding it."""
        if values.dtype.kind != "f":
            return NoisyArray(values, values.dtype, self.noise, "exact" if self.kind == "exact" else "noisy")
        if self.dtype.kind != "f":  # an integer operation with a real result, as in 1/2
            self.dtype, values = FLOAT64, values.astype(wide_dtype(FLOAT64))
        if exact or self.kind == "exact":
            return NoisyArray(values, self.dtype, self.noise, self.kind)
        return NoisyArray(self.noise.rounded(values, self.dtype, spread), self.dtype, self.noise, self.kind)


def _is_strong(operand: Any) -> bool:
    if isinstance(operand, NoisyArray):
        return operand.kind != "weak"
    return isinstance(operand, np.ndarray | np.generic)


def _ndim(operand: Any) -> int:
    if isinstance(operand, NoisyArray | np.ndarray):
        return operand.ndim
    return np.ndim(operand) if isinstance(operand, list | tuple) else 0


def elementwise(ufunc: np.ufunc, operands: Any) -> Any:
    """Apply a ufunc entry by entry; every real result is rounded unless the ufunc only selects or changes signs."""
    values, like = _directly(ufunc, operands)
    if like is not None:
        keeps = ufunc in SUMS and not all(type(operand) is NoisyArray for operand in operands)
        return _wrapped(values, like, exact=ufunc in EXACT_UFUNCS, may_underflow=not keeps)
    together = Together(operands)
    values = ufunc(*together.values)
    exact = ufunc in EXACT_UFUNCS
    if isinstance(values, tuple):
        return tuple(together.result(np.asarray(part), exact=exact) for part in values)
    return together.result(np.asarray(values), exact=exact)


def _directly(ufunc: np.ufunc, operands: Any) -> tuple[Any, NoisyArray | None]:
    """Return a real result and what it is like, if the operands need no bringing together: most often, and fast.

    They are one array, two alike, or an array and a Python number.
    """
    a, b = operands[0], operands[-1]
    array, other = (a, b) if type(a) is NoisyArray else (b, a)
    if ufunc.nout != 1 or len(operands) > 2 or array.dtype.kind != "f":
        return None, None
    if len(operands) == 1:
        return ufunc(array.values), array
    if type(other) in PYTHON_NUMBERS:
        return ufunc(*(x.values if x is array else _beside(array, x, ufunc) for x in operands)), array
    if type(other) is NoisyArray and array.kind == other.kind and array.dtype is other.dtype:
        stored = array.values.dtype, other.values.dtype
        if stored[0] is stored[1] and array.ndim == other.ndim:
            return ufunc(a.values, b.values), array
    return None, None


def _beside(array: NoisyArray, number: float, ufunc: np.ufunc) -> Any:
    """Return a Python number as an array computes with it: rounded to its dtype, unless that would lose it.

    In a sum it is then what it is, in a product what each replica makes of it.
    """
    wide: Any = array.values.dtype
    dtype: Any = array.dtype
    size = abs(number)
    bounds = limits(dtype) if array.kind == "noisy" else None
    if bounds is None or not number or bounds.surely_normal <= size <= bounds.surely_finite:
        return dtype.type(number).astype(wide)
    if ufunc in SUMS:
        return wide.type(number)
    if ufunc in PRODUCTS:
        return array.noise.rounded(np.full((array.noise.replicas,) + (1,) * array.ndim, number, wide), dtype)
    return dtype.type(number).astype(wide)


def _wrapped(values: Values, like: NoisyArray, *, exact: bool, may_underflow: bool) -> NoisyArray:
    if values.dtype.kind != "f":
        return NoisyArray(values, values.dtype, like.noise, "exact" if like.kind == "exact" else "noisy")
    if not exact and like.kind != "exact":
        values = like.noise.rounded(values, like.dtype, may_underflow=may_underflow)
    return NoisyArray(values, like.dtype, like.noise, like.kind)
