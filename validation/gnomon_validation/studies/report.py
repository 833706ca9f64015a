"""Studies and claims as a person reads them, and as a program does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from gnomon_validation.studies.claim import Claim, Evidence
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

STYLES = {"holds": "green", "holds if": "yellow", "false": "bold red", "not reproducible": "yellow"}


def show_study(study: Study, findings: Findings, seconds: float, console: Console) -> None:
    """Print what a study asked and found."""
    console.print(Text(f"{study.name}: {study.title}", style="bold"), soft_wrap=True)
    console.print(Text(study.question), soft_wrap=True)
    console.print(Text(f"source: {study.source}", style="dim"), soft_wrap=True)
    for table in findings.tables:
        console.print()
        console.print(_grid(table))
    if findings.comparisons:
        console.print()
        console.print(_compared(findings.comparisons))
    console.print()
    for sentence in findings.conclusions:
        console.print(Text(f"· {sentence}"), soft_wrap=True)
    found = sum(comparison.reproduced for comparison in findings.comparisons)
    console.print(
        Text(f"{found} of {len(findings.comparisons)} stated figures reproduced ({seconds:.1f} s)", style="dim"),
        soft_wrap=True,
    )


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold", title=table.title, title_justify="left")
    for i, column in enumerate(table.columns):
        grid.add_column(column, justify="right" if i else "left")
    for row in table.rows:
        grid.add_row(*map(Text, row))
    return grid


def _compared(comparisons: Sequence[Comparison]) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold", title="stated and measured", title_justify="left")
    for column in ("quantity", "stated", "measured", ""):
        grid.add_column(column, justify="left" if column == "quantity" else "right")
    for c in comparisons:
        mark = Text("✓", style="green") if c.reproduced else Text("✗ not reproduced", style="bold red")
        grid.add_row(Text(c.quantity), Text(c.stated), Text(f"{c.measured:.10g}"), mark)
    return grid


def show_claims(judged: Sequence[tuple[Claim, Evidence]], console: Console) -> None:
    """Print the ledger: each statement, its verdict, and what was measured."""
    for system, group in groupby(judged, key=lambda pair: pair[0].system):
        pairs = list(group)
        counts = [(verdict, sum(claim.verdict == verdict for claim, _ in pairs)) for verdict in STYLES]
        said = ", ".join(f"{count} {verdict.replace('holds if', 'conditional')}" for verdict, count in counts if count)
        console.print(Text(f"{system}: {len(pairs)} published claims ({said})", style="bold"), soft_wrap=True)
        for claim, evidence in pairs:
            console.print()
            console.print(Text(claim.statement), soft_wrap=True)
            console.print(Text(f"  source    {claim.source}", style="dim"), soft_wrap=True)
            console.print(Text("  verdict   ").append(claim.judgement, style=STYLES[claim.verdict]), soft_wrap=True)
            if claim.why:
                console.print(Text(f"  because   {claim.why}"), soft_wrap=True)
            console.print(Text(f"  measured  {evidence.figure}"), soft_wrap=True)
            if not evidence.shown:
                console.print(Text("  THE MEASUREMENT DOES NOT BEAR THE VERDICT OUT", style="bold red"))
        console.print()


def study_data(study: Study, findings: Findings) -> dict[str, Any]:
    """Return a study as JSON data."""
    return {
        "study": study.name,
        "question": study.question,
        "source": study.source,
        "tables": [table._asdict() for table in findings.tables],
        "comparisons": [{**c._asdict(), "reproduced": c.reproduced} for c in findings.comparisons],
        "conclusions": list(findings.conclusions),
        "reproduced": findings.reproduced,
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
        "shown": evidence.shown,
    }
