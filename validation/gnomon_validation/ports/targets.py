"""What a user calls an optimizer of another library, and which method it is taken for.

A target is `module.name`, optionally with options as Python literals: `torch.optim.AdamW(fused=True)`. A port's name is
its kind and such a target, so that the name in a report finds the same port again. An optimizer becomes the port of one
system: the one whose word (`methods.ROWS`) its name contains, the longest word if there are several, else the one of
whose arguments it takes the most. The option `system` has the last word.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gnomon_validation.ports.loading import load
from gnomon_validation.ports.methods import ROWS, Row

# Methods of their own, whose names contain that of a system.
OTHER_METHODS = re.compile(
    r"[NR]Adam|(?<![A-Za-z])[nr]adam|[Aa]dam(ax|[pP](?![a-z]))|optimistic_adam"
    r"|ASGD|(?<![A-Za-z])asgd|(sign|noisy|polyak)_sgd|LAMB|[Ll]amb(?!da)|[Bb]elief|[Yy]ogi"
)


def read_target(target: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the path in `module.name(option=value, …)` and its options, joined with those given beside it."""
    path, bracket, _ = target.partition("(")
    if not bracket:
        return target, dict(options)
    try:
        call = ast.parse(target, mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError
        written = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise ValueError(f"options must be written name=literal, as in {path}(fused=True), got {target!r}") from None
    return path, {**written, **options}


def module_and_name(path: str) -> tuple[str, str]:
    """Return the two parts of `module.name`; raise `ValueError` in one line if it has not both."""
    module, _, name = path.rpartition(".")
    if not module or not name:
        raise ValueError(f"an optimizer is named module.name, as in torch.optim.AdamW or optax.adam, got {path!r}")
    return module, name


def load_named(path: str) -> Any:
    """Import `module.name`; raise `ValueError` in one line if there is no such thing."""
    module, name = module_and_name(path)
    return load(f"{module}:{name}")


def port_name(kind: str, path: str, options: Mapping[str, Any]) -> str:
    """Return what a report calls the port: `torch:torch.optim.AdamW(fused=True)`."""
    written = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return f"{kind}:{path}({written})" if written else f"{kind}:{path}"


def row_of(kind: str, path: str, names: Sequence[str], takes: Iterable[str], options: Mapping[str, Any]) -> Row:
    """Return the row by which an optimizer is read: the option `system`'s, else by its names, else by its arguments."""
    rows = {system: row for system, row in ROWS.items() if kind in row.libraries}
    if "system" in options:
        if options["system"] not in rows:
            known = ", ".join(map(repr, rows))
            raise ValueError(f"system must be one of {known}, got {options['system']!r}")
        return rows[options["system"]]
    named = system_named(names, {word: system for system, row in rows.items() for word in row.called})
    if named is not None:
        return rows[named]
    fitting = {system: max((len(s) for s in row.taking if s <= {*takes}), default=0) for system, row in rows.items()}
    most = max(fitting.values())
    if most:
        return next(rows[system] for system in reversed(fitting) if fitting[system] == most)
    *others, last = rows
    raise ValueError(
        f"{path} maps onto no system: neither a name ({', '.join(names)}) nor an argument ({', '.join(takes)}) says "
        f"{', '.join(others)} or {last}; say which with system="
    )


def system_named(names: Iterable[str], called: Mapping[str, str]) -> str | None:
    """Return the system whose name, the longest one, the first of `names` to contain any contains; None if none does.

    called: by which names systems go, in lower case. "with" does not count: `AdamWithClipping` is an Adam. Raises
    `ValueError` for a method that only sounds like one of ours, such as AdaBelief's Adam.
    """
    for name in names:
        other = OTHER_METHODS.search(name)
        if other and other.group().lower() not in called:
            known = ", ".join(dict.fromkeys(called.values()))
            raise ValueError(
                f"{name} sounds like a method other than {known}; say which it is meant to be with system="
            )
        plain = name.lower().replace("with", " ")
        contained = [word for word in called if word in plain]
        if contained:
            return called[max(contained, key=len)]
    return None
