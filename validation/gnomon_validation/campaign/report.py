"""What a person reads of the results of campaigns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from time import time

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gnomon_validation import case_files
from gnomon_validation.campaign.coverage import Comparison, Covered, Failure, LawIn, Version, verdict_on
from gnomon_validation.campaign.store import Store
from gnomon_validation.console import grid, tell
from gnomon_validation.ports.port import Offer
from gnomon_validation.report_causes import block, causes
from gnomon_validation.runs.explaining import diagnose
from gnomon_validation.tried import Tried
from gnomon_validation.verdicts import Verdict
from gnomon_validation.wording import counted, legible

AGO = re.compile(r"(\d+(?:\.\d+)?)([dhm])")
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def time_of(text: str) -> float:
    """Return the time that a person means: a date, a date and a time, or how long ago as in 2h, 30m, 7d."""
    ago = AGO.fullmatch(text.strip())
    if ago:
        return time() - timedelta(**{UNITS[ago[2]]: float(ago[1])}).total_seconds()
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except ValueError:
        raise ValueError(f"a time is written as 2026-11-29, 2026-11-29T18:30, 2h or 7d, got {text!r}") from None


def date_of(moment: float) -> str:
    """Return a time as a person reads it."""
    return datetime.fromtimestamp(moment).isoformat(" ", "minutes")


class NoPort:
    """Stands for a port that is not at hand: what it did lies in the results."""

    name = ""

    def offer(self, operation: object) -> Offer:
        return Offer()

    def call(self, operation: object, inputs: object, hyperparameters: object) -> object:
        raise LookupError("the port is not at hand")


def verdicts_of(store: Store, failures: Sequence[Failure], directory: Path) -> dict[Failure, Verdict]:
    """Return the verdict that each failure gives, with its case written to a file and the mistakes that explain it."""
    found = {failure: verdict_on(store, failure) for failure in failures}

    def group(failure: Failure) -> tuple[str, str, str]:
        return failure.port, failure.law.partition(".")[0], failure.dtype

    for _, several in groupby(sorted(found, key=group), key=group):
        judged = [(found[one], outcome) for one in several if (outcome := found[one].outcome) and outcome.calls]
        if judged:
            diagnose(NoPort(), [(verdict, [outcome]) for verdict, outcome in judged])
    numbers: Counter[tuple[str, ...]] = Counter()
    for failure, verdict in found.items():
        if verdict.smallest is not None:
            same = failure.port, failure.law, failure.dtype, failure.status
            numbers[same] += 1
            folder = directory / _folder(failure, numbers[same])
            verdict.replay_file = str(case_files.write(folder, failure.port, verdict))
    return found


def _folder(failure: Failure, number: int) -> Path:
    """Return where a case lies: failures of one law and status that are of different kinds, in different folders."""
    name = re.sub(r"[^\w.]+", "-", failure.port).strip("-.")[-80:] or "port"
    return Path(name) / f"{failure.status.replace(' ', '-')}{f'-{number}' if number > 1 else ''}"


def show(
    every: Sequence[Version],
    found: Mapping[Failure, Verdict],
    compared: Sequence[Comparison],
    since: str,
    screen: Console,
    *,
    verbose: bool = False,
) -> None:
    """Print how far each version of each port came, then the new failures, then how versions compare."""
    for port, group in groupby(every, key=lambda one: one.port):
        of_port = list(group)
        tell(screen, Text(legible(port), style="bold"))
        screen.print(_table(of_port))
        covered = [covered for one in of_port for covered in one.laws.values()]
        tell(screen, Text(_tried(covered, verbose), style="dim"))
        _show_unreached(of_port, screen, verbose)
        screen.print()
    _show_failures(found, since, screen)
    for one in compared:
        for laws, what, style in (
            (one.mended, "failed in an older version and hold now", "green"),
            (one.broken, "held in an older version and fail now", "bold red"),
        ):
            if laws:
                named = ", ".join(f"{law} {dtype}" for law, dtype in laws)
                tell(screen, Text(f"{legible(one.port)}: {what}: {named}", style=style))


def _table(every: Sequence[Version]) -> Table:
    figures = ">units", ">cases", ">worst / band", ">largest"
    table = grid("operation", "dtype", "version", "until", ">laws", "verdict", *figures, no_wrap=True)
    for one in every:
        rows = sorted(one.laws, key=lambda law: (law[0].partition(":")[0], law[1]))
        for (operation, dtype), group in groupby(rows, key=lambda law: (law[0].partition(":")[0], law[1])):
            laws = list(group)
            covered = [one.laws[law] for law in laws]
            reached = sum(bool(c.units) for c in covered)
            until = date_of(one.last) if reached else "-"
            table.add_row(
                operation,
                dtype,
                one.version,
                until,
                f"{reached} of {len(laws)}",
                _verdict(one, laws),
                f"{sum(c.units for c in covered):,}",
                f"{sum(c.cases for c in covered):,}",
                f"{max(c.worst for c in covered):.3g}",
                f"{max(c.tried.largest for c in covered):,}",
            )
    return table


def _verdict(one: Version, laws: Sequence[LawIn]) -> Text:
    failing = sum(one.fails(law) for law in laws)
    others = sum(bool(one.laws[law].failed) for law in laws) - failing
    if failing:
        return Text(f"{failing} {'fails' if failing == 1 else 'fail'}", style="bold red")
    if not any(one.laws[law].units for law in laws):
        return Text("not reached", style="yellow")
    return Text(f"conforms but for {others} known" if others else "conforms", style="green")


def _tried(covered: Sequence[Covered], verbose: bool) -> str:
    tried = Tried().join(one.tried for one in covered)
    sizes = [abs(end) for ends in tried.ranges.values() for end in ends]
    told = f"tried: arrays of up to {counted(tried.largest, 'entry', 'entries')}"
    if verbose:
        return "; ".join([told, *(f"{name} from {a:.3g} to {b:.3g}" for name, (a, b) in sorted(tried.ranges.items()))])
    sizes_told = f"; hyperparameters from {min(sizes):.2g} to {max(sizes):.2g} in size (-v lists them)" if sizes else ""
    return f"{told}{sizes_told}"


def _show_unreached(every: Sequence[Version], screen: Console, verbose: bool) -> None:
    laws = [f"{law} {dtype} ({one.version})" for one in every for law, dtype in one.unreached]
    if laws:
        told = ", ".join(laws) if verbose else f"{counted(len(laws), 'law')} (-v lists them)"
        tell(screen, Text(f"not reached: {told}", style="yellow"))


def _show_failures(found: Mapping[Failure, Verdict], since: str, screen: Console) -> None:
    tell(screen, Text(f"{counted(len(found), 'new failure')} since {since}", style="bold"))
    for port, group in groupby(found, key=lambda failure: failure.port):
        failures = {id(found[failure]): failure for failure in group}
        verdicts = [found[failure] for failure in failures.values()]
        for of_cause in causes(v for v in verdicts if not v.expected):
            screen.print()
            first = failures[id(of_cause[0])]
            seen = f"{date_of(first.at)}, version {first.version}, in {counted(first.units, 'unit')}"
            tell(screen, Text(f"{legible(port)}: first seen {seen}", style="dim"))
            screen.print(block(*of_cause), soft_wrap=True)
            for verdict in of_cause[1:]:
                if verdict.replay_file:
                    screen.print(Text(f"  replay: gnomon replay {verdict.replay_file}", style="dim"), soft_wrap=True)
        for reason in dict.fromkeys(v.expected for v in verdicts if v.expected):
            same = [f"{v.law.id} {v.dtype}" for v in verdicts if v.expected == reason]
            tell(screen, Text(f"known difference: {', '.join(same)}: {reason}", style="dim"))
    screen.print()
