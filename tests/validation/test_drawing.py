"""A seed stands for the same cases whatever else is loaded."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from hypothesis import strategies as st

from gnomon_validation.drawing import visit

# Enough that Hypothesis would draw one of them nearly every time that it draws a constant.
CONSTANTS = [float(f"0.{k}77") for k in range(1000, 1400)]


def drawn() -> list[Any]:
    """What a seed draws."""
    seen: list[Any] = []
    visit(st.lists(st.floats(0, 1), min_size=5, max_size=5), examples=100, random_seed=3, visitor=seen.append)
    return seen


def test_a_seed_draws_the_same_cases_whichever_modules_are_loaded(monkeypatch, tmp_path_factory):
    """Such as one that is not installed, in a folder that does not look like one of tests, and full of numbers."""
    before = drawn()
    folder = tmp_path_factory.getbasetemp().parent / "constants"
    folder.mkdir(exist_ok=True)
    (folder / "many_constants.py").write_text(f"NUMBERS = {CONSTANTS!r}\n")
    monkeypatch.syspath_prepend(folder)
    import_module("many_constants")
    assert drawn() == before
    del sys.modules["many_constants"]
    assert not {x for case in before for x in case} & set(CONSTANTS)
