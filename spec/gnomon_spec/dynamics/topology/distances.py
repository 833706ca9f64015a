"""Distances of diagrams, held against all matchings; total persistence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import combinations, permutations
from math import inf, nan
from typing import Any

import numpy as np

from gnomon.dynamics.topology import distances as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.dynamics.topology import operation
from gnomon_spec.dynamics.topology.inputs import bars, dissimilarities, levels
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.rejections import bad_values
from gnomon_spec.strategies import shapes

SIZES = shapes((2, 2), (1, 2), (2, 3), (3, 3), (2, 2), (2, 3), (0, 2), (2, 1), (0, 0))
pairs = Cases({"P": bars(0), "Q": bars(1)}, SIZES)
powers = choice(1.0, 2.0, 3.0, 1.5)
bottleneck = operation(reference.bottleneck, cases=pairs, rejecting=pairs)
metrics = pairs.but(p=powers, ground=choice("infinity", "euclidean"))
wasserstein = operation(reference.wasserstein, cases=metrics, rejecting=metrics)
single = Cases({"P": bars(0)}, shapes((2,), (1,), (3,), (0,))).but(p=powers)
total_persistence = operation(reference.total_persistence, cases=single, rejecting=single)


@bad_values.register
def _(domain: reference.Bars, value: Any) -> Iterator[tuple[str, Any]]:
    yield " of another rank", value[np.newaxis]
    yield " of integers", np.ones(value.shape, np.int64)
    yield " of three numbers", np.concatenate([value, value[:, :1]], axis=1)
    for words, birth, death in (
        ("nan", nan, 1.0),
        ("a death of nan", 0.0, nan),
        ("a death before its birth", 1.0, 0.0),
        ("a birth of inf", inf, inf),
    ):
        yield f" with {words}", np.concatenate([value, np.array([[birth, death]], value.dtype)])


def matchings(n: int, m: int) -> Iterator[list[tuple[int, int]]]:
    """Yield every partial matching of n things with m."""
    for k in range(min(n, m) + 1):
        for some in combinations(range(n), k):
            for others in permutations(range(m), k):
                yield list(zip(some, others, strict=True))


def costs(P: Any, Q: Any, ground: str) -> list[list[Any]]:
    """Return, for every matching of bars that end, how far each bar is moved; those that never end match by birth."""
    endless = [np.sort(rows[rows[:, 1] == inf, 0]) for rows in (P, Q)]
    if len(endless[0]) != len(endless[1]):
        return [[inf]]
    P, Q = (rows[rows[:, 1] < inf] for rows in (P, Q))
    found = []
    for pairs in matchings(len(P), len(Q)):
        moved = [*np.abs(endless[0] - endless[1])]
        for i, j in pairs:
            birth, death = np.abs(P[i] - Q[j])
            moved.append(max(birth, death) if ground == "infinity" else np.hypot(birth, death))
        for rows, used in ((P, [i for i, _ in pairs]), (Q, [j for _, j in pairs])):
            lengths = np.delete(rows, used, axis=0) @ np.array([-1, 1])
            moved += [*lengths / (2 if ground == "infinity" else np.sqrt(np.longdouble(2)))]
        found.append(moved)
    return found


@bottleneck.law("closed form")
def it_is_the_least_of_all_matchings(port: Any, case: Case) -> Iterable[Fact]:
    """The least, over all partial matchings, of the largest move; infinite if other numbers of bars never end."""
    least = min(max(moved, default=0.0) for moved in costs(case.P, case.Q, "infinity"))
    yield equal("distance", bottleneck.call(port, case), least)


functions = Cases({"f": levels(), "g": levels()}, shapes((5,), (6,), (3,)))


def on_a_path(port: Any, case: Case) -> tuple[Any, Any, Any]:
    """Return the edges of a path, and the bars of the two functions on it."""
    path = np.stack([np.arange(len(case.f) - 1), np.arange(1, len(case.f))], axis=1)
    return path, *(port.sublevel_h0(values, path).bars for values in (case.f, case.g))


@bottleneck.law("bound", cases=functions)
def diagrams_are_stable(port: Any, case: Case) -> Iterable[Fact]:
    """Diagrams of functions f and g on a path are no further apart than max |f - g|."""
    _, f, g = on_a_path(port, case)
    yield at_least("room", np.max(np.abs(case.f - case.g)), port.bottleneck(f, g))


@bottleneck.law("bound", cases=Cases({"D": dissimilarities, "E": dissimilarities}, shapes((4,), (3,), (2,))))
def diagrams_of_clouds_are_stable(port: Any, case: Case) -> Iterable[Fact]:
    """Diagrams of clouds are no further apart than distances change at most, which is 2ε if points move by ε."""
    near = [np.where(np.isfinite(D), D, 8) for D in (case.D, case.E)]
    found, room = [port.rips_diagrams(D) for D in near], np.max(np.abs(near[0] - near[1]))
    yield at_least("components", room, port.bottleneck(found[0].h0, found[1].h0))
    yield at_least("cycles", room, port.bottleneck(found[0].h1, found[1].h1))


@bottleneck.law("closed form", cases=pairs.shaped(shapes((1, 1))))
def of_one_bar_each_it_is_known(port: Any, case: Case) -> Iterable[Fact]:
    """The lesser of max(|Δbirth|, |Δdeath|) and half of the longer one; of two that never end |Δbirth|; else ∞."""
    (birth, death), (other_birth, other_death) = case.P[0], case.Q[0]
    if inf in (death, other_death):
        expected = np.abs(birth - other_birth) if death == other_death else inf
    else:
        moved = max(np.abs(birth - other_birth), np.abs(death - other_death))
        expected = min(moved, max(death - birth, other_death - other_birth) / 2)
    yield equal("distance", bottleneck.call(port, case), expected)


@bottleneck.law("closed form", cases=Cases({"P": bars(0, (3,)), "Q": bars(0, (3,))}, shapes((2,), (3,), (1,))))
def what_never_ends_is_matched_in_the_order_of_birth(port: Any, case: Case) -> Iterable[Fact]:
    """Of bars none of which ends the distance is the largest difference of births, both sorted."""
    births, others = (np.sort(rows[:, 0]) for rows in (case.P, case.Q))
    yield equal("distance", bottleneck.call(port, case), np.max(np.abs(births - others)))


@wasserstein.law("closed form")
def it_is_the_cheapest_of_all_matchings(port: Any, case: Case) -> Iterable[Fact]:
    """The least, over all partial matchings, of (Σ dᵖ)^(1/p); infinite if other numbers of bars never end."""
    sums = [sum((d**case.p for d in moved), 0 * case.p) for moved in costs(case.P, case.Q, case.ground)]
    yield equal("distance", wasserstein.call(port, case), min(sums) ** (1 / case.p))


@wasserstein.law("bound", cases=functions)
def its_sum_is_at_most_that_over_cells(port: Any, case: Case) -> Iterable[Fact]:
    """For p = 1, diagrams of f and g on a path are no further apart than Σ |f - g| over vertices and edges."""
    path, f, g = on_a_path(port, case)
    upper, lower = (np.append(values, np.max(values[path], axis=1)) for values in (case.f, case.g))
    yield at_least("room", np.sum(np.abs(upper - lower)), port.wasserstein(f, g))


three = {name: bars(place, ties=False) for name, place in (("P", 0), ("Q", 1), ("R", 0))}


@wasserstein.law("bound", cases=metrics.but(**three).shaped(shapes((1, 1))))
def it_is_a_metric_above_the_bottleneck(port: Any, case: Case) -> Iterable[Fact]:
    """It is the same either way, and with bars of no length; by a third diagram it is no nearer; with a larger p it is
    no further, but at least the bottleneck distance."""
    call, flat = partial(wasserstein.call, port, case), np.concatenate([case.Q[:, :1], case.Q[:, :1]], axis=1)
    found, largest = call(), port.bottleneck(case.P, case.Q)
    more = np.concatenate([flat, case.P])
    yield equal("exchanged", call(P=case.Q, Q=case.P), found)
    yield equal("with bars of no length", call(P=more), found)
    yield at_least("by a third", call(Q=case.R) + call(P=case.R), found)
    higher = call(p=2 * case.p)
    yield at_least("p", found, higher)
    yield at_least("2p", higher, largest)


@total_persistence.law("closed form")
def it_is_the_distance_to_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """Total persistence is 2ᵖ·W_p(P, ∅)ᵖ of the bars that end: Σ (death - birth)ᵖ."""
    ending = case.P[case.P[:, 1] < inf]
    found = total_persistence.call(port, case)
    yield equal("sum", found, np.sum((ending[:, 1] - ending[:, 0]) ** case.p))
    yield equal("distance", 2**case.p * port.wasserstein(ending, ending[:0], p=case.p) ** case.p, found)


bottleneck.edits("""
endless_moves_are_not_seen: Bars that never end are left out of the largest move
    `np.concatenate([np.abs(births[0] - births[1]), possible[low : low + 1]])` → `possible[low : low + 1]`
numbers_of_endless_bars_may_differ: Endless bars beyond the number of the other diagram are not seen
    `births = essential(P), essential(Q)` →
        `births = essential(P)[: len(essential(Q))], essential(Q)[: len(essential(P))]`
bottleneck_of_euclidean_moves: Moves are Euclidean distances
    `matching_costs(finite(P), finite(Q), "infinity")` → `matching_costs(finite(P), finite(Q), "euclidean")`
matched_for_good: No pair is ever parted for the sake of another: greedy matching
    `rows += [row_of[column] for column in new]` → `pass`
""")
wasserstein.edits("""
sums_without_a_root: The p-th root is not drawn
    `return total ** (1 / p)` → `return total`
endless_bars_cost_nothing: Moves of bars that never end are not counted
    `np.sum(costs[np.arange(len(costs)), assignment(costs)]) + np.sum(np.abs(births[0] - births[1]) ** p)` →
        `np.sum(costs[np.arange(len(costs)), assignment(costs)])`
endless_bars_never_match: Bars that never end are infinitely far apart, as ∞ - ∞ is no number
    `if births[0].shape != births[1].shape:` → `if births[0].shape != births[1].shape or len(births[0]):`
ground_is_euclidean: Moves are Euclidean distances, whatever is asked for [persim 0.4.1]
    `matching_costs(finite(P), finite(Q), ground)` → `matching_costs(finite(P), finite(Q), "euclidean")`
moves_without_a_power: Moves of bars that end are added as they are, whatever p is
    `matching_costs(finite(P), finite(Q), ground) ** p` → `matching_costs(finite(P), finite(Q), ground)`
each_takes_what_is_left: Each bar in turn takes the nearest that is free
    `np.where(done, inf, distance)` → `np.where([row >= 0 for row in row_of], inf, distance)`
left_over_at_full_length: A bar that is left over costs its length, not half of it
    `half = 0.5 if ground == "infinity" else 0.5**0.5` → `half = 1.0`
left_over_at_half_always: A bar that is left over costs half of its length for the Euclidean distance, too
    `half = 0.5 if ground == "infinity" else 0.5**0.5` → `half = 0.5`
""")
bottleneck.edits("""
endless_bars_in_the_order_given: Bars that never end are matched in the order in which they are listed
    `np.sort(bars[np.flatnonzero(bars[:, 1] == inf), 0])` → `bars[np.flatnonzero(bars[:, 1] == inf), 0]`
endless_bars_are_dropped: Bars that never end are left out of both diagrams [persim 0.4.1]
    `bars[np.flatnonzero(bars[:, 1] == inf), 0]` → `bars[:0, 0]`
""")
total_persistence.edits("""
persistence_without_a_power: Lengths are added, whatever p is
    `return np.sum((bars[:, 1] - bars[:, 0]) ** p)` → `return np.sum(bars[:, 1] - bars[:, 0])`
persistence_with_a_root: The p-th root is drawn
    `return np.sum((bars[:, 1] - bars[:, 0]) ** p)` → `return np.sum((bars[:, 1] - bars[:, 0]) ** p) ** (1 / p)`
endless_bars_are_infinitely_long: Bars that never end are added, too
    `bars = finite(P)` → `bars = P`
""")
