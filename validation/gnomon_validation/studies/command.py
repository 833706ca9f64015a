"""The commands `gnomon study` and `gnomon claims`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from gnomon_spec.system import nearest
from gnomon_validation.console import console, tell
from gnomon_validation.files import require_directory, require_report
from gnomon_validation.pictures import can_draw, new_figure, write_figure
from gnomon_validation.studies import report
from gnomon_validation.studies.find import find_studies, ledgers, studies
from gnomon_validation.studies.study import Study

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
        report.show_question(one, screen)
        began = time.perf_counter()
        findings = one.measure()
        report.show_findings(findings, time.perf_counter() - began, screen)
        screen.print(_picture(one, findings.data, pictures), soft_wrap=True)
        screen.print()
        told.append(report.study_data(one, findings))
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
        report.show_ledger(system, ledger.claims, screen)
        for claim in ledger:
            evidence = claim.examine()
            report.show_claim(claim, evidence, screen)
            told.append(report.claim_data(claim, evidence))
        screen.print()
    _write(json_file, {"claims": told})
    sys.exit(0 if all(data["shown"] for data in told) else 1)


def _picture(one: Study, data: Any, directory: Path) -> Text:
    """Draw the picture of a study and return the line that says where it is."""
    if not can_draw():
        return Text("no picture: it needs matplotlib, pip install 'gnomon[plot]'", style="dim")
    figure = new_figure(one.size)
    one.draw(data, figure)
    directory.mkdir(parents=True, exist_ok=True)
    write_figure(figure, file := directory / f"{one.name}.png")
    return Text(f"picture: {file}")


def _write(file: Path | None, data: dict[str, Any]) -> None:
    if file is not None:
        whole = {"format": "gnomon-study/1", "gnomon": version("gnomon"), **data}
        file.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
