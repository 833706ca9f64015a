"""Files that a user names: what one holds, and whether what a command is to write can be written, asked before."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def parsed(what: str, file: Path, parse: Callable[[str], Any]) -> Any:
    """Return what a file holds; raise `ValueError` with one line if there is no such file, or nothing that it holds."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{what} {file} does not exist") from None
    except RecursionError:
        raise ValueError(f"{what} {file} cannot be read: it is nested too deeply") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"{what} {file} cannot be read: {error}") from None


def require_report(file: Path | None) -> None:
    """Raise `ValueError` if a report could not be written to the file; `None` is no report."""
    if file is None:
        return
    directory = file.absolute().parent
    if not directory.is_dir():
        raise ValueError(f"directory {directory} of the report {file.name} does not exist")
    if file.is_dir():
        raise ValueError(f"report {file} is a directory")
    if not os.access(file if file.exists() else directory, os.W_OK):
        raise ValueError(f"report {file} cannot be written: permission denied")


def require_directory(what: str, directory: Path) -> None:
    """Raise `ValueError` if `what` could not be written to the directory, which need not exist yet."""
    existing = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise ValueError(f"{what} cannot be written to {directory}: {existing} is not a directory")
    if not os.access(existing, os.W_OK):
        raise ValueError(f"{what} cannot be written to {directory}: permission denied")
