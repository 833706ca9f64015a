"""The report that a person reads: what was checked, what failed, why, and the smallest case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gnomon_spec.cases import Case
from gnomon_spec.system import Mistake, Operation
from gnomon_validation.console import grid, tell
from gnomon_validation.verdicts import Check, Outcome, Verdict
from gnomon_validation.wording import counted, describe

STYLES = {
    "conforms": "green",
    "ambiguous only": "yellow",
    "imprecise": "yellow",
    "wrong": "bold red",
    "error": "bold red",
    "not provided": "dim",
}

# Kinds of laws that any mistake breaks: a more particular law says more about what is wrong.
GENERAL = ("oracle agreement", "trajectory", "equivariance")


def show(check: Check, console: Console, *, every_law: bool = False) -> None:
    """Print a check: a table (a row an operation and dtype, or a row a law), then every failure, then the sum."""
    provided = [v for v in check.verdicts if v.status != "not provided"]
    if provided:
        console.print(_laws(provided) if every_law else _operations(provided))
    for telling, *others in _alike(v for v in provided if v.failed):
        text = block(telling)
        if others:
            text.append(f"\n  for the same reason fail: {', '.join(map(_words, others))}")
        console.print()
        console.print(text, soft_wrap=True)
    _print_expected([v for v in provided if v.expected], console)
    weak = [v for v in provided if v.weak]
    if weak:
        console.print()
        console.print(Text("weak checks (few digits verified: they say little)", style="yellow"))
    for verdict in weak:
        console.print(Text(f"  {verdict.law.id} {verdict.dtype}: {verdict.digits:.1f} digits"), soft_wrap=True)
    _print_missing(check, console)
    console.print()
    console.print(summary(check), soft_wrap=True)


def _words(found: Verdict | Mistake) -> str:
    """Return the name of a verdict's law, or of a mistake, in words."""
    return (found.law if isinstance(found, Verdict) else found).name.replace("_", " ")


def _alike(failures: Iterable[Verdict]) -> list[list[Verdict]]:
    """Return the failures that have one diagnosis together, the law that says most about it first."""
    groups: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in failures:
        cause = verdict.diagnosis[0].name if verdict.diagnosis else verdict.law.name
        groups.setdefault((verdict.law.operation.id, verdict.dtype, verdict.status, cause), []).append(verdict)
    return [sorted(group, key=lambda v: v.law.kind in GENERAL) for group in groups.values()]


def block(verdict: Verdict) -> Text:
    """Return one failure in full."""
    text = Text(f"{verdict.law.operation.id}  {verdict.dtype}   ")
    text.append(verdict.status.upper(), style=STYLES[verdict.status]).append(f'   law "{_words(verdict)}"\n')
    text.append(f"  the law: {verdict.law.statement}\n", style="dim")
    outcome = verdict.outcome
    if verdict.diagnosis:
        likeliest, *others = verdict.diagnosis
        text.append("  behaves as: ").append(likeliest.statement, style="bold").append("\n")
        text.append("".join(f"    {line}\n" for line in likeliest.difference), style="dim")
        if likeliest.published:
            text.append(f"  another published form: {likeliest.published}\n")
        if others:
            names = ", ".join(map(_words, others[:3]))
            text.append(f"  (what was seen would also fit: {names})\n", style="dim")
    elif verdict.status == "wrong" and not (outcome and outcome.message):
        right, wrong = verdict.parts
        searched = " and no edit of the formula that was tried" if right or wrong else ""
        text.append(f"  behaves as no catalogued mistake{searched}\n")
        if right and wrong:
            text.append(f"  right in every case that was kept: {', '.join(right)}; not: {', '.join(wrong)}\n")
    if verdict.status == "imprecise" and outcome:
        lost = max(verdict.digits_lost, outcome.digits_lost)
        text.append(
            f"  loses up to {lost:.1f} digits: the deviation shrinks with the unit roundoff, as rounding does\n"
        )
    if verdict.smallest is not None and outcome is not None:
        text.append(f"  smallest case: {described(verdict.smallest, verdict.law.operation)} (all else: defaults)\n")
        text.append(f"  -> {_finding(outcome, np.dtype(verdict.dtype))}\n")
    if verdict.replay_file:
        text.append(f"  replay: gnomon replay {verdict.replay_file}\n")
    text.rstrip()
    return text


def _finding(outcome: Outcome, dtype: np.dtype[Any]) -> str:
    worst = outcome.worst
    if outcome.message or worst is None:
        return outcome.message
    at = f"{worst.label}{list(worst.at) if worst.at else ''}"
    return f"{at}: port {_short(worst.port, dtype)}, oracle {_short(worst.oracle, dtype)}, band ±{worst.band:.1g}"


def _short(value: Any, dtype: np.dtype[Any]) -> str:
    """Return a number with the digits that its dtype can hold."""
    digits = {2: 5, 4: 9, 8: 17}[dtype.itemsize]
    return f"{np.float64(value):.{digits}g}"


def described(case: Case, operation: Operation) -> str:
    """Return a case in words; hyperparameters at their default and fresh states are left short."""
    defaults = operation.hyperparameters
    parts = []
    for name, value in case.items():
        if name in defaults and isinstance(defaults[name], int | float | str) and value == defaults[name]:
            continue
        if isinstance(value, tuple) and hasattr(value, "_fields") and _is_fresh(value):
            parts.append(f"{name}=fresh")
        else:
            parts.append(f"{name}={describe(value)}")
    return " ".join(parts)


def _is_fresh(state: Iterable[Any]) -> bool:
    return all(not np.any(part) for part in state)


def _operations(verdicts: Sequence[Verdict]) -> Table:
    columns = "operation", "dtype", ">laws", "verdict", ">cases", ">ambiguous", ">digits", ">worst / band"
    table = grid(*columns, no_wrap=True)
    for (operation, dtype), group in groupby(verdicts, key=lambda v: (v.law.operation.id, v.dtype)):
        rows = list(group)
        digits = [v.digits for v in rows if v.digits is not None]
        ratios = [v.worst_ratio for v in rows if np.isfinite(v.worst_ratio)]
        cases, ambiguous = sum(v.cases for v in rows), sum(v.ambiguous for v in rows)
        verified = f"{median(digits):.1f}" if digits else "-"
        figures = f"{cases:,}", f"{ambiguous:,}", verified, f"{max(ratios, default=0.0):.3g}"
        table.add_row(operation, dtype, str(len(rows)), _verdict_of(rows), *figures)
    return table


def _verdict_of(verdicts: Sequence[Verdict]) -> Text:
    failed = [v for v in verdicts if v.failed]
    if failed:
        worst = next((v for v in failed if v.status != "imprecise"), failed[0])
        return Text(f"{len(failed)} {worst.status}", style=STYLES[worst.status])
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
        table.add_row(v.law.operation.id, v.dtype, _words(v), status, *figures)
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
        for v in group:
            tell(console, Text(f"  {v.law.operation.id} {v.dtype} {v.status}: {_words(v)}"), hang=4)
        tell(console, Text(reason, style="dim"), label="    ")


def _print_missing(check: Check, console: Console) -> None:
    missing: dict[str, dict[str, None]] = {}
    for verdict in check.verdicts:
        if verdict.status == "not provided":
            whole = "does not provide" in verdict.reason or "compute in" in verdict.reason
            name = verdict.law.operation.id + ("" if whole else f" law {_words(verdict)!r}")
            missing.setdefault(verdict.reason, {})[name] = None
    held = [
        f"{operation} was checked with {', '.join(fixed)} (the port does not vary them)"
        for operation, fixed in check.held_fixed.items()
    ]
    for line in (*held, *(f"not provided ({reason}): {', '.join(names)}" for reason, names in missing.items())):
        console.print()
        tell(console, Text(line, style="dim"))


def summary(check: Check) -> Text:
    """Return the last line: how many laws hold, and whether the port conforms."""
    provided = [v for v in check.verdicts if v.status != "not provided"]
    failed = sum(v.failed for v in provided)
    effort = f"{counted(sum(v.cases for v in provided), 'case')}, {check.seconds:.1f} s, seed {check.seed}"
    if not provided:
        return Text(f"{check.port}: provides nothing that was asked for", style="yellow")
    if not failed:
        every = counted(len(provided), "check")
        return Text(f"{check.port} conforms ", style="bold green").append(f"({every} of laws, {effort})", style="dim")
    fail = "fails" if failed == 1 else "fail"
    line = f"{check.port} does not conform: {failed} of {len(provided)} checks of laws {fail} "
    return Text(line, style="bold red").append(f"({effort})", style="dim")
