"""Which catalogued mistake explains what a port did: its outputs are held against each mistake's, call by call."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon_spec.bands import judge
from gnomon_spec.cases import same_bits
from gnomon_spec.facts import Fact, same_outputs
from gnomon_spec.stand_ins import ExactOracle, Function, PerturbedRuns, reference_function
from gnomon_spec.system import Mistake, System
from gnomon_validation.ports.runner import Call
from gnomon_validation.verdicts import Outcome, Verdict

REJECTIONS = ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError


class Diagnostician:
    """Compares the calls of failing cases with the mistakes of a system, in one dtype."""

    def __init__(self, system: System, dtype: np.dtype[Any], *, flush_subnormals: bool = False) -> None:
        self.system, self.dtype = system, dtype
        self.runs = PerturbedRuns(dtype, flush_subnormals=flush_subnormals)
        self._right: dict[int, tuple[Call, Any]] = {}

    def diagnose(self, failing: Sequence[tuple[Verdict, Sequence[Outcome]]]) -> None:
        """Give every verdict the mistakes that explain all its failing cases.

        The most frequent ones come first, and of equally frequent ones those that are made in the law's own operation.
        """
        self._right.clear()
        explained = {
            id(verdict): [m for m in self.system.mistakes.values() if self.explains(m, verdict, outcomes)]
            for verdict, outcomes in failing
        }
        popularity = Counter(m.name for mistakes in explained.values() for m in mistakes)
        for verdict, _ in failing:
            here = verdict.law.operation.name
            verdict.diagnosis = sorted(explained[id(verdict)], key=lambda m: (-popularity[m.name], m.operation != here))
            if verdict.diagnosis and verdict.status == "imprecise":
                # The port does to the last digits what a mistake does: this law alone took it for rounding.
                verdict.status = "wrong"

    def explains(self, mistake: Mistake, verdict: Verdict, outcomes: Sequence[Outcome]) -> bool:
        """Return whether a port with this mistake would have done all that the port did.

        A mistake that changes nothing in these calls explains nothing. What a call cost is a port's own and need not be
        the same, unless nothing else would show the mistake. Where no argument is checked, only what is accepted and
        what is rejected counts, and only in a law about that.
        """
        calls = [call for outcome in outcomes for call in outcome.calls]
        if mistake.edited.without_checks:
            accepts_the_same = ((call.outputs is None) == self._rejects(mistake, call) for call in calls)
            return verdict.law.kind == "rejects" and all(accepts_the_same)
        concerned = [call for call in calls if mistake.concerns(call.operation)]
        if not any(self.differs(mistake, call) for call in concerned):
            return False
        in_full = not any(call.operation.own and self.differs(mistake, call, shared=True) for call in concerned)
        return all(self.does_the_same(mistake, call, in_full) for call in calls)

    def does_the_same(self, mistake: Mistake, call: Call, in_full: bool = True) -> bool:
        """Return whether the mistake's outputs for a call are the port's, within the mistake's own band.

        in_full: including those that are a port's own.
        """
        if call.outputs is None:
            return bool(call.error) and self._rejects(mistake, call)
        shared = call.operation.shared if not in_full else lambda outputs: outputs
        try:
            expected = shared(self._answer(call, mistake.function))
            with np.errstate(all="ignore"):
                facts = list(same_outputs("", shared(call.outputs), expected))
                runs = self.runs.of_call(call.operation, call.inputs, call.hyperparameters, mistake)
                stand_ins = [list(same_outputs("", shared(run), expected)) for run in runs]
                if any(shape(fact) not in {shape(run[i]) for run in stand_ins} for i, fact in enumerate(facts)):
                    return False
                judged = [judge(fact, [run[i] for run in stand_ins], self.dtype) for i, fact in enumerate(facts)]
        except (TypeError, ValueError, IndexError):  # the wrong function cannot take these inputs at all
            return False
        return all(j.holds is not False for j in judged)

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
            self._right[id(call)] = call, _narrow_answer(call, reference_function)
        answers = _narrow_answer(call, mistake.function), self._right[id(call)][1]
        if any(answer is None for answer in answers):  # one of them rejects the inputs
            return answers[0] is not answers[1]
        return not same_bits(*map(call.operation.shared, answers) if shared else answers)


def _narrow_answer(call: Call, function: Function) -> Any:
    """Return what the function for an operation gives for a call in the dtype it was made in; None if it raises."""
    with np.errstate(all="ignore"):
        try:
            return function(call.operation)(*call.inputs, **call.hyperparameters)
        except REJECTIONS:
            return None


def shape(fact: Fact) -> tuple[int, ...]:
    """Return the shape of what was found, of one replica of it."""
    return tuple(fact.actual.shape) if hasattr(fact.actual, "shape") else np.shape(fact.actual)
