"""The reference as a port whose outputs are damaged: each leaf in every way in which a port may get it wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gnomon_spec.cases import Case, leaves
from gnomon_spec.system import Law, Operation
from gnomon_validation.drawing import visit
from gnomon_validation.ports.port import Offer

HUGE = 100_000
BAD_SIZE = 2**70
OF_ANYTHING: dict[str, Callable[[Any], Any]] = {
    "nested": lambda x: ((x,), [x]),
    "none": lambda x: None,
    "text": lambda x: "\x1b[31m\ud800 text",
    "an integer": lambda x: 7,
    "an object": lambda x: Unspeakable(),
}
OF_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "truncated": lambda x: x[..., :-1] if np.ndim(x) else np.empty(0, np.asarray(x).dtype),
    "empty": lambda x: np.asarray(x)[..., np.newaxis][..., :0],
    "nan": lambda x: np.full_like(x, np.nan),
    "inf": lambda x: np.full_like(x, np.inf),
    "minus inf": lambda x: np.full_like(x, -np.inf),
    "zero": lambda x: np.zeros_like(x),
    "largest": lambda x: np.full_like(x, np.finfo(np.float64).max),
    "one number": lambda x: np.asarray(x, np.float64).ravel()[:1].sum(),
    "a row more": lambda x: np.asarray(x)[np.newaxis],
    "huge": lambda x: np.resize(np.asarray(x), (HUGE, *np.shape(x)[1:])) if np.ndim(x) < 2 else np.resize(x, HUGE),
    "integers": lambda x: np.ones(np.shape(x), np.int64),
    "complex": lambda x: np.asarray(x) * 1j,
    "objects": lambda x: np.full(np.shape(x), None),
    "reversed": lambda x: np.asarray(x)[::-1] if np.ndim(x) else -x,
}
OF_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "minus one": lambda x: -1,
    "a billion": lambda x: 10**9,
    "beyond 64 bits": lambda x: BAD_SIZE,
    "nan": lambda x: float("nan"),
    "a truth value": lambda x: not x,
    "an array": lambda x: np.ones(3),
}
OF_ALL: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda out: None,
    "swapped": lambda out: out[::-1] if type(out) is tuple else (out, out),
    "first alone": lambda out: out[0] if isinstance(out, tuple) else out,
    "one more": lambda out: (*out, 1) if isinstance(out, tuple) else (out, 1),
    "a dictionary": lambda out: out._asdict() if hasattr(out, "_asdict") else {"params": out},
}


class Unspeakable:
    """An object that cannot say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")

    __str__ = __repr__
    __array__ = None


class Damage(NamedTuple):
    """What is done to an output: to a leaf of it, by its place, or to all of it."""

    name: str
    act: Callable[[Any], Any]
    leaf: int | None = None

    def done(self, outputs: Any) -> Any:
        if self.leaf is None:
            return self.act(outputs)
        return _replaced(outputs, self.leaf, self.act)[0]


def _replaced(value: Any, place: int, act: Callable[[Any], Any]) -> tuple[Any, int]:
    """Return the value with one leaf changed, and the place counted from behind it."""
    if not isinstance(value, tuple | list):
        return (act(value) if place == 0 else value), place - 1
    parts = []
    for part in value:
        changed, place = _replaced(part, place, act)
        parts.append(changed)
    return (type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)), place


def damages_of(outputs: Any) -> Iterator[Damage]:
    """Yield every damage that can be done to outputs such as these."""
    for i, leaf in enumerate(leaves(outputs)):
        own = OF_ARRAYS if isinstance(leaf, np.ndarray | np.floating) else OF_NUMBERS
        yield from (Damage(f"{i} {name}", act, i) for name, act in {**OF_ANYTHING, **own}.items())
    yield from (Damage(f"all {name}", act) for name, act in OF_ALL.items())


class DamagedPort:
    """The reference, with a damage done to what one operation returns; what it rejects is used, and damaged, too."""

    name = "damaged"

    def __init__(self, damage: Damage, at: Operation) -> None:
        self.damage, self.at = damage, at

    def offer(self, operation: Operation) -> Offer:
        return Offer()

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        if operation is not self.at:
            return operation.reference(*inputs, **hyperparameters)
        try:
            outputs = operation.reference(*inputs, **hyperparameters)
        except (TypeError, ValueError):
            if self.damage.leaf is None:
                raise
            outputs = (inputs, np.ones(3))
        return self.damage.done(outputs)


def a_case(law: Law, dtype: str = "float64", examples: int = 3) -> Case:
    """Return a case of a law: the last of a few, as the first is all ones."""
    drawn: list[Case] = []
    visit(law.cases.strategy(np.dtype(dtype)), examples=examples, random_seed=0, visitor=drawn.append)
    return drawn[-1]
