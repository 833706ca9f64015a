"""What is kept of runs: one file a port in `.gnomon`, one line of JSON a unit of work, written as each unit ends.

A line holds the unit's request, what of Gnomon, Python and the port its result depends on, and the result. So a run
that ended, in whatever way, goes on from its file, and what has not changed is not done twice. A run begins with a line
that says what was asked for, and ends with one that says which laws failed.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any, TextIO

import gnomon
import gnomon_spec
import gnomon_validation
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.port_content import unchanged
from gnomon_validation.runs.work import Queue, Request, Result, Workers

FOLDER = Path(".gnomon")
SYNC_EVERY = 1.0  # seconds
LARGEST = 64 << 20  # bytes that are kept beside what the last run needed
DEPENDENCIES = ("numpy", "hypothesis", "autograd", "numba")
Line = dict[str, Any]


class RunFile:
    """The results of one port's units, those of earlier runs and those that are added.

    contents, files: what the port is made of now, as a worker described it. Raises `OSError` if there can be no file.
    """

    def __init__(
        self, target: str, options: Mapping[str, Any], plan: Plan, contents: Mapping[str, str], files: Mapping[str, str]
    ) -> None:
        self.file = file_of(target, options)
        self.plan, self.contents, self.files = plan, contents, files
        self.lines = read_lines(self.file)
        self._known: dict[str, list[Line]] = {}
        for line in self.lines:
            if "key" in line:
                self._known.setdefault(line["key"], []).append(line)
        self._used: list[Line] = []
        self._head: list[Line] = []
        self._opened: TextIO | None = None
        self._synced = 0.0

    @property
    def is_open(self) -> bool:
        """Whether results are being written."""
        return self._opened is not None

    def begin(self, asked_for: Line) -> None:
        """Open the file and say what is asked for."""
        FOLDER.mkdir(exist_ok=True)
        ignored = FOLDER / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        self._opened = self.file.open("a", encoding="utf-8")
        if self._opened.tell() and not self.file.read_bytes().endswith(b"\n"):
            self._opened.write("\n")  # the last run was killed while it wrote a line
        fcntl.flock(self._opened, fcntl.LOCK_SH)
        self._head = [{"run": asked_for}]
        self._write(self._head[0])

    def get(self, request: Request, *, resumed: bool) -> Result | None:
        """Return the result that a request had, if all that it depends on is as it was.

        resumed: whether that a call did not end in time counts, too; otherwise it is tried again.
        """
        for line in reversed(self._known.get(key_of(request, self.plan), [])):
            result: Result = line["result"]
            lost = result["found"].get("lost", {}).get("status")
            current = {name: self.contents.get(name) for name in line["contents"]}
            if current == line["contents"] and unchanged(line["files"]) and (resumed or lost != "timed out"):
                self._used.append(line)
                return {**result, "kept": True}
        return None

    def failing_case(self, request: Request) -> tuple[str, Any] | None:
        """Return the verdict and the smallest case that a law had when it last failed, whatever the port was then."""
        unit = {name: request.get(name) for name in ("do", "law", "dtype", "block")}
        for line in reversed(self.lines):
            if line.get("unit") == unit and "smallest" in line["result"]["found"]:
                smallest = line["result"]["found"]["smallest"]
                return smallest["outcome"]["status"], smallest["case"]
        return None

    def put(self, request: Request, result: Result) -> None:
        """Add a result."""
        used = {name: self.contents.get(name) for name in result["used"]}
        further = {path: digest for path, digest in result.get("files", {}).items() if path not in self.files}
        told = {name: request[name] for name in ("do", "system", "law", "dtype", "block") if name in request}
        line = {
            "key": key_of(request, self.plan),
            "unit": told,
            "contents": used,
            "files": further,
            "result": {name: result[name] for name in ("found", "printed", "changed")},
        }
        if None not in used.values() and all(further.values()):
            self._used.append(line)
        else:  # nobody knows when it would have to be done again; what is found is there to be read
            line["key"] = ""
        self._write(line)

    def end(self, failed: Sequence[tuple[str, str]]) -> None:
        """Say that the run is complete, and which laws failed; leave out what neither it nor a recent run needed."""
        self._write({"ended": {"failed": [list(one) for one in failed]}})
        assert self._opened is not None
        self._sync()
        try:
            fcntl.flock(self._opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return  # another run of this port writes to it
        used = {id(line) for line in self._used}
        others = [line for line in self.lines if line.get("key") and id(line) not in used]
        kept, size = [], 0
        for line in reversed(others):
            size += len(json.dumps(line))
            if size > LARGEST:
                break
            kept.append(line)
        new = self.file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as opened:
            for line in [
                *reversed(kept),
                *self._head,
                *self._used,
                {"ended": {"failed": [list(one) for one in failed]}},
            ]:
                opened.write(json.dumps(line) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(self.file)

    def close(self) -> None:
        """Leave the file as it is."""
        if self._opened is not None:
            self._sync()
            self._opened.close()
            self._opened = None

    def _write(self, line: Line) -> None:
        assert self._opened is not None
        self._opened.write(json.dumps(line) + "\n")
        self._opened.flush()
        if monotonic() - self._synced > SYNC_EVERY:
            self._sync()

    def _sync(self) -> None:
        assert self._opened is not None
        os.fsync(self._opened.fileno())
        self._synced = monotonic()


def file_of(target: str, options: Mapping[str, Any]) -> Path:
    """Return the file of a port."""
    slug = "".join(c if c.isalnum() or c in "._-" else "-" for c in target)[-60:]
    mark = sha256(json.dumps([target, repr(sorted(options.items()))]).encode()).hexdigest()[:8]
    return FOLDER / f"{slug}-{mark}.jsonl"


def read_lines(file: Path) -> list[Line]:
    """Return what a file holds; lines that were not written to their end are left out."""
    found: list[Line] = []
    if file.is_file():
        with file.open(encoding="utf-8", errors="replace") as opened:
            for text in opened:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                found += [line] if isinstance(line, dict) else []
    return found


def last_run(lines: Sequence[Line]) -> tuple[Line | None, list[tuple[str, str]] | None]:
    """Return what the last run asked for, and which laws failed in it; `None` for these if it did not come to its end.

    Laws that failed are those of the last run that was complete.
    """
    asked: Line | None = None
    failed: list[tuple[str, str]] | None = None
    is_open = False
    for line in lines:
        if "run" in line:
            asked, is_open = line["run"], True
        elif "ended" in line:
            failed, is_open = [(law, dtype) for law, dtype in line["ended"]["failed"]], False
    return asked if is_open else None, failed


def key_of(request: Request, plan: Plan) -> str:
    """Return what tells a unit's result from all others, but for what the port is made of."""
    said = {name: value for name, value in request.items() if name != "again"}
    numbers = [plan.seed, plan.shrink_attempts]
    return sha256(json.dumps([said, numbers, engine()], sort_keys=True).encode()).hexdigest()


@cache
def engine() -> str:
    """Return a digest of all that judges, but for the port: reference, specification, checker, and what they need."""
    digest = sha256(" ".join([sys.version, *(version(name) for name in DEPENDENCIES)]).encode())
    for package in (gnomon, gnomon_spec, gnomon_validation):
        folder = Path(str(package.__file__)).parent
        for file in sorted([*folder.rglob("*.py"), *folder.glob("*/*.json")]):
            digest.update(file.read_bytes())
    return digest.hexdigest()


class Recalled:
    """Workers that are asked only for what is not in a file yet, and whose results are written to it.

    fresh: nothing that is there counts. resumed: what did not end in time counts, too. is_expected: whether a law is
    known to have a verdict, so that the case in which it failed before is tried before any other is looked for. told:
    hears in one line of what can no longer be written; the run goes on without it.
    """

    def __init__(
        self,
        workers: Workers,
        kept: RunFile,
        told: Callable[[str], None],
        is_expected: Callable[[str, str, str], bool],
        *,
        fresh: bool = False,
        resumed: bool = False,
    ) -> None:
        self.workers, self.kept, self.told, self.is_expected = workers, kept, told, is_expected
        self.fresh, self.resumed = fresh, resumed
        self._writes = True

    def performed(self, queue: Queue) -> Iterator[tuple[Request, Result]]:
        """Yield each request with its result, those that are known first."""
        missing = Queue()
        yield from self._recalled(queue, missing)
        for request, result in self.workers.performed(missing):
            self._keep(request, result)
            yield request, result
            yield from self._recalled(queue, missing)
            if queue.is_given_up:
                missing.clear()

    def _recalled(self, queue: Queue, missing: Queue) -> Iterator[tuple[Request, Result]]:
        while queue:
            request = queue.take()
            result = None if self.fresh else self.kept.get(request, resumed=self.resumed)
            if result is None and not self.fresh and request["do"] == "examine":
                request = self._with_stored(request)
                result = self.kept.get(request, resumed=self.resumed)
            if result is None:
                missing.add(request)
            else:
                yield request, result

    def _with_stored(self, request: Request) -> Request:
        """Return the request with the case to begin with, if the law failed in it before and is expected to."""
        failed = self.kept.failing_case(request)
        if failed is None or not self.is_expected(request["law"], request["dtype"], failed[0]):
            return request
        return {**request, "stored": failed[1]}

    def _keep(self, request: Request, result: Result) -> None:
        try:
            if self._writes and self.kept.is_open:
                self.kept.put(request, result)
        except OSError as error:
            self._writes = False
            self.told(f"results are not kept any more: {self.kept.file}: {error.strerror}")
