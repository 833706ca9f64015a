"""Processes that tests of campaigns start, watch and kill; each is gone in the end."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep

from gnomon_validation.campaign.store import DEFAULT

LONGEST = 180.0  # seconds; a command that hangs is to fail the test, not to last for ever
COMMAND = "from gnomon_validation.campaign.command import campaign; campaign(standalone_mode=False)"


@contextmanager
def started(*command: str):
    """A process in a group of its own, that is gone in the end."""
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as one:
        try:
            yield one
        finally:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)


def campaign(*arguments: str):
    return started(sys.executable, "-c", COMMAND, *arguments)


def ended(process) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=LONGEST)
    return process.returncode, output, errors


def wait_for(what: Callable[[], object]):
    end = monotonic() + LONGEST
    while not (found := what()):
        assert monotonic() < end
        sleep(0.05)
    return found


def units(file: Path = DEFAULT) -> int:
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file)) as database:
        try:
            return database.execute("SELECT count(*) FROM results").fetchone()[0]
        except sqlite3.Error:
            return 0


def children(process: int) -> list[tuple[int, str]]:
    """The processes that one has started, with their command lines."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            line = (status.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue
        if parent == process:
            found.append((int(status.parent.name), line))
    return found


@contextmanager
def dask(port: int):
    """A scheduler and a worker, as a user starts them."""
    address, usual = f"tcp://127.0.0.1:{port}", ("--no-dashboard",)
    python = sys.executable, "-m"
    with (
        started(*python, "distributed.cli.dask_scheduler", "--host", address, *usual) as scheduler,
        started(*python, "distributed.cli.dask_worker", address, "--nthreads", "1", "--death-timeout", "20", *usual),
    ):
        yield address, scheduler
