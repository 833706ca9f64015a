"""What becomes of single edits: caught, equivalent, surviving, endless; and of the seconds that laws share."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache

import pytest

from gnomon_spec.edits import address, sources
from gnomon_spec.equivalent_edits import ARGUMENTS
from gnomon_spec.single_edits import SingleEdit
from gnomon_spec.system import find_system, systems
from gnomon_validation import adequacy
from gnomon_validation.adequacy import Adequacy, Found, Prober, edits_of
from gnomon_validation.edit_trials import addresses

SGD = find_system("sgd")
STEP = SGD.operations["step"]
AT = address(STEP.reference)


@pytest.fixture(scope="module")
def prober() -> Prober:
    return Prober(SGD, "float64", examples=20)


def replaced(before: str, after: str) -> SingleEdit:
    text = sources(AT.module)[AT.name].text
    assert before in text
    return SingleEdit("statement", 1, before, after, text.replace(before, after))


MOVE, NOTICED = "params - lr * direction", "sgd.step:agrees_with_the_oracle"
FATES = [
    (MOVE, "params + lr * direction", "caught", NOTICED),
    (MOVE, "params + -lr * direction", "equivalent", ""),
    (MOVE, "params - lr * (direction / 3 * 3)", "survives", ""),
    ("buffer = grad", "while True: buffer = grad", "caught", "it does not end"),
]


@pytest.mark.parametrize(("before", "after", "fate", "by"), FATES)
def test_an_edit_is_caught_if_a_law_notices_it_or_it_does_not_end_and_equivalent_with_the_same_bits(
    prober, before, after, fate, by, monkeypatch
):
    monkeypatch.setattr(adequacy, "SECONDS", 0.2 if "while" in after else adequacy.SECONDS)
    found = prober.fate(AT, replaced(before, after), [STEP])
    assert found.fate == fate and found.by.endswith(by)


def test_an_edit_that_only_rounds_otherwise_does_not_survive_if_somebody_argues_for_it(prober, monkeypatch):
    edit = replaced(*FATES[2][:2])
    monkeypatch.setattr(adequacy, "argument", lambda *_: "it is the same product")
    assert prober.fate(AT, edit, [STEP]) == Found(AT, edit, "equivalent", "it is the same product")


def test_the_share_leaves_equivalent_edits_out():
    edit = next(edits_of(AT))
    fates = ["caught"] * 3 + ["survives"] + ["equivalent"] * 5
    assert Adequacy([Found(AT, edit, fate) for fate in fates]).caught == 0.75


def test_every_edit_is_one_of_the_function_as_it_stands():
    for edit in edits_of(AT):
        line = sources(AT.module)[AT.name].lines[Found(AT, edit, "caught").line - 1]
        assert re.sub(r"\s", "", edit.before) in re.sub(r"\s", "", line) or "\n" in edit.before


@pytest.mark.parametrize("argued", ARGUMENTS, ids=lambda a: f"{a.where}: {a.before}")
def test_what_is_argued_for_is_an_edit_of_the_reference(argued):
    edits = {edit for at in everywhere() if fnmatchcase(".".join(at), argued.where) for edit in lines_of(at)}
    assert {(argued.before, after) for after in argued.after} <= edits


@cache
def everywhere():
    return {at for system in systems().values() for at in addresses([*system.operations.values()])}


@cache
def lines_of(at):
    return {(edit.before, edit.after) for edit in edits_of(at)}
