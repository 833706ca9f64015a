"""Vietoris–Rips persistence: components and cycles of points that are joined up to a growing distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import inf
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative, NonNegativeInt, Number
from gnomon.dynamics.topology.persistence import ascending, diagrams


@dataclass(frozen=True)
class Dissimilarities:
    """A symmetric matrix of numbers >= 0, infinity allowed, with zeros on its diagonal."""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        Entries(("n", "n"), each=Number(closed=True)).require(name, value, given)
        if not np.all(np.diagonal(value) == 0):
            raise ValueError(f"{name} must have zeros on its diagonal, got {np.diagonal(value)}")
        if not np.all(value == value.T):
            raise ValueError(f"{name} must be symmetric, bit for bit")

    def __str__(self) -> str:
        return "a symmetric matrix, entries >= 0 or infinite, zeros on the diagonal"


Distances: TypeAlias = Annotated[Array, Dissimilarities()]


class RipsDiagrams(NamedTuple):
    """Bars of components, cycles and voids, as those of `Diagrams`; h1 and h2 are empty beyond maxdim."""

    h0: Array
    h1: Array
    h2: Array


def require_at_most_two(given: Mapping[str, Any]) -> None:
    if given["maxdim"] > 2:
        raise ValueError(f"maxdim must be at most 2, got {given['maxdim']}")


@checked(require_at_most_two)
def rips_diagrams(
    D: Distances, *, maxdim: NonNegativeInt = 1, threshold: NonNegative | None = None,
    min_persistence: NonNegative | None = None,
) -> RipsDiagrams:  # fmt: skip
    """Return the bars of components, cycles and voids of the Vietoris–Rips complex.

    A set of points enters at its diameter, the largest of its distances (of its radius, bars are half as long). Sets of
    one to maxdim + 2 points are sorted by diameter, number, and points, and the boundary matrix over Z₂ is reduced.

    D: distances, shape (n, n), n >= 0; symmetric, >= 0, zeros on the diagonal; it need not be a metric, and what is
    infinitely far apart is never joined. maxdim: 0, 1 or 2, the highest dimension of which there are bars. threshold:
    diameters beyond it do not enter; what has not died then never does. min_persistence: shorter bars are left out, as
    where rounding splits ties; None: those of no length are. The bars only repeat entries of D: they are exact.
    """
    sets = [points for size in range(1, maxdim + 3) for points in combinations(range(D.shape[0]), size)]
    number = {points: i for i, points in enumerate(sets)}
    boundaries = [[number[face] for face in combinations(points, len(points) - 1) if face] for points in sets]
    corners = np.array([points + points[-1:] * (4 - len(points)) for points in sets], int).reshape(-1, 4).T
    diameters = np.max(np.max(D[corners[:, np.newaxis], corners], axis=0), axis=0)
    entering = int(np.count_nonzero(diameters < inf if threshold is None else diameters <= threshold))
    dimensions = [len(points) - 1 for points in sets]
    found = diagrams(diameters, ascending(diameters)[:entering], boundaries, dimensions, maxdim, min_persistence)
    return RipsDiagrams(*found, *[D[:0].reshape(0, 2)] * (2 - maxdim))


def distances(points: Array) -> Array:
    """Return the Euclidean distances of points, shape (n, d), as an exactly symmetric matrix (n, n)."""
    apart = points[:, None] - points[None]
    lengths: Array = np.sqrt(np.sum(apart * apart, axis=2))
    return lengths
