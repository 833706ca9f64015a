"""Dask, as a campaign uses it: batches go in, and what became of them comes out. It needs the extra `campaign`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

import dask
from distributed import Client, Future, LocalCluster
from distributed.scheduler import DEFAULT_EXTENSIONS, KilledWorker
from distributed.spans import SpansSchedulerExtension

from gnomon_validation.campaign import hands, kept_pools
from gnomon_validation.campaign.hands import Batch
from gnomon_validation.campaign.performers import SchedulerLostError, Undone
from gnomon_validation.wording import told

ANSWERS_WITHIN = 10.0  # seconds
LOOKS_EVERY = 5.0
ENDS_WITHIN = 5.0
FETCHED_WITHIN = 30.0
NAMES = 1000  # of tasks, at least, that are used again and again: Dask remembers each for long
# Dask keeps logs of all that it did: of a long campaign only the end.
SETTINGS = {
    "distributed.admin.log-length": 100,
    "distributed.admin.low-level-log-length": 100,
    "distributed.admin.system-monitor.log-length": 100,
    "distributed.worker.profile.enabled": False,
}


class Cluster:
    """Dask workers, of the command's own or behind the address of a scheduler; to be used in a `with` block.

    work: what a task does.
    """

    def __init__(
        self, scheduler: str | None, workers: int, campaign: str, *, work: Callable[[Batch], str] = hands.perform
    ) -> None:
        self.campaign, self._work = campaign, work
        self._futures: dict[int, Future] = {}
        self._done: SimpleQueue[int] = SimpleQueue()
        self._last = 0
        self._threads, self._looked = 0, -LOOKS_EVERY
        self._own: Any = None
        if scheduler is None:
            self.name = "the Dask scheduler of this command"
            self._own = _local(workers)
        else:
            self.name = f"the Dask scheduler {scheduler}"
        try:
            self._client = Client(self._own or scheduler, timeout=ANSWERS_WITHIN, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ValueError(f"{self.name} does not answer: {' '.join(str(error).split())}") from None
        _silence()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):
            if self._client.status == "running":
                self._client.cancel(list(self._futures.values()), force=True)
                self._client.run(kept_pools.end, self.campaign, on_error="ignore")
        self._futures.clear()
        with suppress(Exception):
            self._client.close(timeout=ENDS_WITHIN)
        if self._own is not None:
            with suppress(Exception):
                self._own.close(timeout=ENDS_WITHIN)

    @property
    def threads(self) -> int:
        """How many batches can be worked on at once; raises `SchedulerLostError`."""
        if self._client.status != "running":
            raise SchedulerLostError(self.name)
        if monotonic() - self._looked > LOOKS_EVERY:
            self._looked = monotonic()
            with suppress(OSError, TimeoutError):
                self._threads = sum(self._client.nthreads().values())
        return self._threads

    @property
    def in_flight(self) -> int:
        return len(self._futures)

    def submit(self, batch: Batch) -> int:
        """Have a batch performed and return its number."""
        number = self._last = self._free_number()
        future = self._client.submit(self._work, batch, key=(f"gnomon-{self.campaign}", number), pure=False)
        self._futures[number] = future
        future.add_done_callback(lambda _: self._done.put(number))
        return number

    def _free_number(self) -> int:
        numbers = max(NAMES, 4 * len(self._futures))
        number = (self._last + 1) % numbers
        while number in self._futures:
            number = (number + 1) % numbers
        return number

    def done(self, seconds: float) -> tuple[int, str | Undone] | None:
        """Return the number of a batch that is done, and its results; `None` if none is, in time.

        A batch whose workers were lost is done again by Dask; one that loses several is not.
        """
        try:
            number = self._done.get(timeout=seconds)
        except Empty:
            return None
        if self._client.status != "running":
            raise SchedulerLostError(self.name)
        future = self._futures.pop(number)
        try:
            return number, str(future.result(timeout=FETCHED_WITHIN))
        except (Exception, CancelledError) as error:
            if self._client.status != "running":
                raise SchedulerLostError(self.name) from error
            return number, _undone(error)


class Spans(SpansSchedulerExtension):  # type: ignore[misc]
    """Dask's statistics of tasks, without the note that it makes of every task and keeps for ever."""

    def observe_tasks(self, *tasks: Any, **options: Any) -> Any:
        return super().observe_tasks(*tasks, **{**options, "span_metadata": None})


def _undone(error: BaseException) -> Undone:
    if isinstance(error, KilledWorker):
        return Undone("killed")
    if isinstance(error, CancelledError | TimeoutError):
        return Undone("interrupted")
    if isinstance(error, ValueError):
        return Undone("refused", str(error))
    return Undone(
        "refused", f"the Dask workers cannot do their work (is the same Gnomon installed there?): {told(error)}"
    )


def _local(workers: int) -> LocalCluster:
    with dask.config.set(SETTINGS):
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            memory_limit=0,
            preload=[hands.__name__],
            # Without a port of its own it would take 8787, and warn where another campaign has that.
            scheduler_kwargs={"extensions": {**DEFAULT_EXTENSIONS, "spans": Spans}, "dashboard_address": "127.0.0.1:0"},
        )


def _silence() -> None:
    """Keep what Dask has to say to its own developers out of the command's output."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)
