"""A port made of plain functions: a file, a module, a class or an instance with a function for each operation.

For the operation `adam.step` it looks for `adam_step`, then, in an object that is named after the system, for `step`;
small and capital letters and underscores do not matter where no name is the very same. A method of a class is called on
an instance that is made anew for each call, from what the constructor takes of the hyperparameters. A hyperparameter
that is taken by no argument is held to have the reference's default. The namespace may say

- `names = {"lr": "learning_rate", ("beta1", "beta2"): "betas"}`: its own names for hyperparameters,
- `extras = ("block_size",)`: arguments that are no hyperparameters and stay at their defaults,
- `dtypes = ("float32",)` if it does not compute in all,
- `flush_subnormals = True` if it may replace subnormal numbers by zero,
- `only = {"adam.step": {"variant": ("adam",)}}` if an operation has some values of a hyperparameter and not all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any

from gnomon_spec.system import Operation
from gnomon_validation.ports.keywords import Keywords, keywords_of, parameters_of, plain
from gnomon_validation.ports.port import Offer


class FunctionsPort:
    """The functions of any namespace as a port.

    module: where it is declared what the namespace itself does not say.
    """

    def __init__(self, namespace: Any, name: str, module: Any = None) -> None:
        self.namespace = namespace
        self.name = name
        self.module = module
        self._found: dict[str, tuple[Callable[..., Any], Keywords] | None] = {}

    def find(self, operation: Operation) -> Callable[..., Any] | None:
        """Return the function for an operation, if there is one."""
        system = operation.system.name
        flat = members(self.namespace, f"{system}_{operation.name}")
        if flat:
            return flat[0] if callable(flat[0]) else None
        called = getattr(self.namespace, "__name__", type(self.namespace).__name__)
        owners = [self.namespace] * (plain(called) == plain(system)) + members(self.namespace, system)
        nested = [function for owner in owners for function in members(owner, operation.name, len(operation.inputs))]
        # A port's file that imports the oracle's module does not offer it.
        return next((found for found in nested if callable(found) and found is not operation.reference), None)

    def offer(self, operation: Operation) -> Offer | None:
        bound = self._bound(operation)
        if bound is None:
            return None
        dtypes, only = self._said("dtypes"), self._said("only")
        return Offer(
            fixed=bound[1].fixed,
            only=only.get(operation.id, {}) if isinstance(only, dict) else {},
            dtypes=tuple(dtypes or ()) if _is_texts(dtypes) else None,
            flush_subnormals=self._said("flush_subnormals") is True,
            defaults=bound[1].own,
        )

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        bound = self._bound(operation)
        if bound is None:
            raise LookupError(f"{self.name} has no {operation.id}")
        function, keywords = bound
        return function(*inputs, **keywords.arguments(hyperparameters, operation.hyperparameters))

    def _bound(self, operation: Operation) -> tuple[Callable[..., Any], Keywords] | None:
        """Return the function for an operation and which of its arguments take which hyperparameters."""
        if operation.id not in self._found:
            function, names, extras = self.find(operation), self._said("names"), self._said("extras")
            self._found[operation.id] = function and (
                function,
                keywords_of(
                    f"{operation.system.name}_{operation.name}",
                    function,
                    operation,
                    names if isinstance(names, dict) and _is_texts([*names.values()]) else {},
                    extras if _is_texts(extras) else (),
                ),
            )
        return self._found[operation.id]

    def _said(self, name: str) -> Any:
        """Return what is declared under a name. (What else has it, such as a module that is imported, says nothing.)"""
        return getattr(self.namespace, name, getattr(self.module, name, None))


def _is_texts(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(text, str) for text in value)


def members(owner: Any, name: str, inputs: int = 0) -> list[Any]:
    """Return what an object has under a name, and then under names that differ from it only in how they are written.

    A class's method is returned as a function; no method is returned that takes fewer inputs.
    """
    names = [name] if hasattr(owner, name) else []
    names += [other for other in dir(owner) if plain(other) == plain(name) and other != name]
    return [found for called in names if (found := _member(owner, called, inputs)) is not None]


def _member(owner: Any, name: str, inputs: int) -> Any:
    found = getattr(owner, name)
    if not (isinstance(owner, type) and inspect.isfunction(inspect.getattr_static(owner, name))):
        return found
    parameters = list(inspect.signature(found).parameters.values())
    if not parameters or parameters[0].name != "self":
        return found
    positional = [p for p in parameters[1:] if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return method_of(owner, found, parameters[1:]) if takes_any or len(positional) >= inputs else None


def method_of(made_by: type[Any], method: Callable[..., Any], others: Sequence[Parameter]) -> Callable[..., Any]:
    """Return a class's method as a function that takes what the constructor takes, too, by name."""
    named = {p.name for p in others}
    constructor = {p.name: p for p in parameters_of(made_by)[0] if p.name not in named}

    def call(*inputs: Any, **given: Any) -> Any:
        instance = made_by(**{name: value for name, value in given.items() if name in constructor})
        return method(instance, *inputs, **{name: value for name, value in given.items() if name not in constructor})

    by_name = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in constructor.values()]
    call.__signature__ = Signature(sorted([*others, *by_name], key=lambda p: p.kind))  # type: ignore[attr-defined]
    return call
