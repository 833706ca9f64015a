"""A port made of plain functions: a file, a module, a class or an instance with a function for each operation.

For the operation `adam.step` it looks for `adam_step`, then, in an object that is named after the system, for `step`.
A function that has no keyword for a hyperparameter is taken to have the reference's default for it. The namespace may
say `dtypes = ("float32",)` if it does not compute in all, and `flush_subnormals = True` if it may replace subnormal
numbers by zero.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module, util
from pathlib import Path
from types import ModuleType
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
        try:
            parameters = inspect.signature(function).parameters
        except (TypeError, ValueError):  # compiled functions may not say what they take
            return self._offer({})
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return self._offer({})
        missing = {name: default for name, default in operation.hyperparameters.items() if name not in parameters}
        return self._offer(missing)

    def _offer(self, fixed: Mapping[str, Any]) -> Offer:
        dtypes = getattr(self.namespace, "dtypes", None)
        if not (isinstance(dtypes, tuple | list) and all(isinstance(name, str) for name in dtypes)):
            dtypes = None  # something else of that name, such as a module that the file imports
        flush = getattr(self.namespace, "flush_subnormals", False) is True
        return Offer(fixed=fixed, dtypes=tuple(dtypes) if dtypes is not None else None, flush_subnormals=flush)

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        function = self.find(operation)
        if function is None:
            raise LookupError(f"{self.name} has no {operation.id}")
        offer = self.offer(operation)
        fixed = offer.fixed if offer else {}
        return function(*inputs, **{name: value for name, value in hyperparameters.items() if name not in fixed})


def from_file(path: Path) -> FunctionsPort:
    """Load a Python file as a port; raise `ValueError` if it cannot be loaded."""
    if not path.is_file():
        raise ValueError(f"port file {path} does not exist")
    spec = util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"port file {path} is not Python (its name must end in .py)")
    module = util.module_from_spec(spec)
    known = sys.modules.setdefault(path.stem, module)
    try:
        with importable(path.absolute().parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        if known is module:
            del sys.modules[path.stem]
        raise ValueError(f"port file {path} cannot be loaded: {type(error).__name__}: {error}") from error
    return FunctionsPort(module, str(path))


def from_module(target: str) -> FunctionsPort:
    """Load `package.module` or `package.module:attribute` as a port; raise `ValueError` if it cannot be loaded."""
    return FunctionsPort(load(target), target)


def load(target: str) -> Any:
    """Import `package.module` or `package.module:attribute`; raise `ValueError` if there is no such thing."""
    module_name, colon, attribute = target.partition(":")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise ValueError(f"a port is package.module or package.module:NAME, got {target!r}")
    module = import_or_explain(module_name)
    if not colon:
        return module
    if not hasattr(module, attribute):
        raise ValueError(f"module {module_name} has no {attribute!r}")
    return getattr(module, attribute)


def import_or_explain(name: str) -> ModuleType:
    """Import a module; raise `ValueError` saying what is missing."""
    try:
        with importable(Path.cwd()):
            return import_module(name)
    except ModuleNotFoundError as error:
        raise ValueError(f"module {name!r} cannot be imported: no module named {error.name!r}") from error
    except (Exception, SystemExit) as error:
        raise ValueError(f"module {name!r} cannot be imported: {type(error).__name__}: {error}") from error


@contextmanager
def importable(directory: Path) -> Iterator[None]:
    """Let modules in a directory be imported, as Python does for the file that it is started with."""
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        if str(directory) in sys.path:
            sys.path.remove(str(directory))
