"""What is drawn for diagrams: distances, functions and bars, most full of ties; and what is counted of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import numpy as np

from gnomon_spec.cases import Context, Draw, Quantity
from gnomon_spec.facts import Fact, equal
from gnomon_spec.strategies import CODES

LEVELS = 4  # of drawn integers: few, so that most are ties
LEAST = 1.5, 0.5, 2.5  # lengths that no difference of whole numbers has, so that rounding decides none


def generator(draw: Draw) -> tuple[int, np.random.Generator]:
    """Return a drawn code and the generator that it seeds."""
    code = int(draw(CODES))
    return code, np.random.Generator(np.random.PCG64(code))


def levels(shape: Callable[[tuple[int, ...]], tuple[int, ...]] = lambda shape: shape, many: int = LEVELS) -> Quantity:
    """An array of a shape made from the common one, of few whole numbers; or, one in four, of any, of any size."""

    def draw_levels(draw: Draw, context: Context) -> Any:
        code, random = generator(draw)
        size, unit = shape(context.shape), 2.0 ** (code // 4 % 33 - 16)
        drawn = random.standard_normal(size) * unit if code % 4 == 3 else random.integers(many, size=size)
        return np.asarray(drawn, context.dtype)

    return Quantity(draw_levels, f"array of whole numbers below {many}, or of any numbers")


def draw_matrix(draw: Draw, context: Context) -> Any:
    """Draw a symmetric matrix of the order that the common shape says; some entries infinite, some 0, most ties."""
    code, random = generator(draw)
    n, kind = context.shape[0], code % 4
    drawn = random.integers(1, 1 + LEVELS, (n, n)).astype(float)
    if kind == 1:
        drawn = np.choose(random.integers(0, 8, (n, n)), [inf, 0.0, *[1.0] * 6]) * drawn
    if kind == 2:
        drawn = random.uniform(1, 2, (n, n)) * 2.0 ** (code // 4 % 33 - 16)
    upper = np.triu(np.nan_to_num(drawn, nan=inf, posinf=inf), 1)
    return np.asarray(np.where(np.tri(n, dtype=bool), upper.T, upper), context.dtype)


dissimilarities = Quantity(
    draw_matrix, "symmetric matrix of few whole numbers, some infinite, some 0; or of any numbers"
)


def bars(axis: int, endless: tuple[int, ...] = (0, 0, 1, 0, 1, 2), *, ties: bool = True) -> Quantity:
    """Bars of whole numbers, or, without ties always, of any, as many as that place of the common shape says.

    endless: how many of them never end, one of these.
    """

    def draw_bars(draw: Draw, context: Context) -> Any:
        code, random = generator(draw)
        k = context.shape[axis]
        births, lengths = random.integers(0, 4, k), random.integers(0, 5, k) + 8 * (random.uniform(size=k) < 0.75)
        never = np.arange(k) < endless[code % len(endless)]
        scale = (
            random.uniform(0.5, 2, (k, 1)) * 2.0 ** (4 * (code // 12 % 17 - 8)) if code % 4 == 3 or not ties else 1.0
        )
        rows = np.stack([births, births + lengths], axis=1) * scale
        rows[never] = np.stack([4 * rows[never, 0], inf + rows[never, 0]], axis=1)
        return np.asarray(rows, context.dtype)

    return Quantity(draw_bars, "bars of whole numbers, or of any; some never end")


def alive(bars: Any, levels: Any) -> Any:
    """Return how many bars are born by level s and are there after level t, for each s <= t of the levels."""
    born, dying = bars[:, 0, None, None] <= levels[:, None], bars[:, 1, None, None] > levels
    return np.triu(np.count_nonzero(born & dying, axis=0))


def by_length(every: Any, some: Any, none: Any, shortest: float) -> Iterable[Fact]:
    """Claim of diagrams with bars of every length, of some least length, and of those that have one, which they are."""
    for k, (rows, long, positive) in enumerate(zip(every, some, none, strict=True)):
        yield equal(f"H{k}, long", long, rows[rows[:, 1] - rows[:, 0] >= shortest])
        yield equal(f"H{k}, of any length", positive, rows[rows[:, 1] > rows[:, 0]])


def each_cell_once(found: Any, values: Any) -> Iterable[Fact]:
    """Claim that births of each dimension, and deaths of the one below, are together the values of all its cells."""
    ended = found[0][:0, 1]
    for k, (rows, own) in enumerate(zip(found, values, strict=True)):
        yield equal(f"{k}-cells", np.sort(np.concatenate([rows[:, 0], ended])), np.sort(own))
        ended = rows[rows[:, 1] < inf, 1]
