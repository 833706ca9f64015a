"""The source of one function as text and as a tree: where each node stands, and how a piece of it is replaced.

A replacement leaves all other characters as they are. Positions are bytes, as in `ast`, of the text in UTF-8.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

Definition = ast.FunctionDef | ast.AsyncFunctionDef


class Piece(NamedTuple):
    """The bytes from `start` to `end`, and the text that stands there instead."""

    start: int
    end: int
    text: str


class Edit(NamedTuple):
    """pieces: the first says in which line it is. around: what gets parentheses where precedence asks for them."""

    pieces: list[Piece]
    around: ast.AST | None = None


class FunctionSource:
    """A function's source.

    nodes: those that an edit may change (see `editable`). parents: of each node its parent. keywords: the names of
    arguments that are given by name alone.
    """

    def __init__(self, source: str) -> None:
        """Raise `ValueError` if `source` is not the dedented text of one function definition."""
        body = ast.parse(source).body
        if len(body) != 1 or not isinstance(body[0], Definition):
            raise ValueError(f"source must be the text of one function definition, got {source[:60]!r}")
        self.bytes = source.encode()
        self.line_starts = [0, *(end.end() for end in re.finditer(b"\n", self.bytes))]
        self.keywords = [argument.arg for argument in body[0].args.kwonlyargs]
        self.nodes = list(editable(body[0]))
        self.parents = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends; the parentheses around it are not part of it."""
        assert isinstance(node, ast.expr | ast.stmt) and node.end_lineno and node.end_col_offset
        first, last = self.line_starts[node.lineno - 1], self.line_starts[node.end_lineno - 1]
        return first + node.col_offset, last + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.bytes[start:end].decode()

    def operator(self, left: ast.AST, right: ast.AST) -> Piece:
        """Return the operator that stands between two operands."""
        start, end = self.span(left)[1], self.span(right)[0]
        gap = re.sub(rb"#.*|[()\\\n]", lambda other: b" " * len(other[0]), self.bytes[start:end])
        symbol = gap.strip()
        start += gap.index(symbol)
        return Piece(start, start + len(symbol), " ".join(symbol.decode().split()))

    def replaced(self, node: ast.AST, text: str) -> Edit:
        return Edit([Piece(*self.span(node), text)], node if isinstance(node, ast.expr) else None)

    def edited(self, edit: Edit) -> str:
        """Return the function with an edit made, with no more parentheses around it than precedence asks for."""
        if edit.around is None:
            return self._with(edit.pieces)
        start, end = span = self.span(edit.around)
        wrapped = self._with([Piece(start, start, "("), *edit.pieces, Piece(end, end, ")")])
        variants = [wrapped, self._with(edit.pieces)]
        if edit.pieces[0][:2] == span and self.bytes[start - 1 : start] + self.bytes[end : end + 1] == b"()":
            variants.append(self._with([Piece(start - 1, end + 1, edit.pieces[0].text)]))
        return min((text for text in variants if program(text) == program(wrapped)), key=len)

    def _with(self, pieces: list[Piece]) -> str:
        kept, at = b"", 0
        for start, end, text in sorted(pieces, key=lambda piece: piece[:2]):
            kept, at = kept + self.bytes[at:start] + text.encode(), end
        return (kept + self.bytes[at:]).decode()

    def line(self, edit: Edit) -> int:
        """Return in which line, from 1, an edit is."""
        return self.bytes.count(b"\n", 0, edit.pieces[0].start) + 1

    def differing_lines(self, edit: Edit, edited: str) -> tuple[str, str]:
        """Return the lines that an edit changes, before and after."""
        old, new = ([line.strip() for line in text.split("\n")] for text in (self.bytes.decode(), edited))
        grown = len(new) - len(old)
        if grown:
            first, last = self.line(edit) - 1, self.bytes.count(b"\n", 0, edit.pieces[0].end) + 1
            return "\n".join(old[first:last]), "\n".join(new[first : last + grown])
        changed = [i for i in range(len(old)) if old[i] != new[i]]
        return "\n".join(old[i] for i in changed), "\n".join(new[i] for i in changed)

    def block(self, statement: ast.AST) -> list[ast.AST]:
        """Return the statements among which one stands."""
        parts = (part for _, part in ast.iter_fields(self.parents[statement]) if isinstance(part, list))
        return next(part for part in parts if statement in part)

    def bound(self, statement: ast.AST) -> set[str]:
        """Return the names that have a value before a statement; what a loop before it may have left does not count."""
        parent, block = self.parents[statement], self.block(statement)
        head = [part for part in ast.iter_child_nodes(parent) if isinstance(part, ast.expr | ast.withitem)]
        before = [part for part in block[: block.index(statement)] if not isinstance(part, ast.For | ast.While)]
        names = {name for part in [*head, *before] for name in stored(part)}
        if isinstance(parent, Definition):
            return names | {part.arg for part in ast.walk(parent.args) if isinstance(part, ast.arg)}
        return names | self.bound(parent)


@lru_cache(maxsize=8)  # a text is asked for again soon or not at all
def program(source: str) -> str:
    """Return what two texts of one program have in common; nothing for a text that is no program."""
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return ""


def editable(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those below it, from the outside in, that are neither declarations nor words.

    Left out are signatures, decorators, annotations, `raise` statements, f-strings and calls of `require…`.
    """
    is_check = isinstance(node, ast.Call) and re.match("_*require(_|$)", called(node))
    if is_check or isinstance(node, ast.Raise | ast.JoinedStr | ast.arguments):
        return
    yield node
    left_out = [*getattr(node, "decorator_list", ()), getattr(node, "returns", 0), getattr(node, "annotation", 0)]
    for child in ast.iter_child_nodes(node):
        if child not in left_out:
            yield from editable(child)


def called(call: ast.Call) -> str:
    """Return the last part of a called function's name."""
    return str(getattr(call.func, "attr", "") or getattr(call.func, "id", ""))


def stored(node: ast.AST) -> list[str]:
    """Return the names to which a node gives a value in its own scope."""
    if isinstance(node, Definition | ast.ClassDef | ast.Lambda | ast.comprehension):
        return []
    own = [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
    return own + [name for child in ast.iter_child_nodes(node) for name in stored(child)]
