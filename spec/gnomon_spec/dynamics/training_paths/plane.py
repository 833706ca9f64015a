"""What is drawn in the plane: paths between whole points around obstacles that no step can meet, and paths by words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from gnomon.dynamics.training_paths.points import Points
from gnomon_spec.cases import Cases, Context, Draw, Quantity, choice
from gnomon_spec.rejections import bad_values, no_numbers
from gnomon_spec.strategies import CODES, shapes

# A step between whole points at most 8 apart meets no point a whole number of halves and 1/64 beyond a whole number
# away, unless it is parallel to an axis through it: so obstacles stand on columns only where no step is vertical, and
# on rows only where none is horizontal. All products are exact.
PLACES = {"between": (1 / 2, 1 / 64), "columns": (0.0, 1 / 64), "rows": (1 / 64, 0.0)}


@bad_values.register
def _(domain: Points, value: Any) -> Iterator[tuple[str, Any]]:
    yield from no_numbers()
    yield " of integers", np.ones(value.shape, np.int64)
    yield " of another rank", value[np.newaxis]
    if domain.dimension or domain.model:
        yield " with a number more", np.concatenate([value, value[:, :1]], axis=1)
    if domain.least:
        yield " without points", value[:0]
    first = (np.arange(value.size) == 0).reshape(value.shape)
    for bad in (np.nan, np.inf) if value.size else ():
        yield f" with {bad}", np.where(first, np.asarray(bad, value.dtype), value)


def generator(draw: Draw) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(draw(CODES)))


def draw_path(draw: Draw, context: Context) -> Any:
    """Draw as many whole points as the common shape says; a step along an axis that obstacles stand on is none."""
    points, places = generator(draw).integers(-3, 4, (*context.shape, 2)), context.drawn["places"]
    for axis in {"between": (), "columns": (0,), "rows": (1,)}[places]:
        for p, q in pairwise(points):
            q[:] = p if p[axis] == q[axis] else q
        if len(points) > 1 and points[0, axis] == points[-1, axis]:  # the step that closes the path
            points[-1, axis] = next(x for x in range(-3, 4) if x not in points[[0, -2], axis])
    return points.astype(context.dtype)


def draw_obstacles(draw: Draw, context: Context) -> Any:
    chosen = generator(draw)
    whole = chosen.integers(-3, 3, (int(chosen.integers(1, 4)), 2))
    return (whole + np.array(PLACES[context.drawn["places"]])).astype(context.dtype)


around = Cases(
    {
        "places": choice(*PLACES),
        "path": Quantity(draw_path, "path between whole points from -3 to 3"),
        "obstacles": Quantity(draw_obstacles, "1 to 3 obstacles that no step meets"),
    },
    shapes((3,), (4,), (6,), (8,), (2,), (1,)),
)


def loop(letter: int) -> list[tuple[int, int]]:
    """Return the way from (0, -1) around the obstacle at (2k, ½), k from 1, and back: to the left for the letter k."""
    k = abs(letter)
    corners = [(2 * k + 1, -1), (2 * k + 1, 2), (2 * k - 1, 2), (2 * k - 1, -1)]
    return [*(corners if letter > 0 else corners[::-1]), (0, -1)]


def along(letters: Any, context: Context) -> Any:
    """Return the path from (0, -1) to (0, -1) whose crossings are these letters."""
    return np.array([(0, -1), *(corner for letter in letters for corner in loop(letter))], context.dtype)


def letters_of(chosen: np.random.Generator, most: int = 4) -> tuple[int, ...]:
    return tuple(int(x) for x in chosen.choice([1, 2, -1, -2], int(chosen.integers(0, most + 1))))


THREE = Quantity(
    lambda _draw, c: np.array([[2, 0.5], [4, 0.5], [6, 0.5]], c.dtype), "obstacles at (2, ½), (4, ½), (6, ½)"
)
spelled = Cases(
    {
        "letters": Quantity(lambda draw, _context: letters_of(generator(draw), 8), "up to 8 letters, not reduced"),
        "path": Quantity(lambda _draw, c: along(c.drawn["letters"], c), "the path that spells them"),
        "obstacles": THREE,
    },
    shapes((1,)),
)


def draw_spellings(draw: Draw, _context: Context) -> Any:
    """Draw a word, rearranged, with a pair that cancels, and with 1 and 2 exchanged."""
    chosen = generator(draw)
    first = letters_of(chosen)
    other = tuple(3 * letter // abs(letter) - letter for letter in first)
    at, pair = int(chosen.integers(0, len(first) + 1)), int(chosen.choice([1, 2, -1, -2]))
    turned, padded = tuple(chosen.permutation(first).tolist()), (*first[:at], pair, -pair, *first[at:])
    return [(turned, first, padded), (first, padded, turned, other), (other, turned, first)][int(chosen.integers(3))]


spellings = Cases(
    {
        "words": Quantity(
            draw_spellings, "3 or 4 words: one, rearranged, with a pair that cancels, with 1 and 2 exchanged"
        ),
        "paths": Quantity(lambda _draw, c: tuple(along(w, c) for w in c.drawn["words"]), "paths that spell them"),
        "obstacles": THREE,
    },
    shapes((1,)),
)


def draw_hills(draw: Draw, context: Context) -> Any:
    return generator(draw).integers(-2, 3, context.shape).astype(context.dtype)


grids = Cases(
    {"loss": Quantity(draw_hills, "whole numbers from -2 to 2 on a grid"), "level": choice(0.0, -1.0, 1.0)},
    shapes((5, 5), (6, 7), (3, 3), (7, 5), (1, 4), (2, 2)),
)


def reduced(word: Any) -> list[int]:
    """Return letters after every pair of neighbours k, -k is taken out, wherever there is one."""
    letters = list(word)
    while True:
        pair = next((i for i, (a, b) in enumerate(pairwise(letters)) if a == -b), None)
        if pair is None:
            return letters
        del letters[pair : pair + 2]
