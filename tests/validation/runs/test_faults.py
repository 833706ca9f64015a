"""Each fault of a port is a verdict of its own, and the others are kept; so they are in the reports."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from fault_ports import AT_LOADING, DAMAGES, FAULTS, Damage, Fault
from rich.console import Console

from gnomon_spec.system import Law, find_law, find_system
from gnomon_validation import report_json, report_junit, report_terminal
from gnomon_validation.checker import check
from gnomon_validation.runs import pool
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.pool import DescribedPort, Owner, Pool
from gnomon_validation.verdicts import EVERY_CALL, SEVERITY, Check, Verdict

PLAN = Plan(5, ("float32",), shrink_attempts=10)
OPERATIONS = ("adamw.step", "sgd.step")
NAMES = ("agrees_with_the_oracle", "no_learning_rate_no_move", "bad_input_is_rejected")
LAWS = tuple(find_law(f"{operation}:{name}") for operation in OPERATIONS for name in NAMES)


def checked(
    file: Path, laws: tuple[Law, ...] = LAWS, *, seconds: float = 1.0, memory: int | None = None, jobs: int = 1
) -> Check:
    """Hold the port in a file against laws, in workers that have so much memory, and so long for a call."""
    systems = [find_system(name) for name in dict.fromkeys(law.operation.system.name for law in laws)]
    with Pool(Owner(str(file), {}, None, PLAN, seconds, memory), jobs) as workers:
        port = DescribedPort(workers.ask({"do": "describe"}))
        return check(port, systems, PLAN, laws=lambda law: law in laws, workers=workers)


def of(found: Check, operation: str) -> list[Verdict]:
    return [verdict for verdict in found.verdicts if verdict.law.operation.id == operation]


def told(found: Check, verdicts: list[Verdict]) -> str:
    """Return all that is said of verdicts, of changes in the process, and by the port itself."""
    messages = [verdict.outcome.message for verdict in verdicts if verdict.outcome]
    return "\n".join([*messages, *found.changed, found.printed])


def reported(found: Check) -> str:
    """Return the report of a check that a person reads, after those were made that programs read."""
    json.dumps(report_json.report(found), allow_nan=False)
    Xml.fromstring(Xml.tostring(report_junit.report(found)))
    lines = StringIO()
    report_terminal.show(found, Console(file=lines, width=140), verbose=True)
    return lines.getvalue()


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a port, in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "port.py"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_a_verdict_and_the_others_are_kept(
    fault: Fault, port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "JUDGING", fault.judging)
    port.write_text(fault.text, encoding="utf-8")
    found = checked(port, memory=fault.memory)
    faulty, right = (of(found, operation) for operation in OPERATIONS)
    assert [verdict.status for verdict in right] == ["conforms"] * len(NAMES)
    worst = max((verdict.status for verdict in faulty), key=SEVERITY.index)
    assert worst in fault.statuses
    assert fault.says in told(found, faulty)
    assert ("does not conform" in reported(found)) == (worst != "conforms")


@pytest.mark.parametrize("name", AT_LOADING)
def test_a_file_that_cannot_be_loaded_is_told_in_one_line(name: str, port: Path) -> None:
    text, says = AT_LOADING[name]
    port.write_text(Fault(name, "pass", set(), before=text).text, encoding="utf-8")
    if says is None:
        assert checked(port).conforms
        return
    with pytest.raises(ValueError) as caught:
        checked(port, seconds=0.2)
    line = str(caught.value)
    assert says in line
    assert "\n" not in line


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.law)
def test_damaged_outputs_of_other_operations_are_verdicts_too(damage: Damage, port: Path) -> None:
    port.write_text(damage.text, encoding="utf-8")
    found = checked(port, (find_law(damage.law),), seconds=5.0)
    assert {verdict.status for verdict in found.verdicts} == damage.statuses
    assert damage.says in reported(found)


ENDS_AT = """\
import os
from gnomon.descent import sgd

def sgd_step(params, grad, state, *, lr=1e-3, momentum=0.0, **hyper):
    if momentum == float("inf"):
        os.abort()
    return sgd.step(params, grad, state, lr=lr, momentum=momentum, **hyper)
"""


@pytest.mark.parametrize("names", [NAMES, NAMES[2:]], ids=["among others", "alone"])
def test_of_bad_input_that_ends_the_port_it_is_said_which_it_was(names: tuple[str, ...], port: Path) -> None:
    port.write_text(ENDS_AT, encoding="utf-8")
    found = checked(port, tuple(find_law(f"sgd.step:{name}") for name in names))
    expected = {**dict.fromkeys(names, "conforms"), NAMES[2]: "crashed"}
    assert {verdict.law.name: verdict.status for verdict in found.verdicts} == expected
    text = reported(found)
    assert "in port.py:6, given momentum = inf" in " ".join(text.split())
    assert EVERY_CALL not in text


@pytest.mark.parametrize(
    "name", ["exits_with_3", "sleeps", "raises_in_red", "replaces_sqrt", "returns_freed_memory", "forks"]
)
def test_two_workers_find_the_same(name: str, port: Path) -> None:
    fault = next(fault for fault in FAULTS if fault.name == name)
    port.write_text(fault.text, encoding="utf-8")
    found = [checked(port, jobs=jobs) for jobs in (1, 2)]
    statuses = [[(verdict.law, verdict.status) for verdict in each.verdicts] for each in found]
    assert statuses[0] == statuses[1]
    assert all(fault.says in told(each, of(each, "adamw.step")) for each in found)


def test_what_a_port_started_ends_with_its_worker(port: Path) -> None:
    left = "subprocess.Popen(['sh', '-c', 'sleep 1.5; touch left'])\ntime.sleep(60)"
    port.write_text(Fault("leaves_a_process", left, set()).text, encoding="utf-8")
    assert {verdict.status for verdict in of(checked(port), "adamw.step")} == {"timed out"}
    assert not port.with_name("left").exists()
