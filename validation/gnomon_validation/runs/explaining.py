"""One unit of work: which mistakes explain what a port did in the laws of a system that fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.cases import Case
from gnomon_spec.system import Law, Mistake, Operation, System, find_law
from gnomon_validation.diagnosis import MOST_CALLS, Diagnostician
from gnomon_validation.edit_search import Effort
from gnomon_validation.ports.left_out import LeftOutError
from gnomon_validation.ports.port import Port
from gnomon_validation.ports.runner import Call, NotVariedError
from gnomon_validation.runs.costs import seconds_of_a_case
from gnomon_validation.runs.examine import judge_of, visit_quietly
from gnomon_validation.runs.plan import FEWEST_CASES, Plan
from gnomon_validation.runs.results import Data, decoded_finding
from gnomon_validation.verdicts import Explanation, Outcome, Verdict

KEPT = 4  # cases in which a law holds
FURTHER_CASES, FURTHER_SECONDS = 40, 1.0
Found = Mapping[str, Any]


def explain(
    port: Port,
    system: System,
    plan: Plan,
    failing: Mapping[str, Sequence[Found]],
    held: Mapping[str, Mapping[str, int]],
    *,
    draws: bool = True,
) -> Data:
    """Return for each dtype and failing law its status, its explanations, and which outputs are right, as JSON data.

    failing: for each dtype the laws, each with its status and findings, the smallest first. held: for each dtype how
    many cases were drawn of each law that holds. draws: whether the port may be called in further cases.
    """
    found: list[Mistake] = []
    effort = Effort(plan.search_seconds)
    told: Data = {}
    for dtype in sorted(failing, key=lambda dtype: -np.dtype(dtype).itemsize):  # the widest tells most
        pairs = [_verdict(one, dtype) for one in failing[dtype]]
        holding = _held(port, dtype, plan, held.get(dtype, {}))

        def drawn(operation: Operation, dtype: str = dtype) -> list[Call]:
            return further_calls(port, operation, dtype=dtype, plan=plan) if draws else []

        found += diagnose(port, pairs, holding, drawn=drawn, found=found, effort=effort)
        told[dtype] = [
            {
                "law": verdict.law.id,
                "status": verdict.status,
                "parts": [list(names) for names in verdict.parts],
                "diagnosis": [Explanation.of(mistake)._asdict() for mistake in verdict.diagnosis],
            }
            for verdict, _ in pairs
        ]
    return told


def _verdict(found: Found, dtype: str) -> tuple[Verdict, list[Outcome]]:
    law = find_law(found["law"])
    findings = [decoded_finding(one, law) for one in found["findings"]]
    case, outcome = findings[0]
    return Verdict(law, dtype, found["status"], smallest=case, outcome=outcome), [outcome for _, outcome in findings]


def _held(port: Port, dtype: str, plan: Plan, examples: Mapping[str, int]) -> list[Outcome]:
    """Return the first cases in which laws hold, judged again, as many as a diagnosis takes into account."""
    found: list[Outcome] = []
    calls: Counter[Operation] = Counter()
    for name, number in examples.items():
        law = find_law(name)
        if calls[law.operation] < MOST_CALLS:
            held = _held_of(port, law, dtype, plan, number)
            calls.update(call.operation for outcome in held for call in outcome.calls)
            found += held
    return found


def _held_of(port: Port, law: Law, dtype: str, plan: Plan, examples: int) -> list[Outcome]:
    judge, cases = judge_of(port, law, dtype, plan)
    found: list[Outcome] = []

    def visitor(case: Case) -> bool:
        with suppress(NotVariedError, LeftOutError):
            outcome = judge.outcome(case)
            found.extend([outcome] if outcome.status == "conforms" else [])
        return len(found) == KEPT

    visit_quietly(cases, judge.dtype, examples=examples, random_seed=plan.stream(law, dtype), visitor=visitor)
    return found


def diagnose(
    port: Port, failing: Sequence[tuple[Verdict, Sequence[Outcome]]], held: Sequence[Outcome] = (), **search: Any
) -> list[Mistake]:
    """Give verdicts on laws of one system, in one dtype, the mistakes that explain what the port did.

    held, search: see `Diagnostician.diagnose`.
    """
    verdict = failing[0][0]
    offers = [port.offer(verdict.law.operation) for verdict, _ in failing]
    flush = any(offer is not None and offer.flush_subnormals for offer in offers)
    system = verdict.law.operation.system
    return Diagnostician(system, as_dtype(verdict.dtype), flush_subnormals=flush).diagnose(failing, held, **search)


def further_calls(port: Port, operation: Operation, *, dtype: str, plan: Plan) -> list[Call]:
    """Return calls of an operation in cases that no law was held against, whatever becomes of them."""
    law = next(law for law in operation.laws if law.kind == "oracle agreement")
    try:
        judge, cases = judge_of(port, law, dtype, plan)
    except LookupError:
        return []
    calls: list[Call] = []

    def visitor(case: Case) -> bool:
        with suppress(NotVariedError, LeftOutError):
            calls.extend(judge.outcome(case).calls)
        return False

    examples = min(FURTHER_CASES, max(FEWEST_CASES, int(FURTHER_SECONDS / seconds_of_a_case(law))))
    visit_quietly(cases, judge.dtype, examples=examples, random_seed=plan.seed + 1, visitor=visitor)
    return calls
