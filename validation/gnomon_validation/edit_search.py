"""Which single edit of the reference does what a port does, where no catalogued mistake does.

The edits are those of `gnomon adequacy` and wider ones: first one alone, then two catalogued mistakes, then one beside
a mistake or another edit. All are ranked by how near they come to the port's outputs in its own dtype; the nearest are
then held against every call, within their bands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from textwrap import dedent
from typing import Any

import numpy as np

from gnomon_spec.cases import leaves
from gnomon_spec.edits import Address, Edited, sources, with_changes
from gnomon_spec.single_edits import single_edits
from gnomon_spec.stand_ins import reference_function
from gnomon_spec.system import Mistake, Operation
from gnomon_validation.edit_trials import addresses, narrow_answer, tried
from gnomon_validation.ports.runner import Call
from gnomon_validation.runs.costs import seconds_of_a_call

NEAREST = 8  # single edits beside which another one is tried
ENOUGH = 4  # edits that fit: that there are several is then said
TRIED = 3  # of the nearest edits, whatever it costs
SECONDS_OF_AN_EDIT, CALLS_OF_A_FIT = 2e-3, 50  # what it costs to make one, and to hold it against every call
SECONDS_OF_PROBES, SECONDS_OF_ALL_CALLS = 1.0, 10.0  # of processor time that one edit may take
Fits = Callable[[Mistake], bool]


class Effort:
    """How long may be searched, counted by what each trial costs where that was measured: the same on every machine.

    seconds: what is left.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def spend(self, seconds: float) -> None:
        self.seconds -= seconds

    @property
    def is_spent(self) -> bool:
        return self.seconds <= 0


class EditSearch:
    """Looks for edits that do what a port did in some calls of an operation, until its effort is spent.

    calls: those that rank the edits.
    """

    def __init__(self, operation: Operation, calls: Sequence[Call], effort: Effort) -> None:
        self.operation, self.calls, self.effort = operation, calls, effort
        self.seconds_of_a_call = seconds_of_a_call(operation)
        self.of_reference = self.distance(None, np.inf)

    def found(self, fits: Fits) -> list[Mistake]:
        """Return the edits that fit: single ones, else wider ones, else two mistakes, else one beside another."""
        known = [m for m in self.operation.system.mistakes.values() if m.concerns(self.operation)]
        known = [m for m in known if not m.edited.without_checks]
        near: list[Mistake] = []
        for edits in (self._edits(), self._edits(wider=True), pairs(known)):
            ranked = self._by_distance(edits)
            found = self._fitting(ranked, fits)
            if found or self.effort.is_spent:
                return found
            near += ranked[:NEAREST]
        for mistake in self._by_distance([*known, *near]):
            found = self._fitting(self._by_distance(self._edits(mistake)), fits)
            if found or self.effort.is_spent:
                return found
        return []

    def distance(self, mistake: Mistake | None, limit: float) -> float:
        """Return how far a mistake's outputs are from the port's in all calls; inf if that is beyond the limit."""
        distance, function = 0.0, mistake.function if mistake else reference_function
        for call in self.calls:
            self.effort.spend(self.seconds_of_a_call)
            distance += apart(narrow_answer(call, function), call.outputs)
            if distance > limit:
                return np.inf
        return distance

    def _fitting(self, edits: Iterable[Mistake], fits: Fits) -> list[Mistake]:
        found: list[Mistake] = []
        for number, edit in enumerate(edits):
            if (self.effort.is_spent and number >= TRIED) or len(found) == ENOUGH:
                break
            self.effort.spend(CALLS_OF_A_FIT * self.seconds_of_a_call)
            if tried(SECONDS_OF_ALL_CALLS, self.effort.spend, False, fits, edit):
                found.append(edit)
        return found

    def _by_distance(self, edits: Iterable[Mistake]) -> list[Mistake]:
        """Return those that are nearer to the port than the reference is, the nearest first."""
        ranked: list[tuple[float, int, Mistake]] = []
        for number, edit in enumerate(edits):
            if self.effort.is_spent:
                break
            self.effort.spend(SECONDS_OF_AN_EDIT)
            distance = tried(SECONDS_OF_PROBES, self.effort.spend, np.inf, self.distance, edit, self.of_reference)
            if distance < self.of_reference:
                ranked.append((distance, number, edit))
        return [edit for *_, edit in sorted(ranked, key=lambda found: found[:2])]

    def _edits(self, beside: Mistake | None = None, *, wider: bool = False) -> Iterator[Mistake]:
        """Yield single edits of what the operation is made of, as mistakes, each with a name of its own."""
        base: Mapping[Address, Any] = beside.edited.replaced if beside else {}
        for at in addresses([self.operation]):
            text = base.get(at, sources(at.module)[at.name].text)
            edits = single_edits(dedent(text), wider=wider) if isinstance(text, str) else ()
            for number, edit in enumerate(edits, 1):
                name = f"{'wider_' * wider}edit_{number}_of_{at.name}"
                statement = "The formula with one line otherwise"
                if beside:
                    name, statement = f"{beside.name}_and_{name}", f"{beside.statement}; and one more line otherwise"
                edited = Edited({**base, at: edit.source})
                yield Mistake(self.operation.system, name, statement, self.operation.name, edited)


def pairs(mistakes: Sequence[Mistake]) -> Iterator[Mistake]:
    """Yield every two mistakes made together, where the pieces that they replace allow it."""
    for one, other in combinations(mistakes, 2):
        if one.changes and other.changes:
            with suppress(ValueError):
                edited = Edited(with_changes([*one.changes, *other.changes]))
                name, statement = f"{one.name}_and_{other.name}", "; and: ".join(map(_said, (one, other)))
                yield Mistake(one.system, name, statement, one.operation, edited)


def _said(mistake: Mistake) -> str:
    published = f" (another published form: {mistake.published})" if mistake.published else ""
    return f"{mistake.statement}{published}"


def apart(found: Any, wanted: Any) -> float:
    """Return how far two outputs are apart: 0 if they are the same, at most 1 for each part; inf if not comparable."""
    pairs = leaves(found), leaves(wanted)
    if found is None or len(pairs[0]) != len(pairs[1]):
        return np.inf
    return sum(_apart(x, y) for x, y in zip(*pairs, strict=True))


def _apart(found: Any, wanted: Any) -> float:
    if isinstance(wanted, str):
        return float(found != wanted)
    x, y = np.asarray(found), np.asarray(wanted)
    if x.shape != y.shape or not y.size:
        return float(x.shape != y.shape)
    if y.dtype.kind != "f":
        return float(np.any(x != y))
    x, y = x.astype(np.longdouble), y.astype(np.longdouble)
    with np.errstate(all="ignore"):
        relative = np.abs(x - y) / np.maximum(np.abs(x), np.abs(y))
    same = (x == y) | (np.isnan(x) & np.isnan(y))
    return float(np.mean(np.where(same, 0.0, np.where(np.isfinite(relative), relative, 1.0))))
