"""What ends a command from outside: Ctrl-C, and a request to terminate."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ending(end: Callable[[int], None]) -> Iterator[None]:
    """Have `end` called with the number of a signal that asks for the end, instead of what usually happens."""
    before = {number: signal.signal(number, lambda got, _: end(got)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
