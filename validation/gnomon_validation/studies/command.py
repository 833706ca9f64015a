"""The commands `gnomon study` and `gnomon claims`: what they run, and how a person and a program read it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gnomon_spec.system import nearest
from gnomon_validation.console import console, grid, tell
from gnomon_validation.files import require_directory, require_report
from gnomon_validation.pictures import can_draw, write_figure
from gnomon_validation.studies.claim import Claim, Evidence
from gnomon_validation.studies.find import find_studies, ledgers, studies
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study
from gnomon_validation.wording import counted

STYLES = {"holds": "green", "holds if": "yellow", "false": "bold red", "not reproducible": "yellow"}
FILE, FOLDER = click.Path(path_type=Path), click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--pictures",
    type=FOLDER,
    default=Path("pictures"),
    show_default=True,
    help="Directory for the pictures (extra `plot`).",
)
@click.option("--json", "json_file", type=FILE, help="Write the figures as JSON.")
def study(names: Sequence[str], pictures: Path, json_file: Path | None) -> None:
    """Run studies (NAMES of studies, or of systems for all of theirs): a published result beside what is measured.

    Without a name: list them. Exit status: 0 all stated figures reproduced, 1 some not, 2 usage.
    """
    screen = console()
    if not names:
        for known in studies().values():
            tell(screen, Text().append(known.name, style="cyan").append(f"  {known.question}"), hang=4)
        return
    chosen = list({found.name: found for name in names for found in find_studies(name)}.values())
    require_directory("pictures", pictures)
    require_report(json_file)
    told = []
    for one in chosen:
        _show_question(one, screen)
        began = time.perf_counter()
        findings = one.measure()
        _show_findings(findings, time.perf_counter() - began, screen)
        screen.print(_picture(one, findings.data, pictures), soft_wrap=True)
        screen.print()
        told.append(_study_data(one, findings))
    _write(json_file, {"studies": told})
    sys.exit(0 if all(data["reproduced"] for data in told) else 1)


@click.command()
@click.argument("systems", nargs=-1)
@click.option("--json", "json_file", type=FILE, help="Write the ledger as JSON.")
def claims(systems: Sequence[str], json_file: Path | None) -> None:
    """Print what was published about SYSTEMS (default: all), our verdict, and the figure measured for it just now.

    Every counter-example is run. Exit status: 0 each measurement bears its verdict out, 1 one does not, 2 usage.
    """
    require_report(json_file)
    screen = console()
    told = []
    for system, ledger in {name: nearest("ledger", name, ledgers()) for name in (systems or ledgers())}.items():
        _show_ledger(system, ledger.claims, screen)
        for claim in ledger:
            evidence = claim.examine()
            _show_claim(claim, evidence, screen)
            told.append(_claim_data(claim, evidence))
        screen.print()
    _write(json_file, {"claims": told})
    sys.exit(0 if all(data["shown"] for data in told) else 1)


def _picture(one: Study, data: Any, directory: Path) -> Text:
    """Draw the picture of a study and return the line that says where it is."""
    if not can_draw():
        return Text("no picture: it needs matplotlib, pip install 'gnomon[plot]'", style="dim")
    directory.mkdir(parents=True, exist_ok=True)
    write_figure(one.picture(data), file := directory / f"{one.name}.png")
    return Text(f"picture: {file}")


def _write(file: Path | None, data: dict[str, Any]) -> None:
    if file is not None:
        whole = {"format": "gnomon-study/1", "gnomon": version("gnomon"), **data}
        file.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _show_question(study: Study, screen: Console) -> None:
    """Print what a study asks."""
    tell(screen, Text(f"{study.name}: {study.title}", style="bold"))
    tell(screen, Text(study.question))
    tell(screen, Text(f"source: {study.source}", style="dim"))


def _show_findings(findings: Findings, seconds: float, screen: Console) -> None:
    """Print what a study found."""
    tables: list[tuple[str, Table, Any]] = [
        (table.title, grid(table.columns[0], *(f">{column}" for column in table.columns[1:])), table.rows)
        for table in findings.tables
    ]
    compared = [(c.quantity, c.stated, c.shown, _mark(c)) for c in findings.comparisons]
    if compared:
        tables.append(("stated and measured", grid("quantity", ">stated", ">measured", ">"), compared))
    for title, table, rows in tables:
        screen.print()
        tell(screen, Text(title, style="italic"))
        for row in rows:
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        screen.print(table)
    screen.print()
    for sentence in findings.conclusions:
        tell(screen, Text(sentence), label="· ")
    found = sum(comparison.reproduced for comparison in findings.comparisons)
    stated = counted(len(findings.comparisons), "stated figure")
    tell(screen, Text(f"{found} of {stated} reproduced ({seconds:.1f} s)", style="dim"))


def _mark(comparison: Comparison) -> Text:
    return Text("✓", style="green") if comparison.reproduced else Text("✗ not reproduced", style="bold red")


def _show_ledger(system: str, claims: Sequence[Claim], screen: Console) -> None:
    """Print how many claims about a system there are, and how many of each verdict."""
    counts = [(verdict, sum(claim.verdict == verdict for claim in claims)) for verdict in STYLES]
    said = ", ".join(f"{count} {verdict.replace('holds if', 'conditional')}" for verdict, count in counts if count)
    tell(screen, Text(f"{system}: {counted(len(claims), 'published claim')} ({said})", style="bold"))


def _show_claim(claim: Claim, evidence: Evidence, screen: Console) -> None:
    """Print a statement, its verdict, and what was measured."""
    screen.print()
    tell(screen, Text(claim.statement))
    tell(screen, Text(claim.source, style="dim"), label="  source    ")
    tell(screen, Text().append(claim.judgement, style=STYLES[claim.verdict]), label="  verdict   ")
    if claim.why:
        tell(screen, Text(claim.why), label="  because   ")
    tell(screen, Text(evidence.figure), label="  measured  ")
    if not evidence.shown:
        tell(screen, Text("  THE MEASUREMENT DOES NOT BEAR THE VERDICT OUT", style="bold red"))


def _study_data(study: Study, findings: Findings) -> dict[str, Any]:
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


def _claim_data(claim: Claim, evidence: Evidence) -> dict[str, Any]:
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
