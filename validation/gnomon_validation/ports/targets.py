"""What a user calls an optimizer of another library, and which method it is taken for.

A target is `module.name` or `FILE.py:name`, optionally with options as Python literals:
`torch.optim.AdamW(fused=True)`. A port's name is its kind and such a target, so that the name in a report finds the
same port again. An optimizer becomes the port of the system that its name says (`methods.ROWS`); the option `system`
has the last word.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from gnomon_validation.ports.loading import attribute, load_module, split
from gnomon_validation.ports.methods import ROWS, Row

# What may stand before a method's word without making another method of it.
BEFORE = re.compile(
    r"my|our|own|the|a|make|build|create|get|fused|foreach|single|multi|device|tensor|for|each|cpu|gpu|paged|torch|jax|optax|"
    r"numpy|plain|vanilla|simple|naive|reference|custom|wrapped"
)
# What may stand behind it: words and numbers, but for those that make another method of it, as in SGDHess.
BEHIND = re.compile(
    r"(?!(?i:mini|mod|hess|schedule|free|belief|max|bound|factor|delta|atan|cautious|shift|clip)$)"
    r"(\d+[a-z]*|[A-Z][a-z]+|[a-z]{2,})"
)


class UnknownMethodError(ValueError):
    """An optimizer's name says none of the methods that there are."""


def read_target(target: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the path in `module.name(option=value, …)` and its options, joined with those given beside it."""
    path, bracket, _ = target.partition("(")
    if not bracket:
        return target, dict(options)
    try:
        call = ast.parse(f"optimizer{target.removeprefix(path)}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError
        written = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise ValueError(f"options must be written name=literal, as in {path}(fused=True), got {target!r}") from None
    return path, {**written, **options}


def module_and_name(path: str) -> tuple[str, str]:
    """Return the two parts of `module.name`, `module:name` or `FILE.py:name`; raise `ValueError` if it has not both."""
    module, name = split(path)
    if not name:
        module, _, name = path.rpartition(".")
    if not module or not name:
        raise ValueError(f"an optimizer is named module.name, as in torch.optim.AdamW or optax.adam, got {path!r}")
    return module, name


def load_named(path: str) -> Any:
    """Import what `module_and_name` tells apart; raise `ValueError` in one line if there is no such thing."""
    module, name = module_and_name(path)
    return attribute(load_module(module), module, name)


def port_name(kind: str, path: str, options: Mapping[str, Any]) -> str:
    """Return what a report calls the port: `torch:torch.optim.AdamW(fused=True)`."""
    written = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return f"{kind}:{path}({written})" if written else f"{kind}:{path}"


def row_of(kind: str, names: Sequence[str], bases: Sequence[str], options: Mapping[str, Any]) -> Row:
    """Return the row by which an optimizer is read: the option `system`'s, else that which one of its names says.

    bases: further names, of what it is made of. Raises `UnknownMethodError` if no name says a method.
    """
    rows = {system: row for system, row in ROWS.items() if kind in row.libraries}
    if "system" in options:
        if options["system"] not in rows:
            known = ", ".join(map(repr, rows))
            raise ValueError(f"system must be one of {known}, got {options['system']!r}")
        return rows[options["system"]]
    called = {word: system for system, row in rows.items() for word in row.called}
    said = [system for name in names if (system := method_said(name, called))]
    if said:
        return rows[said[0]]
    plain = names[0].lower()
    near = [system for name in bases if (system := method_said(name, called))]
    near += [called[word] for word in sorted(called, key=len, reverse=True) if word in plain]
    near += [called[word] for word in get_close_matches(plain, called, n=1, cutoff=0.4)]
    others = f"nearest: {near[0]}" if near else f"it has {', '.join(rows)}"
    raise UnknownMethodError(
        f"{names[0]} is a method Gnomon does not have ({others}); "
        f"where it is one under another name, say so: --system {near[0] if near else 'NAME'}"
    )


def method_said(name: str, called: Mapping[str, str]) -> str | None:
    """Return the system whose word a name says: alone, or among words that only describe; None if it says none.

    called: by which words systems go, in lower case. `AdamWithClipping` and `FusedAdam` are an Adam; SGDW, SignSGD and
    RAdam are no SGD or Adam.
    """
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]*", name)
    spans = [(i, j) for i in range(len(parts)) for j in range(len(parts), i, -1)]
    for i, j in sorted(spans, key=lambda span: span[0] - span[1]):
        word = "".join(parts[i:j]).lower()
        if (
            word in called
            and all(map(BEFORE.fullmatch, map(str.lower, parts[:i])))
            and all(map(BEHIND.fullmatch, parts[j:]))
        ):
            return called[word]
    return None
