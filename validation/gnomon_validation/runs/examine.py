"""One unit of work: a block of cases of a law in a dtype, held against a port; and a trial of an operation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from hypothesis.errors import UnsatisfiedAssumption

from gnomon_spec.arithmetic.noise import as_dtype
from gnomon_spec.bands import Judgement
from gnomon_spec.cases import Case, Cases
from gnomon_spec.system import Law
from gnomon_validation.drawing import shrink, visit
from gnomon_validation.judging import Judge
from gnomon_validation.ports.left_out import AllLeftOutError, LeftOutError
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.ports.runner import NotVariedError
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.results import Data, encoded_finding
from gnomon_validation.tried import Tried
from gnomon_validation.verdicts import ACCEPTS, SEVERITY, Outcome, Status
from gnomon_validation.witnesses import known_cases

ENOUGH_FAILURES = 8
REPEATED_CASES = 3
TRIALS = 5
OTHER_HYPERPARAMETERS = "the law is about hyperparameters that the port does not have"
LEFT_OUT = "the port does not return what the law is about"


class Watch(Protocol):
    """Who is told which case of a unit comes next; -1 if it is one of those among which a smaller one is looked for."""

    def at_case(self, number: int) -> None: ...


class Unwatched:
    """Nobody is told."""

    def at_case(self, number: int) -> None:
        pass


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


class FairJudge(Judge):
    """A judge who holds no case against a port in which the oracle raises an error, as a released form may do.

    Cases that were drawn are the oracle's to answer; one from a file that it refuses is refused.
    """

    def outcome(self, case: Case) -> Outcome:
        try:
            found = super().outcome(case)
        except (NotVariedError, LeftOutError, UnsatisfiedAssumption):
            raise
        except Exception:  # of the law's body or its perturbed runs: whatever the oracle's own code raises
            if not self._is_beyond_the_oracle(case):
                raise
            return self._undecided()
        return self._undecided() if found.status == "error" and self._is_beyond_the_oracle(case) else found

    def _is_beyond_the_oracle(self, case: Case) -> bool:
        try:
            with np.errstate(all="ignore"):
                self.evidence.exact(case)
        except UnsatisfiedAssumption:
            raise
        except Exception:  # whatever it is, it is not the port's
            return True
        return False

    def _undecided(self) -> Outcome:
        undecided = Judgement("the oracle", None, why="raises an error")
        return Outcome("ambiguous only", (undecided,), undecided, "", 0.0, tuple(self.runner.calls))


def judge_of(port: Port, law: Law, dtype: str, plan: Plan) -> tuple[Judge, Cases]:
    """Return who judges the cases of a law that a port offers, and these cases."""
    offer = port.offer(law.operation)
    cases, reason = offered_cases(law, offer, dtype)
    if offer is None or cases is None:
        raise LookupError(reason)
    return FairJudge(port, law, as_dtype(dtype), offer, seed=plan.seed), cases


def examine(
    port: Port,
    law: Law,
    dtype: str,
    plan: Plan,
    block: int = 0,
    examples: int | None = None,
    *,
    shrinks: bool = True,
    stored: Case | None = None,
    watch: Watch | None = None,
) -> Data:
    """Judge a block of cases of a law, look for a smaller case if one fails, and return what was found as JSON data.

    If none fails in the first block, the law's stored cases come after those that are drawn: a catalogued mistake that
    is seldom met is found, too.

    examples: how many cases the block has. shrinks: whether to look for a smaller case. stored: a case to begin with;
    if the port fails in it, that is all that is done.
    """
    started, watch = perf_counter(), watch or Unwatched()
    judge, cases = judge_of(port, law, dtype, plan)
    if stored is not None:
        known = _stored(judge, stored)
        if known is not None:
            return {**known, "seconds": perf_counter() - started}
    strategy = cases.strategy(judge.dtype)
    tally = Tally()
    asked_too_much: list[NotVariedError] = []
    needed: list[LeftOutError] = []
    number = 0

    def visitor(case: Case) -> bool:
        nonlocal number
        watch.at_case(number)
        number += 1
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
        return tally.is_enough

    drawn: dict[str, Any] = {
        "examples": plan.examples if examples is None else examples,
        "random_seed": plan.stream(law, dtype, block),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        visit(strategy, visitor=visitor, **drawn)
        of_draws = tally.cases
        if not (block or tally.failing or asked_too_much or needed):
            for seldom in known_cases(law, dtype):
                watch.at_case(number)
                number += 1
                with suppress(NotVariedError, LeftOutError):
                    tally.add(seldom, judge.outcome(seldom))
        if asked_too_much:
            return {"not_provided": OTHER_HYPERPARAMETERS}
        if needed and not tally.failing and not (tally.cases and isinstance(needed[-1], AllLeftOutError)):
            return {"not_provided": LEFT_OUT}
        found = tally.data(law)
        found["left_out"] = list(judge.left_out)
        failing = [(case, outcome, at) for case, outcome, at in tally.failing if outcome.status == tally.status]
        failing.sort(key=lambda one: not one[1].sure)
        if failing:
            smallest = failing[0][:2]
            smaller: list[Outcome] = []

            def fails(case: Case) -> bool:
                watch.at_case(-1)
                with suppress(NotVariedError, LeftOutError):
                    outcome = judge.outcome(case)
                    if outcome.status == tally.status and (outcome.sure or not failing[0][1].sure):
                        smaller.append(outcome)
                        return True
                return False

            attempts = plan.shrink_attempts if shrinks and failing[0][2] < of_draws else 0
            case = shrink(strategy, attempts=attempts, fails=fails, position=failing[0][2], **drawn)
            found["smallest"] = encoded_finding(*(smallest if case is None else (case, smaller[-1])))
    return {**found, "seconds": perf_counter() - started}


def _stored(judge: Judge, case: Case) -> Data | None:
    """Return what is found if the port fails in a case that is known, else nothing."""
    with warnings.catch_warnings(), suppress(NotVariedError, LeftOutError, LookupError, TypeError, ValueError):
        warnings.simplefilter("ignore")
        outcome = judge.outcome(case)
        if outcome.failed:
            tally = Tally()
            tally.add(case, outcome)
            smallest = encoded_finding(case, outcome)
            return {**tally.data(judge.law), "enough": True, "left_out": list(judge.left_out), "smallest": smallest}
    return None


def try_out(port: Port, law: Law, dtype: str, plan: Plan, *, beyond: int = 0, watch: Watch | None = None) -> Data:
    """Try a few cases of a law; return the status of all laws of the operation if there is nothing to judge.

    That is so if in every case the port raises the same, or returns what is no output of the operation, or does not do
    the same again, or changes arrays that are not its own. Otherwise the status is `None`: the laws have to be asked.
    beyond: the number of cases at the beginning that are left out.
    """
    watch = watch or Unwatched()
    judge, cases = judge_of(port, law, dtype, plan)
    tried: list[tuple[Case, Outcome]] = []
    number = 0

    def visitor(case: Case) -> bool:
        nonlocal number
        number += 1
        if number <= beyond:
            return False
        watch.at_case(number - 1)
        with suppress(NotVariedError, LeftOutError):
            tried.append((case, judge.repeated(judge.outcome(case))))
        return not tried or not tried[-1][1].cause

    visit_quietly(cases, judge.dtype, examples=TRIALS + beyond, random_seed=plan.seed, visitor=visitor)
    endings = {(o.status, o.status == "error" and o.cause) for _, o in tried}
    if len(endings) != 1 or not tried[-1][1].cause:
        return {"status": None}
    case, outcome = tried[0]
    return {"status": outcome.status, "cases": len(tried), "smallest": encoded_finding(case, outcome)}


def visit_quietly(
    cases: Cases, dtype: np.dtype[Any], *, examples: int, random_seed: int, visitor: Callable[[Case], bool]
) -> None:
    """Show cases of a law to a visitor, without the warnings of a port."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        visit(cases.strategy(dtype), examples=examples, random_seed=random_seed, visitor=visitor)


class Tally:
    """What the cases of a block have shown so far."""

    def __init__(self) -> None:
        self.cases = 0
        self.ambiguous = 0
        self.digits: list[float] = []
        self.horizons: list[int] = []
        self.worst_ratio = 0.0
        self.failing: list[tuple[Case, Outcome, int]] = []
        self.tried = Tried()

    def add(self, case: Case, outcome: Outcome) -> None:
        if outcome.failed and self._count(outcome.status) < ENOUGH_FAILURES:
            self.failing.append((case, outcome, self.cases))
        self.cases += 1
        self.tried.add(outcome.calls)
        self.ambiguous += any(j.holds is None for j in outcome.judgements)
        digits = [j.digits for j in outcome.judgements if j.digits is not None]
        if digits:
            self.digits.append(float(median(digits)))
        self.horizons += [j.horizon for j in outcome.judgements if j.horizon is not None]
        self.worst_ratio = max([self.worst_ratio, *(float(j.ratio) for j in outcome.judgements)])

    @property
    def is_enough(self) -> bool:
        """Whether enough cases were wrong. (Imprecise ones are no reason to stop: a wrong one may follow.)"""
        return max(map(self._count, ("wrong", "error", ACCEPTS))) == ENOUGH_FAILURES

    def _count(self, status: Status) -> int:
        return sum(outcome.status == status for _, outcome, _ in self.failing)

    @property
    def status(self) -> Status:
        return worst_of(self.cases, self.ambiguous, [(outcome.status, outcome.sure) for _, outcome, _ in self.failing])

    def data(self, law: Law) -> Data:
        """Return what was found as JSON data."""
        tried = self.tried if law.kind != "rejects" else Tried()
        return {
            **{of: getattr(self, of) for of in ("cases", "ambiguous", "digits", "horizons", "worst_ratio")},
            "enough": self.is_enough,
            "failing": [encoded_finding(case, outcome) for case, outcome, _ in self.failing],
            "largest": tried.largest,
            "ranges": {name: list(ends) for name, ends in tried.ranges.items()},
        }


def worst_of(cases: int, ambiguous: int, failing: list[tuple[Status, bool]]) -> Status:
    """Return the worst status of so many cases, given the statuses of those that fail and whether each is sure."""
    statuses: list[Status] = ["conforms" if cases else "no case drawn"]
    if cases and ambiguous == cases:
        statuses.append("ambiguous only")
    statuses += [status for status, sure in failing if sure] or [status for status, _ in failing]
    return max(statuses, key=SEVERITY.index)
