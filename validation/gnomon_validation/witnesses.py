"""Witnesses: stored cases in which a law catches a mistake.

Finding one is expensive (`gnomon_validation.discovery`), judging it again is cheap: so a check tries, beyond the cases
that it draws, one of each mistake. They lie beside the specification, a file for each system and dtype, with the
content hash of all source that a witness depends on.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import gnomon_spec
from gnomon_spec.cases import Case
from gnomon_spec.system import Law, Mistake, Operation, System
from gnomon_validation.encoding import decoded_case, encoded

FORMAT = "gnomon-witnesses/1"
DTYPES = ("float32", "float64")
JUDGES = ("gnomon_validation.judging", "gnomon_validation.diagnosis")
PACKAGES = ("gnomon.", "gnomon_spec.", "gnomon_validation.")


class Witness(NamedTuple):
    """A law that catches a mistake, and the cases that show it. named: a diagnosis of them puts that mistake first."""

    mistake: Mistake
    law: Law
    dtype: str
    cases: tuple[Case, ...]
    named: bool = True

    @property
    def id(self) -> str:
        return f"{self.mistake.system.name}:{self.mistake.name}-{self.law.name}-{self.dtype}"


def file_of(system: System, dtype: str) -> Path:
    """Return where the witnesses of a system lie."""
    return Path(str(gnomon_spec.__file__)).parent / "witnesses" / f"{system.name}.{dtype}.json"


def write(system: System, dtype: str, found: Iterable[Witness]) -> Path:
    """Write the witnesses of a system in one dtype, one a line, and return the file."""
    lines = [
        json.dumps(
            {
                "mistake": witness.mistake.name,
                "law": witness.law.id,
                "named": witness.named,
                "cases": [{name: encoded(value) for name, value in case.items()} for case in witness.cases],
            },
            ensure_ascii=False,
            allow_nan=False,
        )
        for witness in found
    ]
    head = json.dumps({"format": FORMAT, "depends_on": content_hash(system)})
    file = file_of(system, dtype)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'{head[:-1]}, "witnesses": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    return file


def read(system: System, dtype: str) -> list[Witness]:
    """Return the stored witnesses of a system in one dtype, but for those of what the specification no longer has.

    The same case of a law is one object, in whatever witnesses it is.
    """
    laws = {law.id: law for law in system.laws}
    found: list[Witness] = []
    known: dict[tuple[str, str], Case] = {}
    for stored in _stored(system, dtype):
        law, mistake = laws.get(stored["law"]), system.mistakes.get(stored["mistake"])
        if law is None or mistake is None:
            continue
        keys = [(law.id, json.dumps(case)) for case in stored["cases"]]
        for key, case in zip(keys, stored["cases"], strict=True):
            known[key] = known.get(key) or decoded_case(case, law)
        found.append(Witness(mistake, law, dtype, tuple(known[key] for key in keys), stored["named"]))
    return found


def known_cases(law: Law, dtype: str) -> list[Case]:
    """Return the stored cases of a law in which a mistake of its system is the first time called by its name.

    Over all laws of a system each of its mistakes has such a case: who asks for them misses none. Left out are cases
    that lack what the law has been given since.
    """
    stored = _first_of_each(law.operation.system, dtype).get(law.id, [])
    return [decoded_case(case, law) for case in stored if law.cases.quantities.keys() <= case.keys()]


@cache
def _first_of_each(system: System, dtype: str) -> dict[str, list[Any]]:
    """Return the cases, as they are stored, in which mistakes are the first time called by their names, by law."""
    found: dict[str, list[Any]] = {}
    seen: set[str] = set()
    for stored in _stored(system, dtype):
        if stored["named"] and stored["mistake"] not in seen:
            seen.add(stored["mistake"])
            cases = found.setdefault(stored["law"], [])
            cases += [case for case in stored["cases"][:1] if case not in cases]
    return found


def _stored(system: System, dtype: str) -> list[Any]:
    file = file_of(system, dtype)
    return list(json.loads(file.read_text(encoding="utf-8"))["witnesses"]) if file.exists() else []


@cache
def is_current(system: System) -> bool:
    """Return whether the witnesses were found with the reference, the specification and the judges as they are now."""
    files = [file_of(system, dtype) for dtype in DTYPES]
    return all(
        file.exists() and json.loads(file.read_text(encoding="utf-8"))["depends_on"] == content_hash(system)
        for file in files
    )


@cache
def content_hash(system: System) -> str:
    """Return a hash of all source that decides what the laws of a system say: texts for readers left out."""
    waiting = [*JUDGES, *(o.reference.__module__ for o in system.operations.values()), *_modules_about(system)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and f"{name}.".startswith(PACKAGES):
            found.add(name)
            waiting += _imports(name)
    return sha256("".join(_meaning(name) for name in sorted(found)).encode()).hexdigest()


def _modules_about(system: System) -> list[str]:
    """Return the modules of the specification that declare something of a system."""
    return [
        name
        for name, module in list(sys.modules.items())
        if name.startswith("gnomon_spec.")
        and any(v is system or (isinstance(v, Operation) and v.system is system) for v in vars(module).values())
    ]


@cache
def _imports(module: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in found if f"{name}.".startswith(PACKAGES) and _path(name) is not None]


@cache
def _meaning(module: str) -> str:
    """Return what a module does, without comments, docstrings and layout."""
    tree = _tree(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    return f"{module}:{ast.dump(tree)}"


def _tree(module: str) -> ast.Module:
    return ast.parse(Path(str(_path(module))).read_text(encoding="utf-8"))


@cache
def _path(module: str) -> str | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # a function of the module, not a module
        return None
    return spec.origin if spec is not None and spec.origin and spec.origin.endswith(".py") else None
