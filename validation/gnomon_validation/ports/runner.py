"""Calls a port on behalf of a law, and notices what no formula could: errors, wrong structure, changed inputs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnomon_spec.arithmetic import wide_dtype
from gnomon_spec.cases import map_leaves
from gnomon_spec.stand_ins import Implementation, leaves
from gnomon_spec.system import Operation, System
from gnomon_validation.ports.port import Port


class PortError(Exception):
    """The port raised an error."""


class PortMisbehaviourError(Exception):
    """The port returned something that is not an output of the operation, or changed its inputs."""


class Call(NamedTuple):
    """One call of a port: what it was given (in the dtype under test) and what it returned (None if it raised)."""

    operation: Operation
    inputs: tuple[Any, ...]
    hyperparameters: dict[str, Any]
    outputs: Any


class PortRunner(Implementation):
    """A port in one dtype, as the laws call it. Everything it does is kept in `calls`."""

    def __init__(self, port: Port, system: System, dtype: np.dtype[Any]) -> None:
        super().__init__(system, dtype)
        self.port = port
        self.calls: list[Call] = []
        self._templates: dict[str, Any] = {}

    def call(self, operation: Operation, *inputs: Any, **hyperparameters: Any) -> Any:
        given = tuple(map_leaves(self._narrow, x) for x in inputs)
        numbers = {name: map_leaves(_number, value) for name, value in hyperparameters.items()}
        try:
            returned = self._performed(operation, given, numbers)
        except PortError:
            self.calls.append(Call(operation, given, numbers, None))
            raise
        outputs = self._fitted(returned, self._template(operation, given, numbers), operation.inputs[0])
        self.calls.append(Call(operation, given, numbers, outputs))
        wide = wide_dtype(self.dtype)
        return map_leaves(lambda x: x.astype(wide) if isinstance(x, np.ndarray) else x, outputs)

    def repeats(self, call: Call) -> bool:
        """Perform a call again and return whether the outputs are the same, bit for bit."""
        returned = self._performed(call.operation, call.inputs, call.hyperparameters)
        again = self._fitted(returned, call.outputs, call.operation.inputs[0])
        return _contents(again) == _contents(call.outputs)

    def _performed(self, operation: Operation, given: tuple[Any, ...], numbers: dict[str, Any]) -> Any:
        passed = tuple(map_leaves(_copy, x) for x in given)
        try:
            returned = self.port.call(operation, passed, numbers)
        except Exception as error:
            raise PortError(f"{type(error).__name__}: {error}") from error
        if _contents(passed) != _contents(given):
            raise PortMisbehaviourError("changes its inputs in place")
        return returned

    def _narrow(self, leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray | np.floating) and leaf.dtype.kind == "f":
            return np.array(leaf, dtype=self.dtype, order="C")
        return _number(leaf)

    def _template(self, operation: Operation, inputs: Any, hyperparameters: Any) -> Any:
        """Return an output of the reference, whose structure the port's must have; None if it rejects the inputs."""
        if operation.name not in self._templates:
            with np.errstate(all="ignore"):
                try:
                    self._templates[operation.name] = operation.reference(*inputs, **hyperparameters)
                except (TypeError, ValueError):
                    return None
        return self._templates[operation.name]

    def _fitted(self, value: Any, template: Any, name: str) -> Any:
        """Return `value` in the structure of the reference's output; raise if it does not fit."""
        if template is None:
            return value
        if isinstance(template, tuple):
            fields = getattr(template, "_fields", None)
            names = fields or [f"output {i + 1}" for i in range(len(template))]
            if isinstance(value, dict) and fields:
                missing = [field for field in fields if field not in value]
                if missing:
                    raise PortMisbehaviourError(f"returns a state without {', '.join(missing)}")
                value = tuple(value[field] for field in fields)
            if not isinstance(value, tuple | list) or len(value) != len(template):
                expected = f"({', '.join(names)})"
                raise PortMisbehaviourError(f"returns {_described(value)} where {expected} is expected")
            parts = [self._fitted(v, t, n) for v, t, n in zip(value, template, names, strict=True)]
            return type(template)(*parts) if fields else tuple(parts)
        if isinstance(template, bool | str):
            return value
        if isinstance(template, int):
            if isinstance(value, np.ndarray) and value.ndim == 0:
                value = value[()]
            if isinstance(value, bool) or not isinstance(value, int | np.integer):
                raise PortMisbehaviourError(f"returns {_described(value)} as {name} where an integer is expected")
            return int(value)
        if not isinstance(value, np.ndarray | np.generic):
            raise PortMisbehaviourError(f"returns {_described(value)} as {name} where an array is expected")
        if value.dtype != self.dtype:
            raise PortMisbehaviourError(f"returns {name} in {value.dtype} where {self.dtype} was given")
        return np.asarray(value)


def _contents(value: Any) -> list[bytes]:
    return [leaf.tobytes() for leaf in leaves(value) if isinstance(leaf, np.ndarray)]


def _copy(leaf: Any) -> Any:
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf


def _number(leaf: Any) -> Any:
    if isinstance(leaf, np.floating):
        return float(leaf)
    return int(leaf) if isinstance(leaf, np.integer) else leaf


def _described(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 40 else f"a {type(value).__name__}"
