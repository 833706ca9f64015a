"""GUDHI's diagrams, and its own bottleneck distance; it computes in float64."""

from __future__ import annotations

from typing import Any

import gudhi
import numpy as np

dtypes = ("float32", "float64")


def diagrams(complex_: Any, dtype: Any, **options: Any) -> tuple[Any, Any]:
    """Return the bars of components and cycles, in the order of births and deaths."""
    complex_.compute_persistence(homology_coeff_field=2, **options)
    found = (complex_.persistence_intervals_in_dimension(d) for d in (0, 1))
    h0, h1 = (np.array(sorted(map(tuple, bars)), dtype).reshape(-1, 2) for bars in found)
    return h0, h1


def topology_rips_diagrams(D: Any, *, threshold: float | None = None) -> tuple[Any, Any]:
    longest = np.inf if threshold is None else threshold
    rips = gudhi.RipsComplex(distance_matrix=D.astype(float), max_edge_length=longest)
    return diagrams(rips.create_simplex_tree(max_dimension=2), D.dtype, persistence_dim_max=True)


def topology_sublevel_grid(F: Any, *, construction: str = "V") -> tuple[Any, Any]:
    cells = {"vertices" if construction == "V" else "top_dimensional_cells": F.astype(float)}
    return diagrams(gudhi.CubicalComplex(**cells), F.dtype)


def topology_bottleneck(P: Any, Q: Any) -> Any:
    return P.dtype.type(gudhi.bottleneck_distance(P.astype(float), Q.astype(float)))
