"""Studies and claims as a person reads them, and as a program does."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gnomon_validation.console import grid, tell
from gnomon_validation.studies.claim import Claim, Evidence
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study
from gnomon_validation.wording import counted

STYLES = {"holds": "green", "holds if": "yellow", "false": "bold red", "not reproducible": "yellow"}


def show_question(study: Study, console: Console) -> None:
    """Print what a study asks."""
    tell(console, Text(f"{study.name}: {study.title}", style="bold"))
    tell(console, Text(study.question))
    tell(console, Text(f"source: {study.source}", style="dim"))


def show_findings(findings: Findings, seconds: float, console: Console) -> None:
    """Print what a study found."""
    tables: list[tuple[str, Table, Any]] = [
        (table.title, grid(table.columns[0], *(f">{column}" for column in table.columns[1:])), table.rows)
        for table in findings.tables
    ]
    compared = [(c.quantity, c.stated, c.shown, _mark(c)) for c in findings.comparisons]
    if compared:
        tables.append(("stated and measured", grid("quantity", ">stated", ">measured", ">"), compared))
    for title, table, rows in tables:
        console.print()
        tell(console, Text(title, style="italic"))
        for row in rows:
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        console.print(table)
    console.print()
    for sentence in findings.conclusions:
        tell(console, Text(sentence), label="· ")
    found = sum(comparison.reproduced for comparison in findings.comparisons)
    stated = counted(len(findings.comparisons), "stated figure")
    tell(console, Text(f"{found} of {stated} reproduced ({seconds:.1f} s)", style="dim"))


def _mark(comparison: Comparison) -> Text:
    return Text("✓", style="green") if comparison.reproduced else Text("✗ not reproduced", style="bold red")


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
    """Return a study as JSON data; a measured NaN or infinity, which JSON has no number for, as text."""
    numbers = ((one, float(one.measured)) for one in findings.comparisons)
    return {
        "study": study.name,
        "question": study.question,
        "source": study.source,
        "tables": [table._asdict() for table in findings.tables],
        "comparisons": [
            {**one._asdict(), "measured": x if isfinite(x) else str(x), "reproduced": one.reproduced}
            for one, x in numbers
        ],
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
        "shown": bool(evidence.shown),
    }
