"""Vietoris–Rips diagrams, held against ranks of boundary matrices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import combinations
from math import inf, nan, pi
from typing import Any

import numpy as np

from gnomon.dynamics.topology import rips as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.dynamics.topology import operation
from gnomon_spec.dynamics.topology.inputs import alive, components, dissimilarities, levels
from gnomon_spec.facts import Fact, agree, equal
from gnomon_spec.rejections import bad_values
from gnomon_spec.strategies import number, shapes

clouds = Cases({"D": dissimilarities()}, shapes((5,), (6,), (4,), (6,), (1,), (0,))).but(
    threshold=choice(None, 2.0, 3.0, 1.0, None)
)
rips_diagrams = operation(reference.rips_diagrams, cases=clouds, rejecting=clouds.shaped(shapes((3,))))


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


@rips_diagrams.law("closed form")
def bars_are_the_ranks_of_inclusions(port: Any, case: Case) -> Iterable[Fact]:
    """As many bars are born by s and alive after t as H(K_s) → H(K_t) has ranks: H₀ has one for each component of K_t,
    H₁ dim Z₁(s) - dim(Z₁(s) ∩ B₁(t))."""
    found, D, points = rips_diagrams.call(port, case), case.D, range(len(case.D))
    entering = np.unique(D[np.isfinite(D) & ((inf if case.threshold is None else case.threshold) >= D)])
    edges = {edge: i for i, edge in enumerate(combinations(points, 2))}
    triangles = [
        (max(D[e] for e in combinations(t, 2)), sum(1 << edges[e] for e in combinations(t, 2)))
        for t in combinations(points, 3)
    ]
    parts = [len(components(points, partial(lambda t, i, j: D[i, j] <= t, t))) for t in entering]
    h0, h1 = (np.zeros((len(entering), len(entering)), int) for _ in range(2))
    for j, t in enumerate(entering):
        filled = [triangle for value, triangle in triangles if value <= t]
        for i, s in enumerate(entering[: j + 1]):
            there = [e for e in edges if D[e] <= s]
            later = sum(1 << edges[e] for e in edges if D[e] > s)
            within = rank(filled) - rank(triangle & later for triangle in filled)
            h0[i, j], h1[i, j] = parts[j], len(there) - len(points) + parts[i] - within
    yield agree("h0", alive(found.h0, entering), h0)
    yield agree("h1", alive(found.h1, entering), h1)


@rips_diagrams.law(
    "closed form", cases=Cases({"n": choice(6, 4, 5, 7, 8, 3), "radius": number(1.0, 2.0)}, shapes((1,)))
)
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
    `diameters = np.maximum(np.maximum(D[a, b], D[b, c]), D[a, c])` →
        `diameters = np.maximum(np.maximum(D[a, b], D[b, c]), D[a, c]) / 2`
triangles_enter_with_the_second_edge: A triangle enters when its two shorter edges are there, no earlier than its points
    `np.maximum(np.maximum(D[a, b], D[b, c]), D[a, c])` → `np.maximum(D[a, b], np.minimum(D[b, c], D[a, c]))`
threshold_is_excluded: What is as large as the threshold does not enter
    `diameters <= threshold` → `diameters < threshold`
threshold_is_ignored: Everything enters, however large it is
    `len(sets) if threshold is None else int(np.count_nonzero(diameters <= threshold))` → `len(sets)`
""")
