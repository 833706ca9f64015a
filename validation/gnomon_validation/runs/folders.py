"""Temporary folders that go when who made them is gone, killed or not.

Each has a locked file, and the lock goes with its owner: whoever makes the next folder removes those nobody holds.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp

PREFIX = "gnomon-"
OWNER = "owner"


def folder_of_one() -> tuple[Path, int]:
    """Return a new folder, and the descriptor that holds it until it is closed; remove those that nobody holds."""
    _remove_those_of_nobody()
    folder = Path(mkdtemp(prefix=PREFIX))
    unnamed = folder / "unnamed"
    held = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    fcntl.flock(held, fcntl.LOCK_EX)
    unnamed.rename(folder / OWNER)  # only now can it be looked at, and it is locked
    return folder, held


def _remove_those_of_nobody() -> None:
    for owner in Path(gettempdir()).glob(f"{PREFIX}*/{OWNER}"):
        with suppress(OSError):  # it is somebody's, or another user's, or somebody else removes it
            opened = os.open(owner, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                rmtree(owner.parent, ignore_errors=True)
            finally:
                os.close(opened)
