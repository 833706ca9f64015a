"""What a case is: named inputs, drawn by Hypothesis, together making one call (or several) of an operation.

`Cases` is a list of named quantities that share one shape. It can be listed (each quantity says in words what it
draws), varied (`but`), and narrowed to what a port offers (`within`): a port with a fixed weight decay of 0 is only
asked for weight decay 0, and a law that needs another one does not apply to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from gnomon_spec.arithmetic import wide_dtype

PLACES = st.integers(0, 63)
Draw = Callable[[st.SearchStrategy[Any]], Any]


class Context(NamedTuple):
    """What a quantity may look at when it is drawn: the dtype, the common shape, and what was drawn before it."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    drawn: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Quantity:
    """One named input: how it is drawn, which values it can take, and both in words."""

    draw: Callable[[Draw, Context], Any]
    text: str
    allows: Callable[[Any], bool] = lambda _: True

    def __repr__(self) -> str:
        return f"<{self.text}>"


def constant(value: Any) -> Quantity:
    """Always the same value."""
    return Quantity(lambda _draw, _context: value, repr(value), lambda other: bool(other == value))


def choice(*values: Any) -> Quantity:
    """One of the given values; the first is the simplest."""
    text = repr(values[0]) if len(values) == 1 else "one of " + ", ".join(map(repr, values))
    return Quantity(lambda draw, _context: values[draw(PLACES) % len(values)], text, lambda value: value in values)


class Case(Mapping[str, Any]):
    """The drawn inputs by name, also as attributes; `hyper` holds those that are the operation's keyword arguments."""

    def __init__(self, values: Mapping[str, Any], hyperparameters: Iterable[str] = ()) -> None:
        self._values = dict(values)
        self._names = tuple(hyperparameters)
        self._widened: dict[Any, Case] = {}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(f"this case has no {name!r}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Case({self._values!r})"

    @property
    def hyper(self) -> dict[str, Any]:
        return {name: self._values[name] for name in self._names if name in self._values}

    def but(self, **changed: Any) -> Case:
        """Return the case with some inputs replaced or added."""
        return Case({**self._values, **changed}, self._names)

    def map(self, change: Callable[[Any], Any]) -> Case:
        """Return the case with `change` applied to every array and number in it."""
        return Case(map_leaves(change, self._values), self._names)

    def widened(self, dtype: np.dtype[Any]) -> Case:
        """Return the case as a law sees it: the same numbers, in the wide dtype."""
        if dtype in self._widened:
            return self._widened[dtype]
        wide = wide_dtype(dtype)

        def widen(leaf: Any) -> Any:
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
                return leaf.astype(wide)
            if isinstance(leaf, float):
                return wide.type(leaf)
            return leaf

        self._widened[dtype] = self.map(widen)
        return self._widened[dtype]


CONTAINERS = (tuple, list, dict)
ARRAYS = (np.ndarray, np.floating)
NUMBERS = (float, np.floating)
LEAVES = frozenset((np.ndarray, float, int, bool, str, type(None)))  # most leaves by far


def map_leaves(change: Callable[[Any], Any], value: Any) -> Any:
    """Apply `change` to every leaf of nested tuples, NamedTuples, lists and dictionaries."""
    if not isinstance(value, CONTAINERS):
        return change(value)
    if isinstance(value, dict):
        return dict(zip(value, map_leaves(change, list(value.values())), strict=True))
    parts = [change(part) if type(part) in LEAVES else map_leaves(change, part) for part in value]
    if isinstance(value, list):
        return parts
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)


def leaves(value: Any) -> list[Any]:
    """Return the leaves of nested tuples, lists and dictionaries."""
    if not isinstance(value, CONTAINERS):
        return [value]
    found = []
    for part in value.values() if isinstance(value, dict) else value:
        found += [part] if type(part) in LEAVES else leaves(part)
    return found


def same_bits(left: Any, right: Any) -> bool:
    """Return whether two outputs have the same leaves, bit for bit but for what a NaN carries.

    A Python float on the left has the dtype of what stands on the right.
    """
    pairs = leaves(left), leaves(right)
    return len(pairs[0]) == len(pairs[1]) and all(starmap(_same_leaf, zip(*pairs, strict=True)))


def _same_leaf(x: Any, y: Any) -> bool:
    if isinstance(x, str) or isinstance(y, str):
        return isinstance(x, str) and isinstance(y, str) and x == y
    b = np.asarray(y)
    a = np.asarray(x, b.dtype if type(x) is float else None)
    if a.dtype.kind == b.dtype.kind == "f":
        a, b = (np.where(np.isnan(array), np.nan, array) for array in (a, b))
    return a.shape == b.shape and a.tobytes() == b.tobytes()


@dataclass(frozen=True)
class Cases:
    """Named quantities of one common shape; `shape` draws that shape."""

    quantities: Mapping[str, Quantity]
    shape: Quantity
    hyperparameters: tuple[str, ...] = field(default=())

    def but(self, **changed: Quantity | float | int | bool | str) -> Cases:
        """Return these cases with some quantities replaced (a plain value stands for itself) or added."""
        quantities = {
            name: value if isinstance(value, Quantity) else constant(value) for name, value in changed.items()
        }
        return replace(self, quantities={**self.quantities, **quantities})

    def shaped(self, shape: Quantity) -> Cases:
        """Return these cases with another common shape."""
        return replace(self, shape=shape)

    def for_arguments(self, hyperparameters: Iterable[str]) -> Cases:
        """Return these cases with the names that count as an operation's keyword arguments."""
        return replace(self, hyperparameters=tuple(hyperparameters))

    def within(self, fixed: Mapping[str, Any]) -> Cases | None:
        """Return these cases with the fixed values of a port; None if one of them is outside what the law is about."""
        known = {name: value for name, value in fixed.items() if name in self.quantities}
        if not all(self.quantities[name].allows(value) for name, value in known.items()):
            return None
        return self.but(**known)

    def among(self, offered: Mapping[str, tuple[Any, ...]]) -> Cases | None:
        """Return these cases with some quantities limited to the values a port has; None if none of them fits."""
        limited = {}
        for name, values in offered.items():
            if name in self.quantities:
                fitting = tuple(value for value in values if self.quantities[name].allows(value))
                if not fitting:
                    return None
                limited[name] = choice(*fitting)
        return self.but(**limited)

    def strategy(self, dtype: np.dtype[Any]) -> st.SearchStrategy[Case]:
        """Return the Hypothesis strategy that draws a case in `dtype`."""
        return _cases(self, dtype)


@st.composite
def _cases(draw: Draw, cases: Cases, dtype: np.dtype[Any]) -> Case:
    drawn: dict[str, Any] = {}
    shape = cases.shape.draw(draw, Context(dtype, (), drawn))
    context = Context(dtype, shape, drawn)
    for name, quantity in cases.quantities.items():
        drawn[name] = quantity.draw(draw, context)
    return Case(drawn, cases.hyperparameters)
