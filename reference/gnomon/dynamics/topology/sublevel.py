"""Sublevel persistence of functions on graphs and grids: valleys, the passes between them, and holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative
from gnomon.dynamics.topology.persistence import Diagrams, ascending, bars, diagrams, pairs

Integers: TypeAlias = NDArray[np.integer[Any]]


class Valleys(NamedTuple):
    """bars: (birth, death) of components, shape (k, 2), sorted by birth, death and lowest vertex.

    lowest: the vertex with which each was born. passes: that with which it joined an older one, -1 if it never did.
    """

    bars: Array
    lowest: Integers
    passes: Integers


@dataclass(frozen=True)
class EdgeList:
    """An array (m, 2) of integers: the two different vertices that each edge joins, places in the argument `of`."""

    of: str = "f"

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        if not hasattr(value, "dtype") or value.dtype.kind not in "iu":
            raise TypeError(f"{name} must be an array of integers, got {getattr(value, 'dtype', type(value).__name__)}")
        if value.ndim != 2 or value.shape[1] != 2:
            raise ValueError(f"{name} must have shape (m, 2), got {value.shape}")
        n = given[self.of].shape[0]
        if not np.all((value >= 0) & (value < n)):
            raise ValueError(f"{name} must be places in {self.of}, from 0 to {n - 1}, got {value}")
        if not np.all(value[:, 0] != value[:, 1]):
            raise ValueError(f"{name} must join two different vertices each, got {value}")

    def __str__(self) -> str:
        return f"an array (m, 2) of integers, places in {self.of}, two different ones in each row"


OnVertices: TypeAlias = Annotated[Array, Entries(("n",), finite=True)]
Edges: TypeAlias = Annotated[Integers, EdgeList()]


class MergeTree(NamedTuple):
    """One place for each valley, in the order of `Valleys`. lowest: its lowest vertex. passes: the vertex at which it
    ends, -1 if it never does. into: the place of the valley that goes on there, -1 likewise.
    """

    lowest: Integers
    passes: Integers
    into: Integers


@checked()
def sublevel_h0(f: OnVertices, edges: Edges, *, min_persistence: NonNegative | None = None) -> Valleys:
    """Return the components of {f <= t} on a graph, for growing t.

    Vertices enter by value, equal ones by place, each with the edges to those before it. Where components meet, all but
    the one whose lowest vertex entered first die (the elder rule).

    f: shape (n,), n >= 0, finite. edges: integers, shape (m, 2). min_persistence: shorter bars are left out; None:
    those of no length are. With equal values which vertex a bar is said to begin and end at is this choice; the bars
    are not.
    """
    by_value, n = ascending(f), f.shape[0]
    turn = np.argsort(np.array(by_value, int))
    later = np.maximum(turn[edges[:, 0]], turn[edges[:, 1]])
    order, boundaries = ascending(np.concatenate([turn, later])), [[]] * n + edges.tolist()
    ending = [*range(n), *(by_value[t] for t in later)]
    found = [(v, ending[e] if e >= 0 else e) for v, e in pairs(order, boundaries) if v < n]
    rows, kept = bars(f, found, min_persistence)
    return Valleys(rows, *np.array(kept, int).reshape(-1, 2).T)


@checked()
def sublevel_grid(
    F: Annotated[Array, Entries(("h", "w"), least=1, finite=True)], *, construction: Literal["V", "T"] = "V",
    min_persistence: NonNegative | None = None,
) -> Diagrams:  # fmt: skip
    """Return the components and the holes of {F <= t}, for growing t, of a function on a grid.

    construction: "V" has the values on vertices; an edge enters with the later of its 2 ends, a square with the last of
    its 4 corners: vertices are neighbours of 4. "T" has them on squares; an edge enters with the first of the squares
    beside it, a vertex with the first of those around it: squares are neighbours of 8. F: shape (h, w), finite.
    min_persistence: of `sublevel_h0`.
    """
    (top, bottom), (left, right) = (neighbours(n, construction) for n in F.shape)
    enter = np.maximum if construction == "V" else np.minimum
    grid = enter(enter(F[top][:, left], F[top][:, right]), enter(F[bottom][:, left], F[bottom][:, right]))
    cells = sorted(product(range(len(top)), range(len(left))), key=dimension)
    number = {cell: i for i, cell in enumerate(cells)}
    boundaries = [
        [number[i + s, j] for s in (-1, 1) if i % 2] + [number[i, j + s] for s in (-1, 1) if j % 2] for i, j in cells
    ]
    values = grid[[i for i, _ in cells], [j for _, j in cells]]
    dimensions = [dimension(cell) for cell in cells]
    return Diagrams(*diagrams(values, ascending(values), boundaries, dimensions, 1, min_persistence))


def neighbours(n: int, construction: str) -> tuple[Integers, Integers]:
    """Return the values before and after each point and interval of a line of n vertices ("V"), or n intervals."""
    i = np.arange(1, 2 * n) if construction == "V" else np.arange(2 * n + 1)
    return np.clip((i - 1) // 2, 0, n - 1), np.clip(i // 2, 0, n - 1)


def dimension(cell: tuple[int, int]) -> int:
    """Return along how many axes a cell is an interval: those of odd places are."""
    return cell[0] % 2 + cell[1] % 2


@checked()
def merge_height(f: OnVertices, edges: Edges) -> Array:
    """Return at which level each two vertices join: the least that the largest value on a path between them can be.

    Shape (n, n): infinite where there is no path, the vertex's own value on the diagonal. All paths over the first k
    vertices are compared with those over one more. f, edges: of `sublevel_h0`.
    """
    vertices = np.arange(f.shape[0])
    joined = vertices[:, None] == vertices
    joined[edges[:, 0], edges[:, 1]] = joined[edges[:, 1], edges[:, 0]] = True
    heights = np.where(joined, np.maximum(f[:, None], f), inf)
    for k in vertices:
        heights = np.minimum(heights, np.maximum(heights[:, k, None], heights[k]))
    return heights


@checked()
def barrier_graph(f: OnVertices, edges: Edges) -> Array:
    """Return how far each two vertices must climb: their `merge_height` over the higher one of their values.

    Shape (n, n): 0 on the diagonal and between neighbours, infinite where there is no path. f, edges: of `sublevel_h0`.
    """
    return merge_height(f, edges) - np.maximum(f[:, None], f)


@checked()
def merge_tree(f: OnVertices, edges: Edges) -> MergeTree:
    """Return into which valley each valley goes: of those that are joined at its pass the one with the lowest vertex.

    That is a vertex of the least value, of several the first. Two valleys with passes at one level go into the same:
    the tree is one of levels, {f <= t}. f, edges: of `sublevel_h0`.
    """
    valleys, heights, turn = sublevel_h0(f, edges), merge_height(f, edges), np.argsort(ascending(f))
    lowest, into = valleys.lowest.tolist(), []
    for low, at in zip(lowest, valleys.passes.tolist(), strict=True):
        joined = [int(v) for v in np.flatnonzero(heights[low] <= f[at])]
        into.append(lowest.index(min(joined, key=turn.__getitem__)) if at >= 0 else -1)
    return MergeTree(valleys.lowest, valleys.passes, np.array(into, int))
