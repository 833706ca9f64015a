"""`NAME=VALUE` as a user writes it on the command line."""

from __future__ import annotations

import ast
from typing import Any


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
