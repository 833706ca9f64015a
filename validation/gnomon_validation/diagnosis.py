"""Which catalogued mistake explains what a port did: its outputs are held against each mistake's, call by call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gnomon_spec.bands import judge
from gnomon_spec.facts import same_outputs
from gnomon_spec.stand_ins import ExactOracle, PerturbedRuns
from gnomon_spec.system import Mistake, System
from gnomon_validation.ports.runner import Call
from gnomon_validation.verdicts import Outcome, Verdict


class Diagnostician:
    """Compares the calls of failing cases with the mistakes of a system, in one dtype."""

    def __init__(self, system: System, dtype: np.dtype[Any], *, flush_subnormals: bool = False) -> None:
        self.system = system
        self.dtype = dtype
        self.runs = PerturbedRuns(dtype, flush_subnormals=flush_subnormals)

    def diagnose(self, failing: Sequence[tuple[Verdict, Sequence[Outcome]]]) -> None:
        """Give every verdict the mistakes that explain all its failing cases, the most frequent ones first."""
        explained = {
            id(verdict): [m for m in self.system.mistakes.values() if self.explains(m, outcomes)]
            for verdict, outcomes in failing
        }
        popularity = Counter(m.name for mistakes in explained.values() for m in mistakes)
        for verdict, _ in failing:
            verdict.diagnosis = sorted(explained[id(verdict)], key=lambda m: -popularity[m.name])
            if verdict.diagnosis and verdict.status == "imprecise":
                # The port does to the last digits what a mistake does: this law alone took it for rounding.
                verdict.status = "wrong"

    def explains(self, mistake: Mistake, outcomes: Sequence[Outcome]) -> bool:
        """Return whether a port with this mistake would have done all that the port did."""
        calls = [call for outcome in outcomes for call in outcome.calls]
        return bool(calls) and all(self.does_the_same(mistake, call) for call in calls)

    def does_the_same(self, mistake: Mistake, call: Call) -> bool:
        """Return whether the mistake's outputs for a call are the port's, within the mistake's own band."""
        if call.outputs is None:
            return False
        try:
            with np.errstate(all="ignore"):
                exact = ExactOracle(self.system, self.dtype, mistake.function)
                expected = exact.call(call.operation, *call.inputs, **call.hyperparameters)
                facts = list(same_outputs("", call.outputs, expected))
                runs = self.runs.of_call(call.operation, call.inputs, call.hyperparameters, mistake)
                stand_ins = [list(same_outputs("", run, expected)) for run in runs]
                judged = [judge(fact, [run[i] for run in stand_ins], self.dtype) for i, fact in enumerate(facts)]
        except (TypeError, ValueError, IndexError):  # the wrong function cannot take these inputs at all
            return False
        return all(j.holds is not False for j in judged)
