"""Runs: the same report whoever works, nothing lost when one ends early, nothing done twice that has not changed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gnomon_spec.system import find_law, find_system
from gnomon_validation import report_json
from gnomon_validation.checker import check
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.pool import DescribedPort, Owner, Pool
from gnomon_validation.runs.run_file import last_run, read_lines
from gnomon_validation.runs.work import Queue
from gnomon_validation.witnesses import known_cases

PORT = """
from gnomon.descent import adamw, sgd

def helper(x):
    return x

def adamw_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    new, after = adamw.step(params, grad, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=0.0)
    return helper(new) * (1 - lr * weight_decay), after

def sgd_step(params, grad, state, *, lr=1e-3, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0):
    return sgd.step(params, grad, state, lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov,
                    weight_decay=weight_decay)
"""
MENDED = PORT.replace(
    "weight_decay=0.0)\n    return helper(new) * (1 - lr * weight_decay)", "weight_decay=weight_decay)\n    return new"
)
EDITED = PORT.replace("return sgd.step(", "return 0 or sgd.step(")
TEN = ("--dtype", "float32", "--examples", "10", "--jobs", "1")
QUICK = ("--dtype", "float32", "--examples", "10", "-k", "oracle", "-k", "decay")
COMMAND = [sys.executable, "-m", "gnomon_validation", "check", "port.py", "--examples", "6"]


@pytest.fixture
def port(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("port.py").write_text(PORT, encoding="utf-8")
    return "port.py"


def without_seconds(report):
    """Return a report without what differs from run to run."""
    told = {name: value for name, value in report.items() if name not in ("seconds", "units")}
    return {**told, "verdicts": [{**verdict, "seconds": 0} for verdict in told["verdicts"]]}


def test_a_report_is_the_same_whoever_works(port):
    plan = Plan(110, ("float32",), shrink_attempts=10, search_seconds=0.2)
    asked = [find_system("adamw"), find_system("sgd")], plan
    names = "agrees_with_the_oracle", "decay_acts_on_the_parameters_before_the_step", "bad_input_is_rejected"
    chosen = {"laws": lambda law: law.name in names and law.operation.name in ("step", "trajectory")}
    told = [report_json.report(check(find_port(port), *asked, **chosen))]
    for jobs in (1, 2):
        with Pool(Owner(port, {}, None, plan), jobs) as pool:
            described = DescribedPort(pool.ask({"do": "describe"}))
            told.append(report_json.report(check(described, *asked, **chosen, workers=pool)))
    assert {v["verdict"] for v in told[0]["verdicts"]} >= {"wrong", "conforms", "not provided"}
    assert without_seconds(told[0]) == without_seconds(told[1]) == without_seconds(told[2])


def test_a_worker_that_somebody_kills_is_replaced_and_its_work_done(port):
    plan = Plan(20, ("float32",))
    with Pool(Owner(port, {}, None, plan), jobs=2) as pool:
        described = DescribedPort(pool.ask({"do": "describe"}))
        killed = []

        def kill(_):
            at_work = [slot for slot in pool.slots if slot.request and not slot.request.get("again")]
            if at_work and len(killed) < 3:
                killed.append(at_work[0].request["do"])
                os.kill(at_work[0]._process.pid, signal.SIGKILL)

        result = check(described, [find_system("sgd")], plan, workers=pool, progress=kill)
    assert killed and result.conforms and len(result.verdicts) > 20


def test_what_has_not_changed_is_known_and_after_an_edit_only_what_it_touches_is_done(gnomon, port):
    Path("port.py").write_text(PORT, encoding="utf-8")
    first = gnomon("check", port, *QUICK, "--jobs", "1")
    again = gnomon("check", port, *QUICK, "--jobs", "1")
    assert first.status == again.status == 1
    assert "known from" not in first.output and "all known from an earlier run" in again.output
    Path("port.py").write_text(EDITED)
    edited = gnomon("check", port, *QUICK, "--jobs", "1").output
    assert "units known from an earlier run" in edited
    kept, units = map(int, edited.rpartition("seed 0, ")[2].partition(" units")[0].split(" of "))
    assert 0 < kept < units
    fresh = gnomon("check", port, *QUICK, "--jobs", "1", "--fresh").output
    assert "known from" not in fresh


def test_a_mended_port_leaves_no_case_file_and_those_of_others_stay(gnomon, port):
    Path("port.py").write_text(PORT, encoding="utf-8")
    Path("other.py").write_text(PORT, encoding="utf-8")
    for name in (port, "other.py"):
        assert gnomon("check", name, *QUICK).status == 1
    of_port, of_other = (sorted(Path("failures").glob(f"{name}-*")) for name in ("port", "other"))
    assert len(of_port) == len(of_other) > 0
    Path("port.py").write_text(MENDED)
    assert gnomon("check", port, *QUICK).status == 0
    assert sorted(Path("failures").iterdir()) == of_other


def test_only_what_failed_is_done_again_and_the_first_failure_can_be_the_last(gnomon, port):
    Path("port.py").write_text(PORT, encoding="utf-8")
    gnomon("check", port, *QUICK, "--jobs", "1")
    answer = gnomon("check", port, *TEN, "--last-failed", "--json", "lf.json")
    told = json.loads(Path("lf.json").read_text())
    ran = [v for v in told["verdicts"] if v["verdict"] != "not provided"]
    assert answer.status == 1 and ran and all(v["failed"] for v in ran)
    first = gnomon("check", port, *TEN, "--fresh", "-x", "--json", "x.json")
    told = json.loads(Path("x.json").read_text())
    assert first.status == 1 and told["not_run"] and sum(v["failed"] for v in told["verdicts"]) == 1
    assert "of laws did not take place" in first.output


def test_an_expected_failure_is_tried_with_its_stored_case_first(gnomon, port):
    Path("port.py").write_text(PORT, encoding="utf-8")
    Path("expected.toml").write_text('[expected]\n"adamw.step:*" = "we decay afterwards"\n')
    asked = ("check", port, *QUICK, "--jobs", "1", "--expect", "expected.toml", "--json", "r.json")
    assert gnomon(*asked).status == 0
    Path("port.py").write_text(PORT.replace("return x", "return 1 * x"))
    assert gnomon(*asked).status == 0
    failing = [v for v in json.loads(Path("r.json").read_text())["verdicts"] if v["expected"]]
    assert failing and all(v["cases"] == 1 and v["diagnosis"] for v in failing)
    Path("port.py").write_text(MENDED)
    assert gnomon(*asked).status == 0
    verdicts = json.loads(Path("r.json").read_text())["verdicts"]
    assert {v["verdict"] for v in verdicts} == {"conforms", "not provided"}
    for v in verdicts:
        most = 10 + len(known_cases(find_law(v["law"]), v["dtype"]))  # without those of variants that it has not
        assert v["verdict"] != "conforms" or 10 <= v["cases"] <= most


def run_until(lines, ends, *more):
    """Start the command, end it by a signal once its run file has so many lines, and return how it ended."""
    process = subprocess.Popen([*COMMAND, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        files = list(Path(".gnomon").glob("*.jsonl"))
        if files and len(files[0].read_bytes().splitlines()) > lines:
            process.send_signal(ends)
            break
        time.sleep(0.01)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def report_of(*command):
    """Run the command to its end, and return its report."""
    done = subprocess.run([*command, "--json", "report.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return without_seconds(json.loads(Path("report.json").read_text()))


def test_a_run_that_is_ended_tells_what_is_known_and_can_be_gone_on_with(port):
    asked = ("--dtype", "float32", "-k", "oracle", "-k", "rejected", "-k", "decay")
    whole = report_of(*COMMAND, *asked, "--fresh")
    for ends, status in (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9):
        shutil.rmtree(".gnomon")
        returned, output, errors = run_until(6, ends, *asked, "--json", "ended.json")
        assert returned == status
        assert "Traceback" not in errors
        if ends != signal.SIGKILL:
            told = json.loads(Path("ended.json").read_text())
            assert told["not_run"] and told["interrupted"] == status and not told["conforms"]
            assert "did not take place" in output
        assert report_of(*COMMAND[:5], "--resume") == whole
    nothing = subprocess.run([*COMMAND[:5], "--resume"], capture_output=True, text=True, check=False)
    assert nothing.returncode == 2 and "there is no run of port.py to go on with" in nothing.stderr


def test_a_damaged_run_file_is_read_as_far_as_it_goes(port, tmp_path):
    file = tmp_path / "run.jsonl"
    lines = '{"run": {"port": "a"}}', '{"key": "k", "un', "[]", '{"ended": {"failed": [["a", "float32"]]}}'
    file.write_text("\n".join([*lines, '{"run": {"port": "b"}}', '{"ke']))
    assert last_run(read_lines(file)) == ({"port": "b"}, [("a", "float32")])
    assert read_lines(tmp_path / "none.jsonl") == []


def test_results_that_cannot_be_kept_are_told_of_and_the_check_is_done(gnomon, port):
    Path("port.py").write_text(PORT, encoding="utf-8")
    Path(".gnomon").write_text("no folder")
    answer = gnomon("check", port, *QUICK, "--jobs", "1")
    assert answer.status == 1 and "WRONG" in answer.output
    assert "gnomon: results are not kept: .gnomon: " in answer.errors


def test_who_works_on_a_system_goes_on_with_it_and_then_takes_the_largest_that_is_free():
    first, second, third = (
        find_law(name).id
        for name in (
            "sgd.step:agrees_with_the_oracle",
            "adam.step:agrees_with_the_oracle",
            "lion.step:agrees_with_the_oracle",
        )
    )
    queue = Queue()
    for number, law in enumerate((first, first, second, third, third, first)):
        queue.add({"do": "trial", "law": law, "block": number})
    taken = [queue.take(*of) for of in (("adam",), ("", ("sgd",)), ("sgd", ()), ("", ("sgd", "lion")), ("",), ("",))]
    assert [request["block"] for request in taken] == [2, 3, 0, 5, 1, 4]
