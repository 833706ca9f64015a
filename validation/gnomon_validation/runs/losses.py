"""What to do about a unit whose worker was lost."""

from __future__ import annotations

from gnomon_spec.cases import Case
from gnomon_spec.system import find_law
from gnomon_validation.ports.port import Port
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
    """Return how a worker was lost, with the case that it was at, drawn again; port: what it offers is asked."""
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
    return {**lost, "case": encoded_case(seen[min(at, len(seen) - 1)]) if seen else None}
