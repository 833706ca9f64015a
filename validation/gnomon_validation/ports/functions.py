"""A port made of plain functions: a file, a module, a class or an instance with a function for each operation.

For the operation `adam.step` it looks for `adam_step`, then, in an object that is named after the system, for `step`.
A function that has no keyword for a hyperparameter is taken to have the reference's default for it. The namespace may
say `dtypes = ("float32",)` if it does not compute in all, `flush_subnormals = True` if it may replace subnormal numbers
by zero, and `only = {"adam.step": {"variant": ("adam",)}}` if an operation has some values of a hyperparameter and not
all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gnomon_spec.system import Operation
from gnomon_validation.ports.port import Offer


class FunctionsPort:
    """The functions of any namespace as a port."""

    def __init__(self, namespace: Any, name: str) -> None:
        self.namespace = namespace
        self.name = name

    def find(self, operation: Operation) -> Callable[..., Any] | None:
        """Return the function for an operation, if there is one."""
        flat = f"{operation.system.name}_{operation.name}"
        function = getattr(self.namespace, flat, None)
        if function is None:
            nested = getattr(self.namespace, operation.system.name, None)
            function = getattr(nested, operation.name, None)
            if function is operation.reference:  # a port's file that imports the oracle's module does not offer it
                return None
        return function if callable(function) else None

    def offer(self, operation: Operation) -> Offer | None:
        function = self.find(operation)
        if function is None:
            return None
        dtypes, declared = (getattr(self.namespace, name, None) for name in ("dtypes", "only"))
        # What else has that name, such as a module that the file imports, says nothing.
        says = isinstance(dtypes, tuple | list) and all(isinstance(name, str) for name in dtypes)
        return Offer(
            fixed=lacking(function, operation),
            only=declared.get(operation.id, {}) if isinstance(declared, dict) else {},
            dtypes=tuple(dtypes or ()) if says else None,
            flush_subnormals=getattr(self.namespace, "flush_subnormals", False) is True,
        )

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        function = self.find(operation)
        if function is None:
            raise LookupError(f"{self.name} has no {operation.id}")
        fixed = lacking(function, operation)
        return function(*inputs, **{name: value for name, value in hyperparameters.items() if name not in fixed})


def lacking(function: Callable[..., Any], operation: Operation) -> dict[str, Any]:
    """Return the hyperparameters of an operation that a function has no keyword for, and their defaults."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # compiled functions may not say what they take
        return {}
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return {}
    return {name: default for name, default in operation.hyperparameters.items() if name not in parameters}
