"""Finds every study and every ledger that a module of this folder declares."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

from gnomon_spec.system import nearest
from gnomon_validation.studies.claim import Claim, Ledger
from gnomon_validation.studies.study import Study


@cache
def _modules() -> tuple[ModuleType, ...]:
    package = import_module("gnomon_validation.studies")
    return tuple(import_module(m.name) for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def studies() -> dict[str, Study]:
    """Return every study, by name."""
    found = [getattr(module, "study", None) for module in _modules()]
    return {study.name: study for study in found if isinstance(study, Study)}


def ledgers() -> dict[str, Ledger]:
    """Return the ledger of every system that has one, by the system's name."""
    found = [getattr(module, "ledger", None) for module in _modules()]
    return {ledger.system: ledger for ledger in found if isinstance(ledger, Ledger)}


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
