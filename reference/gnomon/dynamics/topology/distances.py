"""How far two diagrams are from each other, and how long the bars of one are together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Number

Power: TypeAlias = Annotated[float, Number(1)]


@dataclass(frozen=True)
class Bars:
    """Rows (birth, death), death >= birth, births finite; of the dtype of the argument `model` if there is one."""

    model: str = ""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        Entries(("k", "2"), fit=self.model, of=("2",)).require(name, value, given)
        if value.shape[1] != 2:
            raise ValueError(f"{name} must have shape (k, 2), got {value.shape}")
        if not np.all(np.isfinite(value[:, 0]) & (value[:, 0] <= value[:, 1])):
            raise ValueError(f"{name} must have finite births and deaths that are not before them, got {value}")

    def __str__(self) -> str:
        return "an array (k, 2) of bars (birth, death), births finite, death >= birth"


Diagram: TypeAlias = Annotated[Array, Bars()]
Other: TypeAlias = Annotated[Array, Bars("P")]


@checked()
def bottleneck(P: Diagram, Q: Other) -> Any:
    """Return the least d such that bars of P and Q can be matched, none moved by more than d in birth or death.

    A bar that is left over is matched with the nearest of length 0, half of its length away. Bars that never end are
    matched with each other, in the order of their births; if there are not as many in Q, d is infinite. P, Q: bars,
    shapes (n, 2) and (m, 2). d is found among the (n + m)² possible ones by bisection.
    """
    births = essential(P), essential(Q)
    if births[0].shape != births[1].shape:
        return 0 * np.sum(P[:, 0]) + inf
    costs = matching_costs(finite(P), finite(Q), "infinity")
    possible = np.sort(costs.reshape(-1))
    low, high = 0, max(len(possible) - 1, 0)
    while low < high:
        middle = (low + high) // 2
        if has_perfect_matching(costs <= possible[middle]):
            high = middle
        else:
            low = middle + 1
    return np.max(np.concatenate([np.abs(births[0] - births[1]), possible[low : low + 1]]), initial=0.0)


@checked()
def wasserstein(
    P: Diagram, Q: Other, *, p: Power = 1.0, ground: Literal["infinity", "euclidean"] = "infinity"
) -> Any:  # fmt: skip
    """Return the least (Σ dᵖ)^(1/p) over all matchings, d how far each bar is moved.

    ground: a bar is moved by the larger of its ends' moves, or by the Euclidean distance of (birth, death); one that is
    left over accordingly by half of its length, or by its length over √2. p: >= 1. All else: of `bottleneck`.
    """
    births = essential(P), essential(Q)
    if births[0].shape != births[1].shape:
        return 0 * np.sum(P[:, 0]) + inf
    costs = matching_costs(finite(P), finite(Q), ground) ** p
    total = np.sum(costs[np.arange(len(costs)), assignment(costs)]) + np.sum(np.abs(births[0] - births[1]) ** p)
    return total ** (1 / p)


@checked()
def total_persistence(P: Diagram, *, p: Power = 1.0) -> Any:
    """Return Σ (death - birth)ᵖ over the bars that end: those that never do are left out. P: bars, (n, 2). p: >= 1."""
    bars = finite(P)
    return np.sum((bars[:, 1] - bars[:, 0]) ** p)


def finite(bars: Array) -> Array:
    """Return the bars that end."""
    return bars[np.flatnonzero(bars[:, 1] < inf)]


def essential(bars: Array) -> Array:
    """Return the births of the bars that never end, sorted."""
    return np.sort(bars[np.flatnonzero(bars[:, 1] == inf), 0])


def matching_costs(P: Array, Q: Array, ground: str) -> Array:
    """Return what it costs to match each of P, and of as many points of length 0 as Q has, with Q, and as many as P."""
    apart = np.abs(P[:, None] - Q)
    half = 0.5 if ground == "infinity" else 0.5**0.5
    alone_P, alone_Q = half * (P[:, 1] - P[:, 0]), half * (Q[:, 1] - Q[:, 0])
    between = np.max(apart, axis=2, initial=0.0) if ground == "infinity" else np.hypot(apart[:, :, 0], apart[:, :, 1])
    upper = np.concatenate([between, np.repeat(alone_P[:, None], len(P), axis=1)], axis=1)
    lower = np.concatenate([np.repeat(alone_Q[None], len(Q), axis=0), 0 * between.T], axis=1)
    return np.concatenate([upper, lower])


def has_perfect_matching(allowed: Any) -> bool:
    """Return whether each row can have a column of its own, by augmenting paths."""
    columns_of = [set(np.flatnonzero(row).tolist()) for row in allowed]
    row_of: dict[int, int] = {}
    column_of: dict[int, int] = {}
    for start in range(len(columns_of)):
        rows, reached_from, free = [start], dict[int, int](), set[int]()
        for row in rows:
            new = columns_of[row] - reached_from.keys()
            reached_from.update(dict.fromkeys(new, row))
            free = new - row_of.keys()
            if free:
                break
            rows += [row_of[column] for column in new]
        if not free:
            return False
        column: int | None = min(free)
        while column is not None:
            row = row_of[column] = reached_from[column]
            column_of[row], column = column, column_of.get(row)
    return True


def assignment(costs: Array) -> list[int]:
    """Return the column of each row of a square matrix that together cost least, by shortest augmenting paths."""
    size = len(costs)
    row_of, column_of, price = [-1] * size, [-1] * size, 0 * np.sum(costs, axis=0)
    for start in range(size):
        distance, reached_from, done = costs[start] - price, np.full(size, start), np.zeros(size, bool)
        while True:
            column = int(np.argmin(np.where(done, inf, distance)))
            done[column], row = True, row_of[column]
            if row < 0:
                break
            further = distance[column] + (costs[row] - price) - (costs[row, column] - price[column])
            nearer = ~done & (further < distance)
            distance, reached_from = np.where(nearer, further, distance), np.where(nearer, row, reached_from)
        price = price + np.where(done, distance - distance[column], 0)
        while column >= 0:
            row = row_of[column] = int(reached_from[column])
            column_of[row], column = column, column_of[row]
    return column_of
