"""Loading what a user names as a port, `FILE.py` or `package.module:NAME`; whatever goes wrong is told in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, util
from pathlib import Path
from types import ModuleType
from typing import Any

from gnomon_validation.wording import told


def load_file(path: Path) -> ModuleType:
    """Load a Python file as a module of its name; raise `ValueError` if it cannot be loaded."""
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
    except BaseException as error:
        if known is module:
            sys.modules.pop(path.stem, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ValueError(f"port file {path} cannot be loaded: {told(error)}") from error
    return module


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
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ValueError(f"module {name!r} cannot be imported: {told(error)}") from error


def exists(name: str) -> bool:
    """Return whether there is a top-level module of that name, without importing it."""
    with importable(Path.cwd()):
        return name.isidentifier() and util.find_spec(name) is not None


@contextmanager
def importable(directory: Path) -> Iterator[None]:
    """Let modules in a directory be imported, as Python does for the file that it is started with."""
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        if str(directory) in sys.path:
            sys.path.remove(str(directory))
