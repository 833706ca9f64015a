"""Distances of paths, and the barrier of a loss on a segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from gnomon.dynamics.training_paths import distances as reference
from gnomon.hessian_free.small_objectives import Fenced, Quadratic
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.dynamics.training_paths import operation
from gnomon_spec.dynamics.training_paths.plane import generator
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import powered, shapes, tame

twos = Cases({"first": powered(2)}, shapes((2, 2), (3, 1), (1, 2), (4, 2), (3, 2)))


def as_long(*lengths: int) -> Quantity:
    """A path of one of some lengths, with the points of the first one's dimension and about its size."""

    def draw_other(draw: Draw, context: Context) -> Any:
        first, chosen = context.drawn["first"], generator(draw)
        length = int(chosen.choice(lengths)) or len(first)
        moved = first[chosen.integers(0, len(first), length)] * chosen.integers(-4, 5, (length, 1)) / 2
        return moved.astype(context.dtype)

    return Quantity(draw_other, "a path of points that are multiples of those of the first")


pairs = twos.but(second=as_long(1, 2, 3, 4))
frechet = operation(reference.frechet, cases=pairs, rejecting=pairs)


def couplings(m: int, n: int) -> Iterator[list[tuple[int, int]]]:
    """Yield every way of both walking on or waiting from the first points to the last."""
    if (m, n) == (1, 1):
        yield [(0, 0)]
    for a, b in ((1, 0), (0, 1), (1, 1)):
        if m - a >= 1 and n - b >= 1:
            yield from ([*before, (m - 1, n - 1)] for before in couplings(m - a, n - b))


def gaps(p: Any, q: Any) -> Any:
    return np.sqrt(np.sum((p[:, np.newaxis] - q) ** 2, axis=-1))


@frechet.law("closed form")
def the_shortest_leash_of_all_walks(port: Any, case: Case) -> Iterable[Fact]:
    """Of all ways of walking on or waiting the one whose largest distance is least has it."""
    between = gaps(case.first, case.second)
    leashes = [max(between[at] for at in walk) for walk in couplings(*between.shape)]
    yield equal("distance", frechet.call(port, case), min(leashes))


@frechet.law("invariance")
def order_direction_waiting_and_units(port: Any, case: Case) -> Iterable[Fact]:
    """The paths may be exchanged, both reversed, or stand still; twice as large they are twice as far apart; a path has
    no distance from itself."""
    found, call = frechet.call(port, case), partial(frechet.call, port, case)
    yield equal("exchanged", call(first=case.second, second=case.first), found)
    yield equal("reversed", call(first=case.first[::-1].copy(), second=case.second[::-1].copy()), found)
    yield equal("waiting", call(first=np.repeat(case.first, 2, axis=0)), found)
    yield equal("units", call(first=2 * case.first, second=2 * case.second), 2 * found)
    yield equal("itself", call(second=case.first), 0 * found)


@frechet.law("bound", cases=twos.but(second=as_long(0), third=as_long(2, 3)))
def between_ends_and_pairs_and_a_triangle(port: Any, case: Case) -> Iterable[Fact]:
    """It is at least the distance of the first points, of the last ones, and of any point from the other path; at most
    that of points side by side; and at most the way by a third path."""
    found, between = frechet.call(port, case), gaps(case.first, case.second)
    least = [between[0, 0], between[-1, -1], np.max(np.min(between, axis=0)), np.max(np.min(between, axis=1))]
    yield at_least("ends and nearest", found, np.max(np.stack(least)))
    yield at_least("side by side", np.max(np.diagonal(between)), found)
    by_third = frechet.call(port, case, second=case.third) + frechet.call(port, case, first=case.third)
    yield at_least("triangle", by_third, found)


def draw_quadratic(draw: Draw, context: Context) -> Any:
    """Draw a symmetric matrix of small whole numbers, definite or not, with its stationary point."""
    (n,), chosen = context.shape, generator(draw)
    half = chosen.integers(-3, 4, (n, n))
    return Quadratic((half + half.T).astype(context.dtype), (chosen.integers(-4, 5, n) / 2).astype(context.dtype))


ends = Cases({"start": tame(-1), "end": tame(-1), "points": choice(3, 2, 5, 9)}, shapes((2,), (1,), (3,)))
on_quadratics = ends.but(loss=Quantity(draw_quadratic, "a quadratic of whole numbers, definite or not"))


def highest(case: Case) -> Any:
    """Return how large the losses on the segment may be."""
    reach = np.abs(case.start) + np.abs(case.end) + np.abs(case.loss.stationary)
    return np.dot(reach, np.abs(case.loss.matrix) @ reach)


at_its_size: Any = {"scales": {"": highest}}
lmc_barrier = operation(reference.lmc_barrier, cases=on_quadratics, rejecting=on_quadratics, **at_its_size)


@lmc_barrier.law("closed form")
def of_a_quadratic_it_is_an_eighth_of_the_bend(port: Any, case: Case) -> Iterable[Fact]:
    """The loss stands -½t(1 - t)·dᵀHd above the chord, d = θ₁ - θ₀: the barrier is the largest of 0 and that at the
    points; -dᵀHd/8 with ½ among them, 0 where H is positive there."""
    d = case.end - case.start
    bend, share = np.dot(d, case.loss.matrix @ d), np.arange(case.points) / (case.points - 1)
    expected = np.max(np.append(-bend * share * (1 - share) / 2, 0 * bend))
    yield equal("barrier", lmc_barrier.call(port, case), expected, scale=highest(case))


@lmc_barrier.law("invariance")
def ends_may_be_exchanged_and_chords_added(port: Any, case: Case) -> Iterable[Fact]:
    """From the other end it is as high, it is at least 0, and twice as many steps are as high or higher."""
    found = lmc_barrier.call(port, case)
    other = lmc_barrier.call(port, case, start=case.end, end=case.start)
    yield equal("exchanged", other, found, scale=highest(case))
    yield at_least("height", found, 0 * found)
    finer = lmc_barrier.call(port, case, points=2 * case.points - 1)
    yield equal("finer", np.minimum(finer - found, 0), 0 * found, scale=highest(case))


@lmc_barrier.law("limit", cases=on_quadratics.but(beyond=choice(np.inf, np.nan)))
def a_loss_that_is_not_finite_is_seen(port: Any, case: Case) -> Iterable[Fact]:
    """A loss that is ∞ or NaN on the way, or at an end, leaves no finite barrier."""
    far = Fenced(case.loss.matrix, case.loss.stationary, np.asarray(64.0), np.asarray(case.beyond))
    one = np.ones_like(case.start)
    for name, end in (("at the end", 256 * one), ("on the way", 8 * one)):
        start = 8 * one - end if name == "at the end" else -1024 * one
        found = lmc_barrier.call(port, case, start=start, end=end, loss=far, points=5)
        yield agree(name, bool(np.isfinite(found)), False)


frechet.edits("""
hausdorff: The larger of the distances of points from the other path: order does not count
    `return reach[-1, -1]` →
        `gaps = np.sqrt(np.sum(gaps * gaps, axis=-1))
        return np.maximum(np.max(np.min(gaps, axis=0)), np.max(np.min(gaps, axis=1)))`
summed_leashes: Distances are added along the walk, as in dynamic time warping
    `np.maximum(reach[i, j], np.min(np.stack(before)))` → `reach[i, j] + np.min(np.stack(before))`
one_walks_at_a_time: Both never walk on at the same time
    `((i - 1, j), (i, j - 1), (i - 1, j - 1))` → `((i - 1, j), (i, j - 1))`
nobody_waits: A path never waits unless the other has ended
    `if min(at) >= 0]` → `if min(at) >= 0 and (min(i, j) == 0 or sum(at) == i + j - 2)]`
squared_distances: Squares of distances are returned
    `np.sqrt(np.sum(gaps * gaps, axis=-1))` → `np.sum(gaps * gaps, axis=-1)`
""")
lmc_barrier.edits("""
above_the_higher_end: Heights are measured from the higher end, not from the chord
    `value - ((1 - t) * losses[0] + t * losses[-1])` → `value - np.maximum(losses[0], losses[-1])`
above_the_mean_of_ends: Heights are measured from the mean of the ends
    `value - ((1 - t) * losses[0] + t * losses[-1])` → `value - (losses[0] + losses[-1]) / 2`
largest_loss: The largest loss on the way is returned
    `value - ((1 - t) * losses[0] + t * losses[-1])` → `value`
ends_are_left_out: The ends do not count, so that a convex loss has a negative barrier
    `np.max(np.stack(heights))` → `np.max(np.stack(heights[1:-1] or heights))`
middle_alone: Only the middle of the way counts
    `np.max(np.stack(heights))` → `np.maximum(heights[len(heights) // 2], 0)`
nan_is_skipped: Losses that are not finite are passed over
    `np.max(np.stack(heights))` → `np.max(np.nan_to_num(np.stack(heights), nan=0.0, posinf=0.0, neginf=0.0))`
""")
