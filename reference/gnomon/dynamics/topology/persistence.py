"""Persistent homology of any complex: the boundary matrix reduced from left to right, and what is read off it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array

Pairs = list[tuple[int, int]]  # what is born with which cell and dies with which, -1 for never


class Diagrams(NamedTuple):
    """Bars (birth, death) of components and of cycles: arrays of shape (k, 2), sorted by birth, then by death.

    The death of what never dies is infinite. What dies at the level of its birth is left out, unless bars of every
    length are asked for.
    """

    h0: Array
    h1: Array


def ascending(values: Any) -> list[int]:
    """Return the places of values in ascending order, equal ones in theirs."""
    return [int(i) for i in np.argsort(values, kind="stable")]


def pairs(order: Sequence[int], boundaries: Sequence[Iterable[int]]) -> Pairs:
    """Return the cells with which something is born, ascending, and with which cell each of it dies.

    order: the cells that enter, each after those of its boundary. From every column of the boundary matrix those to the
    left that have the same lowest one are subtracted; with what is lowest in the end begins what the column's cell
    ends. A cell of which nothing is left is the birth of something.
    """
    place = {cell: i for i, cell in enumerate(order)}
    reduced: dict[int, set[int]] = {}
    ends, ending = {}, set()
    for cell in order:
        column = {place[face] for face in boundaries[cell]}
        while column and max(column) in reduced:
            column ^= reduced[max(column)]
        if column:
            reduced[max(column)] = column
            ends[order[max(column)]] = cell
            ending.add(cell)
    return [(cell, ends.get(cell, -1)) for cell in sorted(place) if cell not in ending]


def bars(values: Array, found: Pairs, shortest: float | None) -> tuple[Array, Pairs]:
    """Return the bars of pairs of cells, sorted, and the pairs in that order: those as long as asked for."""
    births = values[[birth for birth, _ in found]]
    deaths = np.where([death < 0 for _, death in found], inf, values[[death for _, death in found]])
    kept = [int(i) for i in long_enough(births, deaths, shortest)]
    by_death = [kept[i] for i in ascending(deaths[kept])]
    by_birth = [by_death[i] for i in ascending(births[by_death])]
    return np.stack([births[by_birth], deaths[by_birth]], axis=1), [found[i] for i in by_birth]


def long_enough(births: Array, deaths: Array, shortest: float | None) -> Any:
    """Return the places of bars of at least the shortest length; if that is None, of any but 0."""
    return np.flatnonzero(births < deaths if shortest is None else deaths - births >= shortest)


def diagrams(
    values: Array, order: Sequence[int], boundaries: Sequence[Iterable[int]], dimensions: Sequence[int],
    maxdim: int, shortest: float | None,
) -> list[Array]:  # fmt: skip
    """Return the bars of a complex for each dimension up to maxdim; dimensions: of the cells."""
    found = pairs(order, boundaries)
    parts = ([(cell, end) for cell, end in found if dimensions[cell] == d] for d in range(maxdim + 1))
    return [bars(values, part, shortest)[0] for part in parts]
