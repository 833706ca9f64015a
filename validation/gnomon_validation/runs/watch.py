"""What a worker is doing, for whoever watches it: a few bytes that both see, read when it does not answer."""

from __future__ import annotations

import mmap
import struct
import sys
from collections.abc import Mapping, Sequence
from os import _exit, getpid
from pathlib import Path
from time import monotonic
from typing import Any, Literal, NamedTuple

from gnomon_spec.system import Operation
from gnomon_validation.ports.port import Offer, Port
from gnomon_validation.ports.runner import PortError
from gnomon_validation.wording import origin, told

Stage = Literal["waits", "loads", "judges", "calls", "explains", "is done"]
STAGES: tuple[Stage, ...] = ("waits", "loads", "judges", "calls", "explains", "is done")
LAYOUT = struct.Struct("<iiid80s")
NO_CASE = -1


class Seen(NamedTuple):
    """What a worker does, since when, in which case of its unit, and which operation it last called.

    calls: how often it has called the port in that case.
    """

    stage: Stage
    case: int
    since: float
    operation: str
    calls: int = 0


class WatchFile:
    """The bytes that a worker writes and its owner reads."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(LAYOUT.size))
        with file.open("r+b") as opened:
            self._bytes = mmap.mmap(opened.fileno(), LAYOUT.size)
        self._case, self._calls, self._operation = NO_CASE, 0, b""
        self._seen = Seen("waits", NO_CASE, 0.0, "")

    def tell(self, stage: Stage) -> None:
        """Say what is being done from now on."""
        # In one piece, since packing in place would show a reader what is half written.
        self._bytes[:] = LAYOUT.pack(STAGES.index(stage), self._case, self._calls, monotonic(), self._operation)

    def at_case(self, number: int) -> None:
        """Say which case of the unit comes next."""
        self._case, self._calls = number, 0
        self.tell("judges")

    def at_call(self, operation: Operation) -> None:
        """Say that the port is called."""
        self._calls, self._operation = self._calls + 1, operation.id.encode()
        self.tell("calls")

    def read(self) -> Seen:
        """Return what was said last. (A port may write over it: then what was read before.)"""
        stage, case, calls, since, operation = LAYOUT.unpack_from(self._bytes)
        name = operation.rstrip(b"\0")
        if stage in range(len(STAGES)) and case >= NO_CASE and since <= monotonic() and name.isascii():
            self._seen = Seen(STAGES[stage], case, since, name.decode(), calls)
        return self._seen


class WatchedPort:
    """A port whose calls are told. called: the operations of which it was asked."""

    def __init__(self, port: Port, watch: WatchFile) -> None:
        self.port, self.watch, self.name = port, watch, port.name
        self.called: set[str] = set()
        self._process, self._depth = getpid(), sys.getrecursionlimit()

    def offer(self, operation: Operation) -> Offer | None:
        return self.port.offer(operation)

    def call(self, operation: Operation, inputs: Sequence[Any], hyperparameters: Mapping[str, Any]) -> Any:
        self.called.add(operation.id)
        self.watch.at_call(operation)
        try:
            return self.port.call(operation, inputs, hyperparameters)
        except KeyboardInterrupt as error:  # nobody interrupts a worker from outside
            raise PortError(told(error), origin(error)) from error
        finally:
            if getpid() != self._process:  # the port forked, and this is its child
                _exit(0)
            if sys.getrecursionlimit() != self._depth:  # what the port sets holds for the port
                sys.setrecursionlimit(self._depth)
            self.watch.tell("judges")
