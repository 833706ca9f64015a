"""What ports are held up to here: one case of a law, all that they have of a system; a sentence when they are none."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pytest

from gnomon_spec.cases import Case
from gnomon_spec.system import Law, Operation, find_law, find_system
from gnomon_validation.checker import check
from gnomon_validation.judging import Judge
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.port import Port
from gnomon_validation.runs.plan import Plan
from gnomon_validation.verdicts import FAILING, Outcome, Verdict

PARAMS = np.array([1.0, -2.0, 0.25])
GRAD = np.array([0.5, 3.0, -1e-3])
DTYPES = ("float32", "float64")


def operation(name: str) -> Operation:
    """Return the operation `system.name`."""
    system, _, rest = name.partition(".")
    return find_system(system).operations[rest]


def outcome(port: Port, law: str | Law, quantities: dict[str, Any], hyper: dict[str, Any], dtype: Any) -> Outcome:
    """Judge one case of a law, or of the one that the operation of this name agrees with the oracle."""
    if isinstance(law, str):
        law = find_law(law) if ":" in law else operation(law).laws[0]
    case = Case({**quantities, **hyper}, hyper)
    return Judge(port, law, np.dtype(dtype), port.offer(law.operation)).outcome(case)


def verdicts(port: Port, system: str, dtype: str, examples: int = 20, only: str = "") -> list[Verdict]:
    """Return the verdicts on what a port has of a system, or of the operation of this name alone."""
    plan = Plan(examples, (dtype,), shrink_attempts=0)
    found = check(port, [find_system(system)], plan, laws=lambda law: only in ("", law.operation.name))
    return [verdict for verdict in found.verdicts if verdict.status != "not provided"]


def failing(found: list[Verdict], operations: Collection[str]) -> set[str]:
    """Return the names of the laws that a port of just these operations breaks; it is known to break them all."""
    assert {v.law.operation.name for v in found} == set(operations)
    assert [(v.law.id, v.status, v.outcome) for v in found if v.status != "conforms" and v.expected is None] == []
    return {v.law.name for v in found if v.status != "conforms"}


def known(port: Port, found: list[Verdict]) -> dict[str, str]:
    """Return by name which of the laws a port is known to break, and why."""
    said = [(v.law.name, reason_for(port.name, v.law.id, v.dtype, status)) for v in found for status in FAILING]
    return {name: reason for name, reason in said if reason is not None}


def assert_explained(target: str, message: str) -> None:
    """A target that is no port is refused in one line that contains a message."""
    with pytest.raises(ValueError) as caught:
        find_port(target)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
