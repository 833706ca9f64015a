"""Hera's distances of diagrams, as GUDHI offers them: the bottleneck distance to the bit, the other to 1 in 10¹⁰."""

from __future__ import annotations

from typing import Any

import gudhi.hera

dtypes = ("float32", "float64")


def topology_bottleneck(P: Any, Q: Any) -> Any:
    return P.dtype.type(gudhi.hera.bottleneck_distance(P.astype(float), Q.astype(float), delta=0))
