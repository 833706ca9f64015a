"""Sublevel diagrams of graphs and grids, held against flooding; and the levels at which vertices join."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from math import inf
from typing import Any

import numpy as np

from gnomon.dynamics.topology import sublevel as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.dynamics.topology import operation
from gnomon_spec.dynamics.topology.inputs import LEAST, alive, by_length, each_cell_once, generator, levels
from gnomon_spec.facts import Fact, agree, equal, same_outputs
from gnomon_spec.rejections import bad_values, no_numbers
from gnomon_spec.strategies import permutation, shapes


def draw_edges(draw: Draw, context: Context) -> Any:
    """Draw the edges of a graph on as many vertices as the common shape says: a path's, a random graph's, or none."""
    code, random = generator(draw)
    n = context.shape[0]
    pairs = np.array([(i, j) for i in range(n) for j in range(n) if i != j], np.int64).reshape(-1, 2)
    if code % 4 == 0:
        return pairs[pairs[:, 1] == pairs[:, 0] + 1]
    return pairs[random.uniform(size=len(pairs)) < (code % 4 - 1) / 4]


edges = Quantity(draw_edges, "edges of a path or of any graph")
graphs = Cases({"f": levels(), "edges": edges}, shapes((5,), (7,), (6,), (3,), (1,), (0,)))
some = graphs.shaped(shapes((4,))).but(edges=choice(np.array([[0, 1], [2, 1]])))
least = {"min_persistence": choice(None, *LEAST, 0.0)}
sublevel_h0 = operation(reference.sublevel_h0, cases=graphs.but(**least), rejecting=some.but(**least))
merge_height = operation(reference.merge_height, cases=graphs, rejecting=some)
barrier_graph = operation(reference.barrier_graph, cases=graphs, rejecting=some)
merge_tree = operation(reference.merge_tree, cases=graphs, rejecting=some)
pictures = Cases({"F": levels()}, shapes((3, 4), (4, 4), (5, 4), (1, 1), (1, 5), (4, 1))).but(
    construction=choice("V", "T")
)
sublevel_grid = operation(reference.sublevel_grid, cases=pictures.but(**least), rejecting=pictures.but(**least))


@bad_values.register
def _(domain: reference.EdgeList, value: Any) -> Iterator[tuple[str, Any]]:
    yield from no_numbers()
    yield " of numbers", value.astype(np.float64)
    yield " of one dimension", value.reshape(-1)
    yield " of three", np.concatenate([value, value[:, :1]], axis=1)
    for words, bad in (("a negative place", -1), ("a place too large", 99), ("a loop", value[0, 1])):
        yield f" with {words}", np.concatenate([[[bad, value[0, 1]]], value])


def components(points: Iterable[Any], joined: Callable[[Any, Any], bool]) -> list[set[Any]]:
    """Return the components of points, some of which are joined."""
    found: list[set[Any]] = []
    for point in points:
        near = [part for part in found if any(joined(point, other) for other in part)]
        found = [part for part in found if part not in near] + [{point}.union(*near)]
    return found


def meeting(parts: Iterable[set[Any]], chosen: set[Any]) -> int:
    """Return how many of the parts have one of the chosen points."""
    return sum(not part.isdisjoint(chosen) for part in parts)


def flooded(case: Case, level: Any) -> list[set[int]]:
    """Return the components of {f <= t}."""
    joined = {frozenset(edge) for edge in case.edges.tolist()}
    return components([int(v) for v in np.flatnonzero(case.f <= level)], lambda v, w: frozenset((v, w)) in joined)


@sublevel_h0.law("closed form", cases=graphs)
def components_are_those_of_a_flood(port: Any, case: Case) -> Iterable[Fact]:
    """As many bars are born by s and alive after t as components of {f <= t} reach down to s; bars begin and end at the
    values of their vertices."""
    found, f = sublevel_h0.call(port, case), case.f
    entering = np.unique(f)
    counts = np.zeros((len(entering), len(entering)), int)
    for j, t in enumerate(entering):
        parts = flooded(case, t)
        counts[: j + 1, j] = [meeting(parts, set(np.flatnonzero(f <= s).tolist())) for s in entering[: j + 1]]
    yield agree("bars", alive(found.bars, entering), counts)
    yield equal("births", found.bars[:, 0], f[found.lowest.astype(int)])
    yield equal("deaths", found.bars[:, 1], np.append(f, [inf])[found.passes.astype(int)])


@sublevel_h0.law("closed form", cases=Cases({"f": levels(), "order": permutation()}, shapes((5,), (7,), (2,), (6,))))
def on_a_path_valleys_end_at_peaks(port: Any, case: Case) -> Iterable[Fact]:
    """On a path of different values births are the local minima, ends included, and deaths the inner local maxima."""
    places, n = case.order, len(case.order)
    f = 2.0 * places + 0 * case.f
    found = port.sublevel_h0(f, np.stack([np.arange(n - 1), np.arange(1, n)], axis=1))
    padded = np.concatenate([[inf], f, [inf]])
    left, right = f < padded[:-2], f < padded[2:]
    yield equal("births", found.bars[:, 0], np.sort(f[left & right]))
    yield equal("deaths", np.sort(found.bars[:, 1]), np.append(np.sort(f[~left & ~right]), [inf]))


@sublevel_h0.law("invariance", cases=graphs.but(order=permutation(), least=choice(*LEAST)))
def names_and_scales_do_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """Vertices by other names, with the edges between them, have the same bars; cubes of the values have their cubes.
    With bars of every length each vertex begins one; those with a length, and a least one, are what they are called."""
    found, order = sublevel_h0.call(port, case).bars, case.order.astype(int)
    renamed = {"f": case.f[order], "edges": np.argsort(order)[case.edges]}
    yield equal("renamed", sublevel_h0.call(port, case, **renamed).bars, found)
    yield equal("cubes", sublevel_h0.call(port, case, f=case.f**3).bars, found**3)
    every, some = (sublevel_h0.call(port, case, min_persistence=x).bars for x in (0.0, case.least))
    yield equal("vertices", every[:, 0], np.sort(case.f))
    yield from by_length([every], [some], [found], case.least)


def joined_by_a_flood(case: Case) -> Any:
    """Return the level at which each two vertices are first in one component of {f <= t}."""
    f = case.f
    heights = np.full((len(f), len(f)), inf, f.dtype)
    for t in np.unique(f)[::-1]:
        for part in flooded(case, t):
            heights[np.ix_(list(part), list(part))] = t
    return heights


@merge_height.law("closed form")
def vertices_join_where_a_flood_joins_them(port: Any, case: Case) -> Iterable[Fact]:
    """h(i, j) is the least level at which i and j lie in one component of {f <= t}."""
    yield equal("heights", merge_height.call(port, case), joined_by_a_flood(case))


@merge_height.law("bound")
def heights_are_an_ultrametric(port: Any, case: Case) -> Iterable[Fact]:
    """h(i, k) <= max(h(i, j), h(j, k)): the tree that it draws is one."""
    h = merge_height.call(port, case)
    over = np.maximum(h[:, :, None], h[None])
    yield agree("over", np.all(np.isinf(over) | (h[:, None] <= over)), True)


@barrier_graph.law("closed form")
def barriers_are_heights_over_the_higher_end(port: Any, case: Case) -> Iterable[Fact]:
    """It is the level at which a flood joins two vertices, less the larger of their values."""
    ends = np.maximum(case.f[:, np.newaxis], case.f)
    yield equal("barriers", barrier_graph.call(port, case), joined_by_a_flood(case) - ends)


@barrier_graph.law("invariance")
def neighbours_have_no_barrier_and_units_do_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """It is symmetric, never negative, and 0 for a vertex itself and its neighbours; twice the values have it twice."""
    found = barrier_graph.call(port, case)
    yield equal("exchanged", found.T, found)
    yield agree("negative", bool(np.any(found < 0)), False)
    beside = np.concatenate([case.edges.reshape(-1, 2), np.stack([np.arange(len(case.f))] * 2, axis=1)])
    yield equal("neighbours", found[beside[:, 0], beside[:, 1]], np.zeros(len(beside)))
    yield equal("twice", barrier_graph.call(port, case, f=2 * case.f), 2 * found)


@merge_tree.law("closed form")
def valleys_meet_where_the_tree_says(port: Any, case: Case) -> Iterable[Fact]:
    """Up the tree, by the passes at which they end, two valleys meet at the level at which a flood joins their lowest
    vertices; each goes into one that lives on beyond its own pass."""
    found, f = merge_tree.call(port, case), case.f
    lowest, into = ([int(i) for i in part] for part in (found.lowest, found.into))
    ends = np.append(f, [inf])[found.passes.astype(int)]
    met, joined = (np.full((len(lowest), len(lowest)), inf, f.dtype) for _ in range(2))
    for i, j in product(range(len(lowest)), repeat=2):
        one, other, met[i, j] = i, j, f[lowest[i]] if i == j else -inf
        while one != other:
            one, other = (one, other) if ends[one] <= ends[other] else (other, one)
            met[i, j] = np.maximum(met[i, j], ends[one])
            one = into[one] if ends[one] < inf else other
    for t in np.unique(f)[::-1]:
        for part in flooded(case, t):
            places = [i for i, low in enumerate(lowest) if low in part]
            joined[np.ix_(places, places)] = t
    yield equal("levels", met, joined)
    beyond = [bool(ends[k] > ends[i]) if k >= 0 else bool(ends[i] == inf) for i, k in enumerate(into)]
    yield agree("lives on", beyond, [True] * len(into))


@merge_tree.law("closed form")
def the_valleys_are_those_of_the_bars(port: Any, case: Case) -> Iterable[Fact]:
    """Lowest vertices and passes are those of `sublevel_h0`."""
    found, valleys = merge_tree.call(port, case), port.oracle.sublevel_h0(case.f, case.edges)
    yield equal("births", case.f[found.lowest.astype(int)], valleys.bars[:, 0])
    yield equal("deaths", np.append(case.f, [inf])[found.passes.astype(int)], valleys.bars[:, 1])


def near(connected: int, a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Return whether cells of a grid are neighbours."""
    down, right = abs(a[0] - b[0]), abs(a[1] - b[1])
    return down + right == 1 if connected == 4 else max(down, right) == 1


def chosen(image: Any) -> set[tuple[int, int]]:
    """Return the places of the Trues."""
    return {(int(i), int(j)) for i, j in np.argwhere(image)}


@sublevel_grid.law("closed form", cases=pictures)
def valleys_and_holes_are_those_of_a_flood(port: Any, case: Case) -> Iterable[Fact]:
    """As many components are born by s and alive after t as those of {F <= t} that reach down to s; and as many holes
    as parts of {F > s}, with all around, by the other neighbours, reach up beyond t, but for the outermost."""
    found, F = sublevel_grid.call(port, case), case.F
    entering, (inner, outer) = np.unique(F), (4, 8) if case.construction == "V" else (8, 4)
    h0, h1 = (np.zeros((len(entering), len(entering)), int) for _ in range(2))
    above = [chosen(np.pad(t < F, 1, constant_values=True)) for t in entering]
    below = [chosen(t >= F) for t in entering]
    for i in range(len(entering)):
        valleys = components(below[i], partial(near, inner))
        h0[: i + 1, i] = [meeting(valleys, lower) for lower in below[: i + 1]]
        islands = components(above[i], partial(near, outer))
        h1[i, i:] = [meeting(islands, upper) - 1 for upper in above[i:]]
    yield agree("h0", alive(found.h0, entering), h0)
    yield agree("h1", alive(found.h1, entering), h1)


def halves(F: Any, construction: str, around: float) -> list[Any]:
    """Return the values of vertices and squares, and of edges across and down; around: beyond the picture."""
    F, enter = np.pad(F, 1, constant_values=around), np.maximum if construction == "V" else np.minimum
    across, down = enter(F[:, 1:], F[:, :-1]), enter(F[1:], F[:-1])
    cells = [F, enter(across[1:], across[:-1]), across, down]
    return [part[np.isfinite(part)] for part in cells]


@sublevel_grid.law("closed form", cases=pictures.but(least=choice(*LEAST)))
def every_cell_begins_or_ends_a_bar(port: Any, case: Case) -> Iterable[Fact]:
    """At each level vertices - edges + squares are the components less the holes that are there (Euler). With bars of
    every length births in each dimension and deaths in the one below are the values of all cells; those with a length,
    and those with a least one, are what they are called."""
    every, some, positive = (sublevel_grid.call(port, case, min_persistence=least) for least in (0.0, case.least, None))
    given, corners, across, down = halves(case.F, case.construction, inf)
    vertices, squares = (given, corners) if case.construction == "V" else (corners, given)
    levels, edges = np.unique(case.F), np.concatenate([across, down])
    there = [np.count_nonzero(part <= levels[:, np.newaxis], axis=1) for part in (vertices, edges, squares)]
    h0, h1 = (np.diagonal(alive(rows, levels)) for rows in positive)
    yield agree("Euler", h0 - h1, there[0] - there[1] + there[2])
    yield from each_cell_once((*every, every[0][:0]), (vertices, edges, squares))
    yield from by_length(every, some, positive, case.least)


@sublevel_grid.law("invariance", cases=pictures)
def only_the_order_of_values_counts(port: Any, case: Case) -> Iterable[Fact]:
    """Cubes of the values have the cubes of their bars; transposed and mirrored pictures have the same."""
    found = sublevel_grid.call(port, case)
    changed = {"cubes": case.F**3, "transposed": case.F.T.copy(), "mirrored": case.F[:, ::-1].copy()}
    for name, F in changed.items():
        expected = tuple(rows**3 if name == "cubes" else rows for rows in found)
        yield from same_outputs(name, tuple(sublevel_grid.call(port, case, F=F)), expected)


@sublevel_grid.law("invariance", cases=pictures)
def holes_are_valleys_of_the_negative(port: Any, case: Case) -> Iterable[Fact]:
    """Holes of F are the valleys of -F within a ring of its own that is lower, by the other construction, upside down:
    (-death, -birth)."""
    found, low = sublevel_grid.call(port, case), -np.max(case.F) - 1 - np.abs(np.max(case.F))
    other = "T" if case.construction == "V" else "V"
    turned = port.sublevel_grid(np.pad(-case.F, 1, constant_values=low), construction=other).h0[1:]
    yield equal("births", np.sort(found.h1[:, 0]), np.sort(-turned[:, 1]))
    yield equal("deaths", np.sort(found.h1[:, 1]), np.sort(-turned[:, 0]))


sublevel_h0.edits("""
edges_enter_with_the_lower_end: An edge enters with its lower end, as if passes were valleys
    `np.maximum(turn[edges[:, 0]], turn[edges[:, 1]])` → `np.minimum(turn[edges[:, 0]], turn[edges[:, 1]])`
places_decide_who_is_older: Of two components the one with the lower place dies later, whatever its value
    `order, boundaries = ascending(np.concatenate([turn, later]))` → `order, boundaries = list(range(n + len(edges)))`
deaths_are_named_by_edges: The pass is the place of the edge, not of its later vertex
    `ending[e] if e >= 0 else e` → `e - n if e >= 0 else e`
""")
merge_tree.edits("""
all_valleys_go_into_the_oldest: Every valley goes into the one that never ends
    `heights[low] <= f[at]` → `heights[low] < inf`
valleys_go_into_the_youngest: Of the other valleys that are joined at a pass the youngest one is gone into
    `min(joined, key=turn.__getitem__)` → `max({*joined} & {*lowest} - {low}, key=turn.__getitem__)`
passes_are_told_as_valleys: The vertex of the valley that goes on is told, not its place
    `lowest.index(min(joined, key=turn.__getitem__))` → `min(joined, key=turn.__getitem__)`
""")
merge_height.edits("""
paths_of_two_edges: No path of more than two edges is looked at
    `heights = np.minimum(heights, np.maximum(heights[:, k, None], heights[k]))` →
        `first = heights if k == 0 else first; heights = np.minimum(heights, np.maximum(first[:, k, None], first[k]))`
heights_of_the_lower_end: An edge has the height of its lower end
    `np.where(joined, np.maximum(f[:, None], f), inf)` → `np.where(joined, np.minimum(f[:, None], f), inf)`
heights_above_the_ends: The higher one of the two ends is subtracted: a barrier, not a level
    `return heights` → `return heights - np.maximum(f[:, None], f)`
diagonal_of_zeros: A vertex joins itself at 0
    `return heights` → `return np.where(vertices[:, None] == vertices, 0, heights)`
heights_add_up: Heights on a path are added
    `np.maximum(heights[:, k, None], heights[k])` → `heights[:, k, None] + heights[k]`
""")
barrier_graph.edits("""
barriers_over_the_lower_end: The lower end's value is subtracted
    `np.maximum(f[:, None], f)` → `np.minimum(f[:, None], f)`
barriers_over_the_mean: The mean of the ends' values is subtracted
    `np.maximum(f[:, None], f)` → `(f[:, None] + f) / 2`
barriers_are_levels: The level itself is returned
    `merge_height(f, edges) - np.maximum(f[:, None], f)` → `merge_height(f, edges)`
""")
sublevel_h0.edits("""
short_valleys_are_kept: A least length is not looked at
    `bars(f, found, min_persistence)` → `bars(f, found, None)`
""")
sublevel_grid.edits("""
other_neighbours: "V" has 8 neighbours and "T" 4
    `enter = np.maximum if construction == "V" else np.minimum` → `enter = np.maximum`
one_construction_for_both: Values are on vertices, whatever is asked for
    `(neighbours(n, construction) for n in F.shape)` → `(neighbours(n, "V") for n in F.shape)`
squares_are_never_filled: Squares do not enter: holes are the cycles of the grid as a graph
    `cells = sorted(product(range(len(top)), range(len(left))), key=dimension)` →
        `cells = [c for c in sorted(product(range(len(top)), range(len(left))), key=dimension) if dimension(c) < 2]`
short_bars_are_kept: A least length is not looked at
    `boundaries, dimensions, 1, min_persistence)` → `boundaries, dimensions, 1, None)`
additions_stop_after_one: A column of the boundary matrix is reduced once, not until its lowest one is its own
    `while column and max(column) in reduced:` → `if column and max(column) in reduced:`
younger_is_older: Of two classes the older one dies
    `ends[order[max(column)]] = cell` → `ends[order[min(column)]] = cell`
bars_of_no_length_are_kept: What dies as it is born is a bar, though no least length is asked for
    `births < deaths` → `births <= deaths`
endless_bars_are_left_out: What never dies is no bar
    `np.flatnonzero(births < deaths if shortest is None else deaths - births >= shortest)` →
        `np.flatnonzero((births < deaths if shortest is None else deaths - births >= shortest) & (deaths < np.inf))`
""")
