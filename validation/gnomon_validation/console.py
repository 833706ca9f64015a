"""The console that commands print on, and how sentences fill it.

On a terminal lines end between words; in a file or a pipe a sentence stays one line, so that programs find it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO, UnsupportedOperation
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_OF_A_FILE = 140
WIDEST_PROSE = 120


def console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; wide enough for every table where the output is not a terminal."""
    terminal = Console(highlight=False, stderr=stderr)
    return terminal if terminal.is_terminal else Console(highlight=False, stderr=stderr, width=WIDTH_OF_A_FILE)


def grid(*headings: str, no_wrap: bool = False, **options: Any) -> Table:
    """Return a table, without lines by default; a column whose heading begins with > stands at the right."""
    table = Table(**{"box": None, "pad_edge": False, "header_style": "bold", **options})
    for heading in headings:
        justify: Any = "right" if heading.startswith(">") else "left"
        table.add_column(heading.removeprefix(">"), justify=justify, no_wrap=no_wrap)
    return table


def tell(screen: Console, text: Text, *, label: str = "", hang: int | None = None) -> None:
    """Print a sentence behind its label.

    hang: by how much the lines after the first are indented on a terminal; as long as the label by default.
    """
    if not screen.is_terminal:
        screen.print(Text(label, style=text.style).append_text(text), soft_wrap=True)
        return
    indent = len(label) if hang is None else hang
    for i, line in enumerate(text.wrap(screen, max(screen.width - max(indent, len(label)), 20))):
        line.rstrip()
        screen.print(Text(label if i == 0 else " " * indent, style=text.style).append_text(line), soft_wrap=True)


def tell_prose(screen: Console, prose: str) -> None:
    """Print paragraphs; on a terminal they fill its width, and what is indented (formulas) keeps its lines."""
    if not screen.is_terminal:
        screen.print(Text(prose), soft_wrap=True)
        return
    for is_paragraph, lines in groupby(prose.splitlines(), key=lambda line: line[:1] not in ("", " ")):
        if not is_paragraph:
            screen.print(Text("\n".join(lines)), soft_wrap=True)
            continue
        for line in Text(" ".join(lines)).wrap(screen, min(screen.width, WIDEST_PROSE)):
            line.rstrip()
            screen.print(line, soft_wrap=True)


def flush_compiled() -> None:
    """Write out what compiled code has printed and its own buffers still hold, as LAPACK's words about a NaN."""
    with suppress(AttributeError, OSError, TypeError):  # where the process is no library of its own
        ctypes.CDLL(None).fflush(None)


@contextmanager
def hushed(printed: StringIO | None = None) -> Iterator[StringIO]:
    """Keep what a port prints out of what Gnomon prints; yield the text, but for what compiled code wrote by itself."""
    printed = printed or StringIO()
    stream = sys.__stdout__
    kept, nowhere = None, os.open(os.devnull, os.O_WRONLY)
    with suppress(AttributeError, OSError, UnsupportedOperation, ValueError):  # there may be no such stream
        stream.flush()  # type: ignore[union-attr]
        flush_compiled()
        kept = os.dup(1)
        os.dup2(nowhere, 1)
    try:
        with redirect_stdout(printed):
            yield printed
    finally:
        if kept is not None:
            stream.flush()  # type: ignore[union-attr]
            flush_compiled()
            os.dup2(kept, 1)
            os.close(kept)
        os.close(nowhere)
