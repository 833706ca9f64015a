"""The command `gnomon campaign`: hours of testing on all cores or a cluster, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click
from rich.text import Text

from gnomon_spec.system import Law, System, find_system, systems
from gnomon_validation import common_options
from gnomon_validation.campaign import coverage, report, report_data
from gnomon_validation.campaign.goals import Goal, Target, describe, goals_of
from gnomon_validation.campaign.store import DEFAULT, Store
from gnomon_validation.check_command import laws_named
from gnomon_validation.console import console, tell
from gnomon_validation.files import require_directory, require_report
from gnomon_validation.runs.plan import BLOCK, Plan
from gnomon_validation.runs.pool import Owner, cores
from gnomon_validation.wording import assignment, counted, legible

if TYPE_CHECKING:
    from gnomon_validation.campaign.drive import Campaign

FILE = click.Path(path_type=Path, dir_okay=False)
results_option = click.option(
    "--results", "file", type=FILE, default=DEFAULT, show_default=True, help="The file of results (SQLite)."
)


class PortsFirst(click.Group):
    """A group whose first command need not be named: `gnomon campaign numba` is `gnomon campaign run numba`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=PortsFirst)
def campaign() -> None:
    """Test PORT… for hours, on all cores or a Dask cluster, and report what all campaigns have found.

    `gnomon campaign PORT… --hours 8` is short for `gnomon campaign run PORT… --hours 8`.
    """


@campaign.command()
@click.argument("ports", nargs=-1, required=True, metavar="PORT...")
@click.option(
    "--hours", type=click.FloatRange(0, min_open=True), help="When to end; default: 1, or never with --cases."
)
@click.option("--cases", type=click.IntRange(1), help="End when each law has so many in each dtype, in all campaigns.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler, as tcp://host:8786; default: one of its own.")
@click.option("--workers", type=click.IntRange(1), help="How many Dask workers of its own; default: one a core.")
@common_options.system
@common_options.law
@common_options.dtype
@common_options.seed
@common_options.setting
@common_options.timeout
@common_options.memory
@results_option
def run(
    ports: Sequence[str],
    hours: float | None,
    cases: int | None,
    scheduler: str | None,
    workers: int | None,
    system_names: Sequence[str],
    law_names: Sequence[str],
    dtypes: Sequence[str],
    seed: int,
    options: Sequence[str],
    timeout: float,
    memory: int | None,
    file: Path,
) -> None:
    """Hold PORT… against their laws, block of cases by block, until the time is over.

    The time goes to laws that still bring something new. Each result is stored at once: whatever ends a campaign, the
    same command goes on from there, and several may run at the same time. Needs the extra `campaign`.

    Exit status: 0 nothing failed, 1 something did, 2 usage, 130 or 143 ended by a signal.
    """
    if find_spec("distributed") is None:
        raise ValueError("campaigns need the package 'distributed': pip install 'gnomon[campaign]'")
    from gnomon_validation.campaign.cluster import Cluster
    from gnomon_validation.campaign.drive import Campaign
    from gnomon_validation.campaign.progress import shown

    chosen = [find_system(name) for name in system_names] or list(systems().values())
    wanted = laws_named(law_names, chosen)
    require_directory("results", file.parent)
    plan = Plan(examples=BLOCK, dtypes=tuple(dtypes) or ("float32", "float64"), seed=seed)
    given = dict(assignment(text) for text in options)
    said = chosen[0].name if len(system_names) == 1 else None
    limits: dict[str, Any] = {"seconds": timeout, "memory": memory and memory * 10**6}
    targets = [describe(Owner(port, given, said, plan, **limits)) for port in dict.fromkeys(ports)]
    name = uuid4().hex[:8]
    goals = _goals(targets, chosen, plan, wanted, name, cases)
    seconds = 3600 * (hours if hours is not None else 1.0) if hours is not None or cases is None else None
    with Store(file, campaign=name) as store, Cluster(scheduler, workers or cores(), name) as cluster:
        one = Campaign(goals, store, cluster, plan)
        try:
            shown(one, seconds)
        finally:
            _tell(one, file)
    if one.signal:
        sys.exit(128 + one.signal)
    sys.exit(any(coverage.counts(*goal.key[:1], *goal.key[2:4], s) for goal in goals for s in goal.gained.failed))


def _goals(
    targets: Sequence[Target],
    chosen: Sequence[System],
    plan: Plan,
    wanted: Callable[[Law], bool],
    name: str,
    cases: int | None,
) -> list[Goal]:
    found: list[Goal] = []
    for target in targets:
        goals = list(goals_of(target, chosen, plan, wanted, campaign=name, cases=cases))
        if not goals:
            lacking = f"{legible(target.name)} provides nothing of what was asked for"
            raise ValueError(f"{lacking}; {target.described.meant or 'see gnomon list ports'}")
        if not target.described.contents:
            said = f"it cannot be known what {legible(target.name)} is made of: its results add to no other campaign's"
            tell(console(), Text(said, style="yellow"))
        found += goals
    return found


def _tell(one: Campaign, file: Path) -> None:
    """Print what a campaign added to the results."""
    screen = console()
    for target in one.dropped:
        said = f"{legible(target.name)} changed meanwhile: no more was asked of it; start again to test what it is now"
        tell(screen, Text(said, style="yellow"))
    added = f"{counted(one.cases, 'case')} in {counted(one.units, 'unit')}, {one.failing} of which failed"
    tell(screen, Text(f"campaign {one.cluster.campaign}: {added}; gnomon campaign report --results {file}"))


@campaign.command(name="report")
@click.argument("ports", nargs=-1, metavar="[PORT...]")
@results_option
@click.option("--since", metavar="WHEN", help="A date, or 2h, 7d, …: which failures are new; default: the last report.")
@click.option("--json", "json_file", metavar="FILE", help="Write the report as JSON; - prints nothing else.")
@common_options.failures
@click.option("-v", "--verbose", is_flag=True, help="List the laws that were not reached, and all ranges.")
def report_(
    ports: Sequence[str], file: Path, since: str | None, json_file: str | None, failures: Path, verbose: bool
) -> None:
    """Print what campaigns have found: how far ports were tested, what is new, and how versions compare.

    Only PORT… as they are named in the results, if any are given.

    Exit status: 0 no law fails in the newest version of each port, 1 some do, 2 usage.
    """
    given = report.time_of(since) if since is not None else None
    written = Path(json_file) if json_file not in (None, "-") else None
    require_report(written)
    require_directory("failures", failures)
    with Store(file, new=False) as store:
        every = coverage.versions(store, lambda port: not ports or port in ports)
        if not every:
            raise ValueError(f"there are no results of {', '.join(ports) or 'any port'} in {file}")
        last = store.report_now()
        after = given if given is not None else last
        found = list(coverage.failures(store, after if after is not None else 0.0, lambda p: not ports or p in ports))
        verdicts = report.verdicts_of(store, found, failures)
        compared = list(coverage.comparisons(every))
    if json_file is not None:
        told = report_data.text(every, verdicts, compared, after)
        written.write_bytes(told.encode()) if written else click.echo(told, nl=False)
    if json_file != "-":
        said = report.date_of(after) if after is not None else "the beginning"
        said += ", the last report" if given is None and last is not None else ""
        report.show(every, verdicts, compared, said, console(), verbose=verbose)
    sys.exit(any(one.failing for one in coverage.newest(every)))
