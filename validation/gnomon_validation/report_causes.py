"""What failed, one block a cause, however many laws and dtypes show it: with the smallest case of the most telling."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from rich.text import Text

from gnomon_spec.bands import OTHER_BITS
from gnomon_spec.cases import leaves, same_bits
from gnomon_spec.system import UNCHECKED, Mistake, Operation
from gnomon_validation.verdicts import ACCEPTS, EVERY_CALL, SEVERITY, Explanation, Outcome, Verdict
from gnomon_validation.wording import counted, describe, legible, typed

STYLES = {
    "conforms": "green",
    "ambiguous only": "yellow",
    "accepts bad input": "yellow",
    "imprecise": "yellow",
    "no case drawn": "bold red",
    "wrong": "bold red",
    "error": "bold red",
    "timed out": "bold red",
    "crashed": "bold red",
    "not provided": "dim",
}
# Kinds of laws that any mistake breaks: a more particular law says more about what is wrong.
GENERAL = ("oracle agreement", "trajectory", "equivariance")
MOST_ARGUMENTS = 6
EDIT = re.compile(r"(^|_)edit_\d+_of_")  # in the names of mistakes that no catalogue has
NOT_SEEN = "another dtype does not show whether it is rounding, or a mistake too small to be seen there"


def words(found: Verdict | Mistake | Explanation) -> str:
    """Return the name of a verdict's law, or of a mistake, in words."""
    return (found.law if isinstance(found, Verdict) else found).name.replace("_", " ")


def causes(failures: Iterable[Verdict]) -> list[list[Verdict]]:
    """Return failures that have one cause together, the one that says most about it first; bad input comes last.

    One cause are the laws that a mistake explains and, of one operation, those whose cases end in the same exception or
    slip, and those that nothing explains. What is accepted and what is computed are never one.
    """
    failures = list(failures)
    popularity = Counter((system_of(v), mistake.name) for v in failures for mistake in v.diagnosis)
    groups: dict[Any, list[Verdict]] = {}
    for v in failures:
        if v.status == ACCEPTS:
            key: Any = (ACCEPTS, system_of(v))
        elif v.diagnosis:
            likeliest = max(v.diagnosis, key=lambda mistake, v=v: popularity[system_of(v), mistake.name])  # type: ignore[misc]
            key = (system_of(v), likeliest.name)
        else:
            key = (v.law.operation.id, v.outcome.cause if v.outcome else "")
        groups.setdefault(key, []).append(v)
    ordered = [sorted(group, key=_says_less) for group in groups.values()]
    return sorted(ordered, key=lambda group: group[0].status == ACCEPTS)


def system_of(verdict: Verdict) -> str:
    """Return the name of the system that a verdict is about."""
    return verdict.law.operation.system.name


def _says_less(v: Verdict) -> tuple[bool, int, bool]:
    return v.smallest is None, -SEVERITY.index(v.status), v.law.kind in GENERAL


def block(telling: Verdict, *others: Verdict) -> Text:
    """Return failures of one cause in full: what is wrong, the smallest case of the first, the names of other laws."""
    every = [telling, *others]
    dtypes = ", ".join(dict.fromkeys(v.dtype for v in every))
    text = Text(f"{telling.law.operation.id}  {dtypes}   ")
    text.append(telling.status.upper(), style=STYLES[telling.status])
    if telling.reason == EVERY_CALL:
        text.append(f"   {EVERY_CALL}\n")
    else:
        text.append(f'   law "{words(telling)}"\n')
        if not _is_said_by(telling):
            text.append(f"  the law: {telling.law.statement}\n", style="dim")
    text.append_text(_explanation(telling, others))
    if telling.status == "no case drawn":
        text.append("  nothing was checked: no case is left that the port can be given\n")
    if telling.status == "imprecise":
        lost = max(max(v.digits_lost, v.outcome.digits_lost if v.outcome else 0.0) for v in every)
        seen = telling.outcome is None or telling.outcome.sure
        why = "the deviation shrinks with the unit roundoff, as rounding does" if seen else NOT_SEEN
        text.append(f"  loses up to {lost:.1f} digits: {why}\n")
    if telling.smallest is not None and telling.outcome is not None:
        case = described(_deciding(telling), telling.law.operation)
        text.append(f"  smallest case: {case} (all else: defaults)\n")
        text.append(_call_of_its_own(telling))
    if telling.outcome is not None:
        accepted = telling.status == ACCEPTS and _accepted(every)
        found = f"accepted: {accepted}" if accepted else finding(telling, telling.outcome)
        text.append(f"  -> {found}\n")
    if telling.replay_file:
        text.append(f"  replay: gnomon replay {typed(telling.replay_file)}\n")
    if telling.reason != EVERY_CALL and (names := list(_names(telling, others))):
        text.append(f"  for the same reason fail: {', '.join(names)}\n")
    text.rstrip()
    return text


def _is_said_by(telling: Verdict) -> bool:
    """Return whether the status says all that law and mistake would: nothing is held against its domain."""
    return telling.status == ACCEPTS and (not telling.diagnosis or telling.diagnosis[0].name == UNCHECKED)


def _explanation(telling: Verdict, others: Iterable[Verdict]) -> Text:
    """Return the mistake that explains all these failures; of what is accepted only one that explains all of it."""
    text = Text()
    shared = [m for m in telling.diagnosis if all(m.name in {n.name for n in v.diagnosis} for v in others)]
    if not shared or _is_said_by(telling):
        if telling.status == "wrong" and not (telling.outcome and telling.outcome.cause):
            right, wrong, back = telling.parts
            if back:
                text.append(f"  gives back as it was given: {', '.join(back)}\n")
            if not back or back != wrong:
                text.append("  behaves as no catalogued mistake and no single edit of the formula that was tried\n")
            if right and wrong:
                text.append(f"  right in every case that was kept: {', '.join(right)}; not: {', '.join(wrong)}\n")
        return text
    likeliest, *rest = shared
    text.append("  behaves as: ").append(likeliest.statement, style="bold").append("\n")
    text.append("".join(f"    {line}\n" for line in likeliest.difference), style="dim")
    if likeliest.published:
        text.append(f"  another published form: {likeliest.published}\n")
    if rest:
        known = [m for m in rest if not EDIT.search(m.name)]
        found = [counted(len(rest) - len(known), "other edit")] if len(known) < len(rest) else []
        text.append(f"  (what was seen would also fit: {', '.join([*map(words, known[:3]), *found])})\n", style="dim")
    return text


def _names(telling: Verdict, others: Iterable[Verdict]) -> Iterator[str]:
    """Yield each other law once, with what of it is not as in the first: operation, status, and dtypes if not all."""
    others = list(others)
    dtypes = {v.dtype for v in (telling, *others)}
    of_law: dict[Any, list[Verdict]] = {}
    for v in others:
        of_law.setdefault((v.law.id, v.status), []).append(v)
    for group in of_law.values():
        v = group[0]
        if v.law is telling.law and v.status == telling.status:
            continue
        where = "" if v.law.operation is telling.law.operation else f"{v.law.operation.name}: "
        but: list[str] = [v.status] if v.status != telling.status else []
        but += [v.dtype for v in group] if {v.dtype for v in group} != dtypes else []
        yield f"{where}{words(v)} ({', '.join(but)})" if but else f"{where}{words(v)}"


def _accepted(verdicts: Iterable[Verdict]) -> str:
    """Return what a port took, argument by argument, hyperparameters first; of several operations each by its name."""
    verdicts = list(verdicts)
    of_several = len({v.law.operation for v in verdicts}) > 1
    taken: dict[tuple[bool, str], dict[str, None]] = {}
    for v in verdicts:
        operation = f"{v.law.operation.name}'s " if of_several else ""
        for j in v.outcome.judgements if v.outcome else ():
            if j.holds is False:
                name, equals, value = j.label.partition(" = ")
                name, _, value = (name, "", value) if equals else j.label.partition(" ")
                if not _is_argument(name, v.law.operation):
                    name, equals, value = j.label, "", ""
                taken.setdefault((not equals, operation + name), {})[value] = None
    ordered = sorted(taken.items(), key=lambda item: (item[0][0], "." in item[0][1]))
    told = [
        f"{name}{' ' if array else ' = '}{', '.join(filter(None, values))}".rstrip()
        for (array, name), values in ordered
    ]
    more = len(told) - MOST_ARGUMENTS
    return "; ".join(told[:MOST_ARGUMENTS]) + (f"; and {more} more" if more > 0 else "")


def _is_argument(name: str, operation: Operation) -> bool:
    """Return whether a name is that of an argument, or of a part of one."""
    whole = re.split(r"[.\[]", name)[0]
    return whole in operation.inputs or whole in operation.hyperparameters


def _deciding(verdict: Verdict) -> Mapping[str, Any]:
    """Return the inputs that decided: of bad input the call that was accepted, otherwise the case."""
    assert verdict.smallest is not None and verdict.outcome is not None
    case, outcome, operation = verdict.smallest, verdict.outcome, verdict.law.operation
    given = _arguments(outcome, operation)
    if verdict.status != ACCEPTS or not given:
        return case
    name = outcome.worst.label.split()[0].partition(".")[0] if outcome.worst else ""
    return next((g for g in given if name in g and name in case and not same_bits(g[name], case[name])), given[0])


def _call_of_its_own(verdict: Verdict) -> str:
    """Return the first call that a law makes, in words, if it makes none with what stands in the case."""
    assert verdict.smallest is not None and verdict.outcome is not None
    case, operation = verdict.smallest, verdict.law.operation
    given = _arguments(verdict.outcome, operation)
    known = [name for name in (*operation.inputs, *operation.hyperparameters) if name in case]
    if verdict.status == ACCEPTS or not given:
        return ""
    if any(all(name not in call or same_bits(call[name], case[name]) for name in known) for call in given):
        return ""
    which = "the law's call" if len(given) == 1 else f"the first of the law's {len(given)} calls"
    return f"  {which}: {described(given[0], operation)}\n"


def _arguments(outcome: Outcome, operation: Operation) -> list[dict[str, Any]]:
    """Return the arguments, by name, of each call of an operation that was answered."""
    calls = [call for call in outcome.calls if call.outputs is not None and call.operation is operation]
    return [dict(zip(operation.inputs, call.inputs, strict=False)) | call.hyperparameters for call in calls]


def finding(verdict: Verdict, outcome: Outcome) -> str:
    """Return what was found in a case: in words, or the port's number, the oracle's and the band."""
    worst, dtype = outcome.worst, np.dtype(verdict.dtype)
    if worst is None or (outcome.message and not (worst.at and worst.why == OTHER_BITS)):
        return legible(outcome.message, 400)
    at = f"{worst.label}{list(worst.at) if worst.at else ''}"
    port, oracle = _short(worst.port, dtype), _short(worst.oracle, dtype)
    if worst.why == OTHER_BITS:
        return f"{at}: port {port}, oracle {oracle}, where the same bits are guaranteed"
    right = f"oracle {oracle}" if worst.relation == "equal" else f"must be {worst.relation} {oracle}"
    return f"{at}: port {port}, {right}, band ±{worst.band:.1g}"


def _short(value: Any, dtype: np.dtype[Any]) -> str:
    """Return a number with the digits that its dtype can hold."""
    digits = {2: 5, 4: 9, 8: 17}[dtype.itemsize]
    return f"{np.float64(value):.{digits}g}"


def described(case: Mapping[str, Any], operation: Operation) -> str:
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
    return all(not np.any(leaf) for leaf in leaves(tuple(state)))
