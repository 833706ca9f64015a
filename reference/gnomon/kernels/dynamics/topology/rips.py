"""`gnomon.dynamics.topology.rips`: components by union-find, cycles by persistent cohomology, over ranks of edges.

Edges have ranks, by length and then by place; the triangle whose longest edge has rank r, opposite to vertex k, is the
number r·n + k, so that numbers are in the order in which triangles enter. Column e of the coboundary matrix holds the
triangles at edge e; columns are reduced from the last edge to the first, by their smallest number. Left out (clearing)
are the edges that end a component. An edge that is the longest of a triangle dies with the first such one as it is born
(an apparent pair): its column is never stored. A column that is reduced is a heap, from which numbers that are in it an
even number of times are dropped as they come up: where lengths are equal, as in a regular polygon, thousands of columns
are added to one. No cycle lives beyond the radius at which one point reaches all others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.topology import rips as reference
from gnomon.dynamics.topology.rips import RipsDiagrams
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import in_place_of
from gnomon.kernels.dynamics.topology.bars import arranged

__all__ = ["RipsDiagrams", "rips_diagrams"]


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
def pushed(heap: Any, size: int, number: int) -> None:
    """Add a number to a heap of so many, the smallest first."""
    place = size
    while place > 0 and heap[(place - 1) // 2] > number:
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = number


@compiled
def first_odd(heap: Any, size: int) -> tuple[int, int]:
    """Take out numbers until the smallest was there an odd number of times: return it, or -1, and how many are left."""
    found, odd = -1, False
    while size > 0 and (not odd or heap[0] == found):
        odd = not odd or heap[0] != found
        found, size, place = heap[0], size - 1, 0
        last = heap[size]
        while 2 * place + 1 < size:
            below = 2 * place + 1
            if below + 1 < size and heap[below + 1] < heap[below]:
                below += 1
            if heap[below] >= last:
                break
            heap[place], place = heap[below], below
        heap[place] = last
    return (found if odd else -1), size


@compiled
def with_cofaces(heap: Any, size: int, e: int, i: int, j: int, rank: Any, but: int) -> int:
    """Add the numbers of the triangles at edge e = (i, j), but for one, and return how many there are then."""
    n = rank.shape[0]
    for k in range(n):
        a, b = rank[i, k], rank[j, k]
        if a >= 0 and b >= 0:
            longest, opposite = e, k
            if a > longest:
                longest, opposite = a, j
            if b > longest:
                longest, opposite = b, i
            if longest * n + opposite != but:
                pushed(heap, size, longest * n + opposite)
                size += 1
    return size


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
    heap, pool = np.empty(n, np.int64), np.empty(n, np.int64)
    for e in range(first.size - 1, -1, -1):
        i, j = first[e], second[e]
        for k in range(n):
            if 0 <= rank[i, k] < e and 0 <= rank[j, k] < e:
                apparent[e], ends[e] = e * n + k, e
                break
        if joins[e] or apparent[e] >= 0:
            continue
        pivot, size = first_odd(heap, with_cofaces(heap, 0, e, i, j, rank, -1))
        while pivot >= 0:
            r, by = pivot // n, -1
            if apparent[r] == pivot:
                heap = roomy(heap, size, n)
                size = with_cofaces(heap, size, r, first[r], second[r], rank, pivot)
            else:
                by = latest[r]
                while by >= 0 and pool[begin[by]] != pivot:
                    by = before[by]
                if by < 0:
                    break
                heap = roomy(heap, size, end[by] - begin[by])
                for at in range(begin[by] + 1, end[by]):
                    pushed(heap, size, pool[at])
                    size += 1
            pivot, size = first_odd(heap, size)
        if pivot >= 0:
            r = pivot // n
            ends[e], before[e], latest[r], begin[e] = r, latest[r], e, used
            pool = roomy(pool, used, size + 1)
            while pivot >= 0:
                pool[used], used = pivot, used + 1
                pivot, size = first_odd(heap, size)
            end[e] = used


@in_place_of(reference.rips_diagrams)
def rips_diagrams(D: Array, maxdim: int, threshold: float | None, min_persistence: float | None) -> RipsDiagrams:
    if maxdim == 2:  # there are no loops for voids
        found: RipsDiagrams = reference.rips_diagrams(D, maxdim=2, threshold=threshold, min_persistence=min_persistence)
        return found
    n = D.shape[0]
    reach = np.min(np.max(D, axis=1), initial=np.inf) if n and min_persistence is None else np.inf
    i, j = np.nonzero(np.triu((reach >= D) & np.isfinite(D) & (threshold is None or threshold >= D), 1))
    by_length = np.argsort(D[i, j], kind="stable")
    i, j = i[by_length], j[by_length]
    lengths, rank = D[i, j], np.full((n, n), -1, np.int32)
    rank[i, j] = rank[j, i] = np.arange(len(i))
    joins, table = np.zeros(len(i), bool), np.full((6, len(i)), -1)
    spanning(i, j, np.arange(n), joins)
    dead, none = lengths[joins], D[:0].reshape(0, 2)
    h0 = arranged(0 * dead, dead, np.zeros(n - len(dead), D.dtype), min_persistence)
    if maxdim == 0:
        return RipsDiagrams(h0, none, none)
    cycles(i, j, rank, joins, *table)
    ends = table[0]
    endless = lengths[~joins & (ends < 0)]
    return RipsDiagrams(h0, arranged(lengths[ends >= 0], lengths[ends[ends >= 0]], endless, min_persistence), none)
