"""`gnomon replay`: a stored case, judged again."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from gnomon_validation import case_files, common_options, completion, report_causes
from gnomon_validation.case_files import CaseFile
from gnomon_validation.console import console, hushed
from gnomon_validation.ports.find import find_port
from gnomon_validation.replay import replay as run_replay
from gnomon_validation.runs.joined import with_loss
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.pool import Owner, Pool
from gnomon_validation.runs.results import decoded_finding
from gnomon_validation.runs.work import Queue
from gnomon_validation.verdicts import FAILING, Explanation, Verdict
from gnomon_validation.wording import assignment, typed


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--port",
    shell_complete=completion.ports,
    help="Hold this port against the case, instead of what the port in the file returned.",
)
@common_options.setting
@click.option("--jobs", type=click.IntRange(0, 1), default=1, help="0: the port in this process, for a debugger.")
@common_options.timeout
def replay(file: Path, port: str | None, options: Sequence[str], jobs: int, timeout: float) -> None:
    """Judge the case stored in FILE again.

    Without --port nothing that the file names is run: what the port returned is in the file and is judged again.
    Exit status: 0 the case conforms, 1 it does not, 2 usage.
    """
    stored = case_files.read(file)
    given = dict(assignment(text) for text in options)
    if port and jobs:
        verdict, live = by_worker(stored, file, port, given, timeout), True
    else:
        with hushed():
            verdict, live = run_replay(stored, find_port(port, given) if port else None)
    screen = console()
    if verdict.outcome is not None and verdict.outcome.failed:
        screen.print(report_causes.block(verdict), soft_wrap=True)
        if verdict.reason:
            screen.print(Text(f"({verdict.reason})", style="dim"), soft_wrap=True)
    else:
        line = Text(f"{stored.law.id}  {stored.dtype}   ").append(verdict.status, style="green")
        screen.print(line, soft_wrap=True)
        if port == stored.port and stored.verdict in FAILING:
            what = f"(what {port} returned then failed: it has changed since, or its answers depend on earlier calls)"
            screen.print(Text(what, style="dim"), soft_wrap=True)
    if not live:
        again = f"gnomon replay {typed(file)} --port {typed(stored.port)}"
        hint = f"(judged from what {stored.port} returned; to run it: {again})"
        screen.print(Text(hint, style="dim"), soft_wrap=True)
    sys.exit(1 if verdict.outcome is not None and verdict.outcome.failed else 0)


def by_worker(stored: CaseFile, file: Path, port: str, options: Mapping[str, Any], timeout: float) -> Verdict:
    """Return the verdict on a stored case, for which a worker process calls the port."""
    law, dtype = stored.law, stored.dtype
    queue = Queue()
    queue.add({"do": "replay", "law": law.id, "file": str(file.absolute())})
    with Pool(Owner(port, options, None, Plan(), timeout), jobs=1) as pool:
        ((_, result),) = pool.performed(queue)
    if "failed" in result:
        raise ValueError(result["failed"])
    found = result["found"]
    if "lost" in found:
        return with_loss(Verdict(law, dtype, found["lost"]["status"], cases=1, smallest=stored.case), found["lost"])
    case, outcome = decoded_finding(found["smallest"], law)
    explained: list[Any] = [Explanation(**told) for told in found["diagnosis"]]
    return Verdict(law, dtype, found["status"], cases=1, smallest=case, outcome=outcome, diagnosis=explained)
