"""Every single edit of a function: one operator, constant, term, statement … of its body changed, all else as it was.

No edit touches the signature, decorators, docstrings, annotations, `raise` statements, f-strings, or the arguments of
`require…` calls, which are sentences and bad input; the conditions that guard a `raise`, and whether a `require…` call
is made at all, are edited. A sign that can stand at several places with the same bits (-a·b and a·(-b)) is edited once,
and not where another operator says the same (a + (-b) and a - b). An edit may make a loop endless.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

from gnomon_spec.function_source import Edit, FunctionSource, Piece, called, editable, program, stored

OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*", "**": "*", "//": "/", "and": "or", "or": "and"}
EQUALITY_VARIANTS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
OPPOSITES = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
OPPOSITES |= {"is": "is not", "is not": "is", "in": "not in", "not in": "in"}
EXTREMES = {"maximum": "minimum", "minimum": "maximum", "max": "min", "min": "max"}


class SingleEdit(NamedTuple):
    """kind: one of `KINDS`. line: where it is, from 1. before, after: the lines that differ. source: all, edited."""

    kind: str
    line: int
    before: str
    after: str
    source: str


def single_edits(source: str, *, wider: bool = False) -> Iterator[SingleEdit]:
    """Yield every single edit of a function, by line and then by kind; no two are the same program.

    source: the dedented text of one function definition. wider: of the kinds in `WIDER` instead, which are no slips of
    one sign but what people write. Raises `ValueError` for any other source.
    """
    function = FunctionSource(source)
    kinds = WIDER if wider else KINDS
    edits = [(kind, edit) for kind, of in kinds.items() for node in function.nodes for edit in of(function, node)]
    seen = {program(source)}
    for kind, edit in sorted(edits, key=lambda found: function.line(found[1])):
        edited = function.edited(edit)
        if (meaning := program(edited)) not in seen:
            seen.add(meaning)
            yield SingleEdit(kind, function.line(edit), *function.differing_lines(edit, edited), edited)


def _operator(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.AugAssign(target, _, value):
            symbol = function.operator(target, value)
            if other := OPERATORS.get(symbol.text[:-1]):
                yield from (Edit([symbol._replace(text=text)]) for text in (f"{other}=", "="))
        case ast.BinOp(left, _, right):
            symbol = function.operator(left, right)
            if other := OPERATORS.get(symbol.text):
                yield Edit([symbol._replace(text=other)], node)
        case ast.BoolOp(values=values):
            symbols = [function.operator(left, right) for left, right in pairwise(values)]
            yield Edit([symbol._replace(text=OPERATORS[symbol.text]) for symbol in symbols], node)


def _comparison(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.Compare(first, _, others):
            for symbol in (function.operator(left, right) for left, right in pairwise([first, *others])):
                for text in (EQUALITY_VARIANTS.get(symbol.text), OPPOSITES[symbol.text]):
                    if text:
                        yield Edit([symbol._replace(text=text)], node)
        case ast.UnaryOp(ast.Not(), operand):
            yield function.replaced(node, function.text(operand))


def _factor(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.BinOp(left, ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Pow() as op, right):
            yield function.replaced(node, function.text(left))
            if isinstance(op, ast.Mult) and not _is_binary(left, ast.Mult, ast.Div):
                yield function.replaced(node, function.text(right))


def _term(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, right):
            yield function.replaced(node, function.text(left))
            if not _is_binary(left, ast.Add, ast.Sub):
                term = function.text(right)
                minus = f"-({term})" if _is_binary(right, ast.Add, ast.Sub) else f"-{term}"
                yield function.replaced(node, minus if isinstance(op, ast.Sub) else term)
        case ast.BoolOp(op, values):
            yield from (function.replaced(value, str(isinstance(op, ast.And))) for value in values)


def _constant(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            yield from (function.replaced(node, repr(other)) for other in (value + 1, value - 1))


def _argument(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Call):
        for left, right in pairwise(node.args):
            if not isinstance(left, ast.Starred) and not isinstance(right, ast.Starred):
                first = function.replaced(left, function.text(right))
                second = function.replaced(right, function.text(left))
                yield Edit([*first.pieces, *second.pieces])


def _statement(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.Assign() | ast.AnnAssign(value=ast.expr()):
            can_go = function.bound(node).issuperset(stored(node))
        case ast.Expr(value):
            can_go = not isinstance(value, ast.Constant)
        case ast.Return():
            can_go = isinstance(function.parents[node], ast.If)
        case _:
            can_go = isinstance(node, ast.AugAssign | ast.Break | ast.Continue)
    if can_go:
        yield function.replaced(node, "pass")
    match node:
        case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)) if len(targets) == len(values):
            for target, value in zip(targets, values, strict=True):
                if function.bound(node).issuperset(stored(target)):
                    yield function.replaced(value, function.text(target))


def _branch(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.If(test) | ast.IfExp(test):
            yield from (function.replaced(test, text) for text in ("True", "False"))
        case ast.While(test):
            yield function.replaced(test, "False")
        case ast.comprehension(ifs=tests):
            yield from (function.replaced(test, text) for test in tests for text in ("True", "False"))


def _old_for_new(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) or node.value is None:
        return
    start, block = function.span(node)[0], function.block(node)
    used = {part.id for part in function.nodes if isinstance(part, ast.Name)}
    for name in [name for name in stored(node) if name in function.bound(node)]:
        old = f"{name}_before"
        while old in used:
            old = f"old_{old}"
        for statement in block[block.index(node) + 1 :]:
            for use in editable(statement):
                if isinstance(use, ast.Name) and use.id == name and isinstance(use.ctx, ast.Load):
                    yield Edit([Piece(*function.span(use), old), Piece(start, start, f"{old} = {name}; ")])
            if name in stored(statement):
                break


def _sign(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.UnaryOp(ast.USub(), operand):
            yield function.replaced(node, function.text(operand))
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as op):
            start, parent = function.span(node)[0], function.parents[node]
            is_operand = _is_binary(parent, ast.Add, ast.Sub, ast.Mult, ast.Div) or isinstance(parent, ast.UnaryOp)
            has_sign_there = isinstance(op, ast.Mult | ast.Div) and is_operand
            if not has_sign_there and not function.text(node).startswith("-"):
                yield Edit([Piece(start, start, "-")], node)
        case ast.Call(args=[argument], keywords=[]) if called(node) in ("abs", "sqrt"):
            yield function.replaced(node, function.text(argument))
        case ast.Call(func) if other := EXTREMES.get(called(node)):
            end = function.span(func)[1]
            yield Edit([Piece(end - len(called(node)), end, other)])


def _name(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        statement: ast.AST = node
        while not isinstance(statement, ast.stmt):
            statement = function.parents[statement]
        names = function.bound(statement)
        if node.id in names:
            yield from (function.replaced(node, other) for other in sorted(names - {node.id}))


def _swapped(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    """Yield a sum or product in which two names have changed places."""
    if isinstance(node, ast.BinOp) and not isinstance(function.parents[node], ast.BinOp):
        uses = [part for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)]
        for one, other in combinations(sorted({use.id for use in uses}), 2):
            places = {one: other, other: one}
            yield Edit([Piece(*function.span(use), places[use.id]) for use in uses if use.id in places], node)


def _times(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    """Yield a product with a hyperparameter as one more factor."""
    if _is_binary(node, ast.Mult) and not _is_binary(function.parents[node], ast.Mult):
        yield from (function.replaced(node, f"{name} * {function.text(node)}") for name in function.keywords)


def _more(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    """Yield a product with one of its factors once more, or twice or half as large."""
    match node:
        case ast.BinOp(left, ast.Mult(), right):
            text = function.text(node)
            factors = [function.text(part) for part in (left, right) if not _is_binary(part, ast.Mult)]
            yield from (function.replaced(node, f"({factor}) * {text}") for factor in factors)
            yield from (function.replaced(node, other) for other in (f"2 * {text}", f"{text} / 2"))


def _power(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    """Yield the root and the square of a term, and the size of what is squared."""
    match node:
        case ast.BinOp(left, op, right):
            text = function.text(node)
            yield from (function.replaced(node, f"({text}) ** {power}") for power in ("0.5", "2"))
            if isinstance(op, ast.Mult) and function.text(left) == function.text(right):
                yield function.replaced(node, f"np.abs({function.text(left)})")


def _larger(function: FunctionSource, node: ast.AST) -> Iterator[Edit]:
    """Yield the larger of two terms, or the smaller, instead of their sum."""
    match node:
        case ast.BinOp(left, ast.Add(), right):
            terms = f"({function.text(left)}, {function.text(right)})"
            yield from (function.replaced(node, f"np.{extreme}{terms}") for extreme in ("maximum", "minimum"))


def _is_binary(node: ast.AST, *operators: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


KINDS: dict[str, Callable[[FunctionSource, ast.AST], Iterator[Edit]]] = {
    "operator": _operator,
    "comparison": _comparison,
    "factor": _factor,
    "term": _term,
    "constant": _constant,
    "argument": _argument,
    "statement": _statement,
    "branch": _branch,
    "old_for_new": _old_for_new,
    "sign": _sign,
}
WIDER = {"name": _name, "swapped": _swapped, "times": _times, "more": _more, "power": _power, "larger": _larger}
