"""Values in words that a person can read, and can type into Python; and read from what a person typed."""

from __future__ import annotations

import ast
import os
import shlex
import warnings
from collections.abc import Callable
from math import log10
from pathlib import Path
from sysconfig import get_paths
from traceback import extract_tb
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gnomon
import gnomon_spec

LONGEST_OPTION = 10_000
LONGEST = 16  # entries of an array that are printed one by one
OURS = tuple(f"{Path(file).parent}{os.sep}" for file in (gnomon.__file__, gnomon_spec.__file__, __file__))
INSTALLED = tuple(get_paths()[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib"))


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 law`, `2 laws`: a number and its noun, whose plural ends in s unless it is given."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def describe(value: Any) -> str:
    """Return a value as a person would write it; arrays keep the digits that identify their numbers."""
    if isinstance(value, np.ndarray):
        return str(value[()]) if value.ndim == 0 else _array(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        inner = ", ".join(f"{k}={describe(v)}" for k, v in zip(value._fields, value, strict=True))
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        return f"({', '.join(map(describe, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, np.floating):
        return repr(value.item()) if value.dtype.itemsize <= 8 else f"{value:.17g}"
    if isinstance(value, int) and abs(value) >= 10**30:
        return f"an integer of about {int(value.bit_length() * log10(2)) + 1} digits"
    return words_of(value, repr)


def _array(value: NDArray[Any]) -> str:
    """Return an array entry by entry; one of many entries by its shape and what they have in common."""
    if value.size <= LONGEST:
        options: Any = {"formatter": {"float_kind": _number}, "threshold": LONGEST, "max_line_width": 10_000}
        return np.array2string(value, separator=", ", **options).replace("\n", "")
    first, size = value.flat[0], " × ".join(map(str, value.shape))
    if np.all(value == first):
        return f"({size} entries of {describe(first)})"
    if value.ndim == 2 and value.shape[0] == value.shape[1] and np.array_equal(value, np.diag(np.diag(value))):
        return f"diag({describe(np.diag(value))})"
    if value.dtype.kind not in "iuf" or np.all(np.isnan(value)):
        return f"({size} entries of {value.dtype})"
    return f"({size} entries from {np.nanmin(value):.3g} to {np.nanmax(value):.3g})"


def _number(value: Any) -> str:
    """Return the fewest digits that identify a number in its dtype."""
    size = abs(float(value))
    positional = size == 0 or 1e-4 <= size < 1e16 or not np.isfinite(size)
    write = np.format_float_positional if positional else np.format_float_scientific
    return write(value, unique=True, trim=".")


def legible(text: str, most: int = 160) -> str:
    """Return the text on one line, with escapes for characters that a terminal would obey or a file cannot hold.

    What is beyond so many characters is cut off.
    """
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    return line if len(line) <= most else line[: most - 1] + "…"


def typed(argument: object) -> str:
    """Return an argument of a command as one types it in a shell; what a terminal would obey stays an escape."""
    return shlex.quote("".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(argument)))


def words_of(thing: Any, make: Callable[[Any], str] = str) -> str:
    """Return what a thing of someone else's says of itself, made legible; nothing if it cannot say what it is."""
    try:
        return legible(make(thing))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return ""


def told(error: BaseException) -> str:
    """Return an error's type and text as one line."""
    name, text = legible(type(error).__name__, 60), words_of(error)
    return f"{name}: {text}" if text else name


def origin(error: BaseException) -> str:
    """Return the line of a port that an error came from, as `file.py:12: its text`; nothing if none of it ran.

    That is the innermost one outside of Gnomon, Python and what is installed; the innermost but Gnomon's own if there
    is none.
    """
    frames = [frame for frame in extract_tb(error.__traceback__) if not frame.filename.startswith(OURS)]
    own = [frame for frame in frames if not frame.filename.startswith((*INSTALLED, "<"))]
    for frame in (own or frames)[-1:]:
        return legible(f"{Path(frame.filename).name}:{frame.lineno}: {frame.line}".removesuffix(": "), 100)
    return ""


def is_ours(error: BaseException) -> bool:
    """Return whether an error is a sentence that Gnomon itself wrote (raised in its own code, not inside a library)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return True
    name = str(trace.tb_frame.f_globals.get("__name__", ""))
    return name.split(".")[0] in ("gnomon", "gnomon_spec", "gnomon_validation")


def assignment(text: str) -> tuple[str, Any]:
    """Return the name and the value: a Python literal, `true`, `false`, or else the text itself.

    Raises `ValueError` if there is no `=`, if what stands before it is not a name, or if the text is a very long one.
    """
    if len(text) > LONGEST_OPTION:
        raise ValueError(f"options must have at most {LONGEST_OPTION:,} characters, got {len(text):,}")
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name.isidentifier():
        raise ValueError(f"options are written NAME=VALUE, got {legible(repr(text))}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the parser, about the text
            return name, ast.literal_eval({"true": "True", "false": "False"}.get(value, value))
    except (MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
        return name, value
