"""What campaigns have found, as a person and a program read it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from campaign_doubles import DECAY_LAW, KEY, LATE_DECAY, campaign, goals, judged, row, target
from click.testing import CliRunner

from gnomon_validation.campaign import report
from gnomon_validation.campaign.command import campaign as command
from gnomon_validation.campaign.store import DEFAULT, Store
from gnomon_validation.ports.find import find_port


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reported(*arguments):
    answer = CliRunner().invoke(command, ["report", *arguments])
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return answer.exit_code, answer.stdout


@pytest.fixture
def found(folder):
    """The results of a campaign on a port that decays too late, all laws of which but two were reached."""
    (folder / "late_decay.py").write_text(LATE_DECAY, encoding="utf-8")
    of = target("late_decay.py")
    one, store = campaign(folder / DEFAULT, of, judged(find_port("late_decay.py")), cases=1)
    with store:
        store.ask(goal.key for goal in goals(of, ("no_gradient_no_move", "moments_are_running_means")))
        for _ in one.run(None):
            pass
    return folder


def test_coverage_and_a_new_failure_with_the_command_to_see_it(found, gnomon):
    status, text = reported()
    assert status == 1
    assert "adamw.step  float32" in text and "3 of 4" in text and "1 fails" in text
    assert "not reached: 1 law" in text and "1 new failure since the beginning" in text
    assert "behaves as: Weight decay is applied to the already updated parameters" in text
    line = next(line for line in text.splitlines() if "replay: gnomon " in line)
    status, text, _ = gnomon(*shlex.split(line.split("gnomon ", 1)[1]))
    assert status == 1 and "WRONG" in text


def test_what_the_last_report_told_is_not_new(found):
    reported()
    status, text = reported()
    assert status == 1 and "0 new failures since" in text and "the last report" in text
    assert "1 new failure since" in reported("--since", "1h")[1]
    assert "0 new failures since 2100-01-01" in reported("--since", "2100-01-01")[1]


def test_a_program_reads_the_same(found):
    status, text = reported("--json", "-")
    data = json.loads(text)
    assert status == 1 and data["format"] == "gnomon-campaign/1"
    [version] = data["versions"]
    laws = {law["law"].partition(":")[2]: law for law in version["laws"]}
    assert [name for name, law in laws.items() if law["fails"]] == [DECAY_LAW]
    assert laws["moments_are_running_means"]["units"] == 0 and laws["no_gradient_no_move"]["cases"] == 100
    [failure] = data["failures"]
    assert failure["kind"] == "wrong: params" and Path(failure["replay"]).exists() and failure["diagnosis"]


def test_versions_are_compared_and_the_newest_decides(folder):
    mended, broken = (KEY._replace(law=f"adamw.step:{name}") for name in ("no_gradient_no_move", DECAY_LAW))
    fails = {"kinds": '["crashed: it is gone"]', "status": "crashed"}
    lost = {"status": "crashed", "message": "it is gone", "case": None, "case_number": 0, "by_others": False}
    fails["found"] = json.dumps({"lost": lost})
    with Store(DEFAULT) as store:
        store.add(row(key=mended, at=1.0, **fails))
        store.add(row(key=broken, at=1.0))
        store.add(row(key=mended._replace(version="2"), at=2.0))
    status, text = reported()
    assert status == 0
    assert f"port: failed in an older version and hold now: {mended.law} float32" in text
    with Store(DEFAULT) as store:
        store.add(row(key=broken._replace(version="2"), at=3.0, **fails))
    status, text = reported()
    assert status == 1
    assert f"port: held in an older version and fail now: {broken.law} float32" in text


def test_accepted_bad_input_and_known_differences_are_no_failures(folder):
    with Store(DEFAULT) as store:
        lost = {"status": "accepts bad input", "message": "", "case": None, "case_number": 0, "by_others": False}
        found = json.dumps({"lost": lost})
        store.add(row(kinds='["accepts bad input: lr = -1"]', status="accepts bad input", found=found))
    assert reported()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "there are no results in"),
        (["--since", "soon"], "a time is written as 2026-11-29"),
        (["--json", "no/x"], "directory .*no of the report x does not exist"),
    ],
)
def test_a_mistake_of_the_user_is_a_line(folder, arguments, words):
    with pytest.raises(ValueError, match=words):
        reported(*arguments)


def test_a_port_that_is_not_there_is_told(found):
    with pytest.raises(ValueError, match=r"there are no results of other\.py"):
        reported("other.py")
    assert reported("late_decay.py")[0] == 1


def test_times_are_read_as_they_are_written():
    assert report.time_of("2h") == pytest.approx(report.time_of("120m"), abs=1)
    assert report.date_of(report.time_of("2026-11-29T18:30")) == "2026-11-29 18:30"
