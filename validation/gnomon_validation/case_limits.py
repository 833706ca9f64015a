"""How much a case file may hold, asked before anything is computed from it.

A file may come from a stranger, and nothing in it is believed: neither how long its arrays are nor how often a loop
runs. As a whole it holds a few times what the largest one that a check writes does. What a case may hold is the law's
own to say: of each of its quantities at most `SLACK` times as much as the law itself draws. An integer counts for what
it is wherever it may be the length of a loop; in a state that an operation takes and returns it only says how often
that was done, and may be any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

import numpy as np

from gnomon_spec.cases import Case
from gnomon_spec.system import Law, Operation
from gnomon_validation.drawing import visit

LARGEST_FILE = 2**24  # bytes; the largest one that was seen has 2 million
MOST_VALUES = 400_000  # numbers, texts, lists and objects; 58,000
DEEPEST = 64  # lists and objects within each other; 13
LARGEST_INTEGER = 2**63 - 1
LETTERS = 8  # of a text, that count as one value
EXAMPLES = 100
SLACK = 2
INTEGER, LENGTH, PARTS = "be at most {:,} in size", "be at most {:,} long along each axis", "have at most {:,} parts"
Extent = tuple[str, int]  # what is counted, and how much there is of it


def measure(data: Any) -> tuple[int, int]:
    """Return how many values JSON data holds, and how deep they lie within each other; it may stop at a limit."""
    waiting, values, deepest = [(data, 1)], 0, 0
    while waiting and values <= MOST_VALUES and deepest <= DEEPEST:
        part, depth = waiting.pop()
        values, deepest = values + 1, max(deepest, depth)
        if isinstance(part, str):
            values += len(part) // LETTERS
        if isinstance(part, dict):
            values += sum(len(name) // LETTERS for name in part if isinstance(name, str))
            part = part.values()
        elif not isinstance(part, list):
            continue
        waiting.extend((inner, depth + 1) for inner in part)
    return values, deepest


def require_little(data: Any) -> None:
    """Raise `ValueError` if JSON data is more than a case file holds."""
    values, depth = measure(data)
    if values > MOST_VALUES:
        raise ValueError(f"it must hold at most {MOST_VALUES:,} values, got more")
    if depth > DEEPEST:
        raise ValueError(f"its values must lie at most {DEEPEST} deep within each other, got deeper ones")


def require_like_drawn(case: Case, law: Law) -> None:
    """Raise `ValueError` if a quantity of a case is much larger than what the law draws."""
    states, drawn = _states(law.operation), _drawn(law)
    for name, value in case.items():
        for what, size in extents(value, states):
            seen = [largest[what] for largest in drawn.values() if what in largest]
            limit = SLACK * drawn.get(name, {}).get(what, size if what == INTEGER else max(seen, default=1))
            if size > limit:
                most = f"{what.format(limit)} ({SLACK} times the largest that its law draws)"
                raise ValueError(f"{name} of its case must {most}, got {size:,}")


def extents(value: Any, states: frozenset[type[Any]] = frozenset()) -> Iterator[Extent]:
    """Yield how large the integers in a value are, how long its arrays and tuples.

    states: kinds of tuples whose own integers count for nothing.
    """
    if isinstance(value, np.ndarray):
        yield from ((LENGTH, int(n)) for n in value.shape)
        if value.dtype.kind == "i" and value.size:
            yield INTEGER, max(int(np.max(value)), -int(np.min(value)))
    elif isinstance(value, tuple | list):
        is_state = hasattr(value, "_fields")
        if not is_state:
            yield PARTS, len(value)
        for part in value:
            if not (type(value) in states and type(part) is int):
                yield from extents(part, states)
    elif isinstance(value, dict):
        yield PARTS, len(value)
        for part in value.values():
            yield from extents(part, states)
    elif type(value) is int:
        yield INTEGER, abs(value)


@cache
def _drawn(law: Law) -> Mapping[str, Mapping[str, int]]:
    """Return how large each quantity of a law's cases becomes."""
    largest: dict[str, dict[str, int]] = {}
    states, dtype = _states(law.operation), np.dtype(law.dtypes[-1])

    def visitor(case: Case) -> None:
        for name, value in case.items():
            most = largest.setdefault(name, {})
            for what, size in extents(value, states):
                most[what] = max(most.get(what, 1), size)

    visit(law.cases.strategy(dtype), examples=EXAMPLES, random_seed=0, visitor=visitor)
    return largest


@cache
def _states(operation: Operation) -> frozenset[type[Any]]:
    """Return the kinds of tuples that an operation both takes and returns, those within others included."""
    hints = get_type_hints(operation.reference)
    returned = _tuples_in(hints.pop("return", None))
    return frozenset(returned & set().union(*map(_tuples_in, hints.values())))


def _tuples_in(hint: Any) -> set[type[Any]]:
    found: set[type[Any]] = set().union(*map(_tuples_in, get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        found |= {hint}.union(*map(_tuples_in, get_type_hints(hint).values()))
    return found
