"""What the results of campaigns say: how far each port was tested, what failed and when, and how versions compare."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from gnomon_validation.campaign.rows import Key, verdict_of
from gnomon_validation.campaign.store import Store
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.tried import Tried
from gnomon_validation.verdicts import ACCEPTS, Verdict

LawIn = tuple[str, str]  # a law's id and a dtype


@dataclass
class Covered:
    """How a law in a dtype was tested. worst: the largest deviation / band. failed: statuses of cases that failed."""

    units: int = 0
    cases: int = 0
    ambiguous: int = 0
    worst: float = 0.0
    provided: bool = True
    failed: set[str] = field(default_factory=set)
    tried: Tried = field(default_factory=Tried)


@dataclass
class Version:
    """All that is known of a port's version in one system; laws that were asked for and not reached have no units."""

    port: str
    version: str
    system: str
    first: float = inf
    last: float = -inf
    laws: dict[LawIn, Covered] = field(default_factory=dict)

    def fails(self, law: LawIn) -> bool:
        """Return whether a law fails that is not known to."""
        return any(counts(self.port, *law, status) for status in self.laws[law].failed)

    @property
    def failing(self) -> list[LawIn]:
        return [law for law in self.laws if self.fails(law)]

    @property
    def unreached(self) -> list[LawIn]:
        return [law for law, covered in self.laws.items() if not covered.units]


class Failure(NamedTuple):
    """The first time that a law of a port failed in one way, whatever the version, and in how many units it did."""

    port: str
    version: str
    law: str
    dtype: str
    kind: str
    block: int
    seed: int
    at: float
    units: int

    @property
    def status(self) -> str:
        return self.kind.partition(":")[0]


class Comparison(NamedTuple):
    """Laws that the newest version of a port in a system passes or fails, unlike the last before that reached them."""

    port: str
    system: str
    mended: list[LawIn]
    broken: list[LawIn]


def counts(port: str, law: str, dtype: str, status: str) -> bool:
    """Return whether a failure keeps a port from conforming: accepted bad input and known differences do not."""
    return status != ACCEPTS and reason_for(port, law, dtype, status) is None


def versions(store: Store, wanted: Callable[[str], bool] = lambda _: True) -> list[Version]:
    """Return all versions of the ports that are wanted, by port, system and time."""
    found: dict[tuple[str, str, str], Version] = {}

    def version_of(port: str, version: str, law: str) -> Version:
        key = port, version, law.partition(".")[0]
        return found.setdefault(key, Version(*key))

    for port, version, law, dtype in store.select("SELECT DISTINCT port, version, law, dtype FROM asked"):
        version_of(port, version, law).laws[law, dtype] = Covered()
    for _, row in store.since(0):
        one = version_of(row.port, row.version, row.law)
        covered = one.laws.setdefault((row.law, row.dtype), Covered())
        one.first, one.last = min(one.first, row.at), max(one.last, row.at)
        covered.units += 1
        covered.cases += row.cases
        covered.ambiguous += row.ambiguous
        covered.worst = max(covered.worst, row.worst_ratio)
        covered.provided = row.status != "not provided"
        covered.failed |= {kind.partition(":")[0] for kind in json.loads(row.kinds)}
        ranges = {name: (low, high) for name, (low, high) in json.loads(row.ranges).items()}
        covered.tried.join([Tried(row.largest, ranges)])
    chosen = [version for version in found.values() if wanted(version.port)]
    return sorted(chosen, key=lambda one: (one.port, one.system, one.first))


def newest(every: list[Version]) -> list[Version]:
    """Return of each port and system the last version."""
    return list({(one.port, one.system): one for one in every}.values())


def failures(store: Store, since: float, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[Failure]:
    """Yield the failures that were first seen after a time, by port, law and time."""
    first: dict[tuple[str, ...], Failure] = {}
    columns = "port, version, law, dtype, kinds, block, seed, at"
    question = f"SELECT {columns} FROM results WHERE kinds != '[]' ORDER BY rowid"
    for port, version, law, dtype, kinds, block, seed, at in store.select(question):
        for kind in json.loads(kinds):
            key = (port, law, dtype, kind)
            known = first.get(key) or Failure(port, version, law, dtype, kind, block, seed, at, 0)
            first[key] = known._replace(units=known.units + 1)
    for failure in sorted(first.values(), key=lambda one: (one.port, one.law, one.dtype, one.at)):
        if failure.at > since and wanted(failure.port):
            yield failure


def verdict_on(store: Store, failure: Failure) -> Verdict:
    """Return the verdict on a law that a failure gives by itself."""
    key = Key(failure.port, failure.version, failure.law, failure.dtype, failure.seed)
    found = store.found(key, failure.block)
    verdict = verdict_of(failure.law, failure.dtype, found, failure.kind)
    verdict.expected = reason_for(failure.port, failure.law, failure.dtype, failure.status)
    return verdict


def comparisons(every: list[Version]) -> Iterator[Comparison]:
    """Yield how the newest version of each port in each system differs from older ones."""
    for one in newest(every):
        older = [v for v in every if (v.port, v.system) == (one.port, one.system) and v is not one]
        mended, broken = [], []
        for law, covered in one.laws.items():
            before = [version for version in older if law in version.laws and version.laws[law].units]
            if before and covered.units:
                was, is_ = before[-1].fails(law), one.fails(law)
                mended += [law] if was and not is_ else []
                broken += [law] if is_ and not was else []
        if older:
            yield Comparison(one.port, one.system, mended, broken)
