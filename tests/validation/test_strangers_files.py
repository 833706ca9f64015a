"""Files of strangers: whatever is in one, it is judged in seconds or refused in one line, and nothing else happens."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from itertools import islice
from pathlib import Path

import mutated_files
import numpy as np
import pytest
from damaged_ports import a_case
from small_ports import ORACLE_LAW, decays_after_the_update, port_of, verdict_on

from gnomon_spec.system import find_law, systems
from gnomon_validation import replay as replaying
from gnomon_validation import witnesses
from gnomon_validation.case_files import read, write
from gnomon_validation.case_limits import LARGEST_FILE, MOST_VALUES, require_like_drawn
from gnomon_validation.expectations import read as read_expected
from gnomon_validation.judging import Judge
from gnomon_validation.ports.bundled import MistakenPort
from gnomon_validation.ports.port import Offer
from gnomon_validation.replay import UNEXPLAINED, replay
from gnomon_validation.verdicts import Verdict
from gnomon_validation.wording import assignment, typed


def judged_mutants(directory, each, mutants, seconds):
    """Judge mutants of real files in a process of its own, whose audit hook goes with it.

    seconds: how long an explanation is looked for, which is most of the work.
    """
    numbers = map(str, (each, mutants.start, mutants.stop, seconds))
    program = [sys.executable, "-B", mutated_files.__file__, str(directory), *numbers]
    done = subprocess.run(program, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path()})
    assert done.stderr == ""
    return json.loads(done.stdout[done.stdout.index("{") :])  # LAPACK may have printed what it thinks of a NaN


def path():
    return os.pathsep.join(sys.path)


def assert_harmless(found, mutants):
    assert found["faults"] == []
    assert found["forbidden"] == []
    assert sum(found["statuses"].values()) == len(mutants)
    assert {"refused", "wrong"} < set(found["statuses"])


def test_mutants_of_real_files_are_judged_or_refused_and_nothing_else_happens(tmp_path):
    mutants = range(10_000, 10_150)
    assert_harmless(judged_mutants(tmp_path, 1, mutants, 0.1), mutants)


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(0, 10_000, 1000))
def test_ten_thousand_mutants_are_judged_or_refused(tmp_path, first):
    mutants = range(first, first + 1000)
    assert_harmless(judged_mutants(tmp_path, 12, mutants, replaying.EXPLAINING_SECONDS), mutants)


def test_the_audit_hook_sees_what_is_forbidden(tmp_path):
    watch = mutated_files.Watch()
    watch.on = True
    try:
        (tmp_path / "written").touch()
        compile(f"{mutated_files.CANARY} = 1", "a case", "exec")
        socket.socket().close()
        Path(__file__).read_bytes()
    finally:
        watch.on = False
    assert [event.split()[0] for event in watch.seen] == ["open", "compile", "socket.__new__"]


def witnesses_of(system):
    return [witness for dtype in witnesses.DTYPES for witness in witnesses.read(system, dtype)]


def assert_within_limits(found):
    for witness in found:
        for case in witness.cases:
            require_like_drawn(case, witness.law)


@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_a_stored_case_is_never_too_large(system):
    assert_within_limits(witnesses_of(system)[::50])


@pytest.mark.campaign
@pytest.mark.parametrize("system", systems().values(), ids=lambda system: system.name)
def test_no_stored_case_is_too_large(system):
    assert_within_limits(witnesses_of(system))


def a_witness(law):
    """Return the verdict on the first witness that a law has."""
    law = find_law(law)
    found = next(w for w in witnesses.read(law.operation.system, "float64") if w.law is law)
    return verdict_in(found.cases[0], law, MistakenPort(found.mistake.edited))


def verdict_in(case, law, port):
    """Return the verdict on a port in one case."""
    outcome = Judge(port, law, np.dtype(np.float64), Offer()).outcome(case)
    return Verdict(law, "float64", outcome.status, smallest=case, outcome=outcome)


def changed(directory, verdict, change):
    """Write the case file of a verdict, with a change to its data."""
    file = write(directory, "a_port", verdict)
    data = json.loads(file.read_text(encoding="utf-8"))
    change(data)
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


LOOPS = {
    "sgd.trajectory:agrees_with_the_oracle": ["steps"],
    "curvature.lanczos:agrees_with_the_oracle": ["steps"],
    "hessian_free.conjugate_gradients:agrees_with_the_oracle": ["max_iter"],
}


@pytest.mark.parametrize("law", LOOPS)
def test_counts_are_bounded_by_what_the_law_draws(tmp_path, law):
    verdict = a_witness(law)
    for name in LOOPS[law]:
        for count in (10**9, 10**5):
            file = changed(tmp_path, verdict, lambda data, name=name, count=count: data["case"].update({name: count}))
            with pytest.raises(ValueError, match=rf"{name} of its case must be at most \d+ .*, got {count:,}$"):
                read(file)


@pytest.mark.parametrize("law", ["adam.step", "nadam.step", "sgd.step", "homotopy.estimate", "homotopy.schedule"])
def test_how_often_a_state_was_stepped_is_no_count_of_a_loop(tmp_path, law):
    def much_later(data):
        fields = data["case"]["state"]["fields"]
        fields["step_count" if "step_count" in fields else "calls"] = 2**62

    verdict, _ = replay(read(changed(tmp_path, a_witness(f"{law}:{ORACLE_LAW}"), much_later)))
    assert verdict.status in ("wrong", "conforms", "ambiguous only")


def lengthen(data):
    array = data["case"]["params"]
    array.update(array=[{"float": "0x1p0"}] * 10**5, shape=[10**5])


def test_lengths_and_amounts_are_bounded(tmp_path):
    verdict = verdict_on(port_of(decays_after_the_update))
    lengths = r"params of its case must be at most \d+ long along each axis .*, got 100,000$"
    with pytest.raises(ValueError, match=lengths):
        read(changed(tmp_path, verdict, lengthen))
    with pytest.raises(ValueError, match=f"must hold at most {MOST_VALUES:,} values"):
        read(changed(tmp_path, verdict, lambda data: data.update(calls=[[]] * MOST_VALUES)))
    with pytest.raises(ValueError, match="must fit into 64 bits, got an integer of about 4001 digits"):
        read(changed(tmp_path, verdict, lambda data: data["case"].update(lr=10**4000)))


HUGE = {"entries": np.ones(10**5), "text": "x" * 10**6, "tuples": eval("(" * 50 + "1," + ")," * 49 + ")")}


@pytest.mark.parametrize("what", HUGE)
def test_a_port_that_returns_far_too_much_has_a_file_that_can_be_read(tmp_path, what):
    law, port = find_law("adamw.step:bad_input_is_rejected"), port_of(lambda *_, **__: HUGE[what])
    verdict = verdict_in(a_case(law), law, port)
    file = write(tmp_path, "a_port", verdict)
    assert file.stat().st_size < LARGEST_FILE
    assert replay(read(file))[0].status == verdict.status == "accepts bad input"


def test_what_a_port_is_given_of_its_own_is_bounded_too(tmp_path):
    law = find_law("training_paths.compose:parts_compose_to_the_whole")
    port = port_of(None, training_paths_compose=lambda first, *_: np.resize(first, (10**5, *first.shape[1:])))
    verdict = verdict_in(a_case(law), law, port)
    assert replay(read(write(tmp_path, "a_port", verdict)))[0].status == verdict.status == "wrong"


def endless(*_):
    while True:
        pass


def test_what_is_not_judged_in_time_is_one_line(tmp_path, monkeypatch):
    stored = read(write(tmp_path, "a_port", verdict_on(port_of(decays_after_the_update))))
    monkeypatch.setattr(replaying, "SECONDS", 0.05)
    monkeypatch.setattr(replaying.Judge, "outcome", endless)
    with pytest.raises(ValueError, match=r"is not judged within 0\.05 s$"):
        replay(stored)


def test_a_verdict_that_is_not_explained_in_time_stands_without(tmp_path, monkeypatch):
    stored = read(write(tmp_path, "a_port", verdict_on(port_of(decays_after_the_update))))
    monkeypatch.setattr(replaying, "EXPLAINING_SECONDS", 0.05)
    monkeypatch.setattr(replaying, "diagnose", endless)
    verdict, _ = replay(stored)
    assert (verdict.status, verdict.diagnosis, verdict.reason) == ("wrong", [], UNEXPLAINED)


@pytest.fixture
def strange_files(tmp_path):
    """Return files of kinds that are not to be opened."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(2**40)
    return [tmp_path / "pipe", tmp_path / "socket", tmp_path / "huge", tmp_path, Path("/dev/zero")]


def test_what_is_no_file_of_a_reasonable_size_is_refused_at_once(strange_files):
    for file in strange_files:
        for reading in (read, read_expected):
            with pytest.raises(ValueError, match=r"cannot be read: it (is (no regular file|a directory)|must have)"):
                reading(file)


def test_the_command_refuses_them_in_one_line(gnomon, strange_files):
    for file in strange_files:
        for command in (("replay", file), ("check", "reference", "--expect", file)):
            answer = gnomon(*command)
            assert (answer.status, answer.output) == (2, "")
            assert answer.errors.startswith("gnomon: ") and answer.errors.count("\n") == 1


TABLES = {
    "deep lists": "a = " + "[" * 5000,
    "deep tables": "a = " + "{a = " * 5000,
    "many digits": "a = 1" + "0" * 5000,
    "twice": "[expected]\na = 'x'\na = 'y'",
    "no reasons": "[expected]\na = [1]",
    "no table": "expected = 3",
    "bytes": b"\xff\xfe",
    "a control character": "[expected]\n'\x1b' = 'x'",
}


@pytest.mark.parametrize("what", TABLES)
def test_a_file_that_holds_no_expected_failures_is_refused_in_one_line(tmp_path, what):
    file, content = tmp_path / "expected.toml", TABLES[what]
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError) as caught:
        read_expected(file)
    assert str(file) in str(caught.value) and str(caught.value).isprintable()


def test_a_reason_cannot_steer_the_terminal(tmp_path):
    file = tmp_path / "expected.toml"
    file.write_text('[expected]\n"*" = "\\u001b[31mred\\nline"', encoding="utf-8")
    assert read_expected(file) == {"*": r"\x1b[31mred line"}


VALUES = ["(" * 3000, "[" * 3000, "-" * 9000 + "1", "9" * 5000, "{[]}", "{[]: 1}", "a\0b", "\ud800", "1if 1else 2"]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_an_option_that_is_no_literal_is_its_text(value):
    assert assignment(f"name={value}") == ("name", value)


def test_an_endless_option_is_refused():
    with pytest.raises(ValueError, match="options must have at most 10,000 characters, got 20,005"):
        assignment("name=" + "0" * 20_000)


def test_what_a_shell_would_read_otherwise_is_quoted():
    assert typed("failures/a.json") == "failures/a.json"
    assert typed("a  file; rm -rf ~") == "'a  file; rm -rf ~'"
    assert typed("\x1b[31m\n") == r"'\x1b[31m\n'"


def test_what_is_printed_to_be_typed_is_quoted(gnomon, tmp_path):
    verdict = verdict_on(port_of(decays_after_the_update))
    file = write(tmp_path / "a $(folder)", "a_port; rm x", verdict)
    answer = gnomon("replay", file)
    assert f"gnomon replay '{file}' --port 'a_port; rm x'" in answer.output


def test_mutants_of_one_number_are_the_same():
    base = json.dumps({"case": {"lr": {"float": "0x1p0"}}, "calls": [], "law": "sgd.step:x"})
    mutants = [
        [mutated_files.mutant(base, [json.loads(base)], mutated_files.Random(i)) for i in range(20)] for _ in "12"
    ]
    assert mutants[0] == mutants[1]
    assert len(set(islice(mutants[0], 20))) > 10
