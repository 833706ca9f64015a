"""The decorator `conformance` in the test suite of a port's author: every law an item, run by a pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import small_ports

from gnomon_validation import conformance

ORACLE = "adamw.step:agrees_with_the_oracle"
DECAY = "adamw.step:decay_acts_on_the_parameters_before_the_step"
DTYPES = ("float32", "float64")
UNCHECKED = """
class Unchecked:
    @staticmethod
    def adamw_step(params, grad, state, **hyper):
        return params, state
"""
MEANS = "adamw.step:moments_are_running_means"


@pytest.fixture
def suite(tmp_path):
    """Return a function that runs a suite with one decorated test and returns its exit status and its report."""

    def run(arguments, *options):
        (tmp_path / "my_port.py").write_text(small_ports.DECAYING, encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
        text = f"{UNCHECKED}\n@conformance({arguments})\ndef test_my_port(check):\n    check()\n"
        (tmp_path / "test_suite.py").write_text(f"from gnomon_validation import conformance\n{text}", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-rA", *options]
        environment = {**os.environ, "COLUMNS": "200", "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        for name in ("PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"):
            environment.pop(name, None)
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def outcomes(report):
    """Return the outcome of every item by its id, from pytest's summary."""
    lines = re.findall(r"^([A-Z]+) test_suite\.py::test_my_port\[([^\]]+)\]", report, re.MULTILINE)
    return {name: word for word, name in lines}


def only(*laws):
    return "-k", " or ".join(law.partition(":")[2] for law in laws)


def test_a_port_that_conforms_passes_law_by_law(suite):
    status, report = suite('"reference", systems=["adamw"], dtypes=["float32"], examples=2', *only(ORACLE, MEANS))
    assert status == 0
    names = [ORACLE, MEANS, "adamw.trajectory:agrees_with_the_oracle", "adamw.endpoints:agrees_with_the_oracle"]
    assert outcomes(report) == {f"{name}-float32": "PASSED" for name in names}


def test_a_wrong_port_fails_with_the_text_of_the_verdict_and_no_code_of_ours(suite):
    status, report = suite('"my_port.py", examples=20', *only(DECAY, MEANS))
    assert status == 1
    expected = {f"{law}-{d}": word for law, word in ((DECAY, "FAILED"), (MEANS, "PASSED")) for d in DTYPES}
    assert outcomes(report) == expected
    assert 'adamw.step  float32   WRONG   law "decay acts on the parameters before the step"' in report
    assert "behaves as: Weight decay is applied to the already updated parameters" in report
    assert "smallest case: params=[1.] grad=[1.] state=fresh" in report
    assert "pytest_items.py" not in report


EXPECTED = [
    ({DECAY: "we decay afterwards"}, {DECAY: "XFAIL"}, "we decay afterwards"),
    (
        {MEANS: "we had this wrong once"},
        {MEANS: "FAILED"},
        "conforms, but is expected to fail (we had this wrong once): remove the expectation",
    ),
    ({"adamw.step:*": "under construction"}, {DECAY: "XFAIL", MEANS: "PASSED"}, "under construction"),
]


@pytest.mark.parametrize(("expected", "outcome", "words"), EXPECTED, ids=["one", "one that does not come", "wildcard"])
def test_an_expected_failure_is_an_xfail_with_its_reason_and_one_that_does_not_come_fails(
    suite, expected, outcome, words
):
    status, report = suite(f'"my_port.py", dtypes="float32", examples=20, expected={expected}', *only(*outcome))
    assert status == ("FAILED" in outcome.values())
    assert outcomes(report) == {f"{law}-float32": word for law, word in outcome.items()}
    assert words in report


@pytest.mark.parametrize(("strict", "outcome"), [(False, "XFAIL"), (True, "FAILED")])
def test_that_bad_input_is_accepted_is_a_failure_where_input_is_strict(suite, strict, outcome):
    bad = "adamw.step:bad_input_is_rejected"
    status, report = suite(f'Unchecked, dtypes="float32", examples=5, strict_input={strict}', *only(bad))
    assert status == strict
    assert outcomes(report) == {f"{bad}-float32": outcome}
    assert ("-> accepted: lr = -1, inf, nan" if strict else "lr = -1 accepted") in report


def test_a_slip_in_the_decorator_is_named_when_the_suite_is_collected(suite):
    status, report = suite('"my_port.py", systems="adamww"')
    assert status == 2
    assert "ValueError: no system is called 'adamww'; did you mean 'adamw'?" in report


def items_of(*arguments, **options):
    return [parameter.id for parameter in conformance(*arguments, **options).mark.args[1]]


class Kit:
    adamw_step = staticmethod(small_ports.adamw_step)


@pytest.mark.parametrize("port", [Kit, Kit(), small_ports])
def test_a_class_an_instance_and_a_module_are_ports_and_what_they_cannot_be_held_to_is_no_item(port):
    names = items_of(port)
    assert f"{ORACLE}-float32" in names
    assert not any("amsgrad" in name or ".trajectory:" in name for name in names)


def test_one_system_and_one_dtype_may_be_given_as_strings():
    names = items_of("reference", systems="sgd", dtypes="float64")
    assert names == items_of("reference", systems=["sgd"], dtypes=["float64"])
    assert all(name.startswith("sgd.") and name.endswith("-float64") for name in names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"port": object()}, "object provides no operation of any system"),
        ({"port": Kit, "systems": ["sgd"]}, "Kit provides no operation of sgd"),
        ({"port": "reference", "dtypes": ["float23"]}, "float23"),
        ({"port": "reference", "expected": {"adam.step:nonsense_law_name": "why"}}, "matches no law"),
    ],
)
def test_a_slip_is_refused_in_a_sentence(arguments, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        conformance(**arguments)
