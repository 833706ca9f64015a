"""A seed stands for the same cases whatever else is loaded."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import strategies as st

from gnomon_validation.drawing import visit

# Enough that Hypothesis would draw one of them nearly every time that it draws a constant.
CONSTANTS = [float(f"0.{k}77") for k in range(1000, 1400)]


def drawn() -> list[Any]:
    """What a seed draws."""
    seen: list[Any] = []
    visit(
        st.lists(st.floats(0, 1), min_size=5, max_size=5), examples=100, random_seed=3, visitor=lambda x: seen.append(x)
    )
    return seen


@pytest.fixture
def module_of_constants(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """A module that is not installed, in a folder that does not look like one of tests, and full of numbers."""
    folder = tmp_path_factory.getbasetemp().parent / "constants"
    folder.mkdir(exist_ok=True)
    file = Path(folder, "many_constants.py")
    file.write_text(f"NUMBERS = {CONSTANTS!r}\n")
    specification = util.spec_from_file_location("many_constants", file)
    assert specification is not None and specification.loader is not None
    module = util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "many_constants", module)
    return module


def test_a_seed_draws_the_same_cases_whichever_modules_are_loaded(request):
    before = drawn()
    module = request.getfixturevalue("module_of_constants")
    assert drawn() == before
    assert not {x for case in before for x in case} & set(module.NUMBERS)
