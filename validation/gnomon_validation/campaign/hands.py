"""What runs in a Dask worker: a batch of units of one port, each performed by a worker process of Gnomon's own.

A port that dies or hangs ends that process, whose loss is a result, and not the Dask worker.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import NamedTuple

from gnomon_spec.system import find_system
from gnomon_validation.campaign.goals import libraries
from gnomon_validation.campaign.kept_pools import is_over, pool_for
from gnomon_validation.runs.losses import again
from gnomon_validation.runs.pool import Owner, Pool
from gnomon_validation.runs.results import Data
from gnomon_validation.runs.work import Queue, Request
from gnomon_validation.witnesses import content_hash


def dask_setup(_: object) -> None:
    """Leave Ctrl-C to the command whose Dask worker this is. (Dask calls it in those.)"""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Batch(NamedTuple):
    """Units of one port. gnomon: of each system the content that the specification must have."""

    campaign: str
    owner: Owner
    gnomon: Mapping[str, str]
    requests: Sequence[Request]


def perform(batch: Batch) -> str:
    """Return the results of a batch as JSON text: what each unit found, its seconds, the digests of the port's files.

    Raises `ValueError` in one line if they would not be this campaign's results, or none can be had here.
    """
    for name, content in batch.gnomon.items():
        if content != content_of(name):
            raise ValueError(
                f"a Dask worker has another {name} in its Gnomon, or other libraries, than this command has"
            )
    with pool_for(batch.campaign, batch.owner) as pool:
        return json.dumps([_performed(pool, request, batch.campaign) for request in batch.requests])


def content_of(system: str) -> str:
    """Return what the results of a system's laws depend on, but for the port."""
    return f"{content_hash(find_system(system))} {libraries()}"


def _performed(pool: Pool, request: Request, campaign: str) -> Data:
    if is_over(campaign):
        raise ValueError("the campaign is over")
    started = perf_counter()
    while True:
        queue = Queue()
        queue.add(request)
        [(_, result)] = pool.performed(queue)
        if "failed" in result:
            raise ValueError(f"{pool.owner.target} cannot be had in a Dask worker: {result['failed']}")
        found = result["found"]
        instead = again(request, found["lost"]) if "lost" in found else None
        if instead is None:
            break
        request = instead
    return {"found": found, "seconds": perf_counter() - started, "files": result.get("files", {})}
