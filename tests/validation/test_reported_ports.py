"""Ports made from public bug reports, and ports that misbehave: each gets the verdict that it should get, in few lines.

The docstring of each file in `reported_ports` says where it comes from, what is wrong with it and what is to be said.
"""

from __future__ import annotations

import re
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis.errors import UnsatisfiedAssumption
from reported import EXPECTED, IMPRECISE, PORTS, RIGHT, reported
from rich.console import Console
from small_ports import ADAMW, ORACLE_LAW, checked, port_of, raising, returning, verdict_on, wavers

from gnomon.descent import adamw
from gnomon_spec.strategies import choice
from gnomon_spec.system import UNCHECKED, Law, find_law, find_system
from gnomon_validation import case_files, report_json, report_junit, report_terminal
from gnomon_validation.checker import check, check_law
from gnomon_validation.drawing import _EnoughError
from gnomon_validation.expectations import expecting
from gnomon_validation.ports.find import find_port
from gnomon_validation.replay import replay
from gnomon_validation.runs.plan import Plan
from gnomon_validation.verdicts import ACCEPTS, EVERY_CALL, SEVERITY

HONEST = "n22_adam_honest_unvalidated"
IN_BOTH = (HONEST, "n04_mlxrs301_no_bias_correction")
AN_ERROR = type("\x1b[31m[red]E\n" + "x" * 500, (Exception,), {})


def printed(result, **options):
    console = Console(file=StringIO(), highlight=False, width=200)
    report_terminal.show(result, console, **options)
    return console.file.getvalue()


def blocks(result):
    """Return what a report says of each cause, without the table before and the sums after."""
    return [text for text in printed(result).split("\n\n")[1:] if re.search(r" float(32|64)\b", text.splitlines()[0])]


@cache
def verdicts(name):
    """Return what a check of a reported port finds: once, since it takes seconds."""
    of, allowed, _ = EXPECTED[name]
    other = ("float32",) if allowed == IMPRECISE else ("float64",)  # to which the betas of float32 are rounded
    dtypes = ("float32", "float64") if name in IN_BOTH else other
    return check(reported(name), [find_system(of)], Plan(20, dtypes, shrink_attempts=20))


def test_every_port_is_judged():
    assert {path.stem for path in PORTS.glob("[!_]*.py")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_reported_port_is_judged_as_it_should_be_and_no_sentence_is_false(name):
    _, allowed, sentence = EXPECTED[name]
    result = verdicts(name)
    asked = [v for v in result.verdicts if v.status not in ("not provided", "ambiguous only")]
    arithmetic = [v for v in asked if v.law.kind != "rejects"]
    assert max((v.status for v in arithmetic), key=SEVERITY.index) in allowed
    assert {v.diagnosis[0].statement for v in arithmetic if v.diagnosis} == ({sentence} if sentence else set())
    assert result.conforms == (allowed == RIGHT)
    # Mistakes of the formula explain no accepted input, and that no argument is checked explains no formula.
    of_input = [v for v in asked if v.law.kind == "rejects"]
    assert {v.status for v in of_input} <= {ACCEPTS, "conforms"}
    assert UNCHECKED not in {m.name for v in arithmetic for m in v.diagnosis}
    assert {m.name for v in of_input if v.law.name == "bad_input_is_rejected" for m in v.diagnosis} <= {UNCHECKED}
    # A block a cause, bad input last: the law, the cause, a case. The rest: the table, what was not asked, the sum.
    found = blocks(result)
    assert not any("ACCEPTS" in block for block in found[:-1])
    assert ("ACCEPTS" in "".join(found[-1:])) == (ACCEPTS in {v.status for v in of_input})
    assert name not in IN_BOTH or all("float32, float64" in block.splitlines()[0] for block in found)
    assert "..." not in printed(result)
    assert len(printed(result).splitlines()) <= 9 + 11 * len(found)


def test_the_honest_port_conforms_unless_bad_input_must_be_rejected():
    result = verdicts(HONEST)
    assert [v.law.name for v in result.verdicts if v.failed] == ["bad_input_is_rejected"] * 2
    assert {m.name for v in result.verdicts for m in v.diagnosis} == {UNCHECKED}
    assert result.conforms
    text = printed(result)
    assert "smallest case: params=[1.] grad=[1.] state=fresh lr=-1.0 (all else: defaults)\n" in text
    assert "  -> accepted: lr = -1, inf, nan, 1j; beta1 = -1, 1, nan, 1j; " in text
    assert "1 accepts bad input" in text
    assert "conforms but accepts bad input (38 checks of laws, 2 of which fail with --strict-input, " in text
    assert [report_junit.report(result).get(k) for k in ("failures", "errors")] == ["0", "0"]
    assert not any(told["failed"] for told in report_json.report(result)["verdicts"])


def test_what_is_accepted_fails_the_check_where_input_is_strict(gnomon):
    asked = ("check", PORTS / f"{HONEST}.py", "--dtype", "float32", "--examples", "5")
    assert gnomon(*asked).status == 0
    status, output, _ = gnomon(*asked, "--strict-input", "--junit", "report.xml", "--json", "report.json")
    assert status == 1
    assert "does not conform: 1 of 19 checks of laws fails" in output
    assert 'failures="1"' in Path("report.xml").read_text(encoding="utf-8")
    assert '"strict_input": true' in Path("report.json").read_text(encoding="utf-8")


def test_without_bias_correction_the_formula_is_to_blame():
    result = verdicts("n04_mlxrs301_no_bias_correction")
    formula, _ = blocks(result)
    assert "behaves as: Neither moment is bias-corrected" in formula
    assert "8 wrong, 1 accepts bad input" in printed(result)


def test_where_the_counter_starts_at_zero_the_first_step_is_shown_not_to_be_a_number():
    assert (
        "port nan, oracle 1, where the same bits are guaranteed" in blocks(verdicts("n06_nd4j1227_t_starts_at_zero"))[0]
    )


# --- Ports that misbehave


def overwrites_what_it_returned():
    kept = []

    def step(*inputs, **hyper):
        params, state = adamw.step(*inputs, **hyper)
        if kept:
            kept[-1][...] = 3
        kept.append(params)
        return params, state

    return step


class Unspeakable:
    def __repr__(self):
        raise SystemExit(0)


class FromElsewhere:
    """An array of another library."""

    def __array__(self, *_, **__):
        return np.ones(3)


def in_place(params, grad, state, *, lr=1e-3, **hyper):
    params[...] += 1 + lr * grad
    return params, state


MISBEHAVING = {
    "leaves Hypothesis": (raising(_EnoughError()), "error", "the port raised _EnoughError"),
    "an assumption": (raising(UnsatisfiedAssumption()), "error", "the port raised UnsatisfiedAssumption"),
    "skips": (raising(pytest.skip.Exception("not today")), "error", "the port raised Skipped: not today"),
    "generator": (raising(GeneratorExit()), "error", "the port raised GeneratorExit"),
    "a name to obey": (raising(AN_ERROR("x")), "error", r"the port raised \x1b[31m[red]E xxx"),
    "a long text": (raising(ValueError("y" * 10_000)), "error", "yyy…"),
    "a huge count": (
        returning(lambda p, s: (p, s._replace(step_count=10**400))),
        "wrong",
        "the port returns an integer of about 401 digits as step_count: beyond 64 bits",
    ),
    "a huge count and more": (
        returning(lambda p, s: (p, s._replace(step_count=10**6000))),
        "wrong",
        "the port returns an integer of about 6001 digits as step_count",
    ),
    "no words": (returning(lambda p, s: (Unspeakable(), s)), "wrong", "returns a Unspeakable as params where a NumPy"),
    "a list": (returning(lambda p, s: (p.tolist(), s)), "wrong", "as params where a NumPy array is expected"),
    "another library": (
        returning(lambda p, s: (FromElsewhere(), s)),
        "wrong",
        "returns an array of test_reported_ports (FromElsewhere) as params where a NumPy array is expected",
    ),
    "unsteady": (wavers(), "wrong", "the port gives different results for the same inputs"),
    "three": (returning(lambda p, s: (p, s, p)), "wrong", "returns a tuple of 3 where (params, AdamState) is expected"),
}


@pytest.mark.parametrize("what", MISBEHAVING)
def test_a_port_of_which_no_call_can_be_judged_is_told_so_in_one_block(what, tmp_path):
    step, status, words = MISBEHAVING[what]
    result = checked(port_of(step), dtypes=("float32", "float64"))
    laws = [v for v in result.verdicts if v.status != "not provided"]
    assert {v.status for v in laws if v.law.kind != "rejects"} == {status}
    assert status == "wrong" or not any(v.status == "conforms" for v in laws), "to fail always is not to reject"
    first, *rest = blocks(result)
    assert EVERY_CALL in first and words in first
    assert rest == []
    text = printed(result, verbose=True, every_law=True)
    assert "\x1b" not in text and max(map(len, text.splitlines())) < 1000
    replayed, _ = replay(case_files.read(case_files.write(tmp_path, "a_port", laws[0])))
    assert replayed.status == status


def test_a_slip_in_one_dtype_is_one_block_and_an_expected_one_fails_nothing():
    wide = port_of(returning(lambda p, s: (p.astype(np.float64), s)))
    result = checked(wide, dtypes=("float32", "float64"), examples=3)
    (block,) = blocks(result)
    assert "the port returns params in float64 where float32 was given" in block
    assert {v.status for v in result.verdicts if v.dtype == "float64"} == {"conforms", "not provided"}
    expected = expecting({"adamw.*": "we are wide"})
    assert check(wide, [ADAMW], Plan(3, ("float32",)), expected=expected).conforms


def test_a_port_that_writes_into_its_inputs_is_told_so_in_one_block_and_what_it_accepts_in_another():
    found = blocks(checked(port_of(in_place), dtypes=("float32", "float64"), examples=3))
    assert "the port changes its inputs in place" in found[0] and "ACCEPTS BAD INPUT" in found[1]
    assert len(found) == 2


def test_what_a_port_sets_for_numpy_does_not_reach_the_oracle():
    def step(*inputs, **hyper):
        np.seterr(all="raise")
        return adamw.step(*inputs, **hyper)

    before = np.geterr()
    verdict = verdict_on(port_of(step), "no_gradient_no_move")
    assert verdict.status in ("conforms", "error")
    assert np.geterr() == before


def test_an_exception_is_told_with_the_line_of_the_port_that_it_came_from(module):
    module(
        "late", "def adamw_step(*_, lr, **__):\n    import numpy as np\n    return np.linalg.inv(np.zeros((2, 2)))\n"
    )
    verdict = verdict_on(find_port("late"))
    line = "the port raised LinAlgError: Singular matrix (late.py:3: return np.linalg.inv(np.zeros((2, 2))))"
    assert verdict.outcome.message == line


def test_a_keyboard_interrupt_is_the_users_whatever_a_port_does_with_its_outputs():
    class Interrupting:
        def __repr__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verdict_on(port_of(returning(lambda p, s: (Interrupting(), s))))


def test_a_port_that_changes_what_it_returned_earlier_is_told_that_and_nothing_else(tmp_path):
    result = checked(port_of(overwrites_what_it_returned()), dtypes=("float32", "float64"))
    failed = [v for v in result.verdicts if v.failed]
    assert {v.status for v in failed} == {"wrong"}
    assert {v.outcome.message for v in failed} == {"the port changes arrays that it returned from an earlier call"}
    assert not any(v.diagnosis for v in failed)
    assert len(blocks(result)) == 1
    told = [v for v in failed if v.smallest is not None]
    assert [v.dtype for v in told] == ["float32", "float64"]
    for v in told:
        assert replay(case_files.read(case_files.write(tmp_path, "a_port", v)))[0].status == "wrong"


def test_exceptions_of_one_line_are_one_cause_whatever_they_say():
    def step(params, grad, state, **hyper):
        if hyper["lr"] > 1e-3 or params.size > 1:
            raise ValueError(f"not with lr={hyper['lr']} and {params.size} parameters")
        return adamw.step(params, grad, state, **hyper)

    result = checked(port_of(step), examples=40)
    assert sum(v.status == "error" for v in result.verdicts) > 5
    errors = [text for text in blocks(result) if "ERROR" in text]
    assert len(errors) == 1
    assert "(test_reported_ports.py:" in errors[0] and "for the same reason fail: " in errors[0]


def test_a_law_of_which_no_case_can_be_drawn_does_not_conform():
    law = find_law(f"adamw.step:{ORACLE_LAW}")
    nothing = choice(1.0)
    empty = Law(law.operation, "of_nothing", "Nothing", "limit", law.cases.but(lr=nothing), law.body)
    object.__setattr__(nothing, "draw", lambda draw, context: __import__("hypothesis").reject())
    verdict, outcomes = check_law(find_port("reference"), empty, "float32", Plan(5))
    assert (verdict.status, verdict.cases, outcomes, verdict.failed) == ("no case drawn", 0, [], True)


def test_bounds_are_told_with_the_ports_value_on_its_side():
    def step(params, grad, state, **hyper):
        new, after = adamw.step(params, grad, state, **hyper)
        return params + 10 * (new - params), after

    verdict = verdict_on(port_of(step), "no_step_is_longer_than_the_sharp_bound")
    worst = verdict.outcome.worst
    assert worst.relation == "at most" and worst.port > worst.oracle
    report = Console(file=StringIO(), highlight=False, width=300)
    result = check(port_of(step), [ADAMW], Plan(10, ("float32",)), laws=lambda law: law is verdict.law)
    report_terminal.show(result, report)
    assert ", must be at most " in report.file.getvalue()


def test_what_a_port_prints_is_no_part_of_a_report(gnomon):
    Path("loud.py").write_text(
        "import os\nfrom gnomon.descent import adamw\nprint('\\x1b[31mat import')\n"
        "def adamw_step(*inputs, **hyper):\n"
        "    print('in a call', flush=True)\n    os.write(1, b'from below')\n    return adamw.step(*inputs, **hyper)\n",
        encoding="utf-8",
    )
    asked = ("check", "loud.py", "--law", "agrees with the oracle", "--dtype", "float32", "--examples", "3")
    quiet, loud = gnomon(*asked), gnomon(*asked, "-v")
    assert quiet.status == loud.status == 0
    assert "in a call" not in quiet.output and quiet.output.startswith("operation ")
    assert r"the port printed: \x1b[31mat import in a call in a call" in loud.output
    assert "from below" not in loud.output


def test_what_is_not_provided_is_one_line_and_all_of_it_if_asked_for():
    result = verdicts(HONEST)
    line = (
        "not provided (-v lists them): 3 laws: the law is about hyperparameters that the port does not have; "
        "2 operations: the port does not provide the operation\n"
    )
    assert line in printed(result)
    assert "not provided (the port does not provide the operation): adam.trajectory, adam.endpoints" in printed(
        result, verbose=True
    )


def test_a_key_of_a_case_file_that_the_law_does_not_know_is_refused_in_legible_words(tmp_path, gnomon):
    verdict = verdict_on(port_of(raising(RuntimeError("boom"))))
    file = case_files.write(tmp_path, "a_port", verdict)
    text = file.read_text(encoding="utf-8").replace(
        '"weight_decay"', '"\\u001b[31mKEY[red]\\u0007": 1,\n"weight_decay"', 1
    )
    file.write_text(text, encoding="utf-8")
    status, output, errors = gnomon("replay", file)
    assert (status, output) == (2, "")
    assert r"its case has a '\x1b[31mKEY[red]\x07', which the law does not" in errors


def test_what_cannot_be_imported_is_told_in_one_legible_line(gnomon):
    Path("odd.py").write_text(
        "raise type('\\x1b[31mE\\n', (BaseException,), {})('\\x07' + 'z' * 5000)", encoding="utf-8"
    )
    for name in ("odd.py", "odd"):
        status, output, errors = gnomon("check", name)
        assert (status, output, errors.count("\n")) == (2, "", 1)
        assert r"\x1b[31mE: \x07zzz" in errors and len(errors) < 400


def test_long_arrays_are_told_by_what_their_entries_have_in_common():
    from gnomon_validation.wording import describe

    assert describe(np.ones((5, 7))) == "(5 × 7 entries of 1.0)"
    assert describe(np.diag(np.arange(1.0, 6.0))) == "diag([1., 2., 3., 4., 5.])"
    assert describe(np.linspace(-1, 2, 50)) == "(50 entries from -1 to 2)"
    assert describe(np.zeros((0, 3))) == "[]"
