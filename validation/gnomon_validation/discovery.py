"""Finding witnesses: for every mistake a law that catches it, for every law a mistake that it catches.

The cases of a law are drawn once and what the oracle does on them is computed once, for all the mistakes that are held
against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from gnomon_spec.bands import MARGIN
from gnomon_spec.cases import Case, leaves, map_leaves, same_bits
from gnomon_spec.edits import Edited
from gnomon_spec.system import Law, Mistake, System
from gnomon_validation.diagnosis import Diagnostician
from gnomon_validation.drawing import visit
from gnomon_validation.judging import Evidence, Judge
from gnomon_validation.ports.bundled import MistakenPort
from gnomon_validation.ports.port import Offer
from gnomon_validation.ports.runner import Call, PortError
from gnomon_validation.verdicts import ACCEPTS, Outcome, Verdict
from gnomon_validation.witnesses import Witness

EXAMPLES = 100
FEW = 12
ENOUGH = 4
CAUGHT = ("wrong", ACCEPTS)
EFFORTS = ((False, True), (False, False), (True, True), (True, False))  # thin, few: see `Discovery.witness`


class Discovery:
    """The laws of one system in one dtype, with their cases and what the oracle does on them."""

    def __init__(self, system: System, dtype: str, *, examples: int = EXAMPLES, seed: int = 0) -> None:
        self.system, self.dtype, self.examples, self.seed = system, np.dtype(dtype), examples, seed
        self.laws = [law for law in system.laws if dtype in law.dtypes]
        self.diagnostician = Diagnostician(system, self.dtype)
        self._cases: dict[tuple[str, int], list[Case]] = {}
        self._evidence: dict[str, Evidence] = {}
        self._calls: dict[int, list[Call]] = {}

    def witnesses(self, kept: Iterable[Witness] = ()) -> Iterator[Witness]:
        """Yield a witness for every mistake that is caught, then one for every law that has none among these.

        kept: found before; those that still hold are judged and not searched.
        """
        held = [witness for witness in kept if self.holds(witness)]
        caught: set[str] = set()
        for mistake in self.system.mistakes.values():
            known = (witness for witness in held if witness.named and witness.mistake is mistake)
            witness = next(known, None) or self.of_mistake(mistake)
            if witness is not None:
                caught.add(witness.law.id)
                yield witness
        for law in self.laws:
            if law.id not in caught:
                witness = next((witness for witness in held if witness.law is law), None) or self.of_law(law)
                if witness is not None:
                    yield witness

    def holds(self, witness: Witness) -> bool:
        """Return whether a witness that was found before has the inputs of its law, and shows what it did, not thinly.

        Not whether the law still draws such a case.
        """
        law, names = witness.law, witness.law.cases.quantities.keys()
        if law not in self.laws or {frozenset(case) for case in witness.cases} != {frozenset(names)}:
            return False
        judge = self.judge(witness.mistake.edited, law)
        outcomes = [judge.outcome(case) for case in witness.cases]
        if is_thin(outcomes[0]):
            return False
        if witness.named:
            return self.name(witness.mistake, law, outcomes)
        return outcomes[0].status in CAUGHT

    def name(self, mistake: Mistake, law: Law, outcomes: list[Outcome]) -> bool:
        """Return whether what a law says of a mistake calls it by its name."""
        verdict = Verdict(law, self.dtype.name, outcomes[0].status)
        self.diagnostician.diagnose([(verdict, outcomes)])
        return verdict.status in CAUGHT and verdict.diagnosis[:1] == [mistake]

    def of_mistake(self, mistake: Mistake) -> Witness | None:
        """Return a witness of a mistake, from the nearest law that catches it and calls it by its name."""
        laws = sorted(self.laws, key=lambda law: distance(mistake, law))
        found = (self.witness(mistake, law, few=few, thin=thin) for thin, few in EFFORTS for law in laws)
        return next((witness for witness in found if witness is not None and witness.named), None)

    def of_law(self, law: Law) -> Witness | None:
        """Return a witness of a law: a mistake that it catches, one that it calls by its name if there is one."""
        unnamed: Witness | None = None
        for thin, few in EFFORTS:
            for mistake in sorted(self.system.mistakes.values(), key=lambda mistake: distance(mistake, law)):
                witness = self.witness(mistake, law, few=few, thin=thin)
                if witness is not None and witness.named:
                    return witness
                unnamed = unnamed or witness
            if unnamed is not None:
                break
        return unnamed

    def witness(self, mistake: Mistake, law: Law, *, few: bool = False, thin: bool = False) -> Witness | None:
        """Return cases in which a law catches a mistake, one if that is enough to name it; `None` if there are none.

        thin: take those, too, of which another processor's rounding may decide.
        """
        failing = (pair for pair in self.failing(mistake.edited, law, few=few) if thin or not is_thin(pair[1]))
        found = sorted(failing, key=lambda pair: (is_thin(pair[1]), sum(map(np.size, leaves(dict(pair[0]))))))
        for several in [[pair] for pair in found] + ([found] if len(found) > 1 else []):
            if self.name(mistake, law, [outcome for _, outcome in several]):
                return Witness(mistake, law, self.dtype.name, tuple(case for case, _ in several))
        wrong = [case for case, outcome in found if outcome.status in CAUGHT]
        return Witness(mistake, law, self.dtype.name, (wrong[0],), named=False) if wrong else None

    def failing(
        self, edited: Edited, law: Law, *, enough: int = ENOUGH, few: bool = False
    ) -> Iterator[tuple[Case, Outcome]]:
        """Yield the first cases in which a port with an edit fails a law; errors are no witnesses.

        few: look no further than the few cases that suffice for most mistakes.
        """
        judge = self.judge(edited, law)
        for only_few in (True,) if few else (True, False):
            for case in self.cases(law, few=only_few):
                if self.changes_nothing(edited, law, case):
                    continue
                outcome = judge.outcome(case)
                if outcome.status in (*CAUGHT, "imprecise"):
                    enough -= not is_thin(outcome)
                    yield case, outcome
                if enough == 0:
                    return
            if enough < ENOUGH:
                return

    def changes_nothing(self, edited: Edited, law: Law, case: Case) -> bool:
        """Return whether the edited reference answers what the oracle answers, call by call."""
        if id(case) not in self._calls:
            runner = self.judge(Edited({}), law).runner
            with np.errstate(all="ignore"), suppress(PortError):
                list(law.body(runner, case.widened(self.dtype)))
            self._calls[id(case)] = runner.calls
        for call in self._calls[id(case)]:
            inputs = map_leaves(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, call.inputs)
            with np.errstate(all="ignore"):
                try:
                    function = edited.function(call.operation.reference)
                    if function is call.operation.reference:
                        continue
                    outputs = function(*inputs, **call.hyperparameters)
                except Exception:
                    if call.outputs is None:
                        continue
                    return False
            if call.outputs is None or not same_bits(outputs, call.outputs):
                return False
        return True

    def judge(self, edited: Edited, law: Law) -> Judge:
        """Return the judge of a port with an edit."""
        if law.id not in self._evidence:
            self._evidence[law.id] = Evidence(law, self.dtype, seed=self.seed, keep=2 * self.examples)
        return Judge(MistakenPort(edited), law, self.dtype, Offer(), evidence=self._evidence[law.id])

    def cases(self, law: Law, *, few: bool = False) -> list[Case]:
        """Return the cases of a law that a seed draws: all of them, or the few that suffice for most mistakes."""
        number = min(FEW, self.examples) if few else self.examples
        if (law.id, number) not in self._cases:
            drawn = self._cases[law.id, number] = []
            strategy: Any = law.cases.strategy(self.dtype)
            visit(strategy, examples=number, random_seed=self.seed, visitor=drawn.append)
        return self._cases[law.id, number]


def is_thin(outcome: Outcome) -> bool:
    """Return whether a deviation is so little beyond its band that another processor's rounding may decide."""
    return outcome.worst is not None and 0 < outcome.worst.ratio < MARGIN


def distance(mistake: Mistake, law: Law) -> int:
    """Return 0 if a mistake is made in the operation of a law, 1 if in what that calls, else 2: the order of trials."""
    if law.operation.name == mistake.operation:
        return 0
    return 1 if mistake.concerns(law.operation) else 2
