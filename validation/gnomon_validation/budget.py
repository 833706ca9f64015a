"""How long a check may take: processor time, shared out among laws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time

FEWEST_CASES = 3


class Budget:
    """Processor time, shared out among laws: what one leaves unspent is there for the others.

    seconds: for all together; `None` if there is no limit. laws: how many there are.
    """

    def __init__(self, seconds: float | None, laws: int) -> None:
        self.seconds = seconds
        self.laws = laws
        self._since: float | None = None

    @contextmanager
    def for_one_law(self) -> Iterator[None]:
        """Count the time that a law takes once its first case is done: before, loops may have to be compiled."""
        self._since = None
        yield
        if self.seconds is not None:
            self.seconds -= self._spent()
            self.laws = max(1, self.laws - 1)

    def is_spent(self, cases: int) -> bool:
        """Return whether the law has had its share, after so many cases."""
        if self._since is None:
            self._since = process_time()
        return self.seconds is not None and cases >= FEWEST_CASES and self._spent() >= self.seconds / self.laws

    def _spent(self) -> float:
        return process_time() - self._since if self._since is not None else 0.0
