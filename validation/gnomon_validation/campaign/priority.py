"""Which law comes next: the time goes to those that still bring something new, and every law gets a share.

A law in a dtype has a weight, by what its blocks of cases have brought:

    8   fewer than three are done: nothing is known of it
    4   one of the last four brought something new: the largest deviation / band rose by a tenth, a larger array was
        met, or a hyperparameter went beyond its range by a tenth
    1   nothing new came
    ¼   it fails: the failure is stored; further ones may differ

Time is given in proportion to the weights: next comes the law whose seconds so far, divided by its weight, are fewest;
of several the first. The seconds of blocks that are being judged are those of a mean block. All of it follows from the
rows that are stored, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from gnomon_validation.campaign.rows import Row

UNKNOWN, GAINING, PLAIN, FAILING = 8.0, 4.0, 1.0, 0.25
FEW, RECENT = 3, 4
RISE = 0.1


@dataclass
class Gained:
    """What the blocks of a law have brought so far.

    guess: the seconds of a block, while none is known. idle: how many blocks there were since something new came.
    failed: statuses of cases that failed.
    """

    guess: float
    blocks: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    largest: int = 0
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    idle: int = 0
    failed: set[str] = field(default_factory=set)
    not_provided: bool = False

    def add(self, row: Row) -> None:
        """Take a further block into account."""
        new = beyond(row.worst_ratio, self.worst) or row.largest > self.largest
        self.worst, self.largest = max(self.worst, row.worst_ratio), max(self.largest, row.largest)
        new |= self._widened(json.loads(row.ranges))
        self.idle = 0 if new else self.idle + 1
        self.blocks += 1
        self.seconds += row.seconds
        self.failed |= {kind.partition(":")[0] for kind in json.loads(row.kinds)}
        self.not_provided |= row.status == "not provided"

    def _widened(self, ranges: Mapping[str, Sequence[float]]) -> bool:
        new = False
        for name, (low, high) in ranges.items():
            lowest, highest = self.ranges.get(name, (low, high))
            new |= name not in self.ranges or beyond(high, highest) or beyond(-low, -lowest)
            self.ranges[name] = min(low, lowest), max(high, highest)
        return new

    @property
    def weight(self) -> float:
        if self.failed:
            return FAILING
        if self.blocks < FEW:
            return UNKNOWN
        return GAINING if self.idle < RECENT else PLAIN

    def share(self, pending: int) -> float:
        """Return the seconds, by weight, that the law has had, counting so many blocks that are being judged."""
        mean = self.seconds / self.blocks if self.blocks else self.guess
        return (self.seconds + pending * mean) / self.weight


def beyond(value: float, greatest: float) -> bool:
    """Return whether a value is greater than the greatest before it, by a tenth at least."""
    return value > greatest and not (isfinite(greatest) and value - greatest < RISE * abs(greatest))
