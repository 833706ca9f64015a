"""The report that a person reads: what was checked, what failed, why, and the smallest case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gnomon_validation.console import grid, tell
from gnomon_validation.report_causes import STYLES, block, causes, words
from gnomon_validation.runs.examine import LEFT_OUT, OTHER_HYPERPARAMETERS
from gnomon_validation.tried import Tried
from gnomon_validation.verdicts import ACCEPTS, SEVERITY, Check, Verdict, looks_like_another_method
from gnomon_validation.wording import counted, legible


def show(
    check: Check, console: Console, *, every_law: bool = False, verbose: bool = False, quiet: bool = False
) -> None:
    """Print a check: a table (a row an operation and dtype, or a row a law), then each cause of failures, then the sum.

    verbose: with the name of everything that is not provided, and what the port printed. quiet: the sum alone.
    """
    if quiet:
        console.print(summary(check), soft_wrap=True)
        return
    provided = [v for v in check.verdicts if v.status != "not provided"]
    tried = _tried(provided, verbose)
    if provided:
        console.print(_laws(provided) if every_law else _operations(provided))
    if tried:
        tell(console, Text(tried, style="dim"))
    another = looks_like_another_method(check)
    if another:
        console.print()
        tell(console, Text(another, style="bold"))
    for group in causes(v for v in provided if v.failed):
        console.print()
        console.print(block(*group), soft_wrap=True)
    _print_expected([v for v in provided if v.expected], console)
    weak = [v for v in provided if v.weak]
    if weak:
        console.print()
        console.print(Text("weak checks (few digits verified: they say little)", style="yellow"))
    for verdict in weak:
        console.print(Text(f"  {verdict.law.id} {verdict.dtype}: {verdict.digits:.1f} digits"), soft_wrap=True)
    _print_missing(check, console, verbose)
    for what, where in check.changed.items():
        tell(console, Text(f"the port changes {what} (noticed in {where})", style="yellow"))
    if verbose and check.printed.strip():
        console.print(Text(f"\nthe port printed: {legible(check.printed, 1000)}", style="dim"), soft_wrap=True)
    console.print()
    console.print(summary(check), soft_wrap=True)


def _operations(verdicts: Sequence[Verdict]) -> Table:
    columns = "operation", "dtype", ">laws", "verdict", ">cases", ">ambiguous", ">digits", ">worst / band"
    table = grid(*columns, no_wrap=True)
    for (operation, dtype), group in groupby(verdicts, key=lambda v: (v.law.operation.id, v.dtype)):
        rows = list(group)
        digits = [v.digits for v in rows if v.digits is not None]
        ratios = [v.worst_ratio for v in rows if not np.isnan(v.worst_ratio)]
        cases, ambiguous = sum(v.cases for v in rows), sum(v.ambiguous for v in rows)
        verified = f"{median(digits):.1f}" if digits else "-"
        figures = f"{cases:,}", f"{ambiguous:,}", verified, f"{max(ratios, default=0.0):.3g}"
        table.add_row(operation, dtype, str(len(rows)), _verdict_of(rows), *figures)
    return table


def _verdict_of(verdicts: Sequence[Verdict]) -> Text:
    """Return how many verdicts are of each failing kind, the worst last; that all conform if none is."""
    kinds = Counter(v.status for v in verdicts if v.failed)
    if kinds:
        worst = max(kinds, key=SEVERITY.index)
        told = sorted(kinds.items(), key=lambda kind: (kind[0] == ACCEPTS, -SEVERITY.index(kind[0])))
        return Text(", ".join(f"{number} {status}" for status, number in told), style=STYLES[worst])
    expected = sum(bool(v.expected) for v in verdicts)
    return Text(f"conforms but for {expected} known" if expected else "conforms", style="green")


def _laws(verdicts: Sequence[Verdict]) -> Table:
    table = grid("operation", "dtype", "law", "verdict", "cases", "ambiguous", "digits", "worst / band", "horizon")
    for column in table.columns:
        column.overflow = "fold"
    for v in verdicts:
        digits = f"{v.digits:.1f}" if v.digits is not None else "-"
        horizon = f"{v.horizon:g} steps" if v.horizon is not None else "-"
        status = Text(v.status, style=STYLES[v.status])
        figures = str(v.cases), str(v.ambiguous), digits, f"{v.worst_ratio:.2f}", horizon
        table.add_row(v.law.operation.id, v.dtype, words(v), status, *figures)
    return table


def _print_expected(verdicts: Sequence[Verdict], console: Console) -> None:
    if not verdicts:
        return
    console.print()
    console.print(Text("known differences (expected, each with its reason)", style="bold"))
    by_reason: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_reason.setdefault(verdict.expected or "", []).append(verdict)
    for reason, group in by_reason.items():
        dtypes: dict[str, list[str]] = {}
        for v in group:
            dtypes.setdefault(f"{v.law.operation.id} {{}} {v.status}: {words(v)}", []).append(v.dtype)
        for line, where in dtypes.items():
            tell(console, Text(f"  {line.format(', '.join(where))}"), hang=4)
        tell(console, Text(reason, style="dim"), label="    ")


def _tried(verdicts: Sequence[Verdict], verbose: bool) -> str:
    """Return the size of the largest array and the range of the hyperparameters that were tried."""
    tried = Tried().join(v.tried for v in verdicts)
    sizes = [abs(end) for ends in tried.ranges.values() for end in ends]
    told = [f"arrays of up to {counted(tried.largest, 'entry', 'entries')}"] if tried.largest else []
    if verbose:
        told += [f"{name} from {low:.3g} to {high:.3g}" for name, (low, high) in sorted(tried.ranges.items())]
    elif sizes:
        told.append(f"hyperparameters from {min(sizes):.2g} to {max(sizes):.2g} in size (-v lists them)")
    return f"tried: {'; '.join(told)}" if told else ""


def _print_missing(check: Check, console: Console, verbose: bool) -> None:
    held = [
        f"{operation} was checked with {', '.join(fixed)} (the port does not vary them)"
        for operation, fixed in check.held_fixed.items()
    ]
    held += [
        f"{operation}: defaults, at which no law looks, are not the reference's: {'; '.join(own)}"
        for operation, own in check.defaults.items()
    ]
    missing: dict[str, dict[str, None]] = {}
    for verdict in check.verdicts:
        if verdict.status == "not provided":
            whole = "does not provide" in verdict.reason or "compute in" in verdict.reason
            name = verdict.law.operation.id + ("" if whole else f" law {words(verdict)!r}")
            missing.setdefault(verdict.reason, {})[name] = None
        elif verdict.left_out:
            said = f"{verdict.law.operation.id} law {words(verdict)!r} ({', '.join(verdict.left_out)})"
            missing.setdefault(LEFT_OUT, {})[said] = None
    lines = [f"not provided ({reason}): {', '.join(names)}" for reason, names in missing.items()]
    if missing and not verbose:
        told = (
            f"{counted(len(names), 'law' if ' law ' in next(iter(names)) else 'operation')}: {reason}"
            for reason, names in missing.items()
        )
        lines = [f"not provided (-v lists them): {'; '.join(told)}"]
    if held or lines:
        console.print()
    for line in (*held, *lines):
        tell(console, Text(line, style="dim"))


def summary(check: Check) -> Text:
    """Return the last line: how many laws hold, and whether the port conforms."""
    port = legible(check.port)
    provided = [v for v in check.verdicts if v.status != "not provided"]
    failed, accepting = sum(map(check.fails, provided)), sum(v.failed and v.status == ACCEPTS for v in provided)
    effort = f"{counted(sum(v.cases for v in provided), 'case')}, {check.seconds:.1f} s, seed {check.seed}"
    if check.kept == check.units and check.units:
        effort += ", all known from an earlier run"
    elif check.kept:
        effort += f", {check.kept} of {counted(check.units, 'unit')} known from an earlier run"
    if check.not_run and not failed:
        line = Text(f"{port}: nothing that was checked fails, but ", style="bold yellow")
        line.append(f"{counted(len(check.not_run), 'check')} of laws did not take place ").append(f"({effort})", "dim")
        return line
    if not provided:
        return Text(f"{port}: provides nothing that was asked for", style="yellow")
    every = counted(len(provided), "check")
    if failed:
        fail = "fails" if failed == 1 else "fail"
        line = Text(f"{port} does not conform: ", style="bold red")
        line.append(f"{failed} of {len(provided)} checks of laws {fail} ").append(f"({effort})", style="dim")
    elif not accepting:
        line = Text(f"{port} conforms ", style="bold green").append(f"({every} of laws, {effort})", style="dim")
    else:
        strictly = f"({every} of laws, {accepting} of which fail with --strict-input, {effort})"
        line = Text(f"{port} conforms ", style="bold green").append("but accepts bad input ", style="yellow")
        line.append(strictly, style="dim")
    if check.not_run:
        line.append(f"; {counted(len(check.not_run), 'check')} of laws did not take place", style="yellow")
    return line.append(_unchecked(check), style="yellow")


def _unchecked(check: Check) -> str:
    """Return of how many laws nothing is known because of what a port does not vary, or does not return."""
    reasons = {v.law.id: v.reason for v in check.verdicts if "does not provide" not in v.reason}
    fixed = dict.fromkeys(said.replace("=", " fixed at ", 1) for held in check.held_fixed.values() for said in held)
    told = []
    held = ", ".join(fixed) or "the port does not vary what they are about"
    for reason, because in ((OTHER_HYPERPARAMETERS, held), (LEFT_OUT, "the port does not return all")):
        unchecked = sum(said == reason for said in reasons.values())
        said = f"{unchecked} of {counted(len(reasons), 'law')} not checked: " if unchecked else ""
        told += [said + because] if said or (fixed and reason == OTHER_HYPERPARAMETERS) else []
    return "".join(f"; {said}" for said in told)
