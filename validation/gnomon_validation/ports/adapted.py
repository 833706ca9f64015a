"""What adapters of other libraries' optimizers share: how one is named, loaded, and taken for a method of ours.

A target is `module.name`, optionally with options as Python literals: `torch.optim.AdamW(fused=True)`. A port's name is
its kind and such a target, so that the name in a report finds the same port again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

from gnomon_validation.ports.loading import load

# How a name says its system.
CALLED = {"sgd": "sgd", "adam": "adam", "adamw": "adamw"}
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


def system_named(names: Iterable[str], called: Mapping[str, str] = CALLED) -> str | None:
    """Return the system whose name, the longest one, the first of `names` to contain any contains; None if none does.

    called: by which names systems go, in lower case. "with" does not count: `AdamWithClipping` is an Adam. Raises
    `ValueError` for a method that only sounds like one of ours, such as NAdam.
    """
    for name in names:
        if OTHER_METHODS.search(name):
            known = ", ".join(dict.fromkeys(called.values()))
            raise ValueError(
                f"{name} sounds like a method other than {known}; say which it is meant to be with system="
            )
        plain = name.lower().replace("with", " ")
        contained = [word for word in called if word in plain]
        if contained:
            return called[max(contained, key=len)]
    return None


def require_system(system: Any, known: Iterable[str] = CALLED.values()) -> str:
    """Return the option `system` if it names one that the adapter knows; raise `ValueError` otherwise."""
    names = tuple(dict.fromkeys(known))
    if system not in names:
        raise ValueError(f"system must be one of {', '.join(map(repr, names))}, got {system!r}")
    return str(system)


def require_fixed(fixed: Mapping[str, Any], hyperparameters: Mapping[str, Any]) -> None:
    """Raise `ValueError` if a port is asked for another value than it has of what it cannot vary."""
    for name, value in fixed.items():
        if name in hyperparameters and hyperparameters[name] != value:
            raise ValueError(f"{name} must be {value!r}, which this port cannot vary, got {hyperparameters[name]!r}")


def one_line(error: Exception) -> str:
    """Return an error's type and text as one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
