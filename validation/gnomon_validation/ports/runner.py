"""Calls a port on behalf of a law, and notices what no formula could: errors, wrong structure, changed inputs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from gnomon_spec.arithmetic import wide_dtype
from gnomon_spec.cases import ARRAYS, CONTAINERS, leaves, map_leaves, same_bits
from gnomon_spec.stand_ins import Implementation
from gnomon_spec.system import Operation, System
from gnomon_validation.ports.left_out import LEFT_OUT, LastRow, returned
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.wording import describe, legible, origin, told, words_of

OVERWRITES = "changes arrays that it returned from an earlier call"
STORABLE_DTYPES = ("float16", "float32", "float64", "int64", "bool")
# What is no array: as what it is kept, of what the reference and a port may make it, and what it is called.
WORDS: tuple[tuple[Any, Any, Any, str], ...] = (
    (bool, bool, bool | np.bool_, "True or False"),
    (str, str, str, "a text"),
    (int, int | np.integer, int | np.integer, "an integer"),
)


class PortError(Exception):
    """The port raised an error.

    told: its type and text. where: the line of the port that it came from. cause: what such errors have in common.
    """

    def __init__(self, told: str, where: str = "") -> None:
        super().__init__(f"{told} ({where})" if where else told)
        self.cause = f"{told.partition(':')[0]} {where}" if where else told


class PortMisbehaviourError(Exception):
    """The port returned something that is not an output of the operation, or changed its inputs."""


class NotVariedError(ValueError):
    """A law asks the port for a hyperparameter that the port cannot vary, and for another value than it has."""


class Call(NamedTuple):
    """One call of a port: what it was given (in the dtype under test) and what it returned.

    error, misbehaviour: what it did instead of returning outputs, which are None then. by_reference: the port lacks the
    operation, and the reference stood in for it.
    """

    operation: Operation
    inputs: tuple[Any, ...]
    hyperparameters: dict[str, Any]
    outputs: Any
    error: str = ""
    misbehaviour: str = ""
    by_reference: bool = False


class PortRunner(Implementation):
    """A port in one dtype, as the laws call it. Everything it does is kept in `calls`."""

    def __init__(self, port: Port, system: System, dtype: np.dtype[Any]) -> None:
        super().__init__(system, dtype)
        self.port = port
        self.calls: list[Call] = []
        self._returned: list[tuple[Any, list[bytes]]] = []
        self._offer = cache(port.offer)

    def call(self, operation: Operation, *inputs: Any, **hyperparameters: Any) -> Any:
        given, numbers = map_leaves(self._narrow, inputs), map_leaves(_number, hyperparameters)
        self._require_offered(operation, numbers)
        try:
            outputs = self._outputs(operation, given, numbers)
        except (PortError, PortMisbehaviourError) as error:
            did: dict[str, Any] = {"error" if isinstance(error, PortError) else "misbehaviour": str(error)}
            self.calls.append(Call(operation, given, numbers, None, **did))
            raise
        stood_in = not self.provides(operation)
        self.calls.append(Call(operation, given, numbers, returned(outputs), by_reference=stood_in))
        wide = wide_dtype(self.dtype)
        return map_leaves(lambda x: x.astype(wide) if isinstance(x, np.ndarray) else x, outputs)

    def provides(self, operation: Operation) -> bool:
        """Return whether the port has an operation; the reference, in the same dtype, stands in for one it lacks.

        So a law on what a port has may need more of the system than the port has.
        """
        return self._offer(operation) is not None

    def repeats(self, call: Call) -> bool:
        """Perform a call again and return whether the outputs are the same, bit for bit."""
        try:
            with np.errstate(all="ignore"):
                again = self._outputs(*call[:3])
        except PortError:
            return False
        return same_bits(returned(again), call.outputs)

    def _require_offered(self, operation: Operation, numbers: Mapping[str, Any]) -> None:
        """Raise `NotVariedError` if the port has not the value of a hyperparameter that a law asks it for."""
        offer = self._offer(operation) or Offer()
        offered = {**{name: (value,) for name, value in offer.fixed.items()}, **offer.only}
        for name, values in offered.items():
            if name in numbers and numbers[name] not in values:
                raise NotVariedError(f"the port has {name}={', '.join(map(repr, values))}, not {numbers[name]!r}")

    def _outputs(self, operation: Operation, given: tuple[Any, ...], numbers: dict[str, Any]) -> Any:
        """Return what the port gives for the inputs of a call in the types of the reference; raise if it cannot be."""
        try:
            template = operation.reference(*given, **numbers)
        except (TypeError, ValueError):  # the reference rejects the inputs
            template = None
        try:
            returned = self._performed(operation, given, numbers)
            with _reading():
                if template is not None:
                    name = "params" if operation.returned == "params" else ""
                    return self._fitted(returned, template, name, operation)
                return _plain(returned, operation)
        except PortMisbehaviourError as error:
            if template is None:  # to misuse bad input is not to reject it
                return str(error)
            raise

    def _performed(self, operation: Operation, given: tuple[Any, ...], numbers: dict[str, Any]) -> Any:
        numbers_at = _numbers_in(operation.reference)
        is_number = [name in numbers_at for name in operation.inputs]
        passed = tuple(_copy(x, i < len(is_number) and is_number[i]) for i, x in enumerate(given))
        try:
            if self.provides(operation):
                with np.errstate():  # what the port sets holds for the port
                    returned = self.port.call(operation, passed, dict(numbers))
            else:
                returned = operation.reference(*passed, **numbers)
        except (KeyboardInterrupt, PortError, PortMisbehaviourError):
            raise
        except BaseException as error:  # the exceptions by which Hypothesis and pytest are steered, too
            raise PortError(told(error), origin(error)) from error
        with _reading():
            if _contents(passed) != _contents(given):
                raise PortMisbehaviourError("changes its inputs in place")
            if not self.calls:  # the first call of a case
                self._returned.clear()
            if any(_contents(earlier) != contents for earlier, contents in self._returned):
                raise PortMisbehaviourError(OVERWRITES)
            self._returned.append((returned, _contents(returned)))
        return returned

    def _narrow(self, leaf: Any) -> Any:
        if isinstance(leaf, ARRAYS) and leaf.dtype.kind == "f":
            return np.array(leaf, dtype=self.dtype, order="C")
        return _number(leaf)

    def _fitted(self, value: Any, template: Any, name: str, operation: Operation) -> Any:
        """Return `value` in the structure of the reference's output; raise if it does not fit. name: "" for none."""
        place = f" as {name}" if name else ""
        both_arrays = type(value) is type(template) is np.ndarray
        if both_arrays and value.dtype == template.dtype and value.shape == template.shape:
            return value.copy()
        if isinstance(template, tuple):
            fields = getattr(template, "_fields", None)
            if fields and isinstance(value, np.ndarray | np.generic | float) and _is_answer(type(template), operation):
                return self._fitted_alone(value, template, operation)
            names = (
                fields or [name or "output 1", *(f"output {i}" for i in range(2, len(template) + 1))][: len(template)]
            )
            if isinstance(value, dict) and fields:
                missing = [field for field in fields if field not in value]
                if missing:
                    raise PortMisbehaviourError(f"returns a state without {', '.join(missing)}")
                value = tuple(value[field] for field in fields)
            if not isinstance(value, tuple | list) or len(value) != len(template):
                parts = zip(names, template, strict=True)
                expected = f"({', '.join(type(t).__name__ if hasattr(t, '_fields') else n for n, t in parts)})"
                raise PortMisbehaviourError(f"returns {_described(value)} where {expected} is expected")
            fitted = [self._fitted(v, t, n, operation) for v, t, n in zip(value, template, names, strict=True)]
            return type(template)(*fitted) if fields else tuple(fitted)
        if isinstance(value, np.ndarray) and value.ndim == 0 and isinstance(template, bool | int | np.integer):
            value = value[()]
        for kind, like, made, words in WORDS:
            if isinstance(template, like):
                if not isinstance(value, made) or (kind is int and isinstance(value, bool)):
                    raise PortMisbehaviourError(f"returns {_described(value)}{place} where {words} is expected")
                if kind is int and abs(int(value)) >= 2**63:
                    raise PortMisbehaviourError(f"returns {describe(int(value))}{place}: beyond 64 bits")
                return kind(value)
        is_number = np.ndim(template) == 0 and np.asarray(template).dtype.kind == "f"
        if is_number and type(value) is float:  # not np.float64, which says that it has another dtype
            value = self.dtype.type(value)
        if not isinstance(value, np.ndarray | np.generic):
            expected = "number" if is_number else "NumPy array"
            raise PortMisbehaviourError(f"returns {_described(value)}{place} where a {expected} is expected")
        kind, called = np.asarray(template).dtype.kind, name or ("an array" if np.ndim(value) else "a number")
        if kind != "f" and value.dtype.kind != kind:
            raise PortMisbehaviourError(f"returns {called} in {value.dtype} where {template.dtype} is expected")
        if kind == "f" and value.dtype != self.dtype:
            raise PortMisbehaviourError(f"returns {called} in {value.dtype} where {self.dtype} was given")
        if value.shape != np.shape(template) and not operation.length_varies:
            raise PortMisbehaviourError(
                f"returns {called} of shape {value.shape} where {np.shape(template)} is expected"
            )
        return np.array(value)

    def _fitted_alone(self, value: Any, template: Any, operation: Operation) -> Any:
        """Return an answer of which a port gives the first thing alone, or its last row alone; the rest is left out."""
        first, name = template[0], template._fields[0]
        rest = [LEFT_OUT] * (len(template) - 1)
        if np.ndim(first) == 2 and np.ndim(value) == 1:
            row = self._fitted(value, first[-1], name, operation)
            return type(template)(row[None] if len(first) == 1 else LastRow(row), *rest)
        return type(template)(self._fitted(value, first, name, operation), *rest)


def _is_answer(kind: type[Any], operation: Operation) -> bool:
    """Return whether an operation returns a tuple of this kind alone, which is no state that it is given."""
    declared = get_type_hints(operation.reference)
    return declared.pop("return", None) is kind and kind not in declared.values()


def _contents(value: Any) -> list[bytes]:
    return [leaf.tobytes() for leaf in leaves(value) if isinstance(leaf, np.ndarray | np.generic)]


def _copy(value: Any, is_number: bool = False) -> Any:
    """Return a copy to hand to a port; a number, which `x += …` must not change for others, as a NumPy scalar."""
    if isinstance(value, np.ndarray):
        return value[()] if is_number and value.ndim == 0 else value.copy()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        numbers = _numbers_in(type(value))
        return type(value)(*(_copy(part, name in numbers) for name, part in zip(value._fields, value, strict=True)))
    return map_leaves(_copy, value) if isinstance(value, CONTAINERS) else value


@cache
def _numbers_in(declared: Any) -> frozenset[str]:
    """Return which arguments of a reference, or fields of a state, are numbers of the arrays' dtype: declared `Any`."""
    return frozenset(name for name, kind in get_type_hints(declared).items() if kind is Any)


def _number(leaf: Any) -> Any:
    if isinstance(leaf, np.floating):
        return float(leaf)
    return int(leaf) if isinstance(leaf, np.integer) else leaf


@contextmanager
def _reading() -> Iterator[None]:
    """Turn what goes wrong while a port's outputs are looked at into a misbehaviour of the port."""
    try:
        yield
    except (KeyboardInterrupt, PortMisbehaviourError):
        raise
    except BaseException as error:
        raise PortMisbehaviourError(f"returns what cannot be read: {told(error)}") from error


def _plain(value: Any, operation: Operation) -> Any:
    """Return what a port gave for inputs that the reference rejects, in types that a case file can hold.

    A tuple or a dictionary with the fields of a state of the operation's module becomes that state.
    """
    if isinstance(value, dict) or (isinstance(value, tuple) and hasattr(value, "_fields")):
        named = value if isinstance(value, dict) else dict(zip(value._fields, value, strict=True))
        for kind in vars(sys.modules[operation.reference.__module__]).values():
            if isinstance(kind, type) and issubclass(kind, tuple) and set(getattr(kind, "_fields", ())) == set(named):
                return kind(**{name: _plain(part, operation) for name, part in named.items()})
    if isinstance(value, tuple | list):
        return tuple(_plain(part, operation) for part in value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.name in STORABLE_DTYPES:
        return np.array(value)
    is_plain = type(value) in (bool, float, str) or (type(value) is int and abs(value) < 2**63)
    return value if is_plain else _described(value)


def _described(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    name = legible(type(value).__name__, 60)
    if hasattr(type(value), "__array__"):
        return f"an array of {type(value).__module__.partition('.')[0]} ({name})"
    text = words_of(value, repr)
    return text if 0 < len(text) <= 40 else f"a {name}"
