"""`gnomon.dynamics.topology.rips`: components by union-find, cycles by persistent cohomology, over ranks of edges.

Edges have ranks, by length and then by place; the triangle whose longest edge has rank r, opposite to vertex k, is the
number r·n + k, so that numbers are in the order in which triangles enter. Column e of the coboundary matrix holds the
triangles at edge e; columns are reduced from the last edge to the first, by their smallest number. Left out (clearing)
are the edges that end a component. An edge that is the longest of a triangle dies with the first such one as it is born
(an apparent pair): its column is never stored. No cycle lives beyond the radius at which one point reaches all others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.topology import rips as reference
from gnomon.dynamics.topology.persistence import Diagrams
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import in_place_of
from gnomon.kernels.dynamics.topology.bars import arranged

__all__ = ["Diagrams", "rips_diagrams"]


@compiled
def spanning(first: Any, second: Any, parent: Any, joins: Any) -> None:
    """Write which edges, by rank, join two components; parent: each vertex its own."""
    for e in range(first.size):
        i, j = first[e], second[e]
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        while parent[j] != j:
            parent[j] = parent[parent[j]]
            j = parent[j]
        parent[i] = j
        joins[e] = i != j


@compiled
def cofaces(e: int, i: int, j: int, rank: Any, column: Any) -> int:
    """Write the numbers of the triangles at edge e = (i, j), ascending, and return how many there are."""
    n, count = rank.shape[0], 0
    for k in range(n):
        a, b = rank[i, k], rank[j, k]
        if a >= 0 and b >= 0:
            longest, opposite = e, k
            if a > longest:
                longest, opposite = a, j
            if b > longest:
                longest, opposite = b, i
            column[count], count = longest * n + opposite, count + 1
    gap = count // 2
    while gap > 0:  # Shell's sort
        for at in range(gap, count):
            number, place = column[at], at
            while place >= gap and column[place - gap] > number:
                column[place], place = column[place - gap], place - gap
            column[place] = number
        gap //= 2
    return count


@compiled
def added(left: Any, count: int, right: Any, at: int, stop: int, out: Any) -> int:
    """Write what only one of two ascending columns has, left[:count] and right[at:stop], and return how much it is."""
    i, length = 0, 0
    while i < count or at < stop:
        if at == stop or (i < count and left[i] < right[at]):
            out[length], i, length = left[i], i + 1, length + 1
        elif i == count or right[at] < left[i]:
            out[length], at, length = right[at], at + 1, length + 1
        else:
            i, at = i + 1, at + 1
    return length


@compiled
def roomy(array: Any, used: int, more: int) -> Any:
    """Return the array if it has room for more, or a larger copy of it."""
    if used + more <= array.size:
        return array
    larger = np.empty(2 * (used + more), np.int64)
    for i in range(used):
        larger[i] = array[i]
    return larger


@compiled
def cycles(
    first: Any, second: Any, rank: Any, joins: Any,
    ends: Any, apparent: Any, latest: Any, before: Any, begin: Any, end: Any,
) -> None:  # fmt: skip
    """Write, of each edge, the rank of the longest edge of the triangle that ends its cycle, and -1 if nothing does.

    ends: that. apparent: its apparent triangle. latest: the last stored column whose first triangle has it as its
    longest edge. before: the one that was stored before its own in that list. begin, end: where its own is in the pool.
    All are -1 to begin with.
    """
    n, used = rank.shape[0], 0
    fresh, column = np.empty(n, np.int64), np.empty(n, np.int64)
    other, pool = np.empty(n, np.int64), np.empty(n, np.int64)
    for e in range(first.size - 1, -1, -1):
        i, j = first[e], second[e]
        for k in range(n):
            if 0 <= rank[i, k] < e and 0 <= rank[j, k] < e:
                apparent[e], ends[e] = e * n + k, e
                break
        if joins[e] or apparent[e] >= 0:
            continue
        count = cofaces(e, i, j, rank, column)
        while count > 0:
            r, by = column[0] // n, -1
            if apparent[r] == column[0]:
                more = cofaces(r, first[r], second[r], rank, fresh)
                other = roomy(other, 0, count + more)
                count = added(column, count, fresh, 0, more, other)
            else:
                by = latest[r]
                while by >= 0 and pool[begin[by]] != column[0]:
                    by = before[by]
                if by < 0:
                    break
                other = roomy(other, 0, count + end[by] - begin[by])
                count = added(column, count, pool, begin[by], end[by], other)
            column, other = other, column
        if count > 0:
            r = column[0] // n
            ends[e], before[e], latest[r] = r, latest[r], e
            pool = roomy(pool, used, count)
            for k in range(count):
                pool[used + k] = column[k]
            begin[e], end[e], used = used, used + count, used + count


@in_place_of(reference.rips_diagrams)
def rips_diagrams(D: Array, threshold: float | None) -> Diagrams:
    n = D.shape[0]
    reach = np.min(np.max(D, axis=1), initial=np.inf) if n else np.inf
    i, j = np.nonzero(np.triu((reach >= D) & np.isfinite(D) & (threshold is None or threshold >= D), 1))
    by_length = np.argsort(D[i, j], kind="stable")
    i, j = i[by_length], j[by_length]
    lengths, rank = D[i, j], np.full((n, n), -1, np.int32)
    rank[i, j] = rank[j, i] = np.arange(len(i))
    joins, table = np.zeros(len(i), bool), np.full((6, len(i)), -1)
    spanning(i, j, np.arange(n), joins)
    cycles(i, j, rank, joins, *table)
    ends, dead = table[0], lengths[joins]
    h1 = arranged(lengths[ends >= 0], lengths[ends[ends >= 0]], lengths[~joins & (ends < 0)])
    return Diagrams(arranged(0 * dead, dead, np.zeros(n - len(dead), D.dtype)), h1)
