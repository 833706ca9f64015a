"""GUDHI's diagrams, and its own bottleneck distance; it computes in float64."""

from __future__ import annotations

from typing import Any

import gudhi
import numpy as np

dtypes = ("float32", "float64")


def diagrams(complex_: Any, dtype: Any, least: float | None, dimensions: int, **options: Any) -> tuple[Any, ...]:
    """Return the bars of each dimension, in the order of births and deaths; empty ones beyond those asked for."""
    complex_.compute_persistence(homology_coeff_field=2, min_persistence=-1.0, **options)
    found = []
    for d in range(dimensions):
        rows = np.array(sorted(map(tuple, complex_.persistence_intervals_in_dimension(d))), dtype).reshape(-1, 2)
        found.append(rows[(rows[:, 1] > rows[:, 0]) & (rows[:, 1] - rows[:, 0] >= (least or 0.0)) | (least == 0)])
    return tuple(found)


def topology_rips_diagrams(
    D: Any, *, maxdim: int = 1, threshold: float | None = None, min_persistence: float | None = None
) -> tuple[Any, ...]:
    longest = np.inf if threshold is None else threshold
    tree = gudhi.RipsComplex(distance_matrix=D.astype(float), max_edge_length=longest)
    tree = tree.create_simplex_tree(max_dimension=maxdim + 1)
    found = diagrams(tree, D.dtype, min_persistence, maxdim + 1, persistence_dim_max=True)
    return (*found, *[np.zeros((0, 2), D.dtype)] * (2 - maxdim))


def topology_sublevel_grid(F: Any, *, construction: str = "V", min_persistence: float | None = None) -> tuple[Any, ...]:
    cells = {"vertices" if construction == "V" else "top_dimensional_cells": F.astype(float)}
    return diagrams(gudhi.CubicalComplex(**cells), F.dtype, min_persistence, 2)


def topology_bottleneck(P: Any, Q: Any) -> Any:
    return P.dtype.type(gudhi.bottleneck_distance(P.astype(float), Q.astype(float)))
