"""Published results, recomputed: every study of every system, the digits of a comparison, and `gnomon study`."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from math import inf, nan, nextafter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon_spec.system import systems
from gnomon_validation.pictures import write_figure
from gnomon_validation.studies import find
from gnomon_validation.studies.claim import Ledger
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

STUDIES = find.studies()
# They run for a quarter of a minute or more; images of digits are scikit-learn's.
LENGTHY = (
    "anemone-digits",
    "drm_ppo-long_run",
    "drm_ppo-tails",
    "drm_sa-full_length",
    "drm_sa-mixtures",
    "drm_sa-portfolio",
    "drm_sa-rates",
    "egd-modular",
    "egd-parity",
    "gd_chaos-pull_backs",
    "gd_chaos-region",
    "hessian_free-networks",
    "hill_adam-colours",
    "hill_adam-starts",
    "homotopy-warmup",
    "hysterograd-freezing",
    "hysterograd-moons",
    "srkl-rosenbrock",
    "training_paths-students",
)
LONG = {"hessian_free-digits": pytest.mark.digits} | dict.fromkeys(LENGTHY, pytest.mark.campaign)


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG.get(name, ())) for name in STUDIES])
def test_a_study_reproduces_every_stated_figure_and_draws_its_picture(name, tmp_path):
    study = STUDIES[name]
    findings = study.measure()
    missed = [(c.quantity, c.stated, c.shown) for c in findings.comparisons if not c.reproduced]
    assert not missed
    assert findings.comparisons and findings.tables and findings.conclusions
    for table in findings.tables:
        assert table.rows and all(len(row) == len(table.columns) for row in table.rows), table.title
    figure = study.picture(findings.data)
    write_figure(figure, tmp_path / "picture.png")
    assert picture_size(tmp_path / "picture.png") == tuple(round(120 * inches) for inches in study.size)
    assert figure.get_suptitle() or any(axes.get_title() for axes in figure.axes), "a picture without a title"
    for axes in figure.axes:
        assert axes.get_xlabel() or axes.get_ylabel() or not axes.axison, "axes without a symbol"


def picture_size(file: Path) -> tuple[int, int]:
    """Return width and height as the header of a PNG states them."""
    header = file.read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")


def test_a_study_says_what_it_asks_about_which_system_and_where_its_figures_come_from():
    for study in STUDIES.values():
        assert study.system in systems() and study.system in find.ledgers()
        assert study.question.endswith("?") and study.title and study.source


@st.composite
def printed_numbers(draw: st.DrawFn) -> tuple[str, Fraction, Fraction]:
    """Draw a number as people print it, its exact value, and half a unit of its last digit."""
    digits = draw(st.integers(0, 10**12))
    decimals = draw(st.integers(0, 14))
    exponent = draw(st.integers(-40, 40))
    sign = draw(st.sampled_from(["", "-", "−", "+"]))
    value, unit = Fraction(digits, 10**decimals) * Fraction(10) ** exponent, Fraction(10) ** (exponent - decimals)
    whole, part = f"{digits // 10**decimals}", f"{digits % 10**decimals:0{decimals}d}" if decimals else ""
    if exponent == 0 and draw(st.booleans()):
        whole = f"{int(whole):,}"
    if whole == "0" and part and draw(st.booleans()):
        whole = ""
    text = sign + whole + ("." + part if part else "") + (f"e{exponent}" if exponent else "")
    return text, -value if sign in ("-", "−") else value, unit / 2


@given(printed_numbers())
def test_a_number_is_reproduced_up_to_half_a_unit_of_the_last_printed_digit(printed):
    """At the ends, which are seldom floats, and a unit away, the floats on either side are judged by exact arithmetic.

    What is shown tells a reproduced number from one a unit away.
    """
    text, value, half = printed
    for exact in (value, value - half, value + half, value - 2 * half, value + 2 * half):
        near = float(exact)
        for measured in (nextafter(near, -inf), near, nextafter(near, inf)):
            assert Comparison("", text, measured).reproduced == (abs(Fraction(measured) - value) <= half)
    assert Comparison("", text, float(value)).shown != Comparison("", text, float(value + 2 * half)).shown


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_what_python_prints_is_reproduced(number, digits):
    """Python rounds correctly: a number and the text that it is printed as are no more than half a unit apart."""
    assert Comparison("", f"{number:.{digits - 1}e}", number).reproduced


@given(printed_numbers(), printed_numbers(), st.floats(-1e14, 1e14))
def test_a_range_is_everything_between_its_two_ends(one, other, measured):
    (low, first, low_half), (high, last, high_half) = sorted((one, other), key=lambda printed: printed[1])
    inside = first - low_half <= Fraction(measured) <= last + high_half
    assert Comparison("", f"{low} … {high}", measured).reproduced == inside
    assert Comparison("", f"{low}…{high}", float((first + last) / 2)).reproduced


NO_NUMBERS = ["", "about 3", "nan", "inf", "1 … 2 … 3", "…", "1 …", "0,5", "1,23,456", "5 %"]
SLIPS_OF_NUMBERS = dict.fromkeys(NO_NUMBERS, "a number or two with … between them, got '")
SLIPS_OF_NUMBERS["2 … 1"] = "a range from the smaller number to the larger, got '2 … 1'"


@pytest.mark.parametrize("text", SLIPS_OF_NUMBERS)
def test_what_is_not_a_printed_number_gets_a_sentence(text):
    with pytest.raises(ValueError, match=f"stated must be {SLIPS_OF_NUMBERS[text]}"):
        _ = Comparison("", text, 1.0).reproduced


@pytest.mark.parametrize("measured", [50044, np.float32(50044), np.float64(50044), np.int64(50044), nan, inf, -inf])
def test_numbers_of_any_type_are_compared_and_what_is_not_finite_reproduces_nothing(measured):
    stated = ("50,044", "50,045", "1e400 … 2e400", "0")
    assert [Comparison("", one, measured).reproduced for one in stated] == [bool(np.isfinite(measured)), *[False] * 3]


def toy(stated: str = "0.33", measured: float = 1 / 3, system: str = "sgd", name: str = "") -> Study:
    def measure() -> Findings:
        table = Table("thirds", ("n", "1/n"), (("3", "0.333"),))
        return Findings((table,), (Comparison("a third", stated, measured),), ("A third is less than a half.",), [1, 3])

    def draw(data: list[int], figure: Any) -> None:
        figure.subplots().plot(data, [1 / n for n in data])

    text = {"title": "thirds and halves", "question": "How much is a third?", "source": "a toy"}
    return Study(name or f"{system}-third", **text, measure=measure, draw=draw, size=(2.0, 1.0))


def test_a_table_is_made_of_values_and_of_how_each_column_is_printed():
    rows = [(1, 2 / 3, 0.25), (2, "none", 1)]
    assert Table.of("losses", "step | loss |f| {:.3g} | missing {:.0%} of all", rows) == Table(
        "losses", ("step", "loss |f|", "missing"), (("1", "0.667", "25% of all"), ("2", "none", "100% of all"))
    )
    with pytest.raises(ValueError, match="longer"):
        Table.of("losses", "step | loss", [(1,)])


def test_each_stated_figure_is_compared_with_what_was_measured_at_its_key():
    found = compare_each("f after {} steps", {2: "0.5", 1: "1"}, np.array([3, 1, 0.5]))
    assert found == [Comparison("f after 2 steps", "0.5", 0.5), Comparison("f after 1 steps", "1", 1)]


def test_the_name_of_a_study_begins_with_its_system_and_is_its_own(declared):
    with pytest.raises(ValueError, match="name must be a system's, a hyphen and the study's own name, got 'third'"):
        toy(name="third")
    declared(toy(), toy())
    with pytest.raises(ValueError, match="two modules declare a study called 'sgd-third'"):
        find.studies()
    once = toy()
    declared(once, once)
    assert find.studies() == {"sgd-third": once}


def test_a_study_is_reproduced_if_all_its_figures_are():
    right, wrong = Comparison("", "1", 1.0), Comparison("", "1", 2.0)
    for comparisons, reproduced in (((right, right), True), ((), True), ((right, wrong, right), False)):
        assert toy().measure()._replace(comparisons=comparisons).reproduced is reproduced


def test_without_a_name_studies_are_listed_with_what_they_ask(gnomon):
    status, output, errors = gnomon("study")
    assert (status, errors) == (0, "")
    assert output.splitlines() == [f"{study.name}  {study.question}" for study in STUDIES.values()]
    assert not Path("pictures").exists()


def test_a_study_prints_question_table_figures_conclusion_and_picture(gnomon, declared):
    declared(toy())
    status, output, errors = gnomon("study", "sgd-third")
    assert (status, errors) == (0, "")
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    assert lines[:3] == ["sgd-third: thirds and halves", "How much is a third?", "source: a toy"]
    assert lines[3:6] == ["thirds", "n    1/n", "3  0.333"]
    assert lines[6:9] == ["stated and measured", "quantity  stated      measured", "a third     0.33  0.3333333333  ✓"]
    assert lines[9] == "· A third is less than a half."
    assert lines[10].startswith("1 of 1 stated figure reproduced (")
    assert lines[11:] == ["picture: pictures/sgd-third.png"]
    assert picture_size(Path("pictures/sgd-third.png")) == (240, 120)


def test_a_figure_that_is_not_reproduced_has_status_1_alone_and_among_others(gnomon, declared):
    declared(toy(stated="0.34", name="sgd-first"), toy(name="sgd-second"))
    status, output, _ = gnomon("study", "sgd-first")
    assert status == 1
    assert "a third     0.34  0.3333333333  ✗ not reproduced" in output
    assert "0 of 1 stated figure reproduced" in output
    statuses = [gnomon("study", *names).status for names in (("sgd-second",), ("sgd-first", "sgd-second"), ("sgd",))]
    assert statuses == [0, 1, 1]


def test_the_name_of_a_system_stands_for_its_studies_and_none_runs_twice(gnomon, declared):
    declared(toy(), toy(system="adam"), toy(name="sgd-other"))
    _, output, _ = gnomon("study", "sgd-third", "sgd")
    told = [line.removesuffix(": thirds and halves") for line in output.splitlines() if "thirds and halves" in line]
    assert told == ["sgd-third", "sgd-other"]


def test_pictures_go_where_they_are_asked_to_and_need_matplotlib(gnomon, declared, monkeypatch):
    declared(toy())
    status, output, _ = gnomon("study", "sgd", "--pictures", "some/where")
    assert status == 0 and "picture: some/where/sgd-third.png" in output
    assert Path("some/where/sgd-third.png").exists()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, output, _ = gnomon("study", "sgd-third")
    assert status == 0 and "no picture: it needs matplotlib, pip install 'gnomon[plot]'" in output
    assert not Path("pictures").exists()


def test_a_study_as_json(gnomon, declared):
    declared(toy(), toy(measured=inf, name="sgd-infinite"))
    assert gnomon("study", "sgd", "--json", "report.json").status == 1

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    report = json.loads(Path("report.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert report["format"] == "gnomon-study/1"
    finite, infinite = report["studies"]
    assert finite == {
        "study": "sgd-third",
        "question": "How much is a third?",
        "source": "a toy",
        "tables": [{"title": "thirds", "columns": ["n", "1/n"], "rows": [["3", "0.333"]]}],
        "comparisons": [{"quantity": "a third", "stated": "0.33", "measured": 1 / 3, "reproduced": True}],
        "conclusions": ["A third is less than a half."],
        "reproduced": True,
    }
    assert infinite["comparisons"][0]["measured"] == "inf" and not infinite["reproduced"]


SLIPS = {
    "study sgd-thrid": "no study is called 'sgd-thrid'; did you mean 'sgd-third'?",
    "study sgdd": "no study is called 'sgdd'; did you mean 'sgd'?",
    "study sgd-third xyzzy": "no study is called 'xyzzy'; known: sgd-third, sgd",
    "study sgd --pictures note.txt": "Invalid value for '--pictures': Directory 'note.txt' is a file.",
    "study sgd --pictures note.txt/deeper": "note.txt is not a directory",
    "study sgd --json missing/report.json": "missing of the report report.json does not exist",
    "study sgd --json folder": "report folder is a directory",
    "study sgd --picture here": "No such option '--picture'. Did you mean '--pictures'?",
    "claims sgdd": "no ledger is called 'sgdd'; did you mean 'sgd'?",
    "claims sgd xyzzy": "no ledger is called 'xyzzy'; known: sgd",
    "claims sgd --json missing/report.json": "missing of the report report.json does not exist",
    "claims sgd --json .": "is a directory",
}


@pytest.mark.parametrize("command", SLIPS)
def test_a_slip_is_answered_in_one_line_before_anything_is_measured(gnomon, declared, command):
    declared(toy(), Ledger("sgd"))
    Path("note.txt").write_text("a note", encoding="utf-8")
    Path("folder").mkdir()
    status, output, errors = gnomon(*command.split())
    assert (status, output) == (2, "")
    assert errors.startswith("gnomon: ") and errors.count("\n") == 1 and SLIPS[command] in errors
    assert not Path("pictures").exists()
