"""What a port is made of: an edit changes the digests of what it can change, and of nothing else."""

from __future__ import annotations

import ctypes
import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace

import pytest

from gnomon_spec.system import Operation, find_system, systems
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.runs import port_content
from gnomon_validation.runs.port_content import _version, contents, files_since, modules_before, unchanged

OPERATIONS = [operation for system in systems().values() for operation in system.operations.values()]
ADAMW, LION = "adamw.step", "lion.step"
FILE = '''\
"""Two steps."""
import functools

from beside import mean

RATE = 0.5


def double(x):
    return 2 * x


def traced(function):
    @functools.wraps(function)
    def call(*inputs, **hypers):
        return function(*inputs, **hypers)

    return call


def average(x, y):
    """Return what both steps need."""
    return mean(x, y)


def of_adamw(x):
    return double(x)  # twice


def adamw_step(params, grad, state, **hypers):
    return average(params, of_adamw(grad)), state


@traced
def lion_step(params, grad, state, **hypers):
    return average(params, grad), state


if __name__ == "__main__":
    print(adamw_step(1, 2, ()))
'''
BESIDE = """\
def mean(x, y):
    return (x + y) / 2
"""
CLASSES = """\
def update(x, grad):
    return x - grad


def sign(x):
    return x


class Base:
    rate = 1.0

    def apply(self, x, grad):
        return update(x, grad)


class AdamW(Base):
    def __init__(self, **hypers):
        self.hypers = hypers

    def step(self, params, grad, state):
        return self.apply(params, grad), state


class Lion:
    def step(self, params, grad, state, **hypers):
        return params - sign(grad), state
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let what a test loads be loaded anew, from source, and forgotten afterwards."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    yield
    forget(tmp_path)


def forget(folder: Path) -> None:
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(folder)):
            del sys.modules[name]
    importlib.invalidate_caches()


def digests(target: str, **files: str) -> dict[str, str]:
    """Return the digests of a port after files in the working directory were written."""
    for name, text in files.items():
        Path(f"{name}.py").write_text(text, encoding="utf-8")
    forget(Path.cwd())
    before = modules_before()
    return contents(find_port(target), OPERATIONS, before)


def changed_by(old: str, new: str, *, at: str = "steps", target: str = "steps.py", **files: str) -> set[str]:
    """Return the operations whose digests an edit changes."""
    files = files or {"steps": FILE, "beside": BESIDE}
    assert old in files[at]
    first, then = digests(target, **files), digests(target, **{**files, at: files[at].replace(old, new)})
    assert first.keys() == then.keys()
    assert first
    return {operation for operation, digest in first.items() if then[operation] != digest}


def test_every_operation_that_is_offered_has_a_digest() -> None:
    found = digests("steps.py", steps=FILE, beside=BESIDE)
    assert found.keys() == {ADAMW, LION}
    assert len({*found.values()}) == 2
    assert all(len(digest) == 64 for digest in found.values())
    assert found == digests("steps.py", steps=FILE, beside=BESIDE)


@pytest.mark.parametrize(
    ("old", "new", "operations"),
    [
        ("of_adamw(grad)), state", "of_adamw(-grad)), state", {ADAMW}),
        ("return double(x)", "return double(-x)", {ADAMW}),
        ("return 2 * x", "return 3 * x", {ADAMW}),
        ("return mean(x, y)", "return mean(y, x)", {ADAMW, LION}),
        ("average(params, grad)", "average(grad, params)", {ADAMW, LION}),  # it is decorated: who knows what that does
        ("return function(*inputs, **hypers)", "return function(*inputs)", {ADAMW, LION}),
        ("RATE = 0.5", "RATE = 0.25", {ADAMW, LION}),
        ("RATE = 0.5", 'RATE = 0.5\nnames = {"lr": "rate"}', {ADAMW, LION}),
        ("# twice", "# two times", set()),
        ("Return what both steps need.", "Return the average.", set()),
        ("Two steps.", "Some steps.", set()),
        ("mean(x, y)", "mean(\n        x, y\n    )", set()),
        ("RATE = 0.5\n", "RATE = 0.5\n\n\ndef unused(x):\n    return x\n", set()),
        ("print(adamw_step(1, 2, ()))", "print(adamw_step(1, 3, ()))", set()),
    ],
)
def test_an_edit_changes_the_operations_that_it_reaches(old: str, new: str, operations: set[str]) -> None:
    assert changed_by(old, new) == operations


def test_an_edit_of_an_imported_module_changes_all() -> None:
    assert changed_by("/ 2", "/ 3", at="beside") == {ADAMW, LION}


@pytest.mark.parametrize("decorator", ["functools.lru_cache(maxsize=None)", "functools.cache"])
def test_a_well_known_decorator_has_no_part_in_other_operations(decorator: str) -> None:
    text = FILE.replace("@traced", f"@{decorator}")
    edited = "average(params, grad)", "average(grad, params)"
    assert changed_by(*edited, steps=text, beside=BESIDE) == {LION}
    assert changed_by(f"@{decorator}\n", "", steps=text, beside=BESIDE) == {LION}


@pytest.mark.parametrize(
    "start",
    [
        "from functools import cache\ncache = traced",
        "def cache(function):\n    return function",
        "try:\n    from functools import cache\nexcept ImportError:\n    pass",
    ],
)
def test_a_decorator_of_a_well_known_name_may_be_another(start: str) -> None:
    text = FILE.replace("def average", f"{start}\n\n\ndef average").replace("@traced", "@cache")
    assert changed_by("average(params, grad)", "average(grad, params)", steps=text, beside=BESIDE) == {ADAMW, LION}


def test_a_class_that_may_be_registered_by_its_base_counts_everywhere() -> None:
    beside = f"{BESIDE}\n\nclass Registered:\n    pass\n"
    text = FILE.replace("import mean", "import Registered, mean").replace(
        "RATE = 0.5", "RATE = 0.5\n\n\nclass First(Registered):\n    rate = 1\n\n\nclass Next(First):\n    other = 1\n"
    )
    for old in ("    rate = 1", "    other = 1"):
        assert changed_by(old, f"{old}2", steps=text, beside=beside) == {ADAMW, LION}
    plain = text.replace("(Registered)", "(ValueError)")
    assert changed_by("    rate = 1", "    rate = 2", steps=plain, beside=beside) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "import subprocess",
        "from urllib.request import urlopen",
        "with open(__file__) as file:\n    text = file.read()",
        "import pathlib\ntext = pathlib.Path(__file__).read_text()",
        "import os\nhome = os.environ.get('HOME')",
        "import os\nhome = os.environ['PATH']",
        "import os\nhome = os.getenv('HOME')",
    ],
)
def test_of_what_depends_on_other_files_or_programs_nothing_is_known(statement: str) -> None:
    assert digests("steps.py", steps=f"{FILE}\n{statement}\n", beside=BESIDE) == {}
    assert digests("steps.py", steps=FILE, beside=f"{BESIDE}\n{statement}\n") == {}
    only_as_a_program = FILE + f"    {statement}\n".replace("\n", "\n    ").rstrip(" ")
    assert digests("steps.py", steps=only_as_a_program, beside=BESIDE).keys() == {ADAMW, LION}


def test_what_sets_the_environment_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PORTS_OWN", "0")
    text = f"import os\nos.environ['A_PORTS_OWN'] = '1'\n{FILE}"
    assert digests("steps.py", steps=text, beside=BESIDE).keys() == {ADAMW, LION}


@pytest.mark.parametrize(
    "statement",
    [
        "from beside import *",
        "import importlib",
        "import steps",
        'more = globals()["RATE"]',
        "exec('')",
        "def __getattr__(name):\n    raise AttributeError(name)",
        "class Registered:\n    def __init_subclass__(cls):\n        pass",
        "setattr(functools, 'rate', RATE)",
    ],
)
def test_of_a_dynamic_module_all_counts(statement: str) -> None:
    text = FILE.replace("RATE = 0.5", f"RATE = 0.5\n{statement}")
    assert changed_by("return 2 * x", "return 3 * x", steps=text, beside=BESIDE) == {ADAMW, LION}
    assert changed_by("# twice", "# two times", steps=text, beside=BESIDE) == set()


def test_all_counts_if_another_module_knows_this_one() -> None:
    beside = f"{BESIDE}\n\ndef twice(x):\n    import steps\n    return steps.double(x)\n"
    assert changed_by("return 2 * x", "return 3 * x", steps=FILE, beside=beside) == {ADAMW, LION}


def test_a_function_that_sets_a_global_counts_everywhere() -> None:
    text = FILE.replace("return 2 * x", "global RATE\n    RATE = 1\n    return 2 * x")
    assert changed_by("RATE = 1\n", "RATE = 2\n", steps=text, beside=BESIDE) == {ADAMW, LION}


@pytest.mark.parametrize(
    ("old", "new", "operations"),
    [
        ("return self.apply(params, grad)", "return self.apply(params, -grad)", {ADAMW}),
        ("return x - grad", "return x + grad", {ADAMW}),
        ("rate = 1.0", "rate = 2.0", {ADAMW}),
        ("def sign(x):\n    return x", "def sign(x):\n    return -x", {LION}),
        ("class Lion:", "class Lion(Base):", {LION}),
    ],
)
def test_a_class_counts_with_what_it_refers_to(old: str, new: str, operations: set[str]) -> None:
    assert changed_by(old, new, steps=CLASSES) == operations


@pytest.mark.parametrize(
    ("target", "tail"), [("steps.py:AdamW", ""), ("steps.py:port", "\n\nport = AdamW()\n"), ("steps", "")]
)
def test_a_class_an_instance_or_a_module_may_be_named(target: str, tail: str) -> None:
    sources = {"steps": CLASSES.replace("class AdamW(Base):", "class AdamW(Base):\n    __name__ = 'adamw'") + tail}
    assert ADAMW in changed_by("return x - grad", "return x + grad", target=target, **sources)
    assert ADAMW not in changed_by(
        "def sign(x):\n    return x", "def sign(x):\n    return -x", target=target, **sources
    )


def test_functions_of_a_namespace_made_by_a_function_count_with_all_that_they_may_be() -> None:
    text = """\
from types import SimpleNamespace


def helper(x):
    return x


def unused(x):
    return x


def made(rate):
    def step(params, grad, state, **hypers):
        return helper(params), state

    return SimpleNamespace(step=step)


adamw = made(0.5)
"""
    assert changed_by("def helper(x):\n    return x", "def helper(x):\n    return -x", steps=text) == {ADAMW}
    assert changed_by("def unused(x):\n    return x", "def unused(x):\n    return -x", steps=text) == set()


CALLS_C = """\
import ctypes
from pathlib import Path

library = ctypes.CDLL(str(Path(__file__).absolute().with_name("librate.so")))


def adamw_step(params, grad, state, **hypers):
    return library.rate() * params, state
"""
TELLS = """\
from pathlib import Path
from gnomon_spec.system import find_system
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.port_content import contents, files_since, modules_before

before = modules_before()
port = find_port("steps.py")
print(*contents(port, find_system("adamw").operations.values(), before).values())
print(*sorted(Path(file).name for file in files_since(before)))
"""


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="needs a C compiler on Linux")
def test_a_shared_library_counts() -> None:
    Path("steps.py").write_text(CALLS_C, encoding="utf-8")
    found = []
    for rate in (2, 2, 3):
        Path("rate.c").write_text(f"int rate(void) {{ return {rate}; }}", encoding="utf-8")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", "librate.so", "rate.c"], check=True)
        done = subprocess.run([sys.executable, "-c", TELLS], capture_output=True, text=True, check=True)
        digest, files = done.stdout.splitlines()
        assert files == "librate.so steps.py"
        found.append(digest)
    assert found[0] == found[1] != found[2]


def test_files_tell_whether_a_result_still_holds() -> None:
    digests("steps.py", steps=FILE, beside=BESIDE)
    forget(Path.cwd())
    before = modules_before()
    port = find_port("steps.py")
    files = files_since(before)
    assert files == files_since(before, port)
    assert {Path(path).name for path in files} == {"steps.py", "beside.py"}
    assert unchanged(files)
    Path("beside.py").write_text(f"{BESIDE}#", encoding="utf-8")
    assert not unchanged(files)
    Path("beside.py").unlink()
    assert not unchanged(files)
    assert contents(port, OPERATIONS, before) == {}


def test_the_files_of_a_port_count_even_if_they_were_loaded_before() -> None:
    first = digests("steps.py", steps=FILE, beside=BESIDE)
    before = modules_before()
    port = find_port("steps.py")
    assert contents(port, OPERATIONS, before) == first
    assert {Path(path).name for path in files_since(before, port)} == {"steps.py", "beside.py"}


def test_what_is_loaded_later_is_not_known() -> None:
    text = FILE.replace("return 2 * x", "from later import twice\n    return twice(x)")
    later = {"later": "def twice(x):\n    return 2 * x\n"}
    assert digests("steps.py", steps=text, beside=BESIDE, **later) == {}


def test_what_is_not_installed_or_for_types_only_does_no_harm() -> None:
    start = """\
from typing import TYPE_CHECKING
try:
    import no_such_package_anywhere
except ImportError:
    pass
if TYPE_CHECKING:
    from later import Twice
"""
    found = digests("steps.py", steps=start + FILE.partition("\n")[2], beside=BESIDE, later="")
    assert found.keys() == {ADAMW, LION}


def test_the_version_of_an_installed_package_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    text = FILE.replace("import functools", "import functools\nimport pluggy")
    first = digests("steps.py", steps=text, beside=BESIDE)
    assert first == digests("steps.py", steps=text, beside=BESIDE)
    monkeypatch.setattr(port_content, "_version", lambda name: "0" if name == "pluggy" else _version(name))
    assert {*digests("steps.py", steps=text, beside=BESIDE).values()}.isdisjoint(first.values())


def test_a_port_that_is_no_file_is_not_known() -> None:
    def step(params: object, grad: object, state: object) -> object:
        return params, state

    port = FunctionsPort(SimpleNamespace(adamw_step=step), "a_port")
    assert contents(port, OPERATIONS, modules_before()) == {}

    class OtherPort(FunctionsPort):
        pass

    assert contents(OtherPort(ctypes, "another", ctypes), OPERATIONS, modules_before()) == {}


@pytest.mark.parametrize("name", ["numba", "reference"])
def test_the_bundled_ports_have_digests(name: str) -> None:
    port = find_port(name)
    offered = [operation for operation in OPERATIONS if port.offer(operation)]
    found = contents(port, OPERATIONS, modules_before())
    assert found.keys() == {operation.id for operation in offered}
    assert found == contents(port, OPERATIONS, modules_before())


@pytest.mark.torch
def test_a_torch_optimizer_counts_with_its_file_and_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """\
import torch


class Tweaked(torch.optim.AdamW):
    def step(self, closure=None):
        return super().step(closure)
"""
    first = digests("torch:steps.py:Tweaked(system='adamw')", steps=text)
    then = digests("torch:steps.py:Tweaked(system='adamw')", steps=text.replace("super()", "super(Tweaked, self)"))
    assert first.keys() == then.keys() == {ADAMW}
    assert first != then
    port = find_port("torch:torch.optim.AdamW")
    found = contents(port, OPERATIONS, modules_before())
    assert found.keys() == {ADAMW}
    monkeypatch.setattr(port_content, "_version", lambda _: "0")
    assert contents(port, OPERATIONS, modules_before()) != found


def test_it_takes_no_time() -> None:
    digests("steps.py", steps=FILE, beside=BESIDE)
    before = modules_before()
    port = find_port("steps.py")
    asked: list[Operation] = [*find_system("adamw").operations.values()]
    seconds = []
    for _ in range(5):
        began = perf_counter()
        contents(port, asked, before)
        seconds.append(perf_counter() - began)
    assert min(seconds) < 0.1
