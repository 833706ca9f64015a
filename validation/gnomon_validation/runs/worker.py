"""A process that loads a port and performs units of work: what the port does to it, it does to nobody else.

It reads requests and writes results, a line of JSON data each, until its owner closes the connection or kills it. What
it prints goes to a file; what kills it leaves a trace in another; what it is doing stands in a third (`watch`).
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import json
import os
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from os import getpid
from pathlib import Path
from traceback import format_exception
from typing import Any, NamedTuple

from gnomon_spec.system import systems
from gnomon_validation import case_files
from gnomon_validation.encoding import encoded
from gnomon_validation.ports.find import find_port, likely_meant
from gnomon_validation.ports.port import Port
from gnomon_validation.replay import replay
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.port_content import contents, files_since, modules_before
from gnomon_validation.runs.process_state import Change, ProcessState
from gnomon_validation.runs.results import Data, encoded_finding
from gnomon_validation.runs.watch import WatchedPort, WatchFile
from gnomon_validation.runs.work import Request, Result, perform
from gnomon_validation.verdicts import Explanation
from gnomon_validation.wording import is_ours, told

DIES_WITH_ITS_PARENT = 1  # PR_SET_PDEATHSIG
MOST_PRINTED = 2000
OBJECTS_BETWEEN_COLLECTIONS = 100_000  # compiling a kernel makes millions that stay: a sixth of its time went into them
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Settings(NamedTuple):
    """What a worker needs to know: the port's name and options, the plan, and where its files lie.

    memory: how many bytes of address space it may have. environment: of the process that asks.
    """

    target: str
    options: dict[str, Any]
    system: str | None
    plan: Plan
    directory: str
    memory: int | None
    environment: dict[str, str]

    @property
    def watched(self) -> Path:
        return Path(self.directory) / "watched"

    @property
    def printed(self) -> Path:
        return Path(self.directory) / "printed"

    @property
    def trace(self) -> Path:
        return Path(self.directory) / "trace"


def serve(connection: Connection, settings: Settings) -> None:
    """Perform what is asked for until nobody asks any more."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    trace = _stand_alone(settings)
    worker = Worker(settings)
    _have_alone(connection.fileno(), trace)
    process = getpid()
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)
        result = worker.answer(request)
        if getpid() != process:  # the port forked, and its child came back
            os._exit(0)
        try:
            _tell(connection, json.dumps(result))
        except OSError:
            os._exit(1)


def _tell(connection: Connection, text: str) -> None:
    """Write a line."""
    left = f"{text}\n".encode()
    while left:
        left = left[os.write(connection.fileno(), left) :]


class Worker:
    """A port, loaded when the first request comes, and the state of the process before it was."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.watch = WatchFile(settings.watched)
        self.before = modules_before()
        self.state = ProcessState.now()
        self.port: WatchedPort | None = None
        self._at_loading: list[Change] = []
        self._modules = 0
        self._loaded: dict[str, str] = {}

    def answer(self, request: Request) -> Result:
        """Return the result of a request; "failed" says in a line why the port cannot be had."""
        _begin_printing(self.settings)
        self.watch.at_case(-1)
        try:
            if self.port is None:
                self.watch.tell("loads")
                found = find_port(self.settings.target, self.settings.options, self.settings.system)
                self.port = WatchedPort(found, self.watch)
                self._settle()
            self.port.called.clear()
            self.watch.tell("explains" if request["do"] in ("explain", "describe") else "judges")
            result: Result = {"found": self._performed(self.port, request)}
        except (OSError, TypeError, ValueError) as error:
            own = is_ours(error) or isinstance(error, OSError)
            result = {"failed": str(error) if own else told(error), "trace": "".join(format_exception(error))}
        except BaseException as error:
            said = f"{self.settings.target} cannot be checked: {told(error)}"
            result = {"failed": said, "trace": "".join(format_exception(error))}
        self.watch.tell("is done")
        changes = [*self._at_loading, *self.state.changes()]
        if changes:
            self.state.restore()
        return {
            **result,
            "printed": _printed(self.settings),
            "changed": [change.what for change in changes],
            "distrusted": [change.what for change in changes if change.in_code],
            "used": sorted(self.port.called) if self.port else [],
            "files": self._files(),
        }

    def _settle(self) -> None:
        """Take what a port set while it was loaded for how things are; what it replaced is put back and told."""
        self._at_loading = [change for change in self.state.changes() if change.in_code]
        if self._at_loading:
            self.state.restore()
        self.state = ProcessState.now()

    def _files(self) -> dict[str, str]:
        """Return the digests of the local files that were loaded, looked up again once more modules are."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            self._loaded = files_since(self.before, self.port.port if self.port else None)
        return self._loaded

    def _performed(self, port: WatchedPort, request: Request) -> Data:
        if request["do"] == "describe":
            return self._described(port.port)
        if request["do"] == "replay":
            return _replayed(port, request)
        return perform(port, self.settings.plan, request, self.watch)

    def _described(self, port: Port) -> Data:
        offers: Data = {}
        operations = [operation for system in systems().values() for operation in system.operations.values()]
        for operation in operations:
            offer = port.offer(operation)
            if offer is not None:
                offers[operation.id] = {
                    "fixed": {name: encoded(value) for name, value in offer.fixed.items()},
                    "only": {name: encoded(tuple(values)) for name, values in offer.only.items()},
                    "dtypes": offer.dtypes and list(offer.dtypes),
                    "flush_subnormals": offer.flush_subnormals,
                    "defaults": list(offer.defaults),
                }
        meant = "" if offers else likely_meant(port)
        return {
            "name": port.name,
            "offers": offers,
            "meant": meant,
            "contents": contents(port, [o for o in operations if o.id in offers], self.before),
            "files": files_since(self.before, port),
        }


def _replayed(port: Port, request: Request) -> Data:
    verdict, live = replay(case_files.read(Path(request["file"])), port)
    assert verdict.smallest is not None and verdict.outcome is not None
    return {
        "status": verdict.status,
        "smallest": encoded_finding(verdict.smallest, verdict.outcome),
        "diagnosis": [Explanation.of(mistake)._asdict() for mistake in verdict.diagnosis],
        "live": live,
    }


def _stand_alone(settings: Settings) -> int:
    """Leave the owner's process group, and prepare for ending with it and for an end of one's own.

    Returns the descriptor of the file in which a dying process says where it was.
    """
    with suppress(OSError):
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(DIES_WITH_ITS_PARENT, signal.SIGKILL)
    with suppress(OSError):  # if memory is short, the system is to take this process
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")
    os.environ.clear()
    os.environ.update(settings.environment)
    trace = settings.trace.open("w", encoding="utf-8")  # stays open: its descriptor is written to by a dying process
    faulthandler.enable(file=trace, all_threads=False)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, file=trace, all_threads=False)
    if settings.memory is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (settings.memory, settings.memory))
    _KEPT_OPEN.append(trace)
    return trace.fileno()


_KEPT_OPEN: list[Any] = []


def _have_alone(*needed: int) -> None:
    """Let all descriptors but these lead nowhere: a port could write into what others share with this process."""
    nothing = os.open(os.devnull, os.O_RDWR)
    found: list[str] = []
    with suppress(OSError):
        found = os.listdir("/dev/fd")  # noqa: PTH208
    for name in found:
        if int(name) not in (1, 2, nothing, *needed):
            with suppress(OSError):
                os.fstat(int(name))  # it is open
                os.dup2(nothing, int(name), inheritable=False)
    os.close(nothing)


def _begin_printing(settings: Settings) -> None:
    file = os.open(settings.printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


def _printed(settings: Settings) -> str:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    with suppress(OSError), settings.printed.open("rb") as file:
        return file.read(MOST_PRINTED).decode("utf-8", "replace")
    return ""
