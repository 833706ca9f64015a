"""A system or an operation in words: definition, laws, mistakes, where sources and libraries differ."""

from __future__ import annotations

import inspect
import re
from fnmatch import fnmatchcase
from itertools import groupby
from textwrap import indent
from typing import Any, get_type_hints

from rich.console import Console
from rich.text import Text

from gnomon.arguments import domains_of, is_checked, unchecked
from gnomon_spec.system import Operation, System, find_system, nearest, systems
from gnomon_validation.console import tell, tell_prose
from gnomon_validation.ports.known_differences import KNOWN, Difference
from gnomon_validation.stubs import arguments_of, given_as, kinds_in, parts_of, words_for
from gnomon_validation.studies.find import claims_about


def find(name: str) -> tuple[System, list[Operation]]:
    """Return the system and the operations that `name` means (`adam`, `adam.step`, `hutchinson`).

    Raises `ValueError` if it means none, or an operation of several systems.
    """
    system_name, _, operation = name.partition(".")
    alone = [system for system in systems().values() if name in system.operations]
    if len(alone) > 1 and name not in systems():
        raise ValueError(
            f"{name} is an operation of {', '.join(s.name for s in alone)}: say which, {alone[0].name}.{name}"
        )
    if alone and name not in systems():
        return alone[0], [alone[0].operations[name]]
    if operation or name in systems():
        system = find_system(system_name)
    else:
        nearest(
            "system or operation",
            name,
            dict.fromkeys([*systems(), *(o for s in systems().values() for o in s.operations)]),
        )
    if not operation:
        return system, list(system.operations.values())
    return system, [nearest(f"operation of {system_name}", operation, system.operations)]


def explain(name: str, console: Console) -> None:
    """Print what is known about a system (`adam`) or one of its operations (`adam.step`)."""
    system, operations = find(name)
    console.print(Text(system.title, style="bold"))
    console.print()
    tell_prose(console, inspect.cleandoc(system.text))
    told: set[Any] = set()
    for operation in operations:
        console.print()
        tell(console, Text(f"{operation.id}({arguments_of(operation)})", style="bold"), hang=4)
        console.print()
        tell_prose(console, inspect.getdoc(operation.reference) or "")
        _tell_domains(operation, console)
        _tell_form(operation, console)
        named = _named(operation)
        _tell_named({name: what for name, what in named.items() if what not in told}, console)
        told.update(named.values())
        _head(console, f"Laws of {operation.id} ({len(operation.laws)})")
        for law in operation.laws:
            tell(console, Text(f"{law.name.replace('_', ' ')}  [{law.kind}]", style="cyan"), label="  ")
            tell(console, Text(law.statement), label="    ")
    mistakes = [m for m in system.mistakes.values() if any(m.concerns(operation) for operation in operations)]
    _head(console, f"Known mistakes ({len(mistakes)})")
    for mistake in mistakes:
        tell(console, Text(mistake.name.replace("_", " "), style="cyan"), label="  ")
        tell(console, Text(mistake.statement), label="    ")
        for line in mistake.difference:
            console.print(Text(f"      {line}", style="dim"), soft_wrap=True)
    _explain_differences(system, console)
    _explain_claims(system, console)


def _head(console: Console, words: str) -> None:
    console.print()
    console.print(Text(words, style="bold"))


def _tell_domains(operation: Operation, console: Console) -> None:
    """Print what each argument must satisfy, as its signature says."""
    if not is_checked(operation.reference):
        return
    _head(console, "Arguments")
    domains, hints = domains_of(operation.reference), get_type_hints(operation.reference)
    for name in (*operation.inputs, *operation.hyperparameters):
        of = "truth values" if "bool" in str(hints[name]) else "integers"
        tell(console, Text(f"{name}: {domains.get(name, f'an array of {of}')}"), label="  ", hang=6)


def _tell_form(operation: Operation, console: Console) -> None:
    """Print what a port of an operation is called, the fields of what it is given in order, and what it returns."""
    _head(console, "As a port")
    name = f"{operation.system.name}_{operation.name}"
    tell(console, Text(f"{name}({', '.join(operation.positional)}), hyperparameters by name"), label="  ", hang=6)
    parts = parts_of(operation)
    returned = ", ".join(words_for(operation, part) for part in parts)
    tell(console, Text(f"returns {returned}"), label="  ", hang=6)
    if any(hasattr(part, "_fields") for part in parts):
        alone = list(getattr(parts[0], "_fields", ())) if len(parts) == 1 and not given_as(operation, parts[0]) else []
        less = f"; {alone[0]} alone will do, the rest is then not provided" if len(alone) > 1 else ""
        tell(console, Text(f"fields as a tuple or a dictionary{less}"), label="  ", hang=6)
    tell(console, Text(f"to begin with: gnomon new {operation.id}"), label="  ", hang=6)


def _tell_named(named: dict[str, Any], console: Console) -> None:
    """Print the fields of tuples in their order, and the methods of objects, and functions, with what they are."""
    if named:
        _head(console, "What is named here")
    for name, what in named.items():
        names = getattr(what, "_fields", [*inspect.signature(what).parameters] if inspect.isfunction(what) else None)
        tell(console, Text(name + (f"({', '.join(names)})" if names is not None else ""), style="cyan"), label="  ")
        tell_prose(console, indent(inspect.getdoc(what) or "", "    "))
        methods = inspect.getmembers(what, inspect.isfunction) if getattr(what, "_is_protocol", False) else []
        for method, function in ((n, f) for n, f in methods if not n.startswith("_")):
            said, arguments = inspect.getdoc(function) or "", [*inspect.signature(function).parameters][1:]
            tell(console, Text(f"{method}({', '.join(arguments)}): {' '.join(said.split())}"), label="    ", hang=8)


def _named(operation: Operation) -> dict[str, Any]:
    """Return what an operation is given and returns that has parts, and the functions that its text names, by name.

    What is an operation itself is explained as one.
    """
    text, scope = inspect.getdoc(operation.reference) or "", unchecked(operation.reference).__globals__
    functions = {name: scope.get(name) for name in re.findall(r"`(\w+)`", text)}
    functions = {n: f for n, f in functions.items() if inspect.isfunction(f) and n not in operation.system.operations}
    return {kind.__name__: kind for kind in kinds_in(operation)} | functions


def _explain_differences(system: System, console: Console) -> None:
    known = [d for d in KNOWN if _is_about(d, system)]
    if known:
        _head(console, "Known differences of libraries")
    for reason, differences in groupby(known, key=lambda difference: difference.reason):
        for difference in differences:
            what = f"{difference.port}  {difference.law}  {difference.verdict} ({', '.join(difference.dtypes)})"
            tell(console, Text(what, style="cyan"), label="  ")
        tell(console, Text(reason), label="    ")


def _is_about(difference: Difference, system: System) -> bool:
    """Return whether a difference is one of a port of a system: if it names any, its class has the system's name."""
    named = difference.port.rpartition(".")[2].rstrip("*").lower().replace("amsgrad", "adam")
    is_one = not difference.law.startswith("*") or system.name.startswith(named)
    return is_one and any(fnmatchcase(law.id, difference.law) for law in system.laws)


def _explain_claims(system: System, console: Console) -> None:
    claims = claims_about(system.name)
    if claims:
        _head(console, f"Published claims ({len(claims)}; measured by: gnomon claims {system.name})")
    for claim in claims:
        tell(console, Text(claim.judgement, style="cyan"), label="  ")
        tell(console, Text(claim.statement), label="    ")
