"""`gnomon check`: a port, held against every law of what it provides."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gnomon_spec.system import Law, System, find_system, systems
from gnomon_validation import baseline, common_options, completion, expectations, sinks
from gnomon_validation.checker import Interrupted, number_of_checks
from gnomon_validation.checker import check as run_check
from gnomon_validation.console import hushed
from gnomon_validation.files import require_directory, require_report
from gnomon_validation.ports.find import find_port, likely_meant
from gnomon_validation.ports.port import Port
from gnomon_validation.runs import run_file
from gnomon_validation.runs.plan import Plan
from gnomon_validation.runs.pool import DescribedPort, Owner, Pool, cores, prepare
from gnomon_validation.runs.run_file import Recalled, RunFile
from gnomon_validation.runs.work import InProcess, Workers
from gnomon_validation.signals import ending
from gnomon_validation.verdicts import Check
from gnomon_validation.wording import assignment

SECONDS = 20.0
SEARCH_SECONDS = 10.0  # to look for the edit that a port is
MOST_NAMED = 8
# What a run asks for, which one that goes on with it asks for again.
ASKED = ("system_names", "law_names", "dtypes", "examples", "seed", "strict_input")
FILE = click.Path(path_type=Path, allow_dash=True)


class Asked(NamedTuple):
    """What the command was asked: see its options."""

    port: str
    options: dict[str, Any]
    system_names: Sequence[str]
    law_names: Sequence[str]
    dtypes: Sequence[str]
    examples: int | None
    seed: int
    expect: Path | None
    strict_input: bool
    jobs: int
    timeout: float
    memory: int | None
    resume: bool
    fresh: bool
    last_failed: bool
    fail_fast: bool


@click.command()
@click.argument("port", shell_complete=completion.ports)
@common_options.system
@common_options.law
@common_options.dtype
@click.option(
    "--examples",
    type=click.IntRange(1),
    help=f"Cases drawn of a law; default: 100, fewer where {SECONDS:g} seconds for all laws are not enough for that.",
)
@common_options.seed
@common_options.setting
@click.option("--expect", type=click.Path(path_type=Path), help="TOML file of expected failures and their reasons.")
@click.option("--strict-input", is_flag=True, help="A port that accepts bad input does not conform.")
@click.option("--jobs", type=click.IntRange(0), help="Worker processes; default: one a core. 0: none, for a debugger.")
@common_options.timeout
@common_options.memory
@click.option(
    "--resume", is_flag=True, help="Go on with the run of PORT that did not come to its end, as it was asked."
)
@click.option("--fresh", is_flag=True, help="Do all anew, also what has not changed since it was done.")
@click.option("--last-failed", is_flag=True, help="Only laws that failed in the last run; all if none did.")
@click.option("-x", "--fail-fast", is_flag=True, help="End with the first law that fails.")
@click.option("--watch", is_flag=True, help="Check again whenever a file of the port changes (extra `watch`).")
@click.option("--json", "json_file", type=FILE, help="Write the report as JSON; - is the standard output.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write the report as JUnit XML.")
@click.option(
    "--baseline",
    "baseline_file",
    type=click.Path(path_type=Path),
    help="A report in JSON: laws that were checked in it and are not now are a failure.",
)
@common_options.failures
@click.option("--every-law", is_flag=True, help="Print a row for every law.")
@click.option("-v", "--verbose", is_flag=True, help="List all that is not provided, and print what the port printed.")
@click.option("-q", "--quiet", is_flag=True, help="Print the last line alone.")
@click.pass_context
def check(context: click.Context, /, **given: Any) -> None:
    """Hold PORT against every law of what it provides.

    PORT is numba, reference, FILE.py[:NAME], package.module[:NAME], [torch:]module.Class, optax:module.function, or a
    library: scipy, torch.func, torch.hessian_free, curvlinops, matfree, linear_operator, pyhessian.

    What has not changed since it was checked is not checked again: results are kept in .gnomon. Options can also stand
    in the table [tool.gnomon] of pyproject.toml.

    Exit status: 0 all conform, 1 some do not, 2 usage, 130 or 143 interrupted.
    """
    options = dict(assignment(text) for text in given.pop("options"))
    reports: dict[str, Any] = {name: given.pop(name) for name in ("json_file", "junit_file", "failures")}
    how = {name: given.pop(name) for name in ("every_law", "verbose", "quiet")}
    before, watches = given.pop("baseline_file"), given.pop("watch")
    if given["jobs"] is None:
        given["jobs"] = cores()
    if given["resume"]:
        given.update(_asked_before(context, given["port"], options))
    asked = Asked(options=options, **given)
    require_report(None if reports["json_file"] == sinks.STANDARD_OUTPUT else reports["json_file"])
    require_report(reports["junit_file"])
    require_directory("failures", reports["failures"])
    known = baseline.read(before) if before else None

    def once() -> tuple[int, list[str]]:
        result, files = _result(asked, shows=not how["quiet"])
        fewer = baseline.missing(known, result) if known is not None else []
        sinks.write_all(sinks.sinks_of(result, **reports, **how))
        for sentence in fewer:
            sinks.tell(sentence)
        return result.interrupted or (0 if result.conforms and not fewer else 1), files

    if watches:
        _watch(asked.port, once)
    sys.exit(once()[0])


def _asked_before(context: click.Context, port: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the run asked for that was ended before its end, but for what is said anew."""
    before, _ = run_file.last_run(run_file.read_lines(run_file.file_of(port, options)))
    if before is None:
        raise ValueError(f"there is no run of {port} to go on with: all came to their end in this folder")
    source = context.get_parameter_source
    return {name: before[name] for name in ASKED if name in before and source(name) is ParameterSource.DEFAULT}


def _result(asked: Asked, *, shows: bool) -> tuple[Check, list[str]]:
    """Return the check of a port, and the files that it is made of."""
    if asked.jobs:
        prepare()
    chosen = [find_system(name) for name in asked.system_names] or list(systems().values())
    wanted = laws_named(asked.law_names, chosen)
    reasons = expectations.read(asked.expect) if asked.expect else {}
    expectations.require_laws(reasons, (law.id for system in systems().values() for law in system.laws))
    widths = tuple(asked.dtypes) or ("float32", "float64")
    plan = Plan(dtypes=widths, seed=asked.seed, seconds=SECONDS, search_seconds=SEARCH_SECONDS)
    if asked.examples:
        plan = replace(plan, examples=asked.examples, seconds=None)
    with ending(_interrupt), _port_and_workers(asked, plan, reasons) as (port, workers, kept):
        if not asked.system_names:
            chosen = [s for s in chosen if any(port.offer(o) for o in s.operations.values())]
        if kept is not None and asked.last_failed:
            wanted = _that_failed(kept, wanted)
        total = number_of_checks(port, chosen, plan, wanted)
        if not total:
            offered = [o.id for system in chosen for o in system.operations.values() if port.offer(o)]
            if offered:
                of = f"{', '.join(offered[:MOST_NAMED])}{', …' * (len(offered) > MOST_NAMED)} in {', '.join(widths)}"
                raise ValueError(f"no law that was asked for is about what {asked.port} provides: {of}")
            lacking = f"{asked.port} provides nothing of {', '.join(asked.system_names or systems())}"
            meant = port.meant if isinstance(port, DescribedPort) else likely_meant(port)
            raise ValueError(f"{lacking}; {meant or 'see gnomon list ports'}")
        if kept is not None:
            begin(kept, asked)
        with _progress(total, shows) as progress:
            result = run_check(
                port,
                chosen,
                plan,
                laws=wanted,
                progress=progress,
                expected=expectations.expecting(reasons),
                workers=workers,
                fail_fast=asked.fail_fast,
            )
        result.strict_input = asked.strict_input
        if kept is not None:
            _end(kept, result)
        return result, sorted(kept.files) if kept is not None else []


def begin(kept: RunFile, asked: Asked) -> None:
    """Open the file in which results are kept; say so in a line if that cannot be."""
    try:
        kept.begin({"port": asked.port, **{name: getattr(asked, name) for name in ASKED}})
    except OSError as error:
        kept.close()
        sinks.tell(f"results are not kept: {run_file.FOLDER}: {error.strerror}")


def _end(kept: RunFile, result: Check) -> None:
    try:
        if kept.is_open and not result.not_run:
            kept.end([(v.law.id, v.dtype) for v in result.verdicts if result.fails(v)])
        kept.close()
    except OSError as error:
        sinks.tell(f"results are not kept: {kept.file}: {error.strerror}")


@contextmanager
def _port_and_workers(
    asked: Asked, plan: Plan, reasons: Mapping[str, str]
) -> Iterator[tuple[Port, Workers, RunFile | None]]:
    """Yield a port as far as it is known here, who works, and what is kept; without workers the port itself is here."""
    system = asked.system_names[0] if len(asked.system_names) == 1 else None
    if not asked.jobs:
        with hushed() as printed:
            port = find_port(asked.port, asked.options, system)
        yield port, InProcess(port, plan, printed.getvalue()), None
        return
    memory = asked.memory * 10**6 if asked.memory else None
    with Pool(Owner(asked.port, asked.options, system, plan, asked.timeout, memory), asked.jobs) as pool:
        described = DescribedPort(pool.ask({"do": "describe"}))
        kept = RunFile(asked.port, asked.options, plan, described.contents, described.files)
        known = expectations.expecting(reasons)

        def is_expected(law: str, dtype: str, status: str) -> bool:
            return bool(known(described.name, law, dtype, status))

        yield described, Recalled(pool, kept, sinks.tell, is_expected, fresh=asked.fresh, resumed=asked.resume), kept


def _interrupt(number: int) -> None:
    """End the run in order: what is known is told."""
    raise Interrupted(128 + number)


def _that_failed(kept: RunFile, wanted: Callable[[Law], bool]) -> Callable[[Law], bool]:
    failed = {law for law, _ in run_file.last_run(kept.lines)[1] or ()}
    return (lambda law: law.id in failed and wanted(law)) if failed else wanted


def _watch(port: str, once: Callable[[], tuple[int, list[str]]]) -> None:
    """Check again whenever a file changes that the port is made of, until somebody ends it."""
    try:
        from watchfiles import watch
    except ModuleNotFoundError:
        raise ValueError("--watch needs the package 'watchfiles': pip install 'gnomon[watch]'") from None
    while True:
        status, files = once()
        if status > 2:
            sys.exit(status)
        files = files or [port] * Path(port).is_file()
        if not files:
            raise ValueError(f"{port} has no file that could be watched")
        sinks.tell(f"waiting for a change of {', '.join(Path(file).name for file in files)} (Ctrl-C ends it)")
        try:
            next(watch(*files, raise_interrupt=True))
        except KeyboardInterrupt:
            sys.exit(130)


def laws_named(names: Sequence[str], chosen: Sequence[System]) -> Callable[[Law], bool]:
    """Return whether a law is one of those named: in full, by a part of its name, or by a pattern with wildcards."""
    laws = [law for system in chosen for law in system.laws]
    ids: set[str] = set()
    for given in names:
        name = given.lower().replace(" ", "_")
        found = {law.id for law in laws if name in (law.id, law.name)}
        pattern = name if set(name) & set("*?[") else f"*{name}*"
        found = found or {law.id for law in laws if fnmatchcase(law.id, pattern) or fnmatchcase(law.name, pattern)}
        if not found:
            words = [word for law in laws for word in law.name.split("_") if len(word) > 3]
            every = dict.fromkeys([*(law.name for law in laws), *(law.id for law in laws), *words])
            close = get_close_matches(name, every, n=3)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "see gnomon list laws"
            raise ValueError(f"no law is called {given!r}; {hint}")
        ids |= found
    return (lambda law: law.id in ids) if names else (lambda _: True)


@contextmanager
def _progress(total: int, shows: bool) -> Iterator[Callable[[str], None]]:
    numbers = SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    bar = Progress(*numbers, TextColumn("{task.description}"), console=Console(stderr=True), transient=True)
    with bar if shows and sys.stderr.isatty() else nullcontext():
        task = bar.add_task("", total=total)

        def advance(what: str) -> None:
            is_law = ":" in what and not what.endswith("diagnosis")
            bar.update(task, description=what, advance=1 if is_law else 0)

        yield advance
