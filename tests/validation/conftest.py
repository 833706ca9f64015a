"""What several tests of the checker share: the command `gnomon` as a user calls it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from gnomon_validation.cli import main


class Answer(NamedTuple):
    """The exit status of the command, and what it printed on the two streams."""

    status: int
    output: str
    errors: str


@pytest.fixture
def gnomon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Return a function that runs the command in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["gnomon", *map(str, arguments)])
        try:
            main()
            status = 0
        except SystemExit as left:
            status = left.code
        return Answer(status or 0, *capsys.readouterr())

    return run
