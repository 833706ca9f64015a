"""The reference with a few pieces of its source replaced: what a mistake is, and what `gnomon adequacy` tries.

A function is rebuilt together with everything in `gnomon` on the way from it to what was replaced: the modules on that
way are executed anew, without their imports and classes, in namespaces of their own. So a mistake in one step is also
in the trajectory that repeats it, and types stay what they were.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, partial, update_wrapper
from pathlib import Path
from sys import modules
from textwrap import dedent
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple, TypeAlias

from gnomon.arguments import check_arguments, is_checked, unchecked

Function: TypeAlias = Callable[..., Any]
ROOT = "gnomon."


class Address(NamedTuple):
    """Where a function of the reference stands: its module and its name."""

    module: str
    name: str


class Change(NamedTuple):
    """One piece of a function's body and what stands in its place."""

    at: Address
    before: str
    after: str


@dataclass(frozen=True)
class Source:
    """The lines of a function in its module: from its decorators to its end, and where its body begins."""

    lines: tuple[str, ...]
    first: int
    body: int
    last: int

    @property
    def text(self) -> str:
        return "\n".join(self.lines[self.first : self.last])

    @property
    def body_text(self) -> str:
        return "\n".join(self.lines[self.body : self.last])


def address(function: Function) -> Address:
    """Return where a function stands."""
    return Address(function.__module__, function.__qualname__)


@cache
def sources(module: str) -> dict[str, Source]:
    """Return the source of each function at the top of a module, without its docstring in the body."""
    lines = tuple(_text(module).splitlines())
    found = {}
    for node in ast.parse(_text(module)).body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
            begins = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            found[node.name] = Source(lines, first, begins.lineno - 1, int(node.end_lineno or 0))
    return found


def _text(module: str) -> str:
    return Path(str(modules[module].__file__)).read_text(encoding="utf-8")


@cache
def reach(function: Function) -> tuple[Address, ...]:
    """Return the functions of the reference that a function may call, itself first, the nearest ones first."""
    found: dict[Address, None] = {}
    waiting = [function]
    while waiting:
        waiting = [callee for caller in waiting for callee in _callees(caller, found)]
    return tuple(found)


def _callees(function: Any, found: dict[Address, None]) -> Iterator[Any]:
    """Yield what a function of the reference refers to, and note the function, and the one that it was written in."""
    if isinstance(function, partial):
        yield function.func
    if not isinstance(function, FunctionType) or not function.__module__.startswith(ROOT):
        return
    inner = unchecked(function)
    code, scope = inner.__code__, inner.__globals__
    here = address(function), Address(str(scope["__name__"]), code.co_qualname.partition(".")[0])
    if here[0] in found and here[1] in found:
        return
    found.update(dict.fromkeys(here))
    names = list(_names(code))
    for name in names:
        value = scope.get(name)
        yield value
        if isinstance(value, ModuleType) and value.__name__.startswith(ROOT):
            yield from (getattr(value, inside, None) for inside in names)
    for cell in inner.__closure__ or ():
        yield cell.cell_contents


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


PIECE = r"`([^`]*)`\s+→\s+`([^`]*)`"
ENTRY = re.compile(rf"\s*(\w+): (.+?)\s+({PIECE}(?:,?\s+{PIECE})*)", re.DOTALL)


def entries(table: str) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield the name, the sentence and the pieces of each entry of a table; raise `ValueError` for what is none.

    Further lines of a piece begin after eight spaces, which do not belong to it.
    """
    end = 0
    while rest := table[end:].strip():
        entry = ENTRY.match(table, end)
        if entry is None:
            raise ValueError(f"no name, sentence and `before` → `after` stand in {rest!r}")
        yield entry[1], " ".join(entry[2].split()), re.findall(PIECE, entry[3].replace("\n" + " " * 8, "\n"))
        end = entry.end()


def find(function: Function, before: str, after: str, within: Function | None = None) -> Change:
    """Return the change of one piece, in the nearest function that has it; raise `ValueError` if there is none.

    An empty piece stands before the first line of the body: what replaces it is done first. within: the only function
    to look in.
    """
    for at in [address(within)] if within is not None else reach(function):
        source = sources(at.module).get(at.name)
        if source is not None and (not before or _pattern(before).search(source.body_text)):
            return Change(at, before, after)
    place = ".".join(address(within or function))
    raise ValueError(f"{place} has no {before!r} to be edited: the reference has changed, or the piece is misspelt")


class Pieces(NamedTuple):
    """What is replaced, and by what, each piece in the nearest function that has it. within: see `find`."""

    function: Function
    pieces: tuple[tuple[str, str], ...]
    within: Function | None = None

    def found(self) -> tuple[Change, ...]:
        """Return where the pieces stand."""
        return tuple(find(self.function, before, after, self.within) for before, after in self.pieces)


@cache
def _pattern(piece: str) -> re.Pattern[str]:
    """Return what finds a piece: whole words, and after a line break whatever indentation there is."""
    lines = (re.escape(line.strip()) if i else re.escape(line) for i, line in enumerate(piece.split("\n")))
    before, after = (r"(?<!\w)" if piece[0].isalnum() else "", r"(?!\w)" if piece[-1].isalnum() else "")
    return re.compile(before + r"\n *".join(lines) + after)


def with_changes(changes: Sequence[Change]) -> dict[Address, str]:
    """Return the sources of the functions in which some changes are made, all of them made."""
    places = dict.fromkeys(change.at for change in changes)
    return {at: edited(at, [change for change in changes if change.at == at]) for at in places}


def edited(at: Address, changes: Sequence[Change]) -> str:
    """Return the source of a function with all of the changes made in its body, each wherever its piece stands."""
    source = sources(at.module)[at.name]
    body = source.body_text
    for change in changes:
        if not change.before:
            indent = body[: len(body) - len(body.lstrip())]
            body = indent + change.after.replace("\n", "\n" + indent) + "\n" + body
            continue

        def instead(match: re.Match[str], text: str = body, after: str = change.after) -> str:
            line = text[text.rfind("\n", 0, match.start()) + 1 :]
            return after.replace("\n", "\n" + line[: len(line) - len(line.lstrip())])

        body, count = _pattern(change.before).subn(instead, body)
        if not count:
            raise ValueError(f"{'.'.join(at)} has no {change.before!r} left to be edited")
    return "\n".join([*source.lines[source.first : source.body], body])


def difference(at: Address, text: str) -> list[str]:
    """Return the lines that differ between a function's source and an edited one, as "- before" and "+ after"."""
    old, new = sources(at.module)[at.name].text.splitlines(), text.splitlines()
    lines: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            removed, added = _signed("-", old[a:b]), _signed("+", new[c:d])
            pairs = zip(removed, added, strict=False)
            lines += [line for pair in pairs for line in pair] if len(removed) == len(added) else removed + added
    return lines


def _signed(sign: str, lines: Sequence[str]) -> list[str]:
    return [f"{sign} {line}" for line in dedent("\n".join(lines)).split("\n") if line.strip()]


class Edited:
    """The reference with some functions replaced: by another source text, or by another function.

    without_checks: no function checks its arguments by its signature.
    """

    def __init__(self, replaced: Mapping[Address, str | Function], *, without_checks: bool = False) -> None:
        self.replaced = dict(replaced)
        self.without_checks = without_checks
        self._rebuilt: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, list[Statement]] = {}
        self._affected: dict[str, bool] = {}
        self._reached: dict[Function, bool] = {}

    def reaches(self, function: Function) -> bool:
        """Return whether the function is, or calls, something that is replaced."""
        if function not in self._reached:
            among = not {address(function), *reach(function)}.isdisjoint(self.replaced)
            self._reached[function] = among or (self.without_checks and is_checked(function))
        return self._reached[function]

    def function(self, function: Function) -> Function:
        """Return the function as it is with the replacements."""
        if not self.reaches(function):
            return function
        replacement = self.replaced.get(address(function))
        if callable(replacement):
            return _instead_of(function, replacement)
        return self._namespace(function.__module__, function.__name__)[function.__name__]  # type: ignore[no-any-return]

    def _is_affected(self, module: str) -> bool:
        if module not in self._affected:
            self._affected[module] = False  # also ends a circle of imports
            direct = any(at.module == module for at in self.replaced)
            checks = self.without_checks and "checked" in vars(modules[module])
            self._affected[module] = direct or checks or any(map(self._is_affected, _imported(module)))
        return self._affected[module]

    def _namespace(self, module: str, name: str = "") -> dict[str, Any]:
        """Return the names of a module, that name, or if it is "" each of them, made anew where replacements reach it.

        What only other names need is left as it is: most of a module that one edit reaches is never called.
        """
        if not self._is_affected(module):
            return vars(modules[module])
        if module not in self._rebuilt:
            own = vars(modules[module])
            scope = self._rebuilt[module] = dict(own)
            for imported, value in own.items():
                scope[imported] = self._entering(value, module)
            new = {known for known, value in own.items() if scope[known] is not value}
            new |= {at.name for at in self.replaced if at.module == module}
            self._waiting[module] = _depending(_statements(module), new)
        scope, waiting = self._rebuilt[module], self._waiting.get(module, [])
        needed = _needed(waiting, name) if name else waiting
        self._waiting[module] = [statement for statement in waiting if statement not in needed]
        for statement in needed:
            replacement = self.replaced.get(Address(module, statement.function))
            if replacement is None:
                exec(statement.code, scope)
            elif isinstance(replacement, str):
                exec(_compiled(ast.parse(replacement).body, module), scope)
            else:
                scope[statement.function] = _instead_of(getattr(modules[module], statement.function), replacement)
        return scope

    def _entering(self, value: Any, module: str) -> Any:
        """Return what an imported name stands for."""
        if isinstance(value, ModuleType) and value.__name__.startswith(ROOT) and self._is_affected(value.__name__):
            return SimpleNamespace(**self._namespace(value.__name__))
        if isinstance(value, FunctionType) and value.__module__ != module and value.__module__.startswith(ROOT):
            if self.without_checks and address(value) == Address("gnomon.arguments", "checked"):
                return _checking_nothing
            if value.__module__ in modules and self._is_affected(value.__module__):
                return self._namespace(value.__module__, value.__name__).get(value.__name__, value)
        return value


class Statement(NamedTuple):
    """A statement of a module that can be executed anew. function: its name if it defines one. gives, uses: names."""

    function: str
    code: CodeType
    gives: frozenset[str]
    uses: frozenset[str]


Names: TypeAlias = Callable[[Statement], frozenset[str]]


@cache
def _statements(module: str) -> list[Statement]:
    """Return what of a module can be executed anew: all but imports and classes."""
    found = []
    for node in ast.parse(_text(module)).body:
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef):
            function = getattr(node, "name", "")
            names = {name for name in ast.walk(node) if isinstance(name, ast.Name)}
            stored = {name.id for name in names if isinstance(name.ctx, ast.Store)}
            gives = frozenset({function} if function else stored)
            found.append(Statement(function, _compiled([node], module), gives, frozenset(name.id for name in names)))
    return found


def _depending(statements: list[Statement], names: set[str]) -> list[Statement]:
    """Return the statements that give one of the names, or use it, or what one of these gives, in their order."""
    return _connected(statements, names, lambda one: one.gives | one.uses, lambda one: one.gives)


def _needed(statements: list[Statement], name: str) -> list[Statement]:
    """Return the statements that give a name, or what one of these uses, in their order."""
    return _connected(statements, {name}, lambda one: one.gives, lambda one: one.uses)


def _connected(statements: list[Statement], names: set[str], known_by: Names, leads_to: Names) -> list[Statement]:
    found, left = set[Statement](), set(statements)
    while met := {one for one in left if not names.isdisjoint(known_by(one))}:
        left, found = left - met, found | met
        names = names.union(*map(leads_to, met))
    return [one for one in statements if one in found]


def _compiled(body: list[ast.stmt], module: str) -> CodeType:
    return compile(ast.Module(body, []), str(modules[module].__file__), "exec")


@cache
def _imported(module: str) -> list[str]:
    """Return the modules of the reference from which a module has a name."""
    found: dict[str, None] = {}
    for value in vars(modules[module]).values():
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(value, ModuleType | FunctionType) and isinstance(name, str) and name.startswith(ROOT):
            found[name] = None
    return [name for name in found if name != module and name in modules]


def _instead_of(original: Function, wrong: Function) -> Function:
    """Return the wrong function with the original's signature, checking its arguments as that one does."""

    def function(*args: Any, **kwargs: Any) -> Any:
        if is_checked(original):
            check_arguments(original, *args, **kwargs)
        return wrong(*args, **kwargs)

    return update_wrapper(function, original)


def _checking_nothing(*_rules: Any) -> Callable[[Function], Function]:
    def decorate(function: Function) -> Function:
        function.check = lambda *_args, **_kwargs: None  # type: ignore[attr-defined]
        return function

    return decorate
