"""One case of one law, held against a port: the facts, the bands, and whether a deviation is rounding or a mistake.

What the oracle does on a case (`Evidence`) is computed once, and held against as many ports as one likes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from math import log10
from typing import Any

import numpy as np

from gnomon_spec.bands import MARGIN, Judgement, half_way, judge
from gnomon_spec.cases import Case
from gnomon_spec.facts import Fact
from gnomon_spec.stand_ins import ExactOracle, PerturbedRuns
from gnomon_spec.system import Law
from gnomon_validation.ports.left_out import AllLeftOutError, LeftOutError, is_left_out
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.ports.runner import NotVariedError, PortError, PortMisbehaviourError, PortRunner
from gnomon_validation.verdicts import ACCEPTS, NOT_REPEATED, Outcome, Status
from gnomon_validation.wording import told

# A deviation is measured again in this dtype: the next wider one, or the next narrower where there is none.
OTHER_DTYPE = {"float16": "float32", "float32": "float64", "float64": "float32"}
WITHOUT_BAND = ("identical", "rejects")
NOT_HELD = "returns what the law cannot be held against"


@dataclass
class Evidence:
    """The perturbed and the exact oracle on the cases of one law in one dtype.

    keep: how many cases to remember; 1 is enough for one port.
    """

    law: Law
    dtype: np.dtype[Any]
    seed: int = 0
    flush_subnormals: bool = False
    keep: int = 1
    _runs: dict[int, tuple[Case, list[list[Fact]]]] = field(default_factory=dict)
    _exact: dict[int, tuple[Case, list[Fact]]] = field(default_factory=dict)
    _elsewhere: dict[int, tuple[Case, Evidence, Case]] = field(default_factory=dict)

    @cached_property
    def _perturbed(self) -> PerturbedRuns:
        return PerturbedRuns(self.dtype, seed=self.seed, flush_subnormals=self.flush_subnormals)

    def runs(self, case: Case) -> list[list[Fact]]:
        """Return the facts of the perturbed runs: one list for each run, or one for all together."""
        if id(case) not in self._runs:
            self._remember(self._runs, case, (case, self._perturbed.of_law(self.law, case)))
        return self._runs[id(case)][1]

    def exact(self, case: Case) -> list[Fact]:
        """Return the facts of the exact oracle."""
        if id(case) not in self._exact:
            oracle = ExactOracle(self.law.operation.system, self.dtype)
            self._remember(self._exact, case, (case, list(self.law.body(oracle, case.widened(self.dtype)))))
        return self._exact[id(case)][1]

    def elsewhere(self, case: Case, dtype: np.dtype[Any]) -> tuple[Evidence, Case]:
        """Return the evidence in another dtype, and the case in it."""
        if id(case) not in self._elsewhere:
            known = next((there for _, there, _ in self._elsewhere.values() if there.dtype == dtype), None)
            there = known or Evidence(self.law, dtype, self.seed, self.flush_subnormals, self.keep)
            with np.errstate(all="ignore"):
                rounded = case.map(lambda leaf: leaf.astype(dtype) if _is_floating(leaf) else leaf)
            self._remember(self._elsewhere, case, (case, there, rounded))
        return self._elsewhere[id(case)][1:]

    def _remember(self, memory: dict[int, Any], case: Case, value: Any) -> None:
        while len(memory) >= self.keep:
            del memory[next(iter(memory))]
        memory[id(case)] = value


class Judge:
    """Judges cases of a system's laws for one port in one dtype."""

    def __init__(
        self, port: Port, law: Law, dtype: np.dtype[Any], offer: Offer, seed: int = 0, evidence: Evidence | None = None
    ) -> None:
        self.evidence = evidence or Evidence(law, dtype, seed, offer.flush_subnormals)
        self.law, self.port, self.dtype, self.offer = law, port, dtype, offer
        self.runner = PortRunner(port, law.operation.system, dtype)
        self.left_out: dict[str, None] = {}
        self.number = 0

    def outcome(self, case: Case) -> Outcome:
        """Judge one case; a port that fails in any way gets an outcome that says so.

        Raises `NotVariedError` if the law asks the port for hyperparameters that it does not have, `LeftOutError` if it
        needs what the port does not return.
        """
        self.runner.calls = []
        try:
            judgements = self._judgements(case)
        except PortError as error:
            return self._failure("error", f"the port raised {error}", error.cause)
        except PortMisbehaviourError as error:
            return self._failure("wrong", f"the port {error}", f"the port {error}")
        calls = tuple(self.runner.calls)
        broken = [j for j in judgements if j.holds is False]
        if broken and self.law.kind == "rejects":
            telling = next((j for j in broken if j.label.partition(" ")[0] in case.hyper), broken[0])
            return Outcome(ACCEPTS, tuple(judgements), telling, f"{telling.label} {telling.why}", 0.0, calls)
        if broken:
            worst = max(broken, key=lambda j: j.ratio)
            rounding, measured = self._rounding_or_mistake(case, broken)
            lost = log10(worst.ratio * MARGIN) if rounding else 0.0
            message = worst.why and f"{worst.label} {worst.why}{f' at {list(worst.at)}' if worst.at else ''}"
            status: Status = "imprecise" if rounding else "wrong"
            return Outcome(status, tuple(judgements), worst, message, lost, calls, sure=measured)
        ambiguous = any(j.holds is None for j in judgements)
        largest = max(judgements, key=lambda j: j.ratio, default=None)
        return Outcome("ambiguous only" if ambiguous else "conforms", tuple(judgements), largest, "", 0.0, calls)

    def repeated(self, outcome: Outcome) -> Outcome:
        """Return the outcome; of a case that holds, that the port does otherwise when its calls are made again."""
        if outcome.failed:
            return outcome
        try:
            if all(self.runner.repeats(call) for call in outcome.calls if call.outputs is not None):
                return outcome
            message = NOT_REPEATED
        except PortMisbehaviourError as error:
            message = f"the port {error}"
        return outcome._replace(status="wrong", message=message, cause=message)

    def _failure(self, status: Status, message: str, cause: str) -> Outcome:
        return Outcome(status, (), None, message, 0.0, tuple(self.runner.calls), cause=cause)

    def _judgements(self, case: Case) -> list[Judgement]:
        with np.errstate(all="ignore"):
            facts = self._facts(case)
            with_band = any(fact.relation not in WITHOUT_BAND for fact in facts.values())
            runs: list[list[Fact]] = self.evidence.runs(case) if with_band else []
            if any(len(run) != self.number for run in runs):
                said = f"it has {self.number} facts about it, {len(runs[0])} about what the oracle returns"
                raise PortMisbehaviourError(f"{NOT_HELD}: {said}")
            return [
                judge(fact, [run[i] for run in runs], self.dtype, partial(self._exact, case, i))
                for i, fact in facts.items()
            ]

    def _facts(self, case: Case) -> dict[int, Fact]:
        """Return the facts by their place, but for those about what the port leaves out, whose labels are kept."""
        try:
            facts = dict(enumerate(self.law.body(self.runner, case.widened(self.dtype))))
            self.number = len(facts)
            for fact in facts.values():
                np.asarray(fact.actual)  # what several calls returned may be of several shapes
        except (PortError, PortMisbehaviourError, NotVariedError, LeftOutError):
            raise
        except Exception as error:  # of lengths and structures that no law foresees
            self.evidence.exact(case)  # raises the same where it is the case that is none of the law
            raise PortMisbehaviourError(f"{NOT_HELD}: {told(error)}") from error
        left_out = [i for i, fact in facts.items() if is_left_out(fact.actual, fact.expected)]
        self.left_out |= dict.fromkeys(facts[i].label for i in left_out)
        if left_out and len(left_out) == len(facts):
            raise AllLeftOutError("the port returns nothing of what the law is about")
        return {i: fact for i, fact in facts.items() if i not in left_out}

    def _exact(self, case: Case, i: int) -> Fact:
        return self.evidence.exact(case)[i]

    def _rounding_or_mistake(self, case: Case, broken: list[Judgement]) -> tuple[bool, bool]:
        """Return whether every deviation is rounding, and whether another dtype showed which it is.

        A mistake's deviation stays the same in another dtype, an imprecise port's follows the unit roundoff; the line
        is drawn `half_way`. In a narrower dtype only what lies beyond the band there, too,
        says anything: the rest is rounding. A narrower dtype may show nothing, because an imprecise port rounds well
        there by luck, or because a mistake is smaller than its band. With unit roundoffs u < u' and bands in proportion
        to them, such a deviation lies between the bands of the two dtypes, from 1 to u'/u bands of this one; it is
        taken for what it is nearer to: rounding up to the same line, √(u'/u) bands, a mistake beyond.
        """
        if any(not np.isfinite(j.ratio) or j.why for j in broken):
            return False, True
        other = np.dtype(OTHER_DTYPE[self.dtype.name])
        if other.name not in (self.offer.dtypes or (other.name,)) or other.name not in self.law.dtypes:
            return False, False
        is_wider = other.itemsize > self.dtype.itemsize
        line = half_way(self.dtype, other)
        evidence, rounded = self.evidence.elsewhere(case, other)
        there = Judge(self.port, self.law, other, self.offer, evidence=evidence)
        with np.errstate(all="ignore"):
            elsewhere = there.measured(rounded, with_bands=not is_wider)
        shrinks: list[bool] = []
        for j in broken:
            found = elsewhere.get(j.label)
            if found is None or found.deviations is None:
                continue
            judged = slice(j.horizon) if j.horizon is not None else ...
            deviations = found.deviations[judged]
            if deviations.shape != j.beyond.shape:
                continue
            seen = j.beyond & np.isfinite(deviations)
            if found.beyond is not None:
                seen = seen & found.beyond[judged]
            here, there_too = j.deviations[seen], deviations[seen]
            shrinks += list(there_too <= line * here if is_wider else here * line <= there_too)
        if shrinks:
            return all(shrinks), True
        return not is_wider and max(j.ratio for j in broken) <= line, False

    def measured(self, case: Case, *, with_bands: bool) -> dict[str, Judgement]:
        """Return how far each entry is off under each label, and which are beyond their band if that is asked for."""
        try:
            facts = self._facts(case)
            runs = self.evidence.runs(case) if with_bands else []
        except (PortError, PortMisbehaviourError, ValueError):  # the oracle, too, may refuse what is 0 or ∞ here
            return {}
        found: dict[str, Judgement] = {}
        for i, fact in facts.items():
            if fact.relation not in ("equal", "follows", "at least"):
                continue
            if with_bands:
                found[fact.label] = judge(fact, [run[i] for run in runs], self.dtype)
            else:
                actual, expected = np.asarray(fact.actual), np.asarray(fact.expected)
                if actual.shape != expected.shape and 1 not in (actual.size, expected.size):
                    continue
                apart = expected - actual
                size = apart if fact.relation == "at least" else np.abs(apart)
                found[fact.label] = Judgement(fact.label, None, deviations=size)
        return found


def _is_floating(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
