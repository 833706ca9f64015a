"""What it takes to try edits of the reference: which functions to edit, and an end to those that never end."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gnomon_spec.edits import Address, reach, sources
from gnomon_spec.system import Operation

CHECKS = ("gnomon.arguments", "gnomon.domains")  # what they promise is generated from the signatures


class NeverEndsError(BaseException):
    """An edited function did not end in time; not an `Exception`, which a port may catch."""


def addresses(operations: list[Operation]) -> list[Address]:
    """Return the functions of the reference that the operations are made of, without the checks of arguments."""
    found = dict.fromkeys(at for operation in operations for at in reach(operation.reference))
    return [at for at in found if at.module not in CHECKS and at.name in sources(at.module)]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `NeverEndsError` in the main thread once so much processor time is over, and again where that was lost."""

    def over(_signal: int, _frame: Any) -> None:
        raise NeverEndsError

    collects = gc.isenabled()
    gc.disable()  # an exception in a callback of the collector would be lost, and printed
    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds / 10)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        if collects:
            gc.enable()
