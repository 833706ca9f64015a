"""What an argument must satisfy, said in one sentence when it does not.

A domain is declared where the argument is, in the signature: `lr: NonNegative = 1e-3`. Functions decorated with
`gnomon.arguments.checked` check their arguments by it; the specification makes the values that a port must reject from
the same declaration. Each check names the argument, the constraint and the value that was given. The checks read only
`shape` and `dtype` of an array and only compare numbers, so that they work for every array-like that NumPy itself would
accept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Annotated, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


class NonFiniteError(ValueError):
    """A NaN or an infinity stands where a method needs finite numbers."""


def require_count(name: str, value: Any, low: int = 0) -> None:
    """Require an integer `value >= low`; raise `TypeError` or `ValueError`."""
    if type(value) is int and value >= low:
        return
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer >= {low}, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be an integer >= {low}, got {value!r}")


def require_flag(name: str, value: Any) -> None:
    """Require `True` or `False`; raise `TypeError`."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def require_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """Require one of the named choices; raise `TypeError` or `ValueError`."""
    choices = tuple(choices)
    if value not in choices:
        error = ValueError if isinstance(value, str) else TypeError
        raise error(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def require_like(name: str, array: Any, model: Any, model_name: str = "params") -> None:
    """Require that `array` has the shape and the dtype of `model`; raise `TypeError` or `ValueError`."""
    shape, dtype = getattr(array, "shape", None), getattr(array, "dtype", None)
    if dtype == model.dtype and shape == model.shape and dtype.kind == "f":
        return
    require_floating(name, array)
    if array.shape != model.shape:
        raise ValueError(f"{name} must have the shape of {model_name} {model.shape}, got {array.shape}")
    if array.dtype != model.dtype:
        raise TypeError(f"{name} must have the dtype of {model_name} {model.dtype}, got {array.dtype}")


def require_floating(name: str, array: Any) -> None:
    """Require an array of real floating-point numbers; raise `TypeError`."""
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        raise TypeError(f"{name} must be a NumPy array of floating-point numbers, got {type(array).__name__}")
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must hold real floating-point numbers, got dtype {array.dtype}")


FLOATS, INTEGERS, TRUTH_VALUES = "floating-point numbers", "integers", "truth values"
KINDS = {FLOATS: "f", INTEGERS: "iu", TRUTH_VALUES: "b"}


def require_kind(name: str, array: Any, holds: str) -> None:
    """Require an array of a kind of `KINDS`; raise `TypeError`."""
    if holds == FLOATS:
        require_floating(name, array)
    elif not hasattr(array, "dtype") or array.dtype.kind not in KINDS[holds]:
        raise TypeError(f"{name} must be an array of {holds}, got {getattr(array, 'dtype', type(array).__name__)}")


def is_real_number(value: Any) -> bool:
    """Return whether a value is one real number: Python's, NumPy's, or an array without dimensions; no truth value."""
    if hasattr(value, "dtype"):
        return bool(value.dtype.kind in "fiu" and value.ndim == 0)
    return hasattr(value, "__float__") and not isinstance(value, bool)


def require_finite(arrays: Mapping[str, Any]) -> None:
    """Require that no entry of the named arrays is NaN or infinite; raise `ValueError` naming the first that is."""
    for name, array in arrays.items():
        finite = np.isfinite(array)
        if not np.all(finite):
            index = tuple(int(i) for i in np.argwhere(~np.asarray(finite))[0])
            raise ValueError(f"{name} must be finite, got {array[index]} at index {index}")


def kept(name: str, array: str = "params") -> Callable[[Mapping[str, Any]], None]:
    """Return the rule that an argument, a number >= 0 that is kept in the dtype of an array, is not lost there."""

    def require_kept(given: Mapping[str, Any]) -> None:
        value, limits = given[name], np.finfo(given[array].dtype)
        if value > float(limits.max) or 0 < value < float(limits.smallest_subnormal):
            raise ValueError(f"{name} must be in the range of {limits.dtype}, in which it is kept, got {value!r}")

    return require_kept


def require_symmetric(name: str, matrix: Any) -> None:
    """Require a square matrix that is symmetric to half of its dtype's digits; raise `ValueError`."""
    largest = np.max(np.abs(matrix), initial=0)
    with np.errstate(invalid="ignore"):  # ∞ - ∞
        asymmetry = np.max(np.abs(matrix - matrix.T), initial=0)
    if asymmetry > float(np.finfo(matrix.dtype).eps) ** 0.5 * largest:
        raise ValueError(f"{name} must be symmetric, got entries that differ from their mirror image by {asymmetry}")


class Domain(Protocol):
    """What an annotation says that an argument must satisfy; `str` gives it in words."""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        """Raise `ValueError` or `TypeError` unless `value` satisfies it. given: the arguments before, by name."""


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`, no NaN; `above`: `low` itself is not one; `closed`: `high` itself is."""

    low: float = 0.0
    high: float = inf
    above: bool = False
    closed: bool = False

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if type(value) is not float and not is_real_number(value):
            raise TypeError(f"{name} must be a number in {self.interval}, got {value!r}")
        if not self.has(value):
            raise ValueError(f"{name} must be a finite number in {self.interval}, got {value!r}")

    def has(self, value: Any) -> Any:
        """Return whether a number, or each entry of an array, is in the interval."""
        within = (self.low < value) & (value < self.high)
        return within | ((value == self.low) & (not self.above)) | ((value == self.high) & self.closed)

    @property
    def interval(self) -> str:
        """The interval as it is written: [0, 1), (0, inf), …"""
        return f"{'(' if self.above else '['}{self.low:g}, {self.high:g}{']' if self.closed else ')'}"

    def __str__(self) -> str:
        if self.high == inf:
            above = "" if self.low == -inf else f"{'>' if self.above else '>='} {self.low:g}"
            return above if self.closed else "finite" + f" and {above}" * (above != "")
        return f"in {self.interval}"


@dataclass(frozen=True)
class Count:
    """An integer >= `low`."""

    low: int = 0

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        require_count(name, value, self.low)

    def __str__(self) -> str:
        return f"an integer >= {self.low}"


@dataclass(frozen=True)
class Choice:
    """One of the named choices; a `Literal` says the same."""

    names: tuple[str, ...]

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        require_choice(name, value, self.names)

    def __str__(self) -> str:
        return "one of " + ", ".join(map(repr, self.names))


@dataclass(frozen=True)
class Flag:
    """True or False; `bool` says the same."""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        require_flag(name, value)

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class Floating:
    """An array of floating-point numbers, of any shape."""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        require_floating(name, value)

    def __str__(self) -> str:
        return "an array of floating-point numbers"


@dataclass(frozen=True)
class Like:
    """An array of the shape and the dtype of another argument."""

    model: str

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        require_like(name, value, given[self.model], self.model)

    def __str__(self) -> str:
        return f"an array of the shape and the dtype of {self.model}"


@dataclass(frozen=True)
class Finite:
    """An array of finite floating-point numbers > `above`, like the argument `model` if there is one."""

    model: str = ""
    above: float = -inf

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        (Like(self.model) if self.model else Floating()).require(name, value, given)
        seen = given.get(SEEN, Seen())
        seen.first = seen.first or (name, value.dtype)
        if not np.all(np.isfinite(value) & (value > self.above)):
            raise ValueError(f"{name} must be finite{self._words()} in every entry")

    def _words(self) -> str:
        return f" and > {self.above:g}" if self.above > -inf else ""

    def __str__(self) -> str:
        return f"{Like(self.model) if self.model else Floating()}, finite{self._words()}"


@dataclass(frozen=True)
class Scalar:
    """One number of a floating-point dtype, that of the argument `model` if there is one, >= `low`, not NaN.

    finite: no infinity either, and no NaN whatever `low` is.
    """

    model: str = ""
    low: float = -inf
    finite: bool = False

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        require_floating(name, value)
        if value.shape != ():
            raise ValueError(f"{name} must be one number, got shape {value.shape}")
        if self.model in given and value.dtype != given[self.model].dtype:
            raise TypeError(f"{name} must have the dtype of {self.model} {given[self.model].dtype}, got {value.dtype}")
        if self.low > -inf and not (value >= self.low and value <= inf):
            raise ValueError(f"{name} must be >= {self.low:g} and not nan, got {value}")
        if self.finite and not np.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}")

    def __str__(self) -> str:
        of = f" of the dtype of {self.model}" if self.model else " of a floating-point dtype"
        return f"one number{of}" + f", >= {self.low:g}" * (self.low > -inf) + ", finite" * self.finite


@dataclass
class Seen:
    """What is known of the arrays of a call that were looked at.

    lengths: by name. where: in which argument each was found. first: name and dtype of the first array.
    """

    lengths: dict[str, int] = field(default_factory=lambda: {"": 0})
    where: dict[str, str] = field(default_factory=dict)
    first: tuple[str, Any] | None = None


SEEN = "what is known of arrays"  # where, among the arguments of a call, this is kept


def axis_and_more(axis: str) -> tuple[str, int]:
    """Return what is named and added in a name like "n + 1"; a number has no name."""
    name, _, more = axis.partition("+") if not axis.isdigit() else ("", "", axis)
    return name.strip(), int(more or 0)


@dataclass(frozen=True)
class Entries:
    """An array of known shape.

    axes: what its lengths are called, as in `("m", "n + 1")`; a number is a length. One name is one length in all
    arguments of a function, and arrays of floating-point numbers have one dtype. least: of each length. fit: the
    argument whose last length is n instead, and whose dtype the array has; of: what more of its lengths are called.
    finite: no NaN, no infinity. nonzero: no row is all 0. each: what is true of each entry. symmetric: to half of the
    dtype's digits. holds: what kind of entries, see `KINDS`. shared: names that other arguments have, too, as
    `domains_of` finds them.
    """

    axes: tuple[str, ...]
    least: int = 0
    fit: str = ""
    finite: bool = False
    nonzero: bool = False
    each: Number | None = None
    symmetric: bool = False
    of: tuple[str, ...] = ("n",)
    holds: str = FLOATS
    shared: frozenset[str] = frozenset()

    @property
    def names(self) -> set[str]:
        """What its lengths are called in all of a signature: nothing where they are those of one argument."""
        return set() if self.fit else {axis_and_more(axis)[0] for axis in self.axes}

    def _known(self, given: Mapping[str, Any]) -> dict[str, int]:
        """Return the lengths that are those of arguments before, or of the one that it fits."""
        if not self.fit:
            return dict(given.get(SEEN, Seen()).lengths)
        shape = given[self.fit].shape
        return {"": 0} | {axis: shape[-i] if i <= len(shape) else 0 for i, axis in enumerate(self.of[::-1], 1)}

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        require_kind(name, value, self.holds)
        seen, known, axes = given.get(SEEN, Seen()), self._known(given), [axis_and_more(axis) for axis in self.axes]
        for (axis, more), length in zip(axes, value.shape, strict=False):
            known.setdefault(axis, length - more)
        expected = tuple(known.get(axis, -1) + more for axis, more in axes)
        if value.shape != expected or min(value.shape, default=self.least) < self.least:
            raise ValueError(f"{name} must have shape {self._words(given)}, got {value.shape}")
        if self.holds == FLOATS:
            like, dtype = (self.fit, given[self.fit].dtype) if self.fit else seen.first or (name, value.dtype)
            if value.dtype != dtype:
                raise TypeError(f"{name} must have the dtype of {like} {dtype}, got {value.dtype}")
        if not self.fit:
            seen.where |= {axis: name for axis, _ in axes if axis and axis not in seen.where}
            seen.lengths.update(known)
            seen.first = seen.first or ((name, value.dtype) if self.holds == FLOATS else None)
        if self.finite and not np.all(np.isfinite(value)):
            raise NonFiniteError(f"{name} must be finite, got a NaN or an infinity in it")
        if self.nonzero and not np.all(np.any(value != 0, axis=-1)):
            raise ValueError(f"{name} must not be zero{' in any row' if len(self.axes) > 1 else ''}")
        if self.each and not np.all(self.each.has(value)):
            raise ValueError(f"{name} must be {self.each} in every entry")
        if self.symmetric:
            require_symmetric(name, value)

    def _words(self, given: Mapping[str, Any] | None = None) -> str:
        known = self._known(given) if given is not None else {}
        axes = [
            str(known[a] + more) if a in known else axis
            for axis, (a, more) in zip(self.axes, map(axis_and_more, self.axes), strict=True)
        ]
        words = f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"
        least = [f"{axis} >= {self.least}" for axis in dict.fromkeys(axes) if self.least and not axis.isdigit()]
        words += f" with {' and '.join(least)}" if least else ""
        if self.fit:
            return f"{words} to fit {self.fit}" + (f" {given[self.fit].shape}" if given is not None else "")
        where = given.get(SEEN, Seen()).where if given is not None else {}
        others = dict.fromkeys(where[axis] for axis, _ in map(axis_and_more, self.axes) if axis in where)
        return f"{words} to fit {' and '.join(others)}" if others else words

    def __str__(self) -> str:
        each = f", each {self.each}" if self.each else ", finite" * self.finite
        more = [each, ", not zero" * self.nonzero]
        of = "" if self.holds == FLOATS else f" of {self.holds}"
        return f"an array{of} of shape {self._words()}{''.join(more)}{', symmetric' * self.symmetric}"


@dataclass(frozen=True)
class RealNumber:
    """One real number, Python's or of any dtype: NaN and infinity are some, too."""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if not is_real_number(value):
            raise TypeError(f"{name} must be a number, got {value!r}")

    def __str__(self) -> str:
        return "a number"


@dataclass(frozen=True)
class Kind:
    """What is of one of several classes, or has the methods of a protocol."""

    classes: tuple[type[Any], ...]

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if not isinstance(value, self.classes):
            raise TypeError(f"{name} must be {self}, got {type(value).__name__}")

    def __str__(self) -> str:
        *names, last = (f"{'an' if k.__name__[0] in 'AEIOU' else 'a'} {k.__name__}" for k in self.classes)
        return f"{', '.join(names)} or {last}" if names else last


@dataclass(frozen=True)
class Several:
    """A tuple, or a list, of what the inner domain says."""

    inner: Domain

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if not isinstance(value, tuple | list):
            raise TypeError(f"{name} must be a tuple, got {type(value).__name__}")
        for i, part in enumerate(value):
            self.inner.require(f"{name}[{i}]", part, given)

    def __str__(self) -> str:
        return f"a tuple of: {self.inner}"


@dataclass(frozen=True)
class TupleOfArrays:
    """A tuple, or a list, of one or more arrays of one floating-point dtype, like those of the argument `model` if any.

    finite: no NaN, no infinity.
    """

    model: str = ""
    finite: bool = False

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if not isinstance(value, tuple | list):
            raise TypeError(f"{name} must be a tuple of arrays, got {type(value).__name__}")
        like = given[self.model] if self.model else value
        if len(value) != len(like) or not value:
            number = f"{len(like)} arrays, as {self.model} has" if self.model else "at least one array"
            raise ValueError(f"{name} must have {number}, got {len(value)}")
        for i, (array, model) in enumerate(zip(value, like, strict=True)):
            if self.model:
                require_like(f"{name}[{i}]", array, model, f"{self.model}[{i}]")
            else:
                require_floating(f"{name}[{i}]", array)
            if array.dtype != like[0].dtype:
                raise TypeError(f"{name} must have one dtype, got {like[0].dtype} and {array.dtype}")
        if self.finite:
            require_finite({f"{name}[{i}]": array for i, array in enumerate(value)})

    def __str__(self) -> str:
        like = f"arrays of the shapes and the dtype of those of {self.model}"
        alone = "one or more arrays of one floating-point dtype"
        return f"a tuple of {like if self.model else alone}" + ", finite" * self.finite


@dataclass(frozen=True)
class OrNone:
    """What the inner domain says, or `None`."""

    inner: Domain

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if value is not None:
            self.inner.require(name, value, given)

    def __str__(self) -> str:
        return f"{self.inner}, or None"


@dataclass(frozen=True)
class State:
    """A state whose parts satisfy domains of their own."""

    parts: tuple[tuple[str, Domain], ...]

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        for part, domain in self.parts:
            if not hasattr(value, part):
                raise TypeError(f"{name} must have a part {part}, got {type(value).__name__}")
            domain.require(f"{name}.{part}", getattr(value, part), given)

    def __str__(self) -> str:
        return "; ".join(f"{part}: {domain}" for part, domain in self.parts)


Real: TypeAlias = Annotated[float, Number(-inf, above=True)]
NonNegative: TypeAlias = Annotated[float, Number()]
Positive: TypeAlias = Annotated[float, Number(above=True)]
Fraction: TypeAlias = Annotated[float, Number(0, 1)]
OpenFraction: TypeAlias = Annotated[float, Number(0, 1, above=True)]
UnitInterval: TypeAlias = Annotated[float, Number(0, 1, closed=True)]
NonNegativeInt: TypeAlias = Annotated[int, Count()]
PositiveInt: TypeAlias = Annotated[int, Count(1)]
