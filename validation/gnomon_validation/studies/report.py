"""Studies and claims as a person reads them, and as a program does."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from gnomon_validation.console import tell
from gnomon_validation.studies.claim import Claim, Evidence
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table
from gnomon_validation.wording import counted

STYLES = {"holds": "green", "holds if": "yellow", "false": "bold red", "not reproducible": "yellow"}


def show_question(study: Study, console: Console) -> None:
    """Print what a study asks."""
    tell(console, Text(f"{study.name}: {study.title}", style="bold"))
    tell(console, Text(study.question))
    tell(console, Text(f"source: {study.source}", style="dim"))


def show_findings(findings: Findings, seconds: float, console: Console) -> None:
    """Print what a study found."""
    for table in findings.tables:
        console.print()
        tell(console, Text(table.title, style="italic"))
        console.print(_grid(table))
    if findings.comparisons:
        console.print()
        tell(console, Text("stated and measured", style="italic"))
        console.print(_compared(findings.comparisons))
    console.print()
    for sentence in findings.conclusions:
        tell(console, Text(sentence), label="· ")
    found = sum(comparison.reproduced for comparison in findings.comparisons)
    stated = counted(len(findings.comparisons), "stated figure")
    tell(console, Text(f"{found} of {stated} reproduced ({seconds:.1f} s)", style="dim"))


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for i, column in enumerate(table.columns):
        grid.add_column(column, justify="right" if i else "left")
    for row in table.rows:
        grid.add_row(*map(Text, row))
    return grid


def _compared(comparisons: Sequence[Comparison]) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for column in ("quantity", "stated", "measured", ""):
        grid.add_column(column, justify="left" if column == "quantity" else "right")
    for c in comparisons:
        mark = Text("✓", style="green") if c.reproduced else Text("✗ not reproduced", style="bold red")
        grid.add_row(Text(c.quantity), Text(c.stated), Text(c.shown), mark)
    return grid


def show_ledger(system: str, claims: Sequence[Claim], console: Console) -> None:
    """Print how many claims about a system there are, and how many of each verdict."""
    counts = [(verdict, sum(claim.verdict == verdict for claim in claims)) for verdict in STYLES]
    said = ", ".join(f"{count} {verdict.replace('holds if', 'conditional')}" for verdict, count in counts if count)
    tell(console, Text(f"{system}: {counted(len(claims), 'published claim')} ({said})", style="bold"))


def show_claim(claim: Claim, evidence: Evidence, console: Console) -> None:
    """Print a statement, its verdict, and what was measured."""
    console.print()
    tell(console, Text(claim.statement))
    tell(console, Text(claim.source, style="dim"), label="  source    ")
    tell(console, Text().append(claim.judgement, style=STYLES[claim.verdict]), label="  verdict   ")
    if claim.why:
        tell(console, Text(claim.why), label="  because   ")
    tell(console, Text(evidence.figure), label="  measured  ")
    if not evidence.shown:
        tell(console, Text("  THE MEASUREMENT DOES NOT BEAR THE VERDICT OUT", style="bold red"))


def study_data(study: Study, findings: Findings) -> dict[str, Any]:
    """Return a study as JSON data."""
    return {
        "study": study.name,
        "question": study.question,
        "source": study.source,
        "tables": [table._asdict() for table in findings.tables],
        "comparisons": [_compared_data(comparison) for comparison in findings.comparisons],
        "conclusions": list(findings.conclusions),
        "reproduced": findings.reproduced,
    }


def _compared_data(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON data; a measured NaN or infinity, which JSON has no number for, as text."""
    measured = float(comparison.measured)
    return {
        "quantity": comparison.quantity,
        "stated": comparison.stated,
        "measured": measured if isfinite(measured) else str(measured),
        "reproduced": comparison.reproduced,
    }


def claim_data(claim: Claim, evidence: Evidence) -> dict[str, Any]:
    """Return a claim and its evidence as JSON data."""
    return {
        "system": claim.system,
        "claim": claim.name,
        "statement": claim.statement,
        "source": claim.source,
        "verdict": claim.judgement,
        "because": claim.why,
        "measured": evidence.figure,
        "shown": bool(evidence.shown),
    }
