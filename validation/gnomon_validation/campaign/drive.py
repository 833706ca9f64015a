"""A campaign on its way: it hands out blocks of cases by priority, and stores what they found, until it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from time import monotonic, time
from typing import NamedTuple

from gnomon_validation.campaign.goals import Goal, Target, digests
from gnomon_validation.campaign.hands import Batch, content_of
from gnomon_validation.campaign.performers import Performers, SchedulerLostError, Undone
from gnomon_validation.campaign.rows import Key, row_of
from gnomon_validation.campaign.store import EXPIRY, Store
from gnomon_validation.runs.losses import with_case
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.results import Data
from gnomon_validation.runs.work import block_of
from gnomon_validation.signals import ending

AHEAD = 2  # batches for each thread of a Dask worker: one that is worked on, and the next
SECONDS_OF_A_BATCH, LARGEST_BATCH = 1.0, 4
GRACE = 10.0  # seconds for what is being judged when the time is over
LOOKS_EVERY = 0.5
RENEWS_EVERY = EXPIRY / 4


class Block(NamedTuple):
    """A block of cases of a law that was claimed."""

    goal: Goal
    number: int


class Campaign:
    """What is to be asked, what is being judged, and what was found; none of it grows with the time.

    units, cases, failing: how much this campaign stored. dropped: ports whose files changed meanwhile.
    """

    def __init__(self, goals: Sequence[Goal], store: Store, cluster: Performers, plan: Plan) -> None:
        self.goals, self.store, self.cluster, self.plan = list(goals), store, cluster, plan
        self.by_key: dict[Key, Goal] = {goal.key: goal for goal in goals}
        self.systems = {goal.law.operation.system.name for goal in goals}
        self.gnomon = {name: content_of(name) for name in self.systems}
        self.batches: dict[int, list[Block]] = {}
        self.units = self.cases = self.failing = 0
        self.dropped: list[Target] = []
        self.signal = 0
        self._row, self._renewed = 0, monotonic()

    def run(self, seconds: float | None) -> Iterator[None]:
        """Go on until the time is over, nothing is left to ask, or a signal comes; yield now and then.

        Raises `ValueError` in one line if the scheduler is lost, or workers cannot do their work.
        """
        end = monotonic() + seconds if seconds is not None else float("inf")
        self.store.bury()
        self.store.ask(self.by_key)
        try:
            with ending(self._end):
                self._learn()
                while not self.signal and monotonic() < end and (self._fill() or self.batches or self._is_waiting()):
                    yield from self._step()
                while not self.signal and self.batches and monotonic() < end + GRACE:
                    yield from self._step()
        except SchedulerLostError as lost:
            raise ValueError(
                f"{lost} is gone; all that was found is in {self.store.file}, and the same command goes on from there"
            ) from None
        finally:
            self.store.release()

    def _end(self, number: int) -> None:
        self.signal = number

    def _step(self) -> Iterator[None]:
        done = self.cluster.done(LOOKS_EVERY)
        if done is not None:
            self._take(*done)
        self._learn()
        if monotonic() - self._renewed > RENEWS_EVERY:
            self._renewed = monotonic()
            self.store.renew()
        yield

    def _fill(self) -> bool:
        """Hand out batches, as many as are to be on their way; return whether there were any."""
        first = self.cluster.in_flight
        while self.cluster.in_flight < AHEAD * max(1, self.cluster.threads) and (blocks := self._next_batch()):
            self._submit(blocks)
        return self.cluster.in_flight > first

    def _next_batch(self) -> list[Block]:
        """Claim the blocks that come next: the first of all ports, and more of the same port while they are cheap."""
        blocks: list[Block] = []
        seconds = 0.0
        while len(blocks) < LARGEST_BATCH and seconds < SECONDS_OF_A_BATCH:
            port = blocks[0].goal.target if blocks else None
            open_ = [goal for goal in self.goals if not goal.closed and port in (None, goal.target)]
            if not open_:
                break
            goal = min(open_, key=lambda goal: goal.gained.share(goal.pending))
            number = self.store.claim(goal.key, goal.start, goal.wanted)
            if number is None:
                goal.closed = True
                continue
            goal.pending += 1
            blocks.append(Block(goal, number))
            seconds += max(goal.gained.guess, goal.gained.seconds / max(1, goal.gained.blocks))
        return blocks

    def _submit(self, blocks: Sequence[Block]) -> None:
        requests = [request_of(block) for block in blocks]
        systems = {block.goal.law.operation.system.name for block in blocks}
        gnomon = {name: self.gnomon[name] for name in systems}
        batch = Batch(self.cluster.campaign, blocks[0].goal.target.owner, gnomon, requests)
        self.batches[self.cluster.submit(batch)] = list(blocks)

    def _take(self, number: int, results: str | Undone) -> None:
        """Store what a batch found; one that was lost with several Dask workers is tried unit by unit."""
        blocks = self.batches.pop(number)
        if isinstance(results, str):
            for block, result in zip(blocks, json.loads(results), strict=True):
                self._store(block, result)
        elif results.why == "interrupted":
            self._submit(blocks)
        elif results.why == "refused":
            raise ValueError(results.message)
        elif len(blocks) > 1:
            for block in blocks:
                self._submit([block])
        else:
            message = "several Dask workers were lost while they worked on it"
            lost = {"status": "crashed", "message": message, "case_number": -1, "by_others": True}
            self._store(blocks[0], {"found": {"lost": lost}, "seconds": 0.0, "files": {}})

    def _store(self, block: Block, result: Data) -> None:
        goal, found = block.goal, result["found"]
        goal.pending -= 1
        if goal.target in self.dropped:
            return
        if result["files"] and not goal.target.files <= digests(result["files"]):
            self._drop(goal.target)
            return
        if "lost" in found:
            found = {"lost": with_case(goal.target.described, self.plan, request_of(block), found["lost"])}
        ran = {"seconds": result["seconds"], "at": time(), "campaign": self.cluster.campaign}
        row = row_of(goal.key, block.number, goal.examples, found, **ran)
        if self.store.add(row):
            self.units += 1
            self.cases += row.cases
            self.failing += row.found is not None

    def _drop(self, target: Target) -> None:
        """Ask nothing more of a port that is another than the one whose results these were to be."""
        self.dropped.append(target)
        self.store.release(target.name)
        for goal in self.goals:
            goal.closed |= goal.target is target

    def _learn(self) -> None:
        """Take into account what was stored since, by this campaign and by others."""
        for number, row in self.store.since(self._row):
            self._row = number
            goal = self.by_key.get(row.key)
            if goal is not None:
                goal.add(row)

    def _is_waiting(self) -> bool:
        """Return whether blocks are wanted that others claimed: they may never be done, and fall to this campaign."""
        waiting = False
        for goal in self.goals:
            if goal.wanted is not None and goal.target not in self.dropped and not goal.gained.not_provided:
                goal.closed = self.store.done(goal.key, goal.wanted) >= goal.wanted
                waiting |= not goal.closed
        return waiting


def request_of(block: Block) -> Data:
    """Return the request that a worker performs for a block."""
    return block_of(block.goal.key.law, block.goal.key.dtype, block.number, block.goal.examples)
