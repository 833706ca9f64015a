"""Pools of one worker each that a Dask worker keeps between batches.

A pool belongs to the thread that took it, and only whoever took it ends it. Those that wait end when nothing was asked
of them for a while, with their campaign, or with the process.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize
from typing import NamedTuple

from gnomon_validation.runs.pool import Owner, Pool

MOST = 4  # that wait
IDLE_SECONDS = 300.0
EARLY = 100  # among what multiprocessing does at a process's end: before it waits for children


class Kept(NamedTuple):
    """A pool, whose campaign it is, and who asks."""

    campaign: str
    owner: str
    pool: Pool


_LOCK = threading.Lock()
_WAITING: list[Kept] = []  # the longest first
_BUSY: dict[int, Pool] = {}
_OVER: set[str] = set()
_TIMERS: list[threading.Timer] = []
_AT_EXIT: list[object] = []


@contextmanager
def pool_for(campaign: str, owner: Owner) -> Iterator[Pool]:
    """Yield a pool that waits, or a new one."""
    with _LOCK:
        pool = _waiting(campaign, repr(owner)) or _new(owner)
        _BUSY[id(pool)] = pool
    try:
        with _LOCK:  # while a worker starts, it is shared state of the process
            pool.slots[0].start()
        yield pool
    except BaseException:
        del _BUSY[id(pool)]
        pool.close()
        raise
    with _LOCK:
        del _BUSY[id(pool)]
        _WAITING.append(Kept(campaign, repr(owner), pool))
        surplus = [*_WAITING[:-MOST], *(one for one in _WAITING[-MOST:] if one.campaign in _OVER)]
        _forget(surplus)
    _close(surplus)
    _close_later()


def is_over(campaign: str) -> bool:
    """Return whether a campaign was ended here."""
    return campaign in _OVER


def end(campaign: str) -> None:
    """End what waits for batches of a campaign; what is at work for it ends after its unit."""
    _OVER.add(campaign)
    with _LOCK:
        ending = [one for one in _WAITING if one.campaign == campaign]
        _forget(ending)
    _close(ending)


def _waiting(campaign: str, owner: str) -> Pool | None:
    found = [one for one in _WAITING if (one.campaign, one.owner) == (campaign, owner)]
    _forget(found[:1])
    return found[0].pool if found else None


def _new(owner: Owner) -> Pool:
    """Return a new pool.

    The process of a Dask worker that a nanny started is a daemonic one, to which multiprocessing allows no children. It
    may have these, since it ends them itself, and they end by themselves if it cannot.
    """
    process = multiprocessing.current_process()
    with suppress(AssertionError):
        process.daemon = False
    if process.daemon:
        allowed = "with distributed.worker.daemon: false in Dask's configuration they may"
        raise ValueError(f"the Dask workers cannot start processes of their own; {allowed}")
    if not _AT_EXIT:
        _AT_EXIT.append(Finalize(None, _at_exit, exitpriority=EARLY))
    return Pool(owner, 1)


def _forget(those: Sequence[Kept]) -> None:
    _WAITING[:] = [one for one in _WAITING if not any(one is other for other in those)]


def _close(those: Sequence[Kept]) -> None:
    for one in those:
        one.pool.close()


def _close_later() -> None:
    """Close what waits, unless there is a further batch before."""
    with _LOCK:
        for timer in _TIMERS:
            timer.cancel()
        timer = threading.Timer(IDLE_SECONDS, _close_waiting)
        timer.daemon = True
        timer.start()
        _TIMERS[:] = [timer]


def _close_waiting() -> None:
    with _LOCK:
        ending = list(_WAITING)
        _WAITING.clear()
    _close(ending)


def _at_exit() -> None:
    """Close what waits, and kill what is at work, whose thread will not come to it any more."""
    _close_waiting()
    for pool in list(_BUSY.values()):
        process = pool.slots[0]._process
        if process is not None:
            process.kill()
