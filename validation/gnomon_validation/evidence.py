"""What the oracle does on a case of a law: computed once, held against as many ports as one likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gnomon_spec.cases import Case
from gnomon_spec.facts import Fact
from gnomon_spec.stand_ins import ExactOracle, PerturbedRuns
from gnomon_spec.system import Law


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


def _is_floating(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
