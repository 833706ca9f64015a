"""What to check, and how many cases of each law: known before anything runs, so that every run draws the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from zlib import crc32

from gnomon_spec.system import Law
from gnomon_validation.runs.costs import seconds_of_a_case

BLOCK = 100  # cases of a law that are drawn from one seed, and judged as one unit of work
FEWEST_CASES = 3
LawIn = tuple[Law, str]  # a law and a dtype


@dataclass(frozen=True)
class Plan:
    """What to check: how many examples a law, which dtypes, which random stream, how long to seek a smaller case.

    seconds: for the cases of all laws together, by what a case of each costs where that was measured; a law gets fewer
    than its examples if they cost more than its share, but never fewer than three. `None`: every law gets all its
    examples. search_seconds: by the same measure, for looking for an edit of the reference that does what the port
    does, where no catalogued mistake does.
    """

    examples: int = 100
    dtypes: tuple[str, ...] = ("float32", "float64")
    seed: int = 0
    shrink_attempts: int = 150
    seconds: float | None = None
    search_seconds: float = 0.0

    def stream(self, law: Law, dtype: str, block: int = 0) -> int:
        """Return the seed of a block of a law's cases: its own, so that what is rare in one is met in another."""
        return crc32(f"{self.seed} {law.id} {dtype}{f' {block}' if block else ''}".encode())

    def shares(self, checks: Iterable[LawIn]) -> dict[LawIn, int]:
        """Return how many cases each law gets; what the cheap ones leave unspent is there for the others."""
        asked = list(checks)
        if self.seconds is None:
            return dict.fromkeys(asked, self.examples)
        left, found = self.seconds, {}
        for number, check in enumerate(
            sorted(asked, key=lambda check: (seconds_of_a_case(check[0]), check[0].id, check[1]))
        ):
            cost = seconds_of_a_case(check[0])
            share = int(left / (len(asked) - number) / cost)
            found[check] = min(self.examples, max(FEWEST_CASES, share))
            left = max(0.0, left - found[check] * cost)
        return {check: found[check] for check in asked}

    def blocks(self, examples: int) -> list[int]:
        """Return how many cases each block of so many has."""
        return [min(BLOCK, examples - BLOCK * number) for number in range(ceil(examples / BLOCK))]
