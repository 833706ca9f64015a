"""What to do about a unit whose worker was lost."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from gnomon_spec.cases import Case
from gnomon_spec.system import Law, Operation, find_law
from gnomon_validation.ports.port import Port
from gnomon_validation.ports.runner import PortRunner
from gnomon_validation.runs.examine import TRIALS, judge_of, visit_quietly
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.results import Data, encoded_case
from gnomon_validation.runs.work import Request
from gnomon_validation.witnesses import known_cases


def again(request: Request, lost: Data) -> Request | None:
    """Return what to do instead of a unit whose worker was lost; `None` if that is what is to be told.

    A worker that somebody else killed may be given the unit again, once. A trial goes on beyond the case that ended it,
    once. What is lost on the way to a smaller case is done without one, an explanation without calls.
    """
    if lost["by_others"] and not request.get("again"):
        return {**request, "again": True}
    if request["do"] == "trial" and not request["beyond"] and lost["case_number"] >= 0:
        return {**request, "beyond": lost["case_number"] + 1, "again": False}
    if request["do"] == "examine" and request["shrinks"] and lost["case_number"] < 0:
        return {**request, "shrinks": False, "again": False}
    if request["do"] == "explain" and request["draws"]:
        return {**request, "draws": False, "again": False}
    return None


def with_case(port: Port, plan: Plan, request: Request, lost: Data) -> Data:
    """Return how a worker was lost, with the case that it was at, drawn again; port: what it offers is asked.

    Where bad input was to be rejected the message says which was.
    """
    at, law, dtype = lost["case_number"], find_law(request["law"]), request["dtype"]
    if at < 0:
        return {**lost, "case": None, "case_number": 0}
    if request["do"] == "trial":
        seed, examples = plan.seed, TRIALS + request["beyond"]
    else:
        seed, examples = plan.stream(law, dtype, request["block"]), request["examples"]
    judge, cases = judge_of(port, law, dtype, plan)
    drawn: list[Case] = []

    def visitor(case: Case) -> bool:
        drawn.append(case)
        return bool(len(drawn) > at)

    visit_quietly(cases, judge.dtype, examples=examples, random_seed=seed, visitor=visitor)
    seen = [*drawn, *known_cases(law, dtype)] if request["do"] == "examine" else drawn
    if not seen:
        return {**lost, "case": None}
    case = seen[min(at, len(seen) - 1)]
    given = _given(port, law, judge.dtype, case, lost.get("call_number", 0)) if law.kind == "rejects" else ""
    message = f"{lost['message']}, given {given}" if given else lost["message"]
    return {**lost, "message": message, "case": encoded_case(case)}


class _Refusing:
    """Offers what a port offers, and counts its calls: none is answered."""

    def __init__(self, port: Port) -> None:
        self.name, self.offer, self.calls = port.name, port.offer, 0

    def call(self, operation: Operation, inputs: Any, hyperparameters: Any) -> Any:
        self.calls += 1
        raise ValueError(operation.id)


def _given(port: Port, law: Law, dtype: np.dtype[Any], case: Case, number: int) -> str:
    """Return what of a case a law was about to have rejected when it called the port for the `number`-th time."""
    refusing = _Refusing(port)
    with suppress(Exception):  # of a law that looks at what is returned
        for fact in law.body(PortRunner(refusing, law.operation.system, dtype), case.widened(dtype)):
            if refusing.calls == number:
                return fact.label
    return ""
