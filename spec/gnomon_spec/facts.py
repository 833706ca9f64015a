"""What a law claims of a port's outputs: facts, each two expressions and the relation that should hold between them.

`equal` and `at_least` compare real numbers and are judged within a band; `agree` compares outcomes that have no
in-between (a count, an index, a state) and is judged where rounding cannot change them; `identical` demands the same
bits, where IEEE arithmetic guarantees them; `rejects` demands an error; `follows` compares two trajectories as far as
rounding leaves them a common digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from gnomon_spec.arithmetic import ReplicasDisagreeError

Relation = Literal["equal", "at least", "agree", "identical", "rejects", "follows"]


class Fact(NamedTuple):
    """One claim: `actual` stands in `relation` to `expected`. `label` says of what, as a report prints it.

    scale: the size of what was subtracted to make `actual`, where exact arithmetic leaves nothing; otherwise 0.
    """

    label: str
    relation: Relation
    actual: Any
    expected: Any
    scale: Any = 0.0


def equal(label: str, actual: Any, expected: Any, scale: Any = 0.0) -> Fact:
    """Claim that two real arrays are equal up to what rounding explains.

    scale: of a quantity that vanishes in exact arithmetic, the size of what it is the difference of.
    """
    return Fact(label, "equal", actual, expected, scale)


def at_least(label: str, actual: Any, bound: Any, scale: Any = 0.0) -> Fact:
    """Claim `actual >= bound`, entry by entry, up to what rounding explains.

    scale: where both may vanish in exact arithmetic, the size of what they are differences of.
    """
    return Fact(label, "at least", actual, bound, scale)


def agree(label: str, actual: Any, expected: Any) -> Fact:
    """Claim that two discrete outcomes are the same."""
    return Fact(label, "agree", actual, expected)


def identical(label: str, actual: Any, expected: Any) -> Fact:
    """Claim that two arrays are the same bit for bit (a NaN equals a NaN)."""
    return Fact(label, "identical", actual, expected)


def follows(label: str, actual: Any, expected: Any) -> Fact:
    """Claim that two trajectories, time along the first axis, agree up to the horizon of the perturbed oracle."""
    return Fact(label, "follows", actual, expected)


def rejects(label: str, call: Callable[[], Any]) -> Fact:
    """Claim that `call` raises an error instead of returning something."""
    try:
        call()
    except ReplicasDisagreeError:
        raise
    except Exception as error:
        return Fact(label, "rejects", str(error), True)
    return Fact(label, "rejects", None, True)


def same_outputs(
    label: str, actual: Any, expected: Any, compare: Callable[[str, Any, Any], Fact] = equal, *, inside: bool = False
) -> Iterator[Fact]:
    """Claim that all parts of two outputs (arrays, numbers, tuples of them) are the same.

    The first of several outputs goes by the label, the others by their names or as "output 2", "output 3", … inside:
    the tuple is one of the outputs, or lies within one: its parts go by its own name and their places.
    """
    if isinstance(expected, tuple):
        places = [f"{label}[{i}]" if inside else f"output {i + 1}" if i else label for i in range(len(expected))]
        for part, left, right in zip(getattr(expected, "_fields", places), actual, expected, strict=True):
            yield from same_outputs(part, left, right, compare, inside=True)
    elif _is_discrete(expected):
        yield agree(label, actual, expected)
    else:
        yield compare(label, actual, expected)


def _is_discrete(value: Any) -> bool:
    """Return whether a value, or an array's entries, have no in-between."""
    return value.dtype.kind in "iub" if hasattr(value, "dtype") else isinstance(value, int | str)
