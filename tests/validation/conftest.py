"""What several tests share: the command `gnomon` as a user calls it, modules of its own, studies that are toys."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from gnomon_validation.cli import main
from gnomon_validation.studies import find
from gnomon_validation.studies.claim import Ledger
from gnomon_validation.studies.study import Study


class Answer(NamedTuple):
    """The exit status of the command, and what it printed on the two streams."""

    status: int
    output: str
    errors: str


@pytest.fixture
def gnomon(tmp_path, monkeypatch, capsys) -> Callable[..., Answer]:
    """Return a function that runs the command in an empty directory, in this process unless jobs are asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GNOMON_CHECK_JOBS", "0")
    monkeypatch.setenv("GNOMON_REPLAY_JOBS", "0")

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["gnomon", *map(str, arguments)])
        try:
            main()
            status = 0
        except SystemExit as left:
            status = left.code
        return Answer(status or 0, *capsys.readouterr())

    return run


@pytest.fixture
def module(tmp_path, monkeypatch) -> Callable[[str, str], None]:
    """Return a function that writes a module, of a name and a text, which this test can import."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)

    return write


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes the given studies and ledgers the only ones there are."""

    def declare(*declared: Study | Ledger) -> None:
        modules = tuple(SimpleNamespace(**{type(one).__name__.lower(): one}) for one in declared)
        monkeypatch.setattr(find, "_modules", lambda: modules)

    return declare
