"""The console that commands print on."""

from __future__ import annotations

from rich.console import Console

WIDTH_OF_A_FILE = 140


def console() -> Console:
    """Return a console as wide as the terminal; wide enough for every table where the output is not a terminal."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=WIDTH_OF_A_FILE)
