"""What a study is: a published result, run again, as a table of figures and a picture that explains itself.

A study's module declares one::

    study = Study("srkl-bifurcation", system="srkl", title="…", question="…", source="…", measure=measure, draw=draw)

`measure()` does the work, in less than a minute, and needs NumPy and the reference only; `draw(findings.data, figure)`
makes the picture from what was measured and needs matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from gnomon_validation.studies.printed import Comparison


class Table(NamedTuple):
    """Rows of text under column names; the first column is set left, all others right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Findings(NamedTuple):
    """What a study found.

    tables: for a person to read. comparisons: stated figures beside measured ones. conclusions: sentences that follow
    from the figures, composed from them. data: what the picture is drawn from.
    """

    tables: tuple[Table, ...]
    comparisons: tuple[Comparison, ...]
    conclusions: tuple[str, ...]
    data: Any

    @property
    def reproduced(self) -> bool:
        """Whether every stated figure was found again, to the digits that were stated."""
        return all(comparison.reproduced for comparison in self.comparisons)


@dataclass(frozen=True)
class Study:
    """A published result as something that runs.

    name: of the system, a hyphen, and of the study; `ValueError` if it is not. question: what it answers, in one
    sentence. source: where the stated figures come from. size: of the picture, in inches.
    """

    name: str
    system: str
    title: str
    question: str
    source: str
    measure: Callable[[], Findings]
    draw: Callable[[Any, Any], None]
    size: tuple[float, float] = (10.0, 6.0)

    def __post_init__(self) -> None:
        if not self.name.startswith(f"{self.system}-"):
            raise ValueError(f"name must be {self.system!r}, a hyphen and the study's own name, got {self.name!r}")
