"""Units of work as requests, and who performs them: a queue, and the process that asks itself.

A request is JSON data and says all that its result depends on, but for the port and the plan:

    {"do": "trial", "law": …, "dtype": …, "beyond": 0}                                       an operation is tried
    {"do": "examine", "law": …, "dtype": …, "block": 0, "examples": 100, "shrinks": True}    a block of cases is judged
    {"do": "explain", "system": …, "failing": …, "held": …, "draws": True, "seconds": 10.0}  what fails is explained

A result is JSON data, too: "found" is what `examine` and its like return, or says how the process that worked on it was
"lost". "printed" is what the port printed, "changed" the global state that it changed, "kept" is there if the result is
an earlier run's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any, Protocol

from gnomon_spec.system import find_law, find_system
from gnomon_validation.console import hushed
from gnomon_validation.encoding import decoded_case
from gnomon_validation.ports.port import Port
from gnomon_validation.runs.examine import Watch, examine, try_out
from gnomon_validation.runs.explaining import explain
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.results import Data

Request = dict[str, Any]
Result = dict[str, Any]


def perform(port: Port, plan: Plan, request: Request, watch: Watch | None = None) -> Data:
    """Return what a unit of work finds."""
    if request["do"] == "explain":
        asked = find_system(request["system"]), replace(plan, search_seconds=request["seconds"])
        return explain(port, *asked, request["failing"], request["held"], draws=request["draws"])
    law, dtype = find_law(request["law"]), request["dtype"]
    if request["do"] == "trial":
        return try_out(port, law, dtype, plan, beyond=request["beyond"], watch=watch)
    block, examples, shrinks = request["block"], request["examples"], request["shrinks"]
    stored = decoded_case(request["stored"], law) if "stored" in request else None
    return examine(port, law, dtype, plan, block, examples, shrinks=shrinks, stored=stored, watch=watch)


def block_of(law: str, dtype: str, block: int, examples: int) -> Request:
    """Return the request to judge a block of cases of a law."""
    return {"do": "examine", "law": law, "dtype": dtype, "block": block, "examples": examples, "shrinks": True}


def system_of(request: Request) -> str:
    """Return the name of the system that a request is about."""
    return str(request.get("system") or request.get("law", "").partition(".")[0])


class Queue:
    """Requests that wait, by system; who works on a system goes on with it, so that kernels are compiled once."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Request]] = {}
        self.is_given_up = False

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, request: Request) -> None:
        self._waiting.setdefault(system_of(request), deque()).append(request)

    def clear(self) -> None:
        """Give up what waits."""
        self._waiting.clear()
        self.is_given_up = True

    def take(self, system: str = "", others: Sequence[str] | None = None) -> Request:
        """Remove and return the first request of this system. If none waits it is, for one of several workers, the
        first of the largest system that no other works on, or the last of the largest; else the first of the first.

        others: what the other workers work on. The largest first, so that none is left over when the others are done;
        from the end, where two share one: there they meet last what the other has compiled.
        """
        waiting, shares = self._waiting, False
        if system not in waiting:
            free = [name for name in waiting if name not in (others or ())]
            shares = not free
            system = (
                next(iter(waiting)) if others is None else max(free or waiting, key=lambda name: len(waiting[name]))
            )
        request = waiting[system].pop() if shares else waiting[system].popleft()
        if not waiting[system]:
            del waiting[system]
        return request


class Workers(Protocol):
    """Who performs requests: this process, a pool of others, a cluster."""

    def performed(self, queue: Queue) -> Iterator[tuple[Request, Result]]:
        """Yield each request with its result as it is done, until the queue is empty; more may be added meanwhile."""
        ...


class InProcess:
    """This process performs requests itself, one after the other. printed: what the port printed before."""

    def __init__(self, port: Port, plan: Plan, printed: str = "") -> None:
        self.port, self.plan, self.printed = port, plan, printed

    def performed(self, queue: Queue) -> Iterator[tuple[Request, Result]]:
        while queue:
            request = queue.take()
            with hushed(StringIO()) as printed:
                found = perform(self.port, self.plan, request)
            text, self.printed = self.printed + printed.getvalue(), ""
            yield request, {"found": found, "printed": text}
