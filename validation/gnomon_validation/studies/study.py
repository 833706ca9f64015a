"""What a study is: a published result, run again, as a table of figures and a picture that explains itself.

A study's module declares one, with its title, its question and its source in `WORDS`, each on a line of its own, and
what is said above and below its picture, after "picture: " and "below: "::

    study = Study.of("srkl-bifurcation", WORDS, measure, draw, size=(11.0, 8.0))

`measure()` does the work, in less than a minute, and needs NumPy and the reference only; `draw(findings.data, figure)`
makes the picture from what was measured and needs matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from gnomon_validation.pictures import entitle, new_figure
from gnomon_validation.studies.printed import Comparison


class Table(NamedTuple):
    """Rows of text under column names; the first column is set left, all others right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, title: str, columns: str, rows: Iterable[Iterable[Any]]) -> Table:
        """Return the table of some values.

        columns: the names with " | " between them, each followed by how its cells are printed, if that is not as `str`
        does: "step | loss {:.3g} | missing {:.1%}". A value that is text stands as it is.
        """
        heads = [one.partition(" {") for one in columns.split(" | ")]
        formats = [(mark + form).strip() or "{}" for _, mark, form in heads]
        cells = (
            tuple(x if isinstance(x, str) else form.format(x) for x, form in zip(row, formats, strict=True))
            for row in rows
        )
        return cls(title, tuple(name for name, _, _ in heads), tuple(cells))


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


Measure = Callable[[], Findings]
Draw = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Study:
    """A published result as something that runs.

    name: of the system, a hyphen, and of the study; `ValueError` if it has no hyphen. question: what it answers, in one
    sentence. source: where the stated figures come from. size: of the picture, in inches. headline, caption: what is
    set above it and below; nothing where `draw` says it from what was measured.
    """

    name: str
    title: str
    question: str
    source: str
    measure: Measure
    draw: Draw
    size: tuple[float, float] = (10.0, 6.0)
    headline: str = ""
    caption: str = ""

    @classmethod
    def of(cls, name: str, words: str, measure: Measure, draw: Draw, *, size: tuple[float, float]) -> Study:
        """Return the study that a text is about: see the module's. Source and caption may take several lines."""
        title, question, rest = words.split("\n", 2)
        source, _, picture = rest.replace("\n", " ").partition(" picture: ")
        headline, _, caption = picture.partition(" below: ")
        return cls(name, title, question, source, measure, draw, size, headline, caption)

    def __post_init__(self) -> None:
        if not all(self.name.partition("-")):
            raise ValueError(f"name must be a system's, a hyphen and the study's own name, got {self.name!r}")

    def picture(self, data: Any) -> Any:
        """Return the picture of what was measured, a matplotlib figure."""
        figure = new_figure(self.size)
        if self.headline:
            entitle(figure, self.headline, self.caption)
        self.draw(data, figure)
        return figure

    @property
    def system(self) -> str:
        """The system that the study is about."""
        return self.name.partition("-")[0]
