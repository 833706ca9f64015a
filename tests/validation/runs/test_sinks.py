"""Reports go where they are asked to, whatever becomes of one of them; options come from where they stand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_ports import DECAYING

from gnomon_spec.system import find_law
from gnomon_validation.witnesses import known_cases

QUICK = ("--law", "agrees with the oracle", "--dtype", "float32", "--examples", "5")
COMMAND = [sys.executable, "-m", "gnomon_validation", "check", "port.py", *QUICK, "--jobs", "0"]
FULL = Path("/dev/full")


@pytest.fixture
def port(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("port.py").write_text(DECAYING, encoding="utf-8")
    return "port.py"


def run(*more, **how):
    return subprocess.run([*COMMAND, *more], capture_output=True, text=True, check=False, **how)


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
def test_a_report_that_cannot_be_written_is_told_of_and_the_others_are_written(port):
    done = run("--json", str(FULL), "--junit", "report.xml")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["gnomon: report /dev/full cannot be written: No space left on device"]
    assert "WRONG" in done.stdout and "<testsuite" in Path("report.xml").read_text(encoding="utf-8")
    assert len(list(Path("failures").iterdir())) == 1


def test_a_reader_that_goes_away_costs_nobody_else_anything(port):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "--json", "report.json"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == "gnomon: the report cannot be written: Broken pipe\n"
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["conforms"] is False


def test_a_report_in_json_can_have_the_standard_output_for_itself(port):
    done = run("--json", "-")
    assert json.loads(done.stdout)["conforms"] is False
    assert "port.py does not conform" in done.stderr


def test_the_last_line_alone_is_printed_if_that_is_asked_for(gnomon, port):
    Path("port.py").write_text(DECAYING, encoding="utf-8")
    output = gnomon("check", port, *QUICK, "-q").output
    assert output.startswith("port.py does not conform: 1 of 1 checks") and output.count("\n") == 1


def test_fewer_laws_than_in_the_baseline_are_a_failure(gnomon):
    reference = ("check", "reference", "--system", "sgd", "--dtype", "float32", "--examples", "2")
    assert gnomon(*reference, "--json", "before.json").status == 0
    assert gnomon(*reference, "--baseline", "before.json").status == 0
    fewer = gnomon(*reference, "-k", "oracle", "--baseline", "before.json")
    assert fewer.status == 1
    assert "checks of the baseline did not take place: sgd." in fewer.errors and " more\n" in fewer.errors
    Path("none.json").write_text("[]", encoding="utf-8")
    refused = gnomon(*reference, "--baseline", "none.json")
    assert (
        refused.status == 2
        and refused.errors == "gnomon: baseline none.json is no report of the format gnomon-report/1\n"
    )


def test_options_can_stand_in_the_projects_own_file_and_what_is_said_has_the_last_word(gnomon):
    Path("pyproject.toml").write_text(
        '[tool.gnomon]\ndtype = "float64"\nexamples = 2\nsystem = ["sgd"]\nlaw = ["oracle"]\n'
    )
    Path("below").mkdir()
    os.chdir("below")
    told = gnomon("check", "reference", "--json", "-")
    verdicts = json.loads(told.output)["verdicts"]
    drawn = {(v["dtype"], v["cases"] - len(known_cases(find_law(v["law"]), "float64"))) for v in verdicts}
    assert drawn == {("float64", 2)}
    said = json.loads(gnomon("check", "reference", "--dtype", "float32", "--json", "-").output)
    assert {v["dtype"] for v in said["verdicts"]} == {"float32"}


@pytest.mark.parametrize(
    "table, sentence",
    [
        ("[tool.gnomon]\nexample = 2\n", "has 'example', which is no option of gnomon check"),
        ("[tool]\ngnomon = 1\n", "[tool.gnomon] must be a table, got 1"),
        ("[tool.gnomon]\nexamples = 'many'\n", "Invalid value for '--examples'"),
        ("[tool.gnomon\n", "cannot be read"),
    ],
)
def test_a_slip_in_the_projects_own_file_is_told_in_a_line(gnomon, table, sentence):
    Path("pyproject.toml").write_text(table)
    status, output, errors = gnomon("check", "reference")
    assert (status, output) == (2, "") and sentence in errors and errors.count("\n") == 1


def completed(words, at):
    environment = {**os.environ, "_GNOMON_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)}
    program = "import sys; sys.argv[0] = 'gnomon'; from gnomon_validation.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    return {line.partition(",")[2] for line in done.stdout.splitlines()}


def test_a_shell_completes_ports_systems_laws_and_operations():
    assert {"numba"} <= completed("gnomon check nu", 2)
    assert completed("gnomon check numba --system ada", 4) == {"adam", "adamw"}
    assert "a_free_run_follows_the_oracle" in completed("gnomon check numba --law a_free", 4)
    assert "sgd.step" in completed("gnomon explain sgd", 2)
