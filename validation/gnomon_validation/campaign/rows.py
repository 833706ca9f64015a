"""What the results of a campaign keep of a unit of work: one row, the same whoever performed it and whenever."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from math import inf, isnan
from statistics import median
from typing import Any, NamedTuple

from gnomon_spec.system import find_law
from gnomon_validation.runs.joined import verdict_on
from gnomon_validation.runs.results import Data
from gnomon_validation.verdicts import Verdict

NUMBER = re.compile(r"\d+")  # of a step or an entry: whichever it is, the failure is the same


class Key(NamedTuple):
    """The law in a dtype of which blocks are counted: of a port, as it is in a version, and for a seed."""

    port: str
    version: str
    law: str
    dtype: str
    seed: int


class Row(NamedTuple):
    """A unit of work that is done.

    kinds: how its failing cases failed, as JSON: a text for each different way. found: of a unit that failed, its
    result, with one finding for each kind.
    """

    port: str
    version: str
    law: str
    dtype: str
    seed: int
    block: int
    system: str
    examples: int
    cases: int
    ambiguous: int
    worst_ratio: float
    digits: float | None
    status: str
    kinds: str
    largest: int
    ranges: str
    seconds: float
    at: float
    campaign: str
    found: str | None

    @property
    def key(self) -> Key:
        return Key(self.port, self.version, self.law, self.dtype, self.seed)


def row_of(key: Key, block: int, examples: int, found: Data, *, seconds: float, at: float, campaign: str) -> Row:
    """Return the row that says what a unit of work found."""
    law = find_law(key.law)
    kinds, kept = {}, found
    if "lost" in found:
        kinds = {f"{found['lost']['status']}: {found['lost']['message']}": found["lost"]}
    elif "not_provided" not in found:
        kinds = {kind_of(one): one for one in reversed(found["failing"])}  # of each kind the first
        kept = {**found, "failing": list(reversed(kinds.values())), **_medians(found)}
    verdict = verdict_on(law, key.dtype, [kept])[0]
    return Row(
        *key,
        block,
        law.operation.system.name,
        examples,
        verdict.cases,
        verdict.ambiguous,
        verdict.worst_ratio if not isnan(verdict.worst_ratio) else inf,
        verdict.digits,
        verdict.status,
        json.dumps(sorted(kinds)),
        verdict.tried.largest,
        json.dumps({name: list(ends) for name, ends in verdict.tried.ranges.items()}),
        seconds,
        at,
        campaign,
        json.dumps({name: value for name, value in kept.items() if name != "seconds"}) if kinds else None,
    )


def kind_of(finding: Mapping[str, Any]) -> str:
    """Return in which way a case failed: its status, and the cause, or what was off."""
    outcome = finding["outcome"]
    worst = outcome["judgements"][outcome["worst"]]["label"] if outcome["worst"] is not None else outcome["message"]
    return f"{outcome['status']}: {outcome['cause'] or NUMBER.sub('…', worst)}"


def verdict_of(law: str, dtype: str, found: str, kind: str) -> Verdict:
    """Return the verdict on a law by the failing cases of one kind that a row holds."""
    data: Data = {"seconds": 0.0, **json.loads(found)}
    if "lost" not in data:
        failing = [one for one in data["failing"] if kind_of(one) == kind]
        same = "smallest" in data and kind_of(data["smallest"]) == kind
        data = {**data, "failing": failing, "smallest": data["smallest"] if same else failing[0]}
    return verdict_on(find_law(law), dtype, [data])[0]


def _medians(found: Data) -> Data:
    """Return the figures of single cases as their medians, which is all that a verdict asks of them."""
    figures: dict[str, Sequence[float]] = {name: found[name] for name in ("digits", "horizons")}
    return {name: [median(values)] if values else [] for name, values in figures.items()}
