"""Whether what a command is to write can be written: asked before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path


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
