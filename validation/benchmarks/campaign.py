"""What a campaign gets done: cases per second by the number of Dask workers, and what memory takes as cases add up.

    python validation/benchmarks/campaign.py
    python validation/benchmarks/campaign.py --cases 1000000    # memory over so many cases; half an hour on two cores

Every campaign of a round judges the same blocks of the laws of lion.step. Its rate is measured while all workers are at
work: from when a fifth of the cases are stored until four fifths are. Memory is that of a campaign of the laws that
cost the least, since it is the number of cases that counts. Needs the extra `campaign`.
"""

from __future__ import annotations

import contest  # isort: skip (before NumPy)

from collections.abc import Iterator
from functools import partial
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import NamedTuple

import click
import psutil

from gnomon_spec.system import find_system
from gnomon_validation.campaign.cluster import Cluster
from gnomon_validation.campaign.drive import Campaign
from gnomon_validation.campaign.goals import describe, goals_of
from gnomon_validation.campaign.progress import cores
from gnomon_validation.campaign.store import Store
from gnomon_validation.runs.costs import seconds_of_a_case
from gnomon_validation.runs.plan import BLOCK, Plan
from gnomon_validation.runs.pool import Owner

PORT, SYSTEM, DTYPES = "reference", "lion", ("float32",)
CHEAP = 0.001  # seconds a case
WORKERS = (1, 2, 4)
MEGABYTE = 1e6
LOOKS = 10


class Memory(NamedTuple):
    """Megabytes that processes hold after so many cases: the command (with Dask's scheduler), a Dask worker and a
    worker of Gnomon's, the largest of each; and those of the file of results.
    """

    cases: int
    seconds: float
    command: float
    dask: float
    worker: float
    file: float


def through(workers: int, folder: Path, *, cases: int | None, most: float = inf) -> Iterator[tuple[Campaign, Path]]:
    """Yield a campaign on its way, now and then.

    cases: of each law, `None` for as many as are waited for. most: seconds that a case of a law may cost.
    """
    plan = Plan(examples=BLOCK, dtypes=DTYPES)
    target = describe(Owner(PORT, {}, None, plan))
    goals = list(
        goals_of(
            target,
            [find_system(SYSTEM)],
            plan,
            lambda law: seconds_of_a_case(law) <= most,
            campaign="bench",
            cases=cases,
        )
    )
    file = folder / f"{workers} {monotonic()}.sqlite"
    with Store(file, campaign="bench") as store, Cluster(None, workers, "bench") as cluster:
        campaign = Campaign(goals, store, cluster, plan)
        for _ in campaign.run(None):
            yield campaign, file


def rate(workers: int, folder: Path, cases: int) -> float:
    """Return how many cases a second are judged while all workers are at work."""
    at = [(monotonic(), 0)]
    for campaign, _ in through(workers, folder, cases=cases):
        at.append((monotonic(), campaign.cases))
    total = at[-1][1]
    steady = [(moment, number) for moment, number in at if total / 5 <= number <= total * 4 / 5]
    (began, first), (ended, last) = steady[0], steady[-1]
    return (last - first) / (ended - began)


def grown(folder: Path, cases: int) -> list[Memory]:
    """Return what memory is taken, each time that a tenth of the cases was judged."""
    found: list[Memory] = []
    started = monotonic()
    for campaign, file in through(cores(), folder, cases=None, most=CHEAP):
        if campaign.cases >= cases * (len(found) + 1) / LOOKS:
            found.append(measured(campaign.cases, monotonic() - started, file))
        if campaign.cases >= cases:
            break
    return found


def measured(cases: int, seconds: float, file: Path) -> Memory:
    """Return what memory is taken now."""
    own = psutil.Process()
    dask = [child for child in own.children() if "multiprocessing.spawn" in " ".join(child.cmdline())]
    workers = [worker for child in dask for server in child.children() for worker in server.children()]
    sizes = [max((resident(one) for one in processes), default=0.0) for processes in ([own], dask, workers)]
    return Memory(
        cases, seconds, *sizes, sum(one.stat().st_size for one in file.parent.glob(f"{file.name}*")) / MEGABYTE
    )


def resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / MEGABYTE
    except psutil.Error:  # it ended meanwhile
        return 0.0


@click.command()
@click.option("--law-cases", default=400, show_default=True, help="Cases a law, in each campaign that is timed.")
@click.option("--repeats", default=2, show_default=True, help="Rounds; medians count.")
@click.option("--cases", default=20_000, show_default=True, help="Cases over which memory is looked at; 0: none.")
def main(law_cases: int, repeats: int, cases: int) -> None:
    """Print the rates and their ratios, then the memory."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        runs = {str(workers): partial(rate, workers, folder, law_cases) for workers in WORKERS}
        taken = contest.Taken([{name: run() for name, run in runs.items()} for _ in range(repeats)])
        rows = [(name, taken.seconds(name), taken.ratio(name, str(WORKERS[0]))) for name in runs]
        columns = f"Dask workers on {cores()} cores | cases / s {{:,.0f}} | against one {{:.2f}}"
        contest.console().print(contest.table(f"{SYSTEM}.step, {PORT}, medians of {repeats} rounds", columns, rows))
        if cases:
            figures = " | ".join(
                f"{head} {{:,.1f}}" for head in ("command", "Dask worker", "worker", "file of results")
            )
            columns = f"cases {{:,}} | seconds {{:,.0f}} | {figures}"
            contest.console().print(contest.table("MB", columns, grown(folder, cases)))


if __name__ == "__main__":
    main()
