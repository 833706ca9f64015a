"""What a campaign is about: ports, each as its content is now, and the laws that each can be held against."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from math import ceil
from pathlib import Path
from platform import python_version

from gnomon_spec.system import Law, System
from gnomon_validation.campaign.priority import Gained
from gnomon_validation.campaign.rows import Key, Row
from gnomon_validation.ports.loading import is_file, split
from gnomon_validation.runs.costs import seconds_of_a_case
from gnomon_validation.runs.examine import offered_cases
from gnomon_validation.runs.plan import BLOCK, FEWEST_CASES, Plan
from gnomon_validation.runs.pool import DescribedPort, Owner, Pool
from gnomon_validation.runs.port_content import NOT_ASKED
from gnomon_validation.runs.work import Queue
from gnomon_validation.witnesses import content_hash

SECONDS_OF_A_BLOCK = 1.0


@dataclass
class Target:
    """A port under test: how workers are asked for it, what it offers, and the local files that it is made of.

    contents: a digest by operation. files: names and digests.
    """

    owner: Owner
    described: DescribedPort
    files: frozenset[tuple[str, str]]

    @property
    def name(self) -> str:
        return self.described.name

    def version(self, system: System, campaign: str) -> str:
        """Return what tells this state of the port, and of Gnomon, from others.

        That of a port whose content cannot be known is the campaign's own: it adds to no other's results.
        """
        contents = {name: text for name, text in self.described.contents.items() if name.startswith(f"{system.name}.")}
        parts = [contents or campaign, content_hash(system), libraries()]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


@dataclass
class Goal:
    """A law in a dtype that a port is held against, how many cases a block has, and how far it has come.

    wanted: how many blocks, `None` for as many as there is time for. start: the first block that is not stored, as far
    as it is known. beyond: those that are stored after it. pending: how many blocks are being judged. closed: nothing
    more is to be asked, or can be now.
    """

    target: Target
    law: Law
    key: Key
    examples: int
    wanted: int | None
    gained: Gained
    start: int = 0
    beyond: set[int] = field(default_factory=set)
    pending: int = 0
    closed: bool = False

    def add(self, row: Row) -> None:
        """Take into account that a block was stored."""
        self.gained.add(row)
        self.closed |= row.status == "not provided"
        self.beyond.add(row.block)
        while self.start in self.beyond:
            self.beyond.remove(self.start)
            self.start += 1


def libraries() -> dict[str, str]:
    """Return the versions of what everything here computes with."""
    found = {"python": ".".join(python_version().split(".")[:2])}
    for name in sorted(NOT_ASKED):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def describe(owner: Owner) -> Target:
    """Have a worker load a port and tell what it is; raise `ValueError` in one line if it cannot be had."""
    queue = Queue()
    queue.add({"do": "describe"})
    with Pool(owner, 1) as pool:
        [(_, result)] = pool.performed(queue)
    if "failed" in result:
        raise ValueError(result["failed"])
    if "lost" in result["found"]:
        raise ValueError(f"{owner.target} cannot be checked: {result['found']['lost']['message']}")
    return Target(everywhere(owner), DescribedPort(result["found"]), digests(result.get("files", {})))


def digests(files: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return files by name and digest, wherever they lie."""
    return frozenset((Path(path).name, digest) for path, digest in files.items())


def everywhere(owner: Owner) -> Owner:
    """Return an owner whose port is found from any working directory."""
    path, bracket, options = owner.target.partition("(")
    file, name = split(path)
    if not is_file(file) or ":" in file:
        return owner
    absolute = f"{Path(file).absolute()}{f':{name}' if name else ''}"
    return owner._replace(target=f"{absolute}{bracket}{options}")


def goals_of(
    target: Target,
    systems: Sequence[System],
    plan: Plan,
    laws: Callable[[Law], bool],
    *,
    campaign: str,
    cases: int | None = None,
) -> Iterator[Goal]:
    """Yield the laws in each dtype that a port can be held against. cases: how many of each are wanted in all."""
    for system in systems:
        for dtype in plan.dtypes:
            for law in filter(laws, system.laws):
                if offered_cases(law, target.described.offer(law.operation), dtype)[0] is not None:
                    examples = examples_of(law)
                    key = Key(target.name, target.version(system, campaign), law.id, dtype, plan.seed)
                    wanted = None if cases is None else ceil(cases / examples)
                    yield Goal(target, law, key, examples, wanted, Gained(guess=examples * seconds_of_a_case(law)))


def examples_of(law: Law) -> int:
    """Return how many cases a block of a law has: about a second's worth, by what a case costs."""
    return min(BLOCK, max(FEWEST_CASES, round(SECONDS_OF_A_BLOCK / seconds_of_a_case(law))))
