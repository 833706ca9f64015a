"""Where a report goes: case files, the terminal, JSON, JUnit. Each is written even if another cannot be."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from errno import EPIPE
from pathlib import Path

from rich.console import Console

from gnomon_validation import case_files, report_json, report_junit, report_terminal
from gnomon_validation.console import console
from gnomon_validation.verdicts import Check
from gnomon_validation.wording import legible

STANDARD_OUTPUT = Path("-")


def write_all(sinks: dict[str, Callable[[], object]]) -> None:
    """Write each; one that cannot be is told of in a line, and the others are written all the same."""
    for name, write in sinks.items():
        try:
            write()
        except OSError as error:
            tell(f"{name} cannot be written: {error.strerror or error}")


def tell(sentence: str) -> None:
    """Say a sentence beside the report; nothing if nobody can hear it."""
    with suppress(OSError, ValueError):
        print(f"gnomon: {legible(sentence, 400)}", file=sys.stderr, flush=True)


def screen(json_file: Path | None) -> Console:
    """Return the console for the report in words: beside one in JSON on the standard output, the other stream."""
    return console(stderr=True) if json_file == STANDARD_OUTPUT else console()


def flushed(on: Console, show: Callable[[], None]) -> None:
    """Show something and see it off; a stream that is closed at its other end is not written to again."""
    try:
        try:
            show()
            on.file.flush()
        except SystemExit:  # what rich makes of a closed pipe
            raise BrokenPipeError(EPIPE, os.strerror(EPIPE)) from None
    except OSError:
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, on.file.fileno())
            os.close(nowhere)
        raise


def write_json(check: Check, file: Path) -> None:
    """Write the report as JSON, to the standard output if the file is `-`."""
    if file == STANDARD_OUTPUT:
        flushed(console(), lambda: print(report_json.text(check), end=""))
    else:
        report_json.write(check, file)


def write_case_files(check: Check, directory: Path) -> None:
    """Write the smallest failing cases, and remove those of laws that hold again."""
    for verdict in check.verdicts:
        if verdict.failed and verdict.smallest is not None:
            verdict.replay_file = str(case_files.write(directory, check.port, verdict))
        elif verdict.status == "conforms":
            case_files.remove(directory, check.port, verdict)


def sinks_of(
    check: Check,
    failures: Path,
    json_file: Path | None,
    junit_file: Path | None,
    *,
    every_law: bool,
    verbose: bool,
    quiet: bool,
) -> dict[str, Callable[[], object]]:
    """Return what writes the reports that are asked for, by what they are called; the case files come first."""
    on = screen(json_file)
    found: dict[str, Callable[[], object]] = {
        f"a failing case in {failures}": lambda: write_case_files(check, failures),
        "the report": lambda: flushed(
            on, lambda: report_terminal.show(check, on, every_law=every_law, verbose=verbose, quiet=quiet)
        ),
    }
    if json_file is not None:
        found[f"report {json_file}"] = lambda: write_json(check, json_file)
    if junit_file is not None:
        found[f"report {junit_file}"] = lambda: report_junit.write(check, junit_file)
    return found
