"""How far a check went: the largest array that a port was given, and from where to where each hyperparameter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gnomon_spec.cases import leaves
from gnomon_validation.ports.runner import Call


@dataclass
class Tried:
    """What a port was given.

    largest: entries of the largest array. ranges: the least and the greatest value of each hyperparameter that is a
    number, but for 0, infinity and NaN.
    """

    largest: int = 0
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, calls: Iterable[Call]) -> None:
        """Take the inputs of calls into account."""
        for call in calls:
            self.largest = max([self.largest, *(leaf.size for leaf in leaves(call.inputs) if hasattr(leaf, "size"))])
            for name, value in call.hyperparameters.items():
                if _is_counted(value):
                    self._widen(name, value, value)

    def join(self, others: Iterable[Tried]) -> Tried:
        """Take in what others were given, and return oneself."""
        for other in others:
            self.largest = max(self.largest, other.largest)
            for name, ends in other.ranges.items():
                self._widen(name, *ends)
        return self

    def _widen(self, name: str, low: float, high: float) -> None:
        lowest, highest = self.ranges.get(name, (low, high))
        self.ranges[name] = min(lowest, low), max(highest, high)


def _is_counted(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(value) and bool(np.isfinite(value))
