"""`gnomon.dynamics.topology.sublevel` for grids: one sorting, and two floods by union-find, one of them from above."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.topology import sublevel as reference
from gnomon.dynamics.topology.persistence import Diagrams
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import in_place_of
from gnomon.kernels.dynamics.topology.bars import arranged

__all__ = ["Diagrams", "sublevel_grid"]


@compiled
def flood(order: Any, turn: Any, offsets: Any, ended: Any) -> int:
    """Let cells enter in order; write which turn's component ended in which turn, and return how many did.

    turn: of each cell, -1 before it enters; a cell that has a turn at the start is older than all in the order.
    """
    parent, found = np.arange(order.size + 1, dtype=np.int32), 0
    for i in range(order.size):
        cell, root = order[i], i + 1
        turn[cell] = root
        for k in range(offsets.size):
            other = turn[cell + offsets[k]]
            if other >= 0:
                while parent[other] != other:
                    parent[other] = parent[parent[other]]
                    other = parent[other]
                if other != root:
                    younger = max(root, other)
                    root = min(root, other)
                    parent[younger] = root
                    if younger <= i:
                        ended[found, 0], ended[found, 1] = younger - 1, i
                        found += 1
    return found


@in_place_of(reference.sublevel_grid)
def sublevel_grid(F: Array, construction: Any, min_persistence: float | None) -> Diagrams:
    if min_persistence == 0:  # most cells begin and end bars of no length: floods do not see them
        found: Diagrams = reference.sublevel_grid(F, construction=construction, min_persistence=0.0)
        return found
    h, w = F.shape
    values, width = F.reshape(-1), w + 2
    order = np.argsort(values, kind="stable").astype(np.int32)
    framed = (order // w + 1) * width + order % w + 1
    four, eight = (
        np.array(offsets, np.int32)
        for offsets in ((-width, -1, 1, width), (-width - 1, -width, 1 - width, -1, 1, width - 1, width, width + 1))
    )
    inner, outer = (four, eight) if construction == "V" else (eight, four)
    turn, ended = np.full((h + 2) * width, -1, np.int32), np.empty((order.size, 2), np.int32)
    births, deaths = values[order[ended[: flood(framed, turn, inner, ended)]]].T
    h0 = arranged(births, deaths, values[order[:1]], min_persistence)
    turn[:] = -1
    frame = turn.reshape(h + 2, width)
    frame[0] = frame[-1] = frame[:, 0] = frame[:, -1] = 0
    deaths, births = values[order[::-1][ended[: flood(framed[::-1].copy(), turn, outer, ended)]]].T
    return Diagrams(h0, arranged(births, deaths, values[:0], min_persistence))
