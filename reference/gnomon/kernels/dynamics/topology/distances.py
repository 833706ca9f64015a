"""`gnomon.dynamics.topology.distances`: the bottleneck distance, by matchings of long bars alone.

At a distance d a bar that is no longer than 2d may be left over. If the longer ones of P can be matched within Q, and
the longer ones of Q within P, both can at once (Mendelsohn and Dulmage, 1958): two matchings of n bars with m, without
points of length 0; and only distances between two known bounds are sorted and bisected.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.topology import distances as reference
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import in_place_of

__all__ = ["bottleneck"]


@compiled
def covered(apart: Any, half: Any, d: float) -> bool:
    """Return whether each row of which the half is beyond d can have a column of its own at d or less: Kuhn's paths."""
    n, m = apart.shape
    row_of, column_of = np.full(m, -1), np.full(n, -1)
    reached_from, waiting = np.empty(m, np.int64), np.empty(n, np.int64)
    for start in range(n):
        if half[start] <= d:
            continue
        reached_from[:] = -1
        waiting[0], head, tail, free = start, 0, 1, -1
        while head < tail and free < 0:
            row, head = waiting[head], head + 1
            for column in range(m):
                if reached_from[column] < 0 and apart[row, column] <= d:
                    reached_from[column] = row
                    if row_of[column] < 0:
                        free = column
                        break
                    waiting[tail], tail = row_of[column], tail + 1
        if free < 0:
            return False
        while free >= 0:
            row = reached_from[free]
            row_of[free] = row
            column_of[row], free = free, column_of[row]
    return True


@in_place_of(reference.bottleneck)
def bottleneck(P: Array, Q: Array) -> Any:
    births = reference.essential(P), reference.essential(Q)
    if births[0].shape != births[1].shape:
        return 0 * np.sum(P[:, 0]) + inf
    P, Q = reference.finite(P), reference.finite(Q)
    apart = np.maximum(np.abs(P[:, :1] - Q[:, 0]), np.abs(P[:, 1:] - Q[:, 1]))
    sides = (apart, (P[:, 1] - P[:, 0]) / 2), (apart.T.copy(), (Q[:, 1] - Q[:, 0]) / 2)
    least = max(np.max(np.minimum(half, np.min(own, axis=1, initial=inf)), initial=0.0) for own, half in sides)
    most = max(np.max(half, initial=0.0) for _, half in sides)
    possible = np.concatenate([apart.reshape(-1), *(half for _, half in sides)])
    possible = np.sort(possible[(possible >= least) & (possible <= most)])
    low, high = 0, max(len(possible) - 1, 0)
    while low < high:
        middle = (low + high) // 2
        if all(covered(own, half, possible[middle]) for own, half in sides):
            high = middle
        else:
            low = middle + 1
    return np.max(np.concatenate([np.abs(births[0] - births[1]), possible[low : low + 1]]), initial=0.0)
