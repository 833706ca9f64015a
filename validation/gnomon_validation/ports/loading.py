"""Loading what a user names as a port, `FILE.py` or `package.module:NAME`; whatever goes wrong is told in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
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


def split(target: str) -> tuple[str, str]:
    """Return the module, or the file, and the name in it, if any: `FILE.py`, `FILE.py:NAME`, `package.module:NAME`."""
    file, _, name = target.rpartition(":")
    if file.endswith(".py"):
        return file, name
    if is_file(target):
        return target, ""
    module, _, name = target.partition(":")
    return module, name


def is_file(target: str) -> bool:
    """Return whether a target is written as a file."""
    return target.endswith(".py") or "/" in target or "\\" in target


def load_module(name: str) -> ModuleType:
    """Load a file or import `package.module`; raise `ValueError` if there is no such thing."""
    if is_file(name):
        return load_file(Path(name))
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"a port is package.module or package.module:NAME, got {name!r}")
    return import_or_explain(name)


def attribute(module: ModuleType, called: str, name: str) -> Any:
    """Return what a module, called so by the user, has under a name; raise `ValueError` if it has nothing."""
    if hasattr(module, name):
        return getattr(module, name)
    close = get_close_matches(name, dir(module), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"{'file' if is_file(called) else 'module'} {called} has no {name!r}{hint}")


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
