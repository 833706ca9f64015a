"""How much a specification notices: every single edit of the reference, held against its laws.

An edit is caught if a law fails on one of its cases, or if the edited function does not end. One that gives the same
bits on every call of every case, or for which `gnomon_spec.equivalent_edits` argues, is equivalent. What is left
survives: no law guards that line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Literal

from gnomon_spec.edits import Address, Edited, reach, sources
from gnomon_spec.equivalent_edits import argument
from gnomon_spec.single_edits import SingleEdit, single_edits
from gnomon_spec.system import Law, Operation, System
from gnomon_validation.discovery import FEW, Discovery
from gnomon_validation.edit_trials import NeverEndsError, addresses, time_limit
from gnomon_validation.verdicts import FAILING

SECONDS = 2.0

Fate = Literal["caught", "equivalent", "survives"]


@dataclass
class Found:
    """One edit of one function and what became of it; by: the law that caught it, or the argument for equivalence."""

    at: Address
    edit: SingleEdit
    fate: Fate
    by: str = ""

    @property
    def line(self) -> int:
        return sources(self.at.module)[self.at.name].first + self.edit.line


@dataclass
class Adequacy:
    """The edits of a system or an operation, judged."""

    found: list[Found] = field(default_factory=list)

    def count(self, at: Address | None = None) -> Counter[str]:
        """Return how many edits met which fate, of one function or of all."""
        return Counter(f.fate for f in self.found if at is None or f.at == at)

    @property
    def caught(self) -> float:
        """The share of the edits that are not equivalent which a law catches."""
        counted = self.count()
        return counted["caught"] / max(1, counted["caught"] + counted["survives"])


class Prober:
    """Holds edits of one system's reference against its laws in one dtype."""

    def __init__(self, system: System, dtype: str, *, examples: int = 100) -> None:
        self.discovery = Discovery(system, dtype, examples=examples)
        self.in_order = list(self.discovery.laws)

    def fate(self, at: Address, edit: SingleEdit, operations: list[Operation]) -> Found:
        """Return what becomes of an edit.

        A few cases of every law are tried before the others of any, the law that caught an edit last first: most edits
        are caught there, and one that is not meets every case of every law.
        """
        reason = argument(at, edit.before, edit.after)
        if reason:
            return Found(at, edit, "equivalent", reason)
        edited = Edited({at: edit.source})
        concerned = [law for law in self.in_order if at in reach(law.operation.reference)]
        concerned.sort(key=lambda law: law.operation not in operations)
        differs = False
        for part in (slice(FEW), slice(FEW, None)):
            for law in concerned:
                for case in self.discovery.cases(law)[part]:
                    try:
                        with time_limit(SECONDS):
                            if self.discovery.changes_nothing(edited, law, case):
                                continue
                            differs = True
                            if self.discovery.judge(edited, law).outcome(case).status in FAILING:
                                return self.caught(at, edit, law)
                    except NeverEndsError:
                        return self.caught(at, edit, law, ": it does not end")
        return Found(at, edit, "survives" if differs else "equivalent", "" if differs else "the same bits everywhere")

    def caught(self, at: Address, edit: SingleEdit, law: Law, how: str = "") -> Found:
        """Return that a law caught an edit, which comes first from now on."""
        self.in_order.sort(key=lambda other: other is not law)
        return Found(at, edit, "caught", law.id + how)


def edits_of(at: Address) -> Iterator[SingleEdit]:
    """Yield the single edits of a function, their sources indented as it is."""
    yield from single_edits(dedent(sources(at.module)[at.name].text))


def adequacy(system: System, operations: list[Operation], *, examples: int = 100) -> Iterator[Found]:
    """Yield the fate of every single edit of what the operations are made of.

    Cases are drawn in float64; an edit that survives there is tried in float32, too.
    """
    probers = [Prober(system, dtype, examples=examples) for dtype in ("float64", "float32")]
    for at in addresses(operations):
        for edit in edits_of(at):
            found = probers[0].fate(at, edit, operations)
            if (found.fate != "caught" and found.by == "") or found.by == "the same bits everywhere":
                again = probers[1].fate(at, edit, operations)
                found = again if again.fate == "caught" or found.fate == "equivalent" else found
            yield found
