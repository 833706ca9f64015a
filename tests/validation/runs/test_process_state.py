"""What a port changes in the process is noticed and put back; honest work changes nothing."""

from __future__ import annotations

import builtins
import ctypes
import gc
import json
import math
import os
import platform
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

from gnomon.descent import adamw
from gnomon_validation import drawing, judging
from gnomon_validation.judging import Judge
from gnomon_validation.runs.process_state import Change, ProcessState

HONEST_WORK = """\
import json
import warnings
from gnomon_spec.system import systems
from gnomon_validation.checker import Plan, check
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.process_state import ProcessState

ports = [find_port("reference"), find_port("numba")]
before = ProcessState.now()
judged = 0
for port in ports:
    for system in systems().values():
        asked = {system.laws[0], system.laws[-1]}
        found = check(port, [system], Plan(3, ("float32", "float64")), laws=lambda law: law in asked)
        judged += sum(verdict.cases for verdict in found.verdicts)
print(json.dumps([judged, before.changes(), before.changes(ProcessState.now())]))
"""
FLUSHING = """\
#include <xmmintrin.h>
void flush(void) { _mm_setcsr(_mm_getcsr() | 0x8040); }
"""


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Put the process back as it was, whatever the test does."""
    state = ProcessState.now()
    yield
    state.restore()


def in_code(*names: str) -> list[Change]:
    return [Change(name, True) for name in names]


def test_honest_work_changes_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", HONEST_WORK], capture_output=True, text=True, check=True)
    judged, changes, between = json.loads(done.stdout.splitlines()[-1])
    assert judged > 100
    assert changes == between == []


def other(*_: Any, **__: Any) -> float:
    return 0.0


@pytest.mark.parametrize(
    ("owner", "name", "what"),
    [
        (np.linalg, "norm", "numpy.linalg.norm"),
        (np, "sqrt", "numpy.sqrt"),
        (np.random, "default_rng", "numpy.random.default_rng"),
        (np, "pi", "numpy.pi"),
        (builtins, "sum", "builtins.sum"),
        (math, "sqrt", "math.sqrt"),
        (json, "dumps", "json.dumps"),
        (adamw, "step", "gnomon.descent.adamw.step"),
        (judging, "np", "gnomon_validation.judging.np"),
        (Judge, "outcome", "gnomon_validation.judging.Judge.outcome"),
        (drawing, "given", "gnomon_validation.drawing.given"),
        (hypothesis, "seed", "hypothesis.seed"),
    ],
)
def test_what_is_replaced_in_code_is_noticed_and_put_back(owner: Any, name: str, what: str) -> None:
    before = ProcessState.now()
    original = getattr(owner, name)
    setattr(owner, name, other)
    assert before.changes() == before.changes(ProcessState.now()) == in_code(what)
    before.restore()
    assert before.changes() == before.changes(ProcessState.now()) == []
    assert getattr(owner, name) is original


def test_what_is_removed_is_noticed_and_put_back() -> None:
    before = ProcessState.now()
    original = np.linalg.svd
    del np.linalg.svd
    assert before.changes() == in_code("numpy.linalg.svd")
    before.restore()
    assert np.linalg.svd is original


def test_two_functions_that_change_places_are_noticed() -> None:
    before = ProcessState.now()
    np.sin, np.cos = np.cos, np.sin
    assert sorted(before.changes()) == in_code("numpy.cos", "numpy.sin")


def test_what_cannot_be_compared_is_noticed() -> None:
    judging.MARGIN_OF_A_PORT = 1  # type: ignore[attr-defined]
    state = ProcessState.now()
    judging.MARGIN_OF_A_PORT = np.ones(2)  # type: ignore[attr-defined]
    assert state.changes() == in_code("gnomon_validation.judging.MARGIN_OF_A_PORT")
    del judging.MARGIN_OF_A_PORT  # type: ignore[attr-defined]


def test_a_module_of_another_is_noticed_and_put_back() -> None:
    before = ProcessState.now()
    original = sys.modules["numpy.linalg"]
    sys.modules["numpy.linalg"] = math
    assert before.changes() == in_code("module numpy.linalg")
    before.restore()
    assert sys.modules["numpy.linalg"] is original


def test_what_is_added_is_no_change() -> None:
    before = ProcessState.now()
    np.an_addition = 1  # type: ignore[attr-defined]
    try:
        assert before.changes() == before.changes() == []
        np.sqrt, original = other, np.sqrt
        assert before.changes() == in_code("numpy.sqrt")
        np.sqrt = original
        assert before.changes() == []
    finally:
        del np.an_addition  # type: ignore[attr-defined]


def test_equal_constants_are_no_change() -> None:
    before = ProcessState.now()
    math.pi = float("3.141592653589793")  # type: ignore[misc]
    assert before.changes() == []


def ignore_all(*_: Any) -> None:
    return None


SETTINGS: list[tuple[str, Callable[[Path], object]]] = [
    ("numpy's error state", lambda _: np.seterr(all="raise")),
    ("numpy's error callback", lambda _: np.seterrcall(ignore_all)),
    ("numpy's print options", lambda _: np.set_printoptions(precision=3)),
    ("working directory", os.chdir),
    ("sys.path", lambda folder: sys.path.insert(0, str(folder))),
    ("warnings.filters", lambda _: warnings.simplefilter("ignore")),
    ("recursion limit", lambda _: sys.setrecursionlimit(sys.getrecursionlimit() + 1)),
    ("garbage collection", lambda _: gc.disable()),
    ("sys.stderr", lambda _: setattr(sys, "stderr", None)),
    ("handler of SIGTERM", lambda _: signal.signal(signal.SIGTERM, signal.SIG_IGN)),
    ("environment variable HOME", lambda _: os.environ.update(HOME="elsewhere")),
    ("environment variable A_PORTS_OWN", lambda _: os.environ.update(A_PORTS_OWN="1")),
]


@pytest.mark.parametrize(("what", "change"), SETTINGS, ids=[what for what, _ in SETTINGS])
def test_what_is_set_is_noticed_and_put_back(tmp_path: Path, what: str, change: Callable[[Path], object]) -> None:
    before = ProcessState.now()
    change(tmp_path)
    found, again = before.changes(), before.changes(ProcessState.now())
    before.restore()
    assert found == again == [Change(what, False)]
    assert before.changes() == []


def test_a_variable_that_is_removed_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PORT_NEEDS", "β")
    state = ProcessState.now()
    del os.environ["A_PORT_NEEDS"]
    assert state.changes() == [Change("environment variable A_PORT_NEEDS", False)]
    state.restore()
    assert os.environ["A_PORT_NEEDS"] == "β"


def test_a_profile_of_hypothesis_is_noticed_and_put_back() -> None:
    before = ProcessState.now()
    hypothesis.settings.register_profile("a port's", derandomize=True, database=None)
    hypothesis.settings.load_profile("a port's")
    assert before.changes() == [Change("Hypothesis' profile", False)]
    before.restore()
    assert before.changes() == []


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64" or shutil.which("cc") is None,
    reason="needs a C compiler and the registers of x86",
)
def test_a_processor_that_flushes_subnormals_is_noticed_and_put_back(tmp_path: Path) -> None:
    before = ProcessState.now()
    (tmp_path / "flush.c").write_text(FLUSHING, encoding="utf-8")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "flush.so", tmp_path / "flush.c"], check=True)
    ctypes.CDLL(str(tmp_path / "flush.so")).flush()
    found = before.changes()
    before.restore()
    assert found == in_code("the processor's arithmetic")


def test_a_working_directory_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    before = ProcessState.now()
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert before.changes() == [Change("working directory", False)]


TIMED = """
from time import process_time
from timeit import repeat
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.process_state import ProcessState

find_port("numba")
state = ProcessState.now()
print(min(repeat(lambda: state.changes(ProcessState.now()), number=5, repeat=10, timer=process_time)) / 5)
"""


def test_it_takes_no_time() -> None:
    """In a process that has loaded what a worker has: a process of tests has loaded three times as much."""
    taken = subprocess.run([sys.executable, "-c", TIMED], capture_output=True, text=True, check=True)
    assert float(taken.stdout) < 5e-3
