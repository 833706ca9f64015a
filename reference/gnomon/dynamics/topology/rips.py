"""Vietoris–Rips persistence: components and cycles of points that are joined up to a growing distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Any, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, NonNegative
from gnomon.dynamics.topology.persistence import Diagrams, ascending, diagrams


@dataclass(frozen=True)
class Dissimilarities:
    """A symmetric matrix of numbers >= 0, infinity allowed, with zeros on its diagonal."""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        Entries(("n", "n"), low=0).require(name, value, given)
        if not np.all(np.diagonal(value) == 0):
            raise ValueError(f"{name} must have zeros on its diagonal, got {np.diagonal(value)}")
        if not np.all(value == value.T):
            raise ValueError(f"{name} must be symmetric, bit for bit")

    def __str__(self) -> str:
        return "a symmetric matrix, entries >= 0 or infinite, zeros on the diagonal"


Distances: TypeAlias = Annotated[Array, Dissimilarities()]


@checked()
def rips_diagrams(D: Distances, *, threshold: NonNegative | None = None) -> Diagrams:
    """Return the bars of components and of cycles of the Vietoris–Rips complex.

    A set of points enters at its diameter, the largest of its distances (of its radius, bars are half as long). Sets of
    one to three points are sorted by diameter, number, and points, and the boundary matrix over Z₂ is reduced.

    D: distances, shape (n, n), n >= 0; symmetric, >= 0, zeros on the diagonal; it need not be a metric, and what is
    infinitely far apart is never joined. threshold: diameters beyond it do not enter; what has not died then never
    does. The bars only repeat entries of D: they are exact.
    """
    sets = [points for size in (1, 2, 3) for points in combinations(range(D.shape[0]), size)]
    number = {points: i for i, points in enumerate(sets)}
    boundaries = [[number[face] for face in combinations(points, len(points) - 1) if face] for points in sets]
    a, b, c = np.array([(points[0], points[len(points) // 2], points[-1]) for points in sets], int).reshape(-1, 3).T
    diameters = np.maximum(np.maximum(D[a, b], D[b, c]), D[a, c])
    entering = len(sets) if threshold is None else int(np.count_nonzero(diameters <= threshold))
    sizes = [len(points) for points in sets]
    return diagrams(diameters, ascending(diameters)[:entering], boundaries, sizes.count(1), sizes.count(2))


def distances(points: Array) -> Array:
    """Return the Euclidean distances of points, shape (n, d), as an exactly symmetric matrix (n, n)."""
    apart = points[:, None] - points[None]
    lengths: Array = np.sqrt(np.sum(apart * apart, axis=2))
    return lengths
