"""Finds every study and every ledger that a module of this folder declares."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from gnomon_spec.system import nearest
from gnomon_validation.studies.claim import Claim, Ledger
from gnomon_validation.studies.study import Study

T = TypeVar("T")


@cache
def _modules() -> tuple[ModuleType, ...]:
    package = import_module("gnomon_validation.studies")
    return tuple(import_module(m.name) for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def studies() -> dict[str, Study]:
    """Return every study, by name."""
    return _declared("study", Study, "name")


def ledgers() -> dict[str, Ledger]:
    """Return the ledger of every system that has one, by the system's name."""
    return _declared("ledger", Ledger, "system")


def _declared(variable: str, kind: type[T], name: str) -> dict[str, T]:
    """Return what the modules declare under that variable; raise `ValueError` if two of them have one name."""
    declared: dict[str, T] = {}
    for found in (getattr(module, variable, None) for module in _modules()):
        if isinstance(found, kind) and declared.setdefault(getattr(found, name), found) is not found:
            raise ValueError(f"two modules declare a {variable} called {getattr(found, name)!r}")
    return declared


def claims_about(system: str) -> list[Claim]:
    """Return the claims about a system; none if nobody declared any."""
    return list(ledgers().get(system, ()))


def find_studies(name: str) -> list[Study]:
    """Return the study of that name, or all of the system of that name; `ValueError` naming the nearest if none."""
    known = studies()
    of_system = [study for study in known.values() if study.system == name]
    return of_system or [nearest("study", name, {**known, **{study.system: study for study in known.values()}})]
