"""Which catalogued mistake explains what a port did: its outputs are held against each mistake's, call by call."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from itertools import zip_longest
from typing import Any

import numpy as np

from gnomon_spec.bands import Judgement, judge
from gnomon_spec.cases import leaves, same_bits
from gnomon_spec.facts import Fact, same_outputs
from gnomon_spec.stand_ins import ExactOracle, Function, PerturbedRuns, reference_function
from gnomon_spec.system import Mistake, Operation, System
from gnomon_validation.edit_search import NEAREST, EditSearch, Effort, apart, pairs
from gnomon_validation.edit_trials import REJECTIONS, narrow_answer
from gnomon_validation.ports.runner import Call
from gnomon_validation.verdicts import Outcome, Parts, Verdict

MOST_CALLS = 24
PROBES = 4  # calls of either kind that rank edits


class Recorded:
    """The port's own calls, by their operation: of cases in which laws fail, and of some in which they hold.

    failing: the cases of each law. Of each kind at most `MOST_CALLS` of an operation are kept, all laws having a share.
    drawn: gives further calls of an operation, whatever became of them.
    """

    def __init__(
        self,
        failing: Sequence[Sequence[Outcome]],
        held: Sequence[Outcome],
        drawn: Callable[[Operation], Sequence[Call]],
    ) -> None:
        in_turn = [outcome for one_each in zip_longest(*failing) for outcome in one_each if outcome is not None]
        self._failing, self._held = _by_operation(in_turn), _by_operation(held)
        self._drawn = cache(drawn)

    def failing(self, operation: Operation) -> list[Call]:
        return self._failing.get(operation.id, [])

    def others(self, operation: Operation) -> list[Call]:
        return [*self._drawn(operation), *self._held.get(operation.id, [])]

    def of(self, operation: Operation) -> list[Call]:
        """Return all calls of an operation, those of failing cases first."""
        return self.failing(operation) + self.others(operation)


def _by_operation(outcomes: Sequence[Outcome]) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in (call for outcome in outcomes for call in outcome.calls if not call.by_reference):
        kept = found.setdefault(call.operation.id, [])
        if len(kept) < MOST_CALLS:
            kept.append(call)
    return found


class Diagnostician:
    """Compares the calls of cases with the mistakes of a system, in one dtype."""

    def __init__(self, system: System, dtype: np.dtype[Any], *, flush_subnormals: bool = False) -> None:
        self.system, self.dtype = system, dtype
        self.runs = PerturbedRuns(dtype, flush_subnormals=flush_subnormals)
        self._right: dict[int, tuple[Call, Any]] = {}
        self._fitting: dict[tuple[str, str], bool] = {}

    def diagnose(
        self,
        failing: Sequence[tuple[Verdict, Sequence[Outcome]]],
        held: Sequence[Outcome] = (),
        *,
        drawn: Callable[[Operation], Sequence[Call]] = lambda _: (),
        found: Sequence[Mistake] = (),
        effort: Effort | None = None,
    ) -> list[Mistake]:
        """Give every verdict the mistakes that explain all its failing cases, and do what the port did in all others.

        The most frequent ones come first, and of equally frequent ones those that are made in the law's own operation.
        held: cases in which laws hold. drawn: gives further calls of an operation that the port made. found: edits that
        were found before. effort: what may go into looking for an edit of the reference where no mistake explains what
        is wrong. Returns the edits found now.
        """
        self._right.clear()
        self._fitting.clear()
        others = Recorded([outcomes for verdict, outcomes in failing if verdict.law.kind != "rejects"], held, drawn)
        known = [*self.system.mistakes.values(), *found]
        explaining = {id(v): [m for m in known if self.explains(m, v, outcomes)] for v, outcomes in failing}
        explained = {law: [m for m in mistakes if self._fits(m, others)] for law, mistakes in explaining.items()}
        for verdict, outcomes in failing:
            if not explained[id(verdict)]:
                explained[id(verdict)] = self._explaining(known, verdict, outcomes, others, verdict.law.operation)
        alone = Counter(m for v, _ in failing if not explained[id(v)] for m in explaining[id(v)])
        together = pairs([m for m, _ in alone.most_common(NEAREST)])  # each explains some laws, but not the others
        new = [pair for pair in together if self._fits(pair, others)]
        for verdict, outcomes in failing:
            if verdict.status == "wrong" and verdict.law.kind != "rejects" and not explained[id(verdict)]:
                explained[id(verdict)] = self._explaining(new, verdict, outcomes, others)
                if not explained[id(verdict)] and effort is not None and not effort.is_spent:
                    edits = self._search(verdict.law.operation, others, effort)
                    explained[id(verdict)] = self._explaining(edits, verdict, outcomes, others)
                    new += explained[id(verdict)]
        parts = cache(lambda operation: self.parts(operation, others))
        popularity = Counter(m.name for mistakes in explained.values() for m in mistakes)
        for verdict, _ in failing:
            here = verdict.law.operation.name
            ranked = sorted(explained[id(verdict)], key=lambda m: (-popularity[m.name], m.operation != here))
            verdict.diagnosis = list(ranked)
            if verdict.diagnosis and verdict.status == "imprecise":
                # The port does to the last digits what a mistake does: this law alone took it for rounding.
                verdict.status = "wrong"
            elif held and verdict.law.kind != "rejects" and not verdict.diagnosis and verdict.status == "wrong":
                verdict.parts = parts(verdict.law.operation)
        return new

    def _explaining(
        self,
        mistakes: Sequence[Mistake],
        verdict: Verdict,
        outcomes: Sequence[Outcome],
        others: Recorded,
        alone: Operation | None = None,
    ) -> list[Mistake]:
        """Return the mistakes that explain a verdict and fit all else.

        alone: the only operation whose calls count. A port may have what several share written twice, and once right.
        """
        explaining = [m for m in mistakes if self.explains(m, verdict, outcomes, alone)]
        return [m for m in explaining if self._fits(m, others, alone)]

    def _fits(self, mistake: Mistake, others: Recorded, alone: Operation | None = None) -> bool:
        """Return whether the mistake does what the port did in all calls that it concerns.

        To check no argument changes nothing there.
        """
        if mistake.edited.without_checks:
            return True
        key = mistake.name, alone.id if alone else ""
        if key not in self._fitting:
            self._fitting[key] = self._does_all_the_same(mistake, others, alone)
        return self._fitting[key]

    def _does_all_the_same(self, mistake: Mistake, others: Recorded, alone: Operation | None) -> bool:
        concerned = [op for op in self.system.operations.values() if mistake.concerns(op) and alone in (None, op)]
        in_full = self._only_cost_differs(mistake, [call for op in concerned for call in others.failing(op)])
        # A call that ended in an exception is a finding of its own and says nothing of what the others return.
        calls = [call for op in concerned for call in others.of(op) if call.outputs is not None or not call.error]
        return all(self.does_the_same(mistake, call, in_full) for call in self._farthest_first(mistake, calls))

    def _farthest_first(self, mistake: Mistake, calls: Sequence[Call]) -> list[Call]:
        """Return calls in the order in which they are likely to tell a mistake from the port."""
        return sorted(calls, key=lambda call: -apart(narrow_answer(call, mistake.function), call.outputs))

    def _search(self, operation: Operation, others: Recorded, effort: Effort) -> list[Mistake]:
        failing = [call for call in others.failing(operation) if call.outputs is not None]
        back = given_back(failing, operation.name)
        if not failing or (back and all(back.values())):
            return []
        further = [call for call in others.others(operation) if call.outputs is not None]
        search = EditSearch(operation, [*failing[:PROBES], *further[:PROBES]], effort)
        return search.found(lambda edit: any(self.differs(edit, call) for call in failing) and self._fits(edit, others))

    def parts(self, operation: Operation, others: Recorded) -> Parts:
        """Return which outputs of an operation are right in all calls, which are not, and which of these are inputs."""
        right: dict[str, bool] = {}
        name = operation.returned
        calls = [call for call in others.of(operation) if call.outputs is not None]
        for call in calls:
            with np.errstate(all="ignore"), suppress(*REJECTIONS):  # of what is bad or left out nothing can be said
                for j in self._judged(call, reference_function, name):
                    right[j.label] = right.get(j.label, True) and j.holds is not False
        wrong = [label for label in right if not right[label]]
        back = given_back(calls, name)
        return [label for label in right if right[label]], wrong, [label for label in wrong if back.get(label)]

    def explains(
        self, mistake: Mistake, verdict: Verdict, outcomes: Sequence[Outcome], alone: Operation | None = None
    ) -> bool:
        """Return whether a port with this mistake would have done all that the port did.

        A mistake that changes nothing in these calls explains nothing, nor does one of which rounding decides in each
        call that it changes what it does there. What a call cost is a port's own and need not be
        the same, unless nothing else would show the mistake. Where no argument is checked, only what is accepted and
        what is rejected counts, and only in a law about that; there a mistake that is a function of its own, which
        checks nothing because nobody wrote it to, explains nothing. alone: see `_explaining`.
        """
        calls = [call for outcome in outcomes for call in outcome.calls if not call.by_reference]
        calls = [call for call in calls if alone in (None, call.operation)]
        if mistake.edited.without_checks:
            # In the port's dtype, since what nobody checks may still end in an exception there.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                unchecked = [(call.outputs, narrow_answer(call, mistake.function)) for call in calls]
            accepts_the_same = all((port is None) == (mistaken is None) for port, mistaken in unchecked)
            return verdict.law.kind == "rejects" and accepts_the_same
        if verdict.law.kind == "rejects" and not mistake.difference:
            return False
        concerned = [call for call in calls if mistake.concerns(call.operation)]
        if not any(self.differs(mistake, call) for call in concerned):
            return False
        in_full = self._only_cost_differs(mistake, concerned)
        is_sure = False
        for call in calls:
            fits = self.fit(mistake, call, in_full)
            if fits is False:
                return False
            is_sure = is_sure or bool(fits and mistake.concerns(call.operation) and self.differs(mistake, call))
        return is_sure

    def _only_cost_differs(self, mistake: Mistake, calls: Sequence[Call]) -> bool:
        """Return whether a mistake shows in nothing but what is a port's own, or there is nothing such."""
        return not any(call.operation.own and self.differs(mistake, call, shared=True) for call in calls)

    def does_the_same(self, mistake: Mistake, call: Call, in_full: bool = True) -> bool:
        """Return whether the mistake's outputs for a call are the port's, or may be: see `fit`."""
        return self.fit(mistake, call, in_full) is not False

    def fit(self, mistake: Mistake, call: Call, in_full: bool = True) -> bool | None:
        """Return whether the mistake's outputs for a call are the port's, within its own band; None: rounding decides.

        in_full: including those that are a port's own. Bit for bit in the port's own dtype will do, too: where rounding
        decides, as for a denominator that is exactly 0 there, no band around an exact number says as much.
        """
        if call.outputs is None:
            return bool(call.error) and self._rejects(mistake, call)
        if same_bits(narrow_answer(call, mistake.function), call.outputs):
            return True
        try:
            judged = self._judged(call, mistake.function, "", call.operation.shared if not in_full else None)
        except REJECTIONS:  # the wrong function cannot take these inputs at all
            return False
        if any(j.holds is False for j in judged):
            return False
        return None if any(j.holds is None for j in judged) else True

    def _judged(
        self, call: Call, function: Function, name: str, shared: Callable[[Any], Any] | None = None
    ) -> list[Judgement]:
        """Return how each output of a call stands to what a function for the operation gives, within its own band.

        name: of an output that is no field of a state. shared: what of the outputs counts, if not all.
        """
        part = shared or (lambda outputs: outputs)
        with np.errstate(all="ignore"):
            expected = part(self._answer(call, function))
            facts = list(same_outputs(name, part(call.outputs), expected))
            runs = self.runs.of_call(call.operation, call.inputs, call.hyperparameters, function)
            stand_ins = [list(same_outputs(name, part(run), expected)) for run in runs]
            return [
                judge(fact, [run[i] for run in stand_ins], self.dtype)
                if shape(fact) in {shape(run[i]) for run in stand_ins}
                else Judgement(fact.label, False, why="has another shape")
                for i, fact in enumerate(facts)
            ]

    def _answer(self, call: Call, function: Function) -> Any:
        """Return what an exact oracle with this function for each operation gives for a call."""
        with np.errstate(all="ignore"):
            oracle = ExactOracle(self.system, self.dtype, function)
            return oracle.call(call.operation, *call.inputs, **call.hyperparameters)

    def _rejects(self, mistake: Mistake, call: Call) -> bool:
        """Return whether a port with the mistake would have raised an exception, too."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a warning, as of a complex number made real, is no exception
                self._answer(call, mistake.function)
        except REJECTIONS:
            return True
        return False

    def differs(self, mistake: Mistake, call: Call, *, shared: bool = False) -> bool:
        """Return whether a mistake's outputs for a call are not the oracle's, both in the port's dtype, bit for bit.

        shared: but for what is a port's own.
        """
        if id(call) not in self._right:
            self._right[id(call)] = call, narrow_answer(call, reference_function)
        answers = narrow_answer(call, mistake.function), self._right[id(call)][1]
        if any(answer is None for answer in answers):  # one of them rejects the inputs
            return answers[0] is not answers[1]
        return not same_bits(*map(call.operation.shared, answers) if shared else answers)


def given_back(calls: Sequence[Call], name: str) -> dict[str, bool]:
    """Return of each floating-point output whether it is, bit for bit, an input in all calls.

    name: of an output that is no field of a state.
    """
    found: dict[str, bool] = {}
    for call in calls:
        given = leaves(call.inputs)
        for fact in same_outputs(name, call.outputs, call.outputs):
            if fact.relation == "equal":
                found[fact.label] = found.get(fact.label, True) and any(same_bits(fact.actual, x) for x in given)
    return found


def shape(fact: Fact) -> tuple[int, ...]:
    """Return the shape of what was found, of one replica of it."""
    return tuple(fact.actual.shape) if hasattr(fact.actual, "shape") else np.shape(fact.actual)
