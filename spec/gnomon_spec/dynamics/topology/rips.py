"""Vietoris–Rips diagrams, held against ranks of boundary matrices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from math import inf, nan, pi
from typing import Any

import numpy as np

from gnomon.dynamics.topology import rips as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.dynamics.topology import operation
from gnomon_spec.dynamics.topology.inputs import LEAST, alive, by_length, dissimilarities, each_cell_once, levels
from gnomon_spec.facts import Fact, agree, equal
from gnomon_spec.rejections import bad_values
from gnomon_spec.strategies import number, permutation, shapes

sizes, thresholds = shapes((5,), (6,), (4,), (5,), (1,), (0,)), choice(None, 2.0, 3.0, 1.0, None)
clouds = Cases({"D": dissimilarities, "threshold": thresholds}, sizes)
thinned = clouds.but(maxdim=choice(1, 2, 0), min_persistence=choice(None, *LEAST, 0.0))
rips_diagrams = operation(reference.rips_diagrams, cases=thinned, rejecting=thinned.shaped(shapes((3,))))


@bad_values.register
def _(domain: reference.Dissimilarities, value: Any) -> Iterator[tuple[str, Any]]:
    upper = np.triu(np.ones_like(value), 1)
    yield " of integers", value.astype(np.int64)
    yield " that is not square", value[1:]
    for bad in (nan, -1.0):
        yield f" with {bad:g}", np.where(upper + upper.T > 0, np.asarray(bad, value.dtype), value)
    yield " that is not symmetric", value + upper
    yield " with a diagonal", value + np.eye(len(value), dtype=value.dtype)


def rank(rows: Iterable[int]) -> int:
    """Return the rank over Z₂ of rows whose entries are the bits of integers."""
    leading: dict[int, int] = {}
    for row in rows:
        while row and row.bit_length() in leading:
            row ^= leading[row.bit_length()]
        if row:
            leading[row.bit_length()] = row
    return len(leading)


@rips_diagrams.law("closed form", cases=clouds.but(maxdim=choice(1, 2, 0)))
def bars_are_the_ranks_of_inclusions(port: Any, case: Case) -> Iterable[Fact]:
    """As many bars are born by s and alive after t as H(K_s) → H(K_t) has ranks: dim Z(s) - dim(Z(s) ∩ B(t)); none in
    dimensions beyond the highest."""
    found, D, points = rips_diagrams.call(port, case), case.D, range(len(case.D))
    entering = np.unique(D[np.isfinite(D) & ((inf if case.threshold is None else case.threshold) >= D)])
    numbers: dict[Any, int] = {}
    sets: list[list[tuple[Any, int, int]]] = []  # of each size: the diameter, the boundary, the set itself
    for size in range(1, case.maxdim + 3):
        faces, numbers = numbers, {corners: i for i, corners in enumerate(combinations(points, size))}
        sets.append(
            [(np.max(D[np.ix_(s, s)]), sum(1 << faces[f] for f in combinations(s, size - 1) if f), 1 << i)
             for s, i in numbers.items()]
        )  # fmt: skip
    for k, rows in enumerate(found):
        counts = np.zeros((len(entering), len(entering)), int)
        for j, t in enumerate(entering if k <= case.maxdim else ()):
            filled = [boundary for value, boundary, _ in sets[k + 1] if value <= t]
            whole = rank(filled)
            for i, s in enumerate(entering[: j + 1]):
                there = [boundary for value, boundary, _ in sets[k] if value <= s]
                later = sum(own for value, _, own in sets[k] if value > s)
                within = whole - rank(boundary & later for boundary in filled)
                counts[i, j] = len(there) - rank(there) - within
        yield agree(f"H{k}", alive(rows, entering), counts)


@rips_diagrams.law("closed form", cases=clouds.but(maxdim=choice(1, 2, 0), least=choice(*LEAST)))
def every_set_of_points_begins_or_ends_a_bar(port: Any, case: Case) -> Iterable[Fact]:
    """With bars of every length, births in each dimension and deaths in the one below are the diameters of all sets of
    so many points that enter; those with a length, and those with a least one, are what they are called."""
    every, some, positive = (
        rips_diagrams.call(port, case, min_persistence=least)[: case.maxdim + 1] for least in (0.0, case.least, None)
    )
    D, most = case.D, np.max(case.D[np.isfinite(case.D)], initial=0) if case.threshold is None else case.threshold
    corners = [np.array([*combinations(range(len(D)), k)], int).reshape(-1, k).T for k in range(1, case.maxdim + 2)]
    values = [np.max(np.max(D[sets[:, np.newaxis], sets], axis=0), axis=0) for sets in corners]
    yield from each_cell_once(every, [own[own <= most] for own in values])
    yield from by_length(every, some, positive, case.least)


def united(first: Any, second: Any) -> Any:
    """Return the bars of both, sorted."""
    rows = np.concatenate([first, second])
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    return rows[np.argsort(rows[:, 0], kind="stable")]


@rips_diagrams.law("closed form", cases=Cases({"D": dissimilarities, "E": dissimilarities}, clouds.shape))
def clouds_far_apart_do_not_know_each_other(port: Any, case: Case) -> Iterable[Fact]:
    """Below their distance the diagram of two clouds is the union of theirs; at it all but one component end that have
    not ended."""
    clouds, n = (case.D, case.E), len(case.D)
    near = max(np.max(D[np.isfinite(D)], initial=0) for D in clouds)
    both = np.full((2 * n, 2 * n), 2 * near + 1, case.D.dtype)
    both[:n, :n], both[n:, n:] = clouds
    one, other = (port.rips_diagrams(D) for D in clouds)
    apart, joined = port.rips_diagrams(both, threshold=float(near)), port.rips_diagrams(both)
    yield equal("components", apart.h0, united(one.h0, other.h0))
    yield equal("cycles", apart.h1, united(one.h1, other.h1))
    deaths = united(one.h0, other.h0)[:, 1]
    last = np.concatenate([np.sort(np.minimum(deaths, 2 * near + 1))[:-1], [inf] * min(n, 1)])
    yield equal("joined", joined.h0[:, 1], last)


@rips_diagrams.law("equivariance", cases=clouds.but(order=permutation()))
def points_have_no_names_and_distances_no_units(port: Any, case: Case) -> Iterable[Fact]:
    """Points in another order, and one of them twice, have the same bars; four times as far apart, four times as long
    ones. Nothing begins beyond the distance at which one point reaches all others."""
    found, D, order = rips_diagrams.call(port, case), case.D, case.order.astype(int)
    threshold = None if case.threshold is None else 4 * case.threshold
    changed = {
        "order": ({"D": D[order][:, order].copy()}, 1.0),
        "a point twice": ({"D": D[np.append(order, order[:1])][:, np.append(order, order[:1])].copy()}, 1.0),
        "units": ({"D": 4 * D, "threshold": threshold}, 4.0),
    }
    reach = np.min(np.max(D, axis=1)) if len(D) else inf
    if case.threshold is None and reach < inf:
        changed["reach"] = {"threshold": float(reach)}, 1.0
    for name, (arguments, factor) in changed.items():
        again = rips_diagrams.call(port, case, **arguments)
        yield equal(f"{name}: components", again.h0, factor * found.h0)
        yield equal(f"{name}: cycles", again.h1, factor * found.h1)


polygons = Cases({"n": choice(6, 4, 5, 7, 8, 3), "radius": number(1.0, 2.0)}, shapes((1,)))


@rips_diagrams.law("closed form", cases=polygons)
def a_regular_polygon_has_one_cycle(port: Any, case: Case) -> Iterable[Fact]:
    """On a circle of radius ρ, n points: n - 1 components die at 2ρ·sin(π/n), one cycle (that, 2ρ·sin(π⌈n/3⌉/n))."""
    chords = 2 * case.radius * np.sin(pi * np.arange(case.n) / case.n)
    steps = np.abs(np.arange(case.n)[:, None] - np.arange(case.n))
    found = port.rips_diagrams(chords[np.minimum(steps, case.n - steps)])
    yield equal("deaths", found.h0[:-1, 1], chords[[1] * (case.n - 1)])
    yield equal("cycle", found.h1, chords[[[1, -(-case.n // 3)]] * (case.n > 3)].reshape(-1, 2))


@rips_diagrams.law("closed form", cases=Cases({"places": levels()}, shapes((5,), (3,), (6,), (1,))))
def on_a_line_the_gaps_are_the_deaths(port: Any, case: Case) -> Iterable[Fact]:
    """Of points on a line components die at the gaps between neighbours, and no cycle lives."""
    found = port.rips_diagrams(np.abs(case.places[:, None] - case.places))
    gaps = np.sort(np.diff(np.sort(case.places)))
    yield equal("deaths", found.h0[:-1, 1], gaps[gaps > 0])
    yield agree("cycles", len(found.h1), 0)


rips_diagrams.edits("""
filtered_by_radius: Sets of points enter at half of their diameter
    `np.max(np.max(D[corners[:, np.newaxis], corners], axis=0), axis=0)` →
        `np.max(np.max(D[corners[:, np.newaxis], corners], axis=0), axis=0) / 2`
sets_enter_at_a_median: Sets enter at the largest distance of their first point from the others
    `np.max(np.max(D[corners[:, np.newaxis], corners], axis=0), axis=0)` → `np.max(D[corners[0], corners], axis=0)`
threshold_is_excluded: What is as large as the threshold does not enter
    `diameters <= threshold` → `diameters < threshold`
threshold_is_ignored: Everything enters, however large it is
    `diameters < inf if threshold is None else diameters <= threshold` → `diameters < inf`
highest_dimension_is_left_out: There are bars below the highest dimension only
    `boundaries, dimensions, maxdim, min_persistence)` → `boundaries, dimensions, maxdim - 1, min_persistence)`,
    `(2 - maxdim))` → `(3 - maxdim))`
nothing_fills_the_highest_dimension: Sets of maxdim + 2 points do not enter: cycles, or voids, never end
    `range(1, maxdim + 3)` → `range(1, maxdim + 2)`
dimension_is_not_looked_at: There are always components and cycles
    `range(1, maxdim + 3)` → `range(1, 4)`, `maxdim, min_persistence)` → `1, min_persistence)`, `(2 - maxdim)` → `1`
least_length_is_of_half: Bars must be twice as long as is asked for
    `maxdim, min_persistence)` → `maxdim, min_persistence and 2 * min_persistence)`
""")
