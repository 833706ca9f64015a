"""Values in words that a person can read, and can type into Python; and read from what a person typed."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 law`, `2 laws`: a number and its noun, whose plural ends in s unless it is given."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def describe(value: Any) -> str:
    """Return a value as a person would write it; arrays keep the digits that identify their numbers."""
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return str(value[()])
        text = np.array2string(value, separator=", ", threshold=12, max_line_width=10_000, floatmode="unique")
        return text.replace("\n", "")
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        inner = ", ".join(f"{k}={describe(v)}" for k, v in zip(value._fields, value, strict=True))
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        return f"({', '.join(map(describe, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, np.floating):
        return repr(value.item()) if value.dtype.itemsize <= 8 else f"{value:.17g}"
    return repr(value)


def legible(text: str) -> str:
    """Return the text on one line, with escapes for characters that a terminal would obey or a file cannot hold."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def assignment(text: str) -> tuple[str, Any]:
    """Return the name and the value: a Python literal, `true`, `false`, or else the text itself.

    Raises `ValueError` if there is no `=` or what stands before it is not a name.
    """
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name.isidentifier():
        raise ValueError(f"options are written NAME=VALUE, got {text!r}")
    try:
        return name, ast.literal_eval({"true": "True", "false": "False"}.get(value, value))
    except (ValueError, SyntaxError):
        return name, value
