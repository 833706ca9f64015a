"""One case of one law, held against a port: the facts, the bands, and whether a deviation is rounding or a mistake."""

from __future__ import annotations

from math import log10, sqrt
from typing import Any

import numpy as np

from gnomon_spec.bands import MARGIN, Judgement, judge
from gnomon_spec.cases import Case
from gnomon_spec.facts import Fact
from gnomon_spec.stand_ins import PerturbedRuns
from gnomon_spec.system import Law
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.ports.runner import PortError, PortMisbehaviourError, PortRunner
from gnomon_validation.verdicts import Outcome, Status

# A deviation is measured again in this dtype: the next wider one, or the next narrower where there is none.
OTHER_DTYPE = {"float16": "float32", "float32": "float64", "float64": "float32"}
WITHOUT_BAND = ("identical", "rejects")


class Judge:
    """Judges cases of a system's laws for one port in one dtype."""

    def __init__(self, port: Port, law: Law, dtype: np.dtype[Any], offer: Offer, *, seed: int = 0) -> None:
        self.law = law
        self.port = port
        self.dtype = dtype
        self.offer = offer
        self.seed = seed
        self.runner = PortRunner(port, law.operation.system, dtype)
        self.runs = PerturbedRuns(dtype, seed=seed, flush_subnormals=offer.flush_subnormals)

    def outcome(self, case: Case) -> Outcome:
        """Judge one case; a port that fails in any way gets an outcome that says so."""
        self.runner.calls = []
        try:
            judgements = self._judgements(case)
        except PortError as error:
            return self._failure("error", f"the port raised {error}")
        except PortMisbehaviourError as error:
            return self._failure("wrong", f"the port {error}")
        calls = tuple(self.runner.calls)
        broken = [j for j in judgements if j.holds is False]
        if broken:
            worst = max(broken, key=lambda j: j.ratio)
            status, lost = self._rounding_or_mistake(case, broken)
            message = worst.why and f"{worst.label} {_sentence(worst)}"
            return Outcome(status, tuple(judgements), worst, message, lost, calls)
        ambiguous = any(j.holds is None for j in judgements)
        largest = max(judgements, key=lambda j: j.ratio, default=None)
        return Outcome("ambiguous only" if ambiguous else "conforms", tuple(judgements), largest, "", 0.0, calls)

    def repeats(self, outcome: Outcome) -> bool:
        """Return whether the port gives the same bits when its calls are made again."""
        return all(self.runner.repeats(call) for call in outcome.calls if call.outputs is not None)

    def _failure(self, status: Status, message: str) -> Outcome:
        return Outcome(status, (), None, message, 0.0, tuple(self.runner.calls))

    def _judgements(self, case: Case) -> list[Judgement]:
        with np.errstate(all="ignore"):
            facts = list(self.law.body(self.runner, case.widened(self.dtype)))
            runs: list[list[Fact]] = []
            if any(fact.relation not in WITHOUT_BAND for fact in facts):
                runs = self.runs.of_law(self.law, case)
            return [judge(fact, [run[i] for run in runs], self.dtype) for i, fact in enumerate(facts)]

    def _rounding_or_mistake(self, case: Case, broken: list[Judgement]) -> tuple[Status, float]:
        """Return "imprecise", and the digits lost, if every deviation shrinks with the unit roundoff; else "wrong".

        A mistake's deviation stays the same in another dtype, an imprecise one's follows the unit roundoff; the line
        is drawn half way between on a logarithmic scale.
        """
        if any(not np.isfinite(j.ratio) or j.why for j in broken):
            return "wrong", 0.0
        other = np.dtype(OTHER_DTYPE[self.dtype.name])
        if self.offer.dtypes is not None and other.name not in self.offer.dtypes:
            return "wrong", 0.0
        with np.errstate(all="ignore"):
            there = Judge(self.port, self.law, other, self.offer, seed=self.seed)
            measured = there.deviations(case.map(lambda leaf: _as(leaf, other)))
        if measured is None:
            return "wrong", 0.0
        narrow, wide = sorted((self.dtype, other), key=lambda d: d.itemsize)
        shrinks = sqrt(float(np.finfo(wide).eps) / float(np.finfo(narrow).eps))
        for j in broken:
            elsewhere = measured.get(j.label)
            if elsewhere is None:
                return "wrong", 0.0
            if j.horizon is not None:
                elsewhere = elsewhere[: j.horizon]
            if elsewhere.shape != j.beyond.shape:
                return "wrong", 0.0
            here, there_too = j.deviations[j.beyond], elsewhere[j.beyond]
            in_narrow, in_wide = (here, there_too) if narrow == self.dtype else (there_too, here)
            if not np.all(in_wide <= shrinks * in_narrow):
                return "wrong", 0.0
        return "imprecise", log10(max(j.ratio for j in broken) * MARGIN)

    def deviations(self, case: Case) -> dict[str, Any] | None:
        """Return how far each entry is off under each label, whatever its band; None if the port fails."""
        try:
            facts = list(self.law.body(self.runner, case.widened(self.dtype)))
        except (PortError, PortMisbehaviourError):
            return None
        found: dict[str, Any] = {}
        for fact in facts:
            if fact.relation in ("equal", "follows", "at least"):
                apart = np.asarray(fact.expected) - np.asarray(fact.actual)
                found[fact.label] = apart if fact.relation == "at least" else np.abs(apart)
        return found


def _as(leaf: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
        return leaf.astype(dtype)
    return leaf


def _sentence(judgement: Judgement) -> str:
    at = f" at {list(judgement.at)}" if judgement.at else ""
    return f"{judgement.why}{at}"
