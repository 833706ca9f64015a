"""What is seen of a campaign while it goes on: one line, on a terminal; elsewhere one a minute."""

from __future__ import annotations

from contextlib import nullcontext
from time import monotonic

from rich.console import Console

from gnomon_validation.campaign.drive import Campaign
from gnomon_validation.wording import counted

LINE_EVERY = 60.0
LOOKS_EVERY = 1.0


def shown(campaign: Campaign, seconds: float | None) -> None:
    """Run a campaign and show how far it is."""
    screen = Console(stderr=True, highlight=False)
    started = told = monotonic()
    with screen.status("the Dask workers begin") if screen.is_terminal else nullcontext() as status:
        for _ in campaign.run(seconds):
            if monotonic() - told < (LOOKS_EVERY if status else LINE_EVERY):
                continue
            told = monotonic()
            line = line_of(campaign, told - started, seconds)
            if status:
                status.update(line)
            else:
                screen.print(line, soft_wrap=True)


def line_of(campaign: Campaign, elapsed: float, seconds: float | None) -> str:
    """Return the line that says how far a campaign is."""
    if not campaign.cluster.threads:
        return f"{campaign.cluster.name} has no worker yet"
    time = f"{_clock(elapsed)} of {_clock(seconds)}" if seconds is not None else _clock(elapsed)
    failing = sum(bool(goal.gained.failed) for goal in campaign.goals)
    parts = (
        time,
        f"{counted(campaign.units, 'unit')}",
        f"{counted(campaign.cases, 'case')} ({campaign.cases / elapsed:,.0f}/s)",
        f"{counted(failing, 'law')} of {len(campaign.goals)} with failures",
        counted(campaign.cluster.threads, "worker"),
    )
    return " · ".join(parts)


def _clock(seconds: float) -> str:
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours}:{minutes:02}:{int(seconds) % 60:02}"
