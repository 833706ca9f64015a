"""The specification holds together: laws hold of the oracle, mistakes are caught and named, every law catches one."""

from __future__ import annotations

import numpy as np
import pytest
from specimens import MistakePort

from gnomon_spec.system import Law, Mistake, Operation, systems
from gnomon_validation.checker import Plan, check_law
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.ports.bundled import NumbaPort, ReferencePort
from gnomon_validation.verdicts import Verdict

DTYPES = ("float32", "float64")
# What holds in float64 nearly always holds in float32, too: `pytest -m specification32` makes sure.
FLOAT64_FIRST = ("float64", pytest.param("float32", marks=pytest.mark.specification32))
LAWS = [law for system in systems().values() for law in system.laws]
MISTAKES = [mistake for system in systems().values() for mistake in system.mistakes.values()]
PLAN = Plan(examples=100)
HONEST = Plan(examples=20)
AS_FOUND = Plan(examples=100, shrink_attempts=0)


def distance(mistake: Mistake, operation: Operation) -> int:
    """Return 0 if the mistake is made in the operation, 1 in what it is built from, else 2: the order of trials."""
    if operation.name == mistake.operation:
        return 0
    return 1 if mistake.concerns(operation) else 2


def caught(mistake: Mistake, law: Law, dtype: str) -> Verdict | None:
    """Return the diagnosed verdict of a law on a port with the mistake; None if the law does not notice."""
    verdict, outcomes = check_law(MistakePort(mistake), law, dtype, PLAN)
    if not outcomes:
        return None
    Diagnostician(mistake.system, np.dtype(dtype)).diagnose([(verdict, outcomes)])
    return verdict


def finds_wrong(law: Law, mistake: Mistake, dtype: str) -> bool:
    """Return whether the law calls a port with the mistake wrong, by itself or once the diagnosis has seen it."""
    verdict, outcomes = check_law(MistakePort(mistake), law, dtype, AS_FOUND)
    if verdict.status == "imprecise":
        Diagnostician(mistake.system, np.dtype(dtype)).diagnose([(verdict, outcomes)])
    return verdict.status == "wrong"


@pytest.mark.parametrize("dtype", ["float16", *DTYPES])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.id)
def test_the_oracle_obeys_every_law(law: Law, dtype: str) -> None:
    verdict, _ = check_law(ReferencePort(), law, dtype, HONEST)
    expected = "conforms" if dtype in law.dtypes else "not provided"
    assert verdict.status == expected, verdict.outcome


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.id)
def test_the_kernels_obey_every_law(law: Law, dtype: str) -> None:
    port = NumbaPort()
    verdict, _ = check_law(port, law, dtype, HONEST)
    expected = "conforms" if port.find(law.operation) else "not provided"
    assert verdict.status == expected, verdict.outcome


@pytest.mark.parametrize("dtype", FLOAT64_FIRST)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.system.name}:{m.name}")
def test_every_mistake_is_caught_and_called_by_its_name(mistake: Mistake, dtype: str) -> None:
    nearest_first = sorted(mistake.system.laws, key=lambda law: distance(mistake, law.operation))
    for law in nearest_first:
        verdict = caught(mistake, law, dtype)
        if verdict is not None:
            break
    else:
        pytest.fail(f"no law notices: {mistake.statement}")
    assert verdict.status == "wrong", "a mistake is never imprecise"
    assert [m.name for m in verdict.diagnosis][:1] == [mistake.name]


@pytest.mark.parametrize("dtype", FLOAT64_FIRST)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.id)
def test_every_law_catches_a_mistake(law: Law, dtype: str) -> None:
    mistakes = law.operation.system.mistakes.values()
    nearest_first = sorted(mistakes, key=lambda mistake: distance(mistake, law.operation))
    assert any(finds_wrong(law, mistake, dtype) for mistake in nearest_first)


def test_every_operation_agrees_with_the_oracle_first_of_all() -> None:
    for system in systems().values():
        for operation in system.operations.values():
            assert operation.laws[0].name == "agrees_with_the_oracle"


def test_laws_have_names_of_their_own_and_a_sentence_without_full_stop() -> None:
    assert len({law.id for law in LAWS}) == len(LAWS)
    for declared in (*LAWS, *MISTAKES):
        assert declared.statement and not declared.statement.endswith("."), declared
