"""The command `gnomon`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from gnomon_spec.system import System, find_system, nearest, systems
from gnomon_validation import (
    case_files,
    expectations,
    report_adequacy,
    report_causes,
    report_json,
    report_junit,
    report_terminal,
    stubs,
)
from gnomon_validation.checker import Plan, number_of_checks
from gnomon_validation.checker import check as run_check
from gnomon_validation.console import console, hushed, tell
from gnomon_validation.explain import explain as print_explanation
from gnomon_validation.explain import find as find_operations
from gnomon_validation.files import require_directory, require_report
from gnomon_validation.ports.find import FORMS, find_port, likely_meant
from gnomon_validation.replay import replay as run_replay
from gnomon_validation.studies.command import claims, study
from gnomon_validation.wording import assignment, counted, legible

DTYPES = ("float16", "float32", "float64")
SECONDS = 30.0
SEARCH_SECONDS = 10.0  # of processor time, to look for the edit that a port is


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gnomon")
def cli() -> None:
    """Holds an implementation of a gradient method against its specification: right, imprecise or wrong, and why."""


@cli.command()
@click.argument("port")
@click.option(
    "--system",
    "system_names",
    multiple=True,
    help="Only this system (repeatable); default: all it has. One whose name says no method is read as it.",
)
@click.option(
    "--law", "law_names", multiple=True, help="Only laws whose name has this in it; wildcards allowed (repeatable)."
)
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(DTYPES), help="Repeatable; default: 32 and 64.")
@click.option(
    "--examples",
    type=click.IntRange(1),
    help=f"Cases a law; default: 100, fewer where {SECONDS:g} seconds for all laws together are not enough for that.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other cases.")
@click.option("--set", "options", multiple=True, metavar="NAME=VALUE", help="Argument of an adapted optimizer.")
@click.option("--expect", type=click.Path(path_type=Path), help="TOML file of expected failures and their reasons.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the report as JSON.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write the report as JUnit XML.")
@click.option(
    "--failures",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("failures"),
    show_default=True,
    help="Where smallest failing cases are written.",
)
@click.option("--every-law", is_flag=True, help="Print a row for every law.")
@click.option("--strict-input", is_flag=True, help="A port that accepts bad input does not conform.")
@click.option("-v", "--verbose", is_flag=True, help="List all that is not provided, and print what the port printed.")
def check(
    port: str,
    system_names: Sequence[str],
    law_names: Sequence[str],
    dtypes: Sequence[str],
    examples: int | None,
    seed: int,
    options: Sequence[str],
    expect: Path | None,
    json_file: Path | None,
    junit_file: Path | None,
    failures: Path,
    every_law: bool,
    strict_input: bool,
    verbose: bool,
) -> None:
    """Hold PORT against every law of what it provides.

    PORT is numba, reference, FILE.py[:NAME], package.module[:NAME], [torch:]module.Class, optax:module.function, or a
    library: scipy, torch.func, torch.hessian_free, curvlinops, matfree, linear_operator, pyhessian.

    Exit status: 0 all conform, 1 some do not, 2 usage.
    """
    chosen = [find_system(name) for name in system_names] or list(systems().values())
    wanted = _wanted(law_names, chosen)
    given = dict(assignment(text) for text in options)
    with hushed() as printed:
        found = find_port(port, given, chosen[0].name if len(system_names) == 1 else None)
    reasons = expectations.read(expect) if expect else {}
    expectations.require_laws(reasons, (law.id for system in systems().values() for law in system.laws))
    widths = tuple(dtypes) or ("float32", "float64")
    plan = Plan(dtypes=widths, seed=seed, seconds=SECONDS, search_seconds=SEARCH_SECONDS)
    for report in (json_file, junit_file):
        require_report(report)
    require_directory("failures", failures)
    if not system_names:
        chosen = [s for s in chosen if any(found.offer(o) for o in s.operations.values())]
    if not number_of_checks(found, chosen, plan, wanted):
        lacking = f"{port} provides nothing of {', '.join(system_names or systems())}"
        raise ValueError(f"{lacking}; {likely_meant(found) or 'see gnomon list ports'}")
    if examples:
        plan = replace(plan, examples=examples, seconds=None)
    total = sum(1 for system in chosen for law in system.laws if wanted(law)) * len(plan.dtypes)
    with _progress() as progress, hushed(printed):
        task = progress.add_task("", total=total)

        def advance(what: str) -> None:
            progress.update(task, description=what, advance=0 if what.endswith("diagnosis") else 1)

        result = run_check(found, chosen, plan, laws=wanted, progress=advance, expected=expectations.expecting(reasons))
    result.strict_input = strict_input
    for verdict in result.verdicts:
        if verdict.failed and verdict.smallest is not None:
            verdict.replay_file = str(case_files.write(failures, result.port, verdict))
    screen = console()
    report_terminal.show(result, screen, every_law=every_law, verbose=verbose)
    if verbose and printed.getvalue().strip():
        screen.print(Text(f"\nthe port printed: {legible(printed.getvalue(), 1000)}", style="dim"), soft_wrap=True)
    if json_file:
        report_json.write(result, json_file)
    if junit_file:
        report_junit.write(result, junit_file)
    sys.exit(0 if result.conforms else 1)


def _wanted(names: Sequence[str], chosen: Sequence[System]) -> Any:
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


def _progress() -> Progress:
    numbers = SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*numbers, TextColumn("{task.description}"), console=Console(stderr=True), transient=True)


@cli.command(name="list")
@click.argument("what", default="systems")
def list_(what: str) -> None:
    """List systems, operations, laws, mistakes, ports or objectives."""
    every = systems().values()
    listings = {
        "systems": lambda: [(s.name, f"{s.title}: {', '.join(_extent(s))}") for s in every],
        "operations": lambda: [(o.id, counted(len(o.laws), "law")) for s in every for o in s.operations.values()],
        "laws": lambda: [(law.id, law.statement) for s in every for law in s.laws],
        "mistakes": lambda: [(f"{s.name}:{m.name}", m.statement) for s in every for m in s.mistakes.values()],
        "ports": lambda: list(FORMS.items()),
        "objectives": _objectives,
    }
    screen = console()
    for name, text in nearest("listing", what, listings)():
        tell(screen, Text().append(name, style="cyan").append(f"  {text}"), hang=4)


def _extent(system: System) -> list[str]:
    parts = {"operation": system.operations, "law": system.laws, "mistake": system.mistakes}
    return [counted(len(part), noun) for noun, part in parts.items()]


def _objectives() -> list[tuple[str, str]]:
    from gnomon_validation.teaching import objectives

    return [(name, (type(f).__doc__ or "").strip().splitlines()[0]) for name, f in objectives().items()]


@cli.command()
@click.argument("name")
def explain(name: str) -> None:
    """Explain a system or an operation (NAME as in `adam`, `adam.step`, `hutchinson`).

    Definition, form as a port, laws, mistakes, where libraries differ.
    """
    print_explanation(name, console())


@cli.command()
@click.argument("name")
@click.option("--torch", "library", flag_value="torch", help="An optimizer class, or functions on tensors.")
@click.option("--optax", "library", flag_value="optax", help="A function that returns a gradient transformation.")
@click.option("--jax", "library", flag_value="jax", help="Functions on JAX's arrays.")
@click.option("--output", type=click.Path(path_type=Path), help="Write it to this file instead of printing it.")
def new(name: str, library: str | None, output: Path | None) -> None:
    """Print a port of NAME (`adamw.step`, `adamw`) to begin with: it runs under `gnomon check` as it is.

    Without an option the functions are on NumPy's arrays.
    """
    text = stubs.stub(find_operations(name)[1], library, str(output or "FILE.py"))
    if output is None:
        print(text, end="")
        return
    if output.exists():
        raise ValueError(f"{output} exists already")
    output.write_text(text, encoding="utf-8")


@cli.command()
@click.argument("name")
@click.option("--examples", type=click.IntRange(1), default=100, show_default=True, help="Cases a law, at most.")
def adequacy(name: str, examples: int) -> None:
    """Change the reference of NAME (`adam`, `adam.step`) in every single place and tell which changes no law notices.

    Exit status: 0 each is noticed, 1 some are not, 2 usage.
    """
    sys.exit(0 if report_adequacy.run(name, examples, console()) else 1)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--port", help="Hold this port against the case, instead of what the port in the file returned.")
@click.option("--set", "options", multiple=True, metavar="NAME=VALUE", help="Argument of an adapted optimizer.")
def replay(file: Path, port: str | None, options: Sequence[str]) -> None:
    """Judge the case stored in FILE again.

    Without --port nothing that the file names is run: what the port returned is in the file and is judged again.
    Exit status: 0 the case conforms, 1 it does not, 2 usage.
    """
    stored = case_files.read(file)
    with hushed():
        given = find_port(port, dict(assignment(text) for text in options)) if port else None
        verdict, live = run_replay(stored, given)
    screen = console()
    if verdict.outcome is not None and verdict.outcome.failed:
        screen.print(report_causes.block(verdict), soft_wrap=True)
    else:
        line = Text(f"{stored.law.id}  {stored.dtype}   ").append(verdict.status, style="green")
        screen.print(line, soft_wrap=True)
    if not live:
        hint = f"(judged from what {stored.port} returned; to run it: gnomon replay {file} --port {stored.port})"
        screen.print(Text(hint, style="dim"), soft_wrap=True)
    sys.exit(1 if verdict.outcome is not None and verdict.outcome.failed else 0)


@cli.command()
@click.argument("methods", nargs=-1, required=True)
@click.option("--objective", default="rosenbrock", show_default=True, help="See gnomon list objectives.")
@click.option("--steps", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--set", "options", multiple=True, metavar="NAME=VALUE", help="Hyperparameter, e.g. lr=0.01.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a picture (extra `plot`).")
def run(methods: Sequence[str], objective: str, steps: int, options: Sequence[str], plot: Path | None) -> None:
    """Run METHODS (adam, sgd, …) of the reference on an objective, side by side, and print where they go.

    A hyperparameter can be given to all methods (--set lr=0.01), to one (--set adam.lr=0.01), or behind its name, which
    puts a method beside itself: "srkl(variant=code)" "srkl(variant=fro, alpha=1, beta=1)".
    """
    from gnomon_validation import teaching

    runs = teaching.run(methods, objective, steps, dict(_hyperparameter(text) for text in options))
    teaching.show(runs, console())
    if plot:
        teaching.plot(runs, plot)
        console().print(f"picture: {plot}", soft_wrap=True)


cli.add_command(study)
cli.add_command(claims)


def _hyperparameter(text: str) -> tuple[str, Any]:
    owner = "".join(text.partition("=")[0].rpartition(".")[:2])
    name, value = assignment(text.removeprefix(owner))
    return owner + name, value


def main() -> None:
    """Run the command; a user's mistake is one line and exit status 2."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        _fail(error.format_message())
    except (OSError, ValueError, TypeError) as error:
        if not isinstance(error, OSError) and not _is_users(error):
            raise
        _fail(str(error))


def _is_users(error: BaseException) -> bool:
    """Return whether an error is a sentence that Gnomon itself wrote (raised in its own code, not inside a library)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return True
    name = str(trace.tb_frame.f_globals.get("__name__", ""))
    return name.split(".")[0] in ("gnomon", "gnomon_spec", "gnomon_validation")


def _fail(message: str) -> None:
    print(f"gnomon: {legible(message, 2000)}", file=sys.stderr)
    sys.exit(2)
