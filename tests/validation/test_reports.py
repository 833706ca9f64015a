"""The three reports of a check: for a person, for a program, for a continuous-integration server."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from rich.console import Console
from small_ports import ADAMW, ORACLE_LAW, cancels, decays_after_the_update, not_a_number, port_of, raising

from gnomon.descent import adamw
from gnomon_spec.system import UNCHECKED, find_law
from gnomon_validation import encoding, report_causes, report_json, report_junit, report_terminal
from gnomon_validation.checker import check, check_law
from gnomon_validation.expectations import expecting
from gnomon_validation.ports.bundled import MistakenPort
from gnomon_validation.runs.plan import Plan
from gnomon_validation.verdicts import Check, Verdict
from gnomon_validation.wording import describe

DECAY_LAW = "decay_acts_on_the_parameters_before_the_step"
BEFORE = "The oracle's step without decay, from parameters shrunk by 1 - lr·λ by hand, gives the same parameters"
AFTER = "Weight decay is applied to the already updated parameters (huggingface/transformers#14539)"
HOSTILE = RuntimeError("<out of order> & \x1b[31mred\x00\ud800")


def result_of(step, *names, expected=None, dtypes=("float32",)):
    return check(
        port_of(step),
        [ADAMW],
        Plan(30, dtypes),
        laws=lambda law: law.operation.name != "endpoints" and law.name in names,
        expected=expecting(expected or {}),
    )


@pytest.fixture(scope="module")
def wrong():
    return result_of(decays_after_the_update, ORACLE_LAW, DECAY_LAW)


@pytest.fixture(scope="module")
def several():
    """Checks that, together, end in every kind of verdict."""
    reasons = {f"adamw.step:{DECAY_LAW}": "we decay afterwards"}
    return [
        result_of(adamw.step, ORACLE_LAW, "bad_input_is_rejected", dtypes=("float16", "float32", "float64")),
        result_of(decays_after_the_update, ORACLE_LAW, DECAY_LAW, expected=reasons),
        result_of(cancels, DECAY_LAW, dtypes=("float32", "float64")),
        result_of(raising(HOSTILE), ORACLE_LAW),
        result_of(not_a_number, ORACLE_LAW, "moments_are_running_means"),
    ]


def test_what_was_accepted_is_told_by_argument_where_a_label_names_one_and_as_it_stands_where_none_does():
    law = find_law("hill_adam.step:what_does_not_go_together_is_rejected")
    unchecked = MistakenPort(law.operation.system.mistakes[UNCHECKED].edited)
    verdict, _ = check_law(unchecked, law, "float64", Plan(3))
    text = report_causes.block(verdict).plain
    assert "accepted: lo = hi; weight_decay with 'clean'; bias_dtype with 'clean'; loss not finite; " in text


def printed(result, **options):
    console = Console(file=StringIO(), highlight=False, width=200)
    report_terminal.show(result, console, **options)
    return console.file.getvalue()


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_terminal_report_names_law_mistake_smallest_case_numbers_and_how_to_replay(wrong):
    for verdict in wrong.verdicts:
        verdict.replay_file = "" if not verdict.failed else f"failures/{verdict.law.name}.json"
    text = printed(wrong)
    assert 'adamw.step  float32   WRONG   law "decay acts on the parameters before the step"' in text
    assert f"the law: {BEFORE}" in text
    assert f"behaves as: {AFTER}" in text
    assert "smallest case: params=[1.] grad=[1.] state=fresh" in text
    assert f"replay: gnomon replay failures/{DECAY_LAW}.json" in text
    assert text.rstrip().splitlines()[-1].startswith("a_port does not conform: 2 of 2 checks of laws fail (")
    worst = wrong.verdicts[1].outcome.worst  # of the law that says more than the oracle's
    numbers = f"port {np.float64(worst.port):.9g}, oracle {np.float64(worst.oracle):.9g}, band ±"
    assert f"-> params{list(worst.at)}: {numbers}" in text


@pytest.mark.parametrize(
    ("which", "words"),
    [
        (0, "not provided (-v lists them): 1 operation: the port does not provide the operation"),
        (0, "\na_port conforms (6 checks of laws, "),
        (2, "IMPRECISE"),
        (2, "digits: the deviation shrinks with the unit roundoff, as rounding does"),
        (3, r"the port raised RuntimeError: <out of order> & \x1b[31mred\x00\ud800"),
    ],
)
def test_the_terminal_report_says_what_became_of_a_port_and_is_not_steered_by_it(several, which, words):
    text = printed(several[which])
    assert words in text and "\x1b" not in text


def test_the_terminal_report_keeps_expected_failures_apart_with_their_reason(several):
    failures, known = printed(several[1]).split("known differences (expected, each with its reason)")
    assert "WRONG" in failures and BEFORE not in failures
    assert "decay acts on the parameters before the step" in known and "we decay afterwards" in known


def test_every_report_can_be_printed_law_by_law(several):
    for result in several:
        text = printed(result, every_law=True)
        assert all(v.status in text for v in result.verdicts)


def test_the_json_and_the_junit_report_hold_what_was_found_and_any_parser_reads_them(several, tmp_path):
    for result in several:
        report_json.write(result, tmp_path / "report.json")
        data = strict((tmp_path / "report.json").read_text(encoding="utf-8"))
        assert (data["format"], data["conforms"]) == ("gnomon-report/1", result.conforms)
        assert [v["verdict"] for v in data["verdicts"]] == [v.status for v in result.verdicts]
        report_junit.write(result, tmp_path / "report.xml")
        suite = Xml.parse(tmp_path / "report.xml").getroot()
        assert suite.tag == "testsuite"
        assert int(suite.get("tests")) == len(suite.findall("testcase")) == len(result.verdicts)
        for counted, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(counted)) == len(suite.findall(f"testcase/{tag}"))


def test_a_check_of_nothing_has_reports_too_and_an_odd_file_name_stops_none(tmp_path):
    odd = Check("my\udcff\x00_port.py", 1, 0)
    assert "provides nothing that was asked for" in printed(odd)
    report_json.write(odd, tmp_path / "report.json")
    data = strict((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (data["port"], data["verdicts"]) == (odd.port, [])
    report_junit.write(odd, tmp_path / "report.xml")
    suite = Xml.parse(tmp_path / "report.xml").getroot()
    assert (suite.get("name"), suite.get("tests")) == ("gnomon check my_port.py", "0")


def test_an_infinite_deviation_is_null_in_the_json_report(several):
    verdict = next(v for v in report_json.report(several[4])["verdicts"] if v["verdict"] == "wrong")
    assert verdict["worst_deviation_over_band"] is None
    assert "NaN where the oracle has none" in verdict["message"]


def test_the_json_report_gives_the_smallest_case_bit_for_bit(wrong):
    data = strict(json.dumps(report_json.report(wrong)))
    for verdict, told in zip(wrong.verdicts, data["verdicts"], strict=True):
        if verdict.smallest is None:
            assert "smallest_case" not in told
            continue
        decoded = {name: encoding.decoded(x, verdict.law.operation) for name, x in told["smallest_case"].items()}
        assert repr(decoded) == repr(dict(verdict.smallest))
        for side in ("port", "oracle", "band"):
            assert float.fromhex(told["worst"][side]) == float(getattr(verdict.outcome.worst, side))
        assert {"name": "decay_after_the_update", "statement": AFTER} in told["diagnosis"]
    assert any(told["failed"] for told in data["verdicts"])


def test_the_junit_report_tells_failures_errors_and_skipped_laws_apart(several):
    counts = [[report_junit.report(r).get(k) for k in ("failures", "errors", "skipped")] for r in several]
    assert counts == [["0", "0", "6"], ["1", "0", "2"], ["2", "0", "0"], ["0", "1", "1"], ["1", "0", "1"]]


def test_a_junit_failure_carries_the_mistake_and_the_whole_verdict(wrong):
    suite = report_junit.report(wrong)
    case = suite.find(f"testcase[@name='{DECAY_LAW}[float32]']")
    failure = case.find("failure")
    assert (case.get("classname"), failure.get("message"), failure.get("type")) == ("adamw.step", AFTER, "wrong")
    assert "smallest case: params=[1.]" in failure.text


def test_the_reports_say_weak_where_few_digits_were_verified():
    law = next(law for law in ADAMW.laws if law.name == ORACLE_LAW)
    result = Check("a_port", 1, 0, [Verdict(law, "float64", "conforms", cases=1, digits=2.5)])
    assert "weak checks (few digits verified: they say little)" in printed(result)
    assert report_json.report(result)["verdicts"][0]["weak"] is True


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_an_array_in_words_can_be_typed_in_again(dtype):
    values = np.array([1 / 3, -0.0, 2.0**-14, 65504.0, np.inf], dtype=dtype)
    names = {"array": np.array, "inf": np.inf}
    again = np.array(eval(describe(values), names), dtype=dtype)
    assert again.tobytes() == values.tobytes()
    assert describe(np.array(dtype(0.1))) == "0.1"


def test_reports_do_not_depend_on_the_place_they_are_made_in(wrong):
    text = printed(wrong) + json.dumps(report_json.report(wrong))
    assert str(Path.cwd()) not in text
