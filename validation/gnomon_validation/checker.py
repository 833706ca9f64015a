"""Laws × port × dtype → verdicts.

For each law: draw cases and judge them; if some fail, look for the smallest such case; at the end of a system, ask
which catalogued mistake explains what was seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from statistics import median
from time import perf_counter, process_time
from typing import Any
from zlib import crc32

import numpy as np

from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.cases import Case, Cases
from gnomon_spec.system import Law, Mistake, Operation, System
from gnomon_validation.budget import Budget
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.drawing import shrink, visit
from gnomon_validation.judging import Judge
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.ports.left_out import AllLeftOutError, LeftOutError
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.ports.runner import Call, NotVariedError
from gnomon_validation.tried import Tried
from gnomon_validation.verdicts import ACCEPTS, EVERY_CALL, SEVERITY, Check, Outcome, Status, Verdict

ENOUGH_FAILURES = 8
KEPT = 4  # cases in which a law holds
FURTHER_CASES, FURTHER_SECONDS = 40, 1.0
REPEATED_CASES = 3
TRIALS = 5
OTHER_HYPERPARAMETERS = "the law is about hyperparameters that the port does not have"
LEFT_OUT = "the port does not return what the law is about"


@dataclass(frozen=True)
class Plan:
    """What to check: how many examples a law, which dtypes, which random stream, how long to seek a smaller case.

    seconds: of processor time for the cases of all laws together, beyond the first of each; a law that has had its
    share ends, but not before its third case. `None`: every law gets all its examples. search_seconds: of processor
    time to look for an edit of the reference that does what the port does, where no catalogued mistake does.
    """

    examples: int = 100
    dtypes: tuple[str, ...] = ("float32", "float64")
    seed: int = 0
    shrink_attempts: int = 150
    seconds: float | None = None
    search_seconds: float = 0.0

    def stream(self, law: Law, dtype: str) -> int:
        """Return the seed of a law's cases: one of its own, so that what is rare in one law's is met in another's."""
        return crc32(f"{self.seed} {law.id} {dtype}".encode())


Progress = Callable[[str], None]
Expected = Callable[[str, str, str, str], str | None]


def check(
    port: Port,
    systems: Iterable[System],
    plan: Plan,
    *,
    laws: Callable[[Law], bool] = lambda _: True,
    progress: Progress = lambda _: None,
    expected: Expected = reason_for,
) -> Check:
    """Hold a port against all laws of the systems, in each dtype of the plan.

    progress is told the law that is being checked. expected(port, law, dtype, verdict) says why a failure is a known
    difference.
    """
    started = perf_counter()
    systems = list(systems)
    result = Check(port.name, plan.examples, plan.seed)
    for system in systems:
        for operation in system.operations.values():
            offer = port.offer(operation)
            fixed = {n: v for n, v in offer.fixed.items() if n in operation.cases.quantities} if offer else {}
            if fixed:
                result.held_fixed[operation.id] = [f"{name}={value!r}" for name, value in fixed.items()]
    budget = Budget(plan.seconds, number_of_checks(port, systems, plan, laws))
    found: list[Mistake] = []
    left = plan.search_seconds
    for system in systems:
        failing: dict[str, list[tuple[Verdict, Sequence[Outcome]]]] = {}
        asked = list(filter(laws, system.laws))
        tried_at = {(law.operation, d): trial(port, law, d, plan) for law in first_laws(asked) for d in plan.dtypes}
        for dtype, law in product(plan.dtypes, asked):
            progress(f"{law.id} {dtype}")
            tried = tried_at[law.operation, dtype]
            if tried is not None and is_judged_by(tried, law, port):
                verdict = tried if law is tried.law else replace(tried, law=law, cases=0, smallest=None)
                verdict.expected = expected(port.name, law.id, dtype, verdict.status)
                result.verdicts.append(verdict)
                continue
            verdict, outcomes = check_law(port, law, dtype, plan, budget)
            result.verdicts.append(verdict)
            if outcomes:
                failing.setdefault(dtype, []).append((verdict, outcomes))
        for dtype in sorted(failing, key=lambda dtype: -np.dtype(dtype).itemsize):  # the widest tells most
            progress(f"{system.name} {dtype}: diagnosis")
            held = [outcome for v in result.verdicts for outcome in v.held if v.dtype == dtype]
            began = process_time()
            drawn = partial(further_calls, port, dtype=dtype, plan=plan)
            found += diagnose(port, failing[dtype], held, drawn=drawn, found=found, seconds=left)
            left -= process_time() - began
            for verdict, _ in failing[dtype]:
                verdict.expected = expected(port.name, verdict.law.id, dtype, verdict.status)
    result.seconds = perf_counter() - started
    return result


def first_laws(laws: Iterable[Law]) -> list[Law]:
    """Return the first law of each operation."""
    return list({law.operation: law for law in reversed(list(laws))}.values())


def trial(port: Port, law: Law, dtype: str, plan: Plan) -> Verdict | None:
    """Try a few cases of a law, and return the verdict on all laws of the operation if there is nothing to judge.

    That is so if in every case the port raises the same, or returns what is no output of the operation, or does not do
    the same again, or changes arrays that are not its own. Otherwise `None`: the laws have to be asked.
    """
    offer = port.offer(law.operation)
    cases, _ = offered_cases(law, offer, dtype)
    if offer is None or cases is None:
        return None
    judge = Judge(port, law, as_dtype(dtype), offer, seed=plan.seed)
    tried: list[tuple[Case, Outcome]] = []

    def visitor(case: Case) -> bool:
        with suppress(NotVariedError, LeftOutError):
            tried.append((case, judge.repeated(judge.outcome(case))))
        return not tried or not tried[-1][1].cause

    visit_quietly(cases, judge.dtype, examples=TRIALS, random_seed=plan.seed, visitor=visitor)
    endings = {(o.status, o.status == "error" and o.cause) for _, o in tried}
    if len(endings) != 1 or not tried[-1][1].cause:
        return None
    case, outcome = tried[0]
    return Verdict(law, dtype, outcome.status, cases=len(tried), smallest=case, outcome=outcome, reason=EVERY_CALL)


def is_judged_by(verdict: Verdict, law: Law, port: Port) -> bool:
    """Return whether a trial says all about a law: its operation has no outputs, for what the port offers of it.

    To raise whatever is given is not to reject bad input; to return what is no output is to accept it.
    """
    is_asked = offered_cases(law, port.offer(law.operation), verdict.dtype)[0] is not None
    return is_asked and (law.kind != "rejects" or verdict.status == "error")


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
    offer = port.offer(operation)
    cases, _ = offered_cases(law, offer, dtype)
    if offer is None or cases is None:
        return []
    calls: list[Call] = []
    ends = process_time() + FURTHER_SECONDS
    judge = Judge(port, law, as_dtype(dtype), offer, seed=plan.seed)

    def visitor(case: Case) -> bool:
        with suppress(NotVariedError, LeftOutError):
            calls.extend(judge.outcome(case).calls)
        return process_time() > ends

    visit_quietly(cases, judge.dtype, examples=FURTHER_CASES, random_seed=plan.seed + 1, visitor=visitor)
    return calls


def visit_quietly(
    cases: Cases, dtype: np.dtype[Any], *, examples: int, random_seed: int, visitor: Callable[[Case], bool]
) -> None:
    """Show cases of a law to a visitor, without the warnings of a port."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        visit(cases.strategy(dtype), examples=examples, random_seed=random_seed, visitor=visitor)


def check_law(
    port: Port, law: Law, dtype: str, plan: Plan, budget: Budget | None = None
) -> tuple[Verdict, list[Outcome]]:
    """Return the verdict on one law and the outcomes of its failing cases, the smallest case's first."""
    budget = budget or Budget(None, 1)
    offer = port.offer(law.operation)
    cases, reason = offered_cases(law, offer, dtype)
    if offer is None or cases is None:
        return Verdict(law, dtype, "not provided", reason=reason), []
    started = perf_counter()
    judge = Judge(port, law, as_dtype(dtype), offer, seed=plan.seed)
    strategy = cases.strategy(judge.dtype)
    tally = Tally()
    asked_too_much: list[NotVariedError] = []
    needed: list[LeftOutError] = []

    def visitor(case: Case) -> bool:
        try:
            outcome = judge.outcome(case)
        except NotVariedError as error:
            asked_too_much.append(error)
            return True
        except LeftOutError as error:
            needed.append(error)
            return not isinstance(error, AllLeftOutError)
        if tally.cases < REPEATED_CASES:
            outcome = judge.repeated(outcome)
        tally.add(case, outcome)
        return tally.is_enough or budget.is_spent(tally.cases)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with budget.for_one_law():
            visit(strategy, examples=plan.examples, random_seed=plan.stream(law, dtype), visitor=visitor)
        if asked_too_much:
            return Verdict(law, dtype, "not provided", reason=OTHER_HYPERPARAMETERS), []
        if needed and not tally.failing and not (tally.cases and isinstance(needed[-1], AllLeftOutError)):
            return Verdict(law, dtype, "not provided", reason=LEFT_OUT), []
        verdict = tally.verdict(law, dtype)
        verdict.left_out = tuple(judge.left_out)
        failing = [(pair, at) for pair, at in tally.failing if pair[1].status == verdict.status]
        if failing:
            (verdict.smallest, verdict.outcome), position = failing[0]
            found: list[Outcome] = []

            def fails(case: Case) -> bool:
                try:
                    outcome = judge.outcome(case)
                except (NotVariedError, LeftOutError):
                    return False
                if outcome.status == verdict.status:
                    found.append(outcome)
                return outcome.status == verdict.status

            drawn: dict[str, Any] = {
                "examples": plan.examples,
                "random_seed": plan.stream(law, dtype),
                "position": position,
            }
            smaller = shrink(strategy, attempts=plan.shrink_attempts, fails=fails, **drawn)
            if smaller is not None:
                verdict.smallest, verdict.outcome = smaller, found[-1]
            verdict.digits_lost = max(verdict.outcome.digits_lost, *(o.digits_lost for (_, o), _ in failing))
    verdict.seconds = perf_counter() - started
    outcomes = [outcome for (_, outcome), _ in failing]
    return verdict, [verdict.outcome, *outcomes] if verdict.outcome else []


def number_of_checks(port: Port, systems: Iterable[System], plan: Plan, laws: Callable[[Law], bool]) -> int:
    """Return how many laws a port can be held against, each dtype counted."""
    wanted = product((law for system in systems for law in system.laws if laws(law)), plan.dtypes)
    return sum(offered_cases(law, port.offer(law.operation), dtype)[0] is not None for law, dtype in wanted)


def offered_cases(law: Law, offer: Offer | None, dtype: str) -> tuple[Cases | None, str]:
    """Return the law's cases narrowed to what a port offers; None, and why, if there are none."""
    if offer is None:
        return None, "the port does not provide the operation"
    if offer.dtypes is not None and dtype not in offer.dtypes:
        return None, f"the port does not compute in {dtype}"
    if dtype not in law.dtypes:
        return None, f"the law is not about {dtype}"
    cases = law.cases.within(offer.fixed)
    cases = cases.among(offer.only) if cases is not None else None
    return cases, OTHER_HYPERPARAMETERS if cases is None else ""


class Tally:
    """What the cases of a law have shown so far."""

    def __init__(self) -> None:
        self.cases = 0
        self.ambiguous = 0
        self.digits: list[float] = []
        self.horizons: list[int] = []
        self.worst_ratio = 0.0
        self.failing: list[tuple[tuple[Case, Outcome], int]] = []
        self.held: list[Outcome] = []
        self.tried = Tried()

    def add(self, case: Case, outcome: Outcome) -> None:
        if outcome.status == "conforms" and len(self.held) < KEPT:
            self.held.append(outcome)
        if outcome.failed and self._count(outcome.status) < ENOUGH_FAILURES:
            self.failing.append(((case, outcome), self.cases))
        self.cases += 1
        self.tried.add(outcome.calls)
        self.ambiguous += any(j.holds is None for j in outcome.judgements)
        digits = [j.digits for j in outcome.judgements if j.digits is not None]
        if digits:
            self.digits.append(median(digits))
        self.horizons += [j.horizon for j in outcome.judgements if j.horizon is not None]
        self.worst_ratio = max([self.worst_ratio, *(j.ratio for j in outcome.judgements)])

    @property
    def is_enough(self) -> bool:
        """Whether enough cases were wrong. (Imprecise ones are no reason to stop: a wrong one may follow.)"""
        return max(map(self._count, ("wrong", "error", ACCEPTS))) == ENOUGH_FAILURES

    def _count(self, status: Status) -> int:
        return sum(outcome.status == status for (_, outcome), _ in self.failing)

    def verdict(self, law: Law, dtype: str) -> Verdict:
        statuses: list[Status] = ["conforms" if self.cases else "no case drawn"]
        if self.cases and self.ambiguous == self.cases:
            statuses.append("ambiguous only")
        sure = [outcome.status for (_, outcome), _ in self.failing if outcome.sure]
        statuses += sure or [outcome.status for (_, outcome), _ in self.failing]
        digits = median(self.digits) if self.digits else None
        horizon = float(median(self.horizons)) if self.horizons else None
        worst = max(statuses, key=SEVERITY.index)
        found = self.cases, self.ambiguous, digits, self.worst_ratio, horizon
        tried = self.tried if law.kind != "rejects" else Tried()
        return Verdict(law, dtype, worst, *found, held=self.held, tried=tried)
