"""Worker processes that perform requests: one that dies or does not answer is a finding, and is replaced."""

from __future__ import annotations

import json
import multiprocessing
import os
import pkgutil
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from pathlib import Path
from shutil import rmtree
from threading import Lock
from time import monotonic, sleep
from typing import Any, NamedTuple

import gnomon_spec
from gnomon_spec.system import Operation
from gnomon_validation.encoding import decoded
from gnomon_validation.ports.bundled import BUNDLED
from gnomon_validation.ports.port import Offer
from gnomon_validation.runs.folders import folder_of_one
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.results import Data
from gnomon_validation.runs.watch import Seen, WatchFile
from gnomon_validation.runs.work import Queue, Request, Result, system_of
from gnomon_validation.runs.worker import MOST_PRINTED, ONE_THREAD, Settings, serve
from gnomon_validation.wording import INSTALLED, OURS

SECONDS_OF_A_CALL = 10.0
LOADING = 6  # times as long as a call
JUDGING = 60.0  # seconds of our own computing between two calls of a port
LOOKS_EVERY = 0.05  # seconds
FRAME = re.compile(r'  File "(.*)", line (\d+) in (.*)')
NOT_ITS_OWN = "the port closed a descriptor that is not its own, or wrote into it: the worker's connection"
_STARTING = Lock()
WORKING = ("judges", "calls", "loads", "explains")
UNTOUCHED = ("waits", "is done")  # if a worker dies so, what it was asked for before did it, or somebody else


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Owner(NamedTuple):
    """What whoever asks says: the port's name and options, the plan, and the limits of a worker.

    seconds: of one call of the port. memory: of a worker, in bytes.
    """

    target: str
    options: Mapping[str, Any]
    system: str | None
    plan: Plan
    seconds: float = SECONDS_OF_A_CALL
    memory: int | None = None

    def limit(self, stage: str) -> float:
        """Return how long a worker may be in a stage. (Kernels of our own may have to be compiled in a call.)"""
        if stage == "loads":
            return LOADING * self.seconds
        if stage == "judges":
            return JUDGING + self.seconds
        return self.seconds if stage == "calls" and self.target not in BUNDLED else float("inf")


class DescribedPort:
    """What a worker tells of a port: its name and what it offers. Nothing of it runs here."""

    def __init__(self, described: Data) -> None:
        self.name: str = described["name"]
        self.meant: str = described["meant"]
        self.contents: Mapping[str, str] = described["contents"]
        self.files: Mapping[str, str] = described["files"]
        self._offers = described["offers"]

    def offer(self, operation: Operation) -> Offer | None:
        told = self._offers.get(operation.id)
        return told and Offer(
            fixed={name: decoded(value, operation) for name, value in told["fixed"].items()},
            only={name: decoded(values, operation) for name, values in told["only"].items()},
            dtypes=told["dtypes"] and tuple(told["dtypes"]),
            flush_subnormals=told["flush_subnormals"],
            defaults=tuple(told["defaults"]),
        )

    def call(self, operation: Operation, inputs: Any, hyperparameters: Any) -> Any:
        raise LookupError(f"{self.name} is called by workers alone")


def prepare() -> None:
    """Start the process that workers are forked from, unless it runs: it loads what they need while we go on."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(_loaded_once())
    with _alone():
        forkserver.ensure_running()


class Pool:
    """So many workers, for one thread; to be used in a `with` block, at whose end they are no more."""

    def __init__(self, owner: Owner, jobs: int) -> None:
        self.owner = owner
        self._directory, self._lock = folder_of_one()
        self.slots = [Slot(owner, self._directory / str(number)) for number in range(max(1, jobs))]

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers."""
        for slot in self.slots:
            slot.end()
        rmtree(self._directory, ignore_errors=True)
        os.close(self._lock)

    def ask(self, request: Request) -> Data:
        """Return what one request finds; raise `ValueError` in one line if the port cannot be had, or ends the worker.

        A worker more is started meanwhile.
        """
        for slot in self.slots:
            slot.start()
        slot = self.slots[0]
        slot.give(request)
        while (result := slot.poll()) is None:
            wait(slot.waited_for, LOOKS_EVERY)
        if "failed" in result:
            raise ValueError(result["failed"])
        if "lost" in result["found"]:
            raise ValueError(f"{self.owner.target} cannot be checked: {result['found']['lost']['message']}")
        return dict(result["found"])

    def performed(self, queue: Queue) -> Iterator[tuple[Request, Result]]:
        """Yield each request with its result, until the queue is empty and no worker is at work."""
        while queue or any(slot.request for slot in self.slots):
            for slot in self.slots:
                if queue and slot.request is None:
                    others = [system_of(other.request) for other in self.slots if other.request]
                    slot.give(queue.take(slot.system, others))
            busy = [slot for slot in self.slots if slot.request]
            wait([one for slot in busy for one in slot.waited_for], LOOKS_EVERY)
            done = [(slot.request, result) for slot in busy if (result := slot.poll()) is not None]
            for slot in busy:
                slot.forget()
            for request, result in done:
                assert request is not None
                if "failed" in result:
                    lost = {**_lost("crashed", _seen_nothing(), result["failed"]), "by_others": True}
                    result = {**result, "found": {"lost": lost}}
                yield request, result


class Slot:
    """A place for a worker, and the worker in it, if there is one."""

    def __init__(self, owner: Owner, directory: Path) -> None:
        directory.mkdir()
        environment = {**ONE_THREAD, **os.environ}
        self.owner = owner
        self.settings = Settings(
            owner.target, dict(owner.options), owner.system, owner.plan, str(directory), owner.memory, environment
        )
        self.watch = WatchFile(self.settings.watched)
        self.system = ""
        self.request: Request | None = None
        self._done = False
        self._seen: Seen | None = None
        self._process: Any = None
        self._connection: Connection | None = None
        self._heard = bytearray()

    def start(self) -> None:
        """Start a worker if there is none."""
        if self._process is not None:
            return
        prepare()
        context = multiprocessing.get_context("forkserver")
        with _alone():
            ours, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs, self.settings), daemon=False)
            self._process.start()
        theirs.close()
        self._connection = ours

    def give(self, request: Request) -> None:
        """Hand a request to the worker."""
        self.request, self.system, self._done = request, system_of(request), False
        text = json.dumps(request).encode()
        for _ in range(2):
            self.start()
            assert self._connection is not None
            with suppress(OSError):  # it ended while it had nothing to do
                self.watch.tell("waits")
                self._connection.send_bytes(text)
                return
            self.end()

    @property
    def waited_for(self) -> list[Any]:
        """What becomes ready when the worker has answered, or is dead."""
        return [self._connection, self._process.sentinel] if self._process is not None else []

    def poll(self) -> Result | None:
        """Return the result of the request if there is one: the worker's answer, or how it was lost."""
        if self._process is None:
            return self._ended(_lost("crashed", _seen_nothing(), "its process could not be started"))
        assert self._connection is not None
        try:
            if self._has_answered():
                return self._answered(json.loads(self._heard))
        except (EOFError, OSError, ValueError):
            self._process.join(1)
            seen = self.watch.read()
            answering = seen.stage == "is done" and self._process.exitcode != -signal.SIGKILL
            if self._process.is_alive() or answering:
                return self._ended(_lost("crashed", seen, NOT_ITS_OWN))
        if not self._process.is_alive():
            return self._ended(self._how_it_died())
        seen, before = self.watch.read(), self._seen
        self._seen = seen
        if seen == before and seen.stage in WORKING and monotonic() - seen.since > self.owner.limit(seen.stage):
            return self._ended(self._overdue(seen))
        return None

    def _has_answered(self) -> bool:
        """Take what has come of an answer, and return whether that is all; never wait for what may not come."""
        assert self._connection is not None
        while not self._heard.endswith(b"\n") and self._connection.poll():
            came = os.read(self._connection.fileno(), 1 << 16)
            if not came:
                raise EOFError
            self._heard += came
        return self._heard.endswith(b"\n")

    def forget(self) -> None:
        """Have no request any more if it is done."""
        if self._done:
            self.request = None

    def end(self) -> None:
        """End the worker."""
        if self._process is not None:
            with suppress(OSError):  # with all that it started, once it has a group of its own
                if os.getpgid(self._process.pid) == self._process.pid:
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)  # and what the port started
            self._process.join()
            self._process.close()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None
        self._heard.clear()

    def _answered(self, result: Result) -> Result:
        self._done = True
        self._heard.clear()
        if result["changed"] or "failed" in result:
            self.end()
        asked = self.request["do"] if self.request else ""
        if result["distrusted"] and ("found" in result or asked != "describe"):
            what = ", ".join(result["distrusted"][:3])
            lost = _lost("wrong", self.watch.read(), f"the port changes {what}, on which everything here relies")
            result = {**result, "found": {"lost": lost}}
            result.pop("failed", None)
        return result

    def _ended(self, lost: Data) -> Result:
        self._done = True
        printed = ""
        with suppress(OSError), self.settings.printed.open("rb") as file:
            printed = file.read(MOST_PRINTED).decode("utf-8", "replace")
        self.end()
        return {"found": {"lost": lost}, "printed": printed, "changed": [], "used": []}

    def _how_it_died(self) -> Data:
        seen, status = self.watch.read(), self._process.exitcode
        if status is not None and status < 0:
            name = signal.Signals(-status).name if -status in signal.valid_signals() else "?"
            how = f"was killed by signal {-status} ({name})"
        else:
            how = f"exited with status {status}"
        message = f"the port's process {how} {_while(seen)}{self._where()}"
        return {**_lost("crashed", seen, message), "by_others": status == -signal.SIGKILL or seen.stage in UNTOUCHED}

    def _overdue(self, seen: Seen) -> Data:
        with suppress(OSError, ValueError, AttributeError):
            os.kill(self._process.pid, signal.SIGUSR1)  # it tells where it is
            sleep(LOOKS_EVERY)
        seconds = f"{self.owner.limit(seen.stage):g} s"
        what = {
            "calls": f"a call of {seen.operation} did not end within {seconds} (--timeout)",
            "loads": f"it could not be loaded within {seconds} (six times --timeout)",
        }.get(seen.stage, f"what it returned could not be judged within {seconds}")
        return _lost("timed out", seen, f"{what}{self._where()}")

    def _where(self) -> str:
        """Return in which line of a port a process was that had to tell, in brackets."""
        text = self.settings.trace.read_text(encoding="utf-8", errors="replace") if self.settings.trace.exists() else ""
        frames = [match.groups() for match in map(FRAME.match, text.splitlines()) if match]
        own = [(file, line) for file, line, _ in frames if not file.startswith((*OURS, *INSTALLED, "<"))]
        return f", in {Path(own[0][0]).name}:{own[0][1]}" if own else ""


def _lost(status: str, seen: Seen, message: str) -> Data:
    at = {"case_number": seen.case, "call_number": seen.calls}
    return {"status": status, "message": message, **at, "by_others": False}


def _seen_nothing() -> Seen:
    return Seen("waits", -1, 0.0, "")


def _while(seen: Seen) -> str:
    return {
        "loads": "while it was loaded",
        "calls": f"in a call of {seen.operation}",
        "judges": "between its calls",
        "explains": "while a diagnosis was looked for",
    }.get(seen.stage, "while it had nothing to do")


@cache
def _loaded_once() -> list[str]:
    """Return the modules that all workers need: loaded before the port, they are watched, and not again by each."""
    of_systems = pkgutil.walk_packages(gnomon_spec.__path__, "gnomon_spec.")
    return ["gnomon_validation.runs.worker", *(module.name for module in of_systems)]


@contextmanager
def _alone() -> Iterator[None]:
    """Let workers have one thread of linear algebra each, and not load the program that was started here again."""
    with _STARTING:
        main = sys.modules["__main__"]
        spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
        added = {name: value for name, value in ONE_THREAD.items() if name not in os.environ}
        os.environ.update(added)
        main.__spec__ = None
        if file is not None:
            del main.__file__
        try:
            yield
        finally:
            main.__spec__ = spec
            if file is not None:
                main.__file__ = file
            for name in added:
                os.environ.pop(name, None)
