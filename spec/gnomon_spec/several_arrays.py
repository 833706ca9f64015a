"""What methods whose parameters are several arrays are given: vectors cut into arrays, and functions of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.objectives.several_arrays import Cubic, Joined
from gnomon.several_arrays import Arrays, cut, join
from gnomon_spec.cases import Case, Context, Draw, Quantity
from gnomon_spec.strategies import SMALL_CODES


def cut_up(vector: Any, code: int) -> Arrays:
    """Return a vector as one to three arrays; one of four entries as a matrix, of one entry as a number sometimes."""
    n = len(vector)
    ends = sorted((code // 4 % (n + 1), code // 8 % (n + 1)))[: code % 3]
    parts = [vector[a:b] for a, b in zip([0, *ends], [*ends, n], strict=True)]
    square = {4: (2, 2), 1: ()} if code % 2 else {}
    return tuple(np.reshape(part, square.get(len(part), part.shape)) for part in parts)


def arrays(quantity: Quantity) -> Quantity:
    """The n numbers of a vector as a tuple of one to three arrays, some of them perhaps empty."""
    return Quantity(
        lambda draw, context: cut_up(quantity.draw(draw, context), draw(SMALL_CODES)),
        f"one to three arrays, together: {quantity.text}",
    )


def like(name: str, quantity: Quantity) -> Quantity:
    """A tuple of arrays of the shapes of those drawn before under a name."""
    return Quantity(
        lambda draw, c: tuple(map(np.asarray, cut(quantity.draw(draw, c), c.drawn[name]))),
        f"arrays of the shapes of {name}, together: {quantity.text}",
    )


def cubic(matrix: Quantity, stationary: Quantity, *, bends: tuple[float, ...] = (0.0,)) -> Quantity:
    """A `Cubic` of the entries of all arrays, with one of the bends, known everywhere."""

    def draw_cubic(draw: Draw, context: Context) -> Joined:
        bend = bends[draw(SMALL_CODES) % len(bends)]
        numbers = (np.asarray(x, context.dtype) for x in (bend, np.inf))
        return Joined(Cubic(matrix.draw(draw, context), stationary.draw(draw, context), *numbers))

    bent = "" if bends == (0.0,) else f", bend one of {', '.join(f'{b:g}' for b in bends)}"
    return Quantity(draw_cubic, f"Cubic of all entries: {matrix.text}{bent}")


def turned(value: Any, case: Case) -> Any:
    """Return arrays whose entries, laid end to end, are turned by R; and a function that does not notice."""
    if isinstance(value, Joined):
        f, R = value.objective, case.turn
        return Joined(f._replace(matrix=R @ f.matrix @ R.T, stationary=R @ f.stationary))
    return cut(case.turn @ join(value), value)


def times(factor: Any, value: Any) -> Any:
    """Return arrays times a number, or the function times it."""
    if isinstance(value, Joined):
        f = value.objective
        return Joined(f._replace(matrix=factor * f.matrix, bend=factor * f.bend))
    return tuple(factor * array for array in value)
