"""Finds every study and every ledger that a module of this folder declares."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
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
    return _declared("study", Study, lambda study: study.name)


def ledgers() -> dict[str, Ledger]:
    """Return the ledger of every system that has one, by the system's name."""
    return _declared("ledger", Ledger, lambda ledger: ledger.system)


def _declared(variable: str, kind: type[T], name: Callable[[T], str]) -> dict[str, T]:
    """Return what the modules declare under that variable; raise `ValueError` if two of them have one name."""
    declared: dict[str, T] = {}
    for module in _modules():
        found = getattr(module, variable, None)
        if isinstance(found, kind) and declared.setdefault(name(found), found) is not found:
            raise ValueError(f"two modules declare a {variable} called {name(found)!r}")
    return declared


def claims_about(system: str) -> list[Claim]:
    """Return the claims about a system; none if nobody declared any."""
    return list(ledgers().get(system, ()))


def find_studies(name: str) -> list[Study]:
    """Return the study of that name, or all studies of the system of that name.

    Raises `ValueError` naming the nearest if there is none.
    """
    known = studies()
    of_system = [study for study in known.values() if study.system == name]
    if of_system:
        return of_system
    return [nearest("study", name, {**known, **{study.system: study for study in known.values()}})]


def find_claims(system: str) -> list[Claim]:
    """Return the claims about a system; raise `ValueError` naming the nearest if there is no ledger of that name."""
    return list(nearest("ledger", system, ledgers()))
