"""A folder of a process that was killed goes when the next is made; those of the living stay."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gnomon_validation.runs.folders import folder_of_one

MAKES_ONE = """
import sys, time
from gnomon_validation.runs.folders import folder_of_one
print(folder_of_one()[0], flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_leaves_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    others = tmp_path / "gnomon-of-somebody-else"
    others.mkdir()
    with subprocess.Popen([sys.executable, "-c", MAKES_ONE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        first, _ = folder_of_one()
        assert left.is_dir()
        process.send_signal(signal.SIGKILL)
        process.wait()
    second, _ = folder_of_one()
    assert set(tmp_path.iterdir()) == {others, first, second}
