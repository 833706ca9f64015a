"""Files that a user names: what one holds, and whether what a command is to write can be written, asked before.

Only regular files are opened, so that none is waited for, and never more is read than such a file may hold.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gnomon_validation.wording import words_of


def parsed(what: str, file: Path, parse: Callable[[str], Any], most: int) -> Any:
    """Return what a file of at most so many bytes holds; raise `ValueError` with one line if that cannot be said."""
    try:
        return parse(_text(file, most))
    except FileNotFoundError:
        raise ValueError(f"{what} {file} does not exist") from None
    except RecursionError:
        raise ValueError(f"{what} {file} cannot be read: it is nested too deeply") from None
    except (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, TypeError, ValueError) as error:
        raise ValueError(f"{what} {file} cannot be read: {words_of(error) or 'it is too large'}") from None


def _text(file: Path, most: int) -> str:
    """Return the text of a file; raise `ValueError` or `OSError` if it is no regular one, or larger than allowed."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise ValueError(f"it is {'a directory' if file.is_dir() else 'no regular file'}")
    with file.open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it must have at most {most:,} bytes, got {max(file.stat().st_size, len(content)):,}")
    return content.decode("utf-8")


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
