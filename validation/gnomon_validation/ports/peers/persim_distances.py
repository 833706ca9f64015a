"""persim's distances of diagrams. Its Wasserstein distance has p = 1 and a Euclidean ground."""

from __future__ import annotations

import warnings
from typing import Any

import persim

dtypes = ("float32", "float64")
only = {"topology.wasserstein": {"p": (1.0,), "ground": ("euclidean",)}}


def topology_bottleneck(P: Any, Q: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it drops bars
        return P.dtype.type(persim.bottleneck(P.astype(float), Q.astype(float)))


def topology_wasserstein(P: Any, Q: Any, *, p: float = 1.0, ground: str = "infinity") -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return P.dtype.type(persim.wasserstein(P.astype(float), Q.astype(float)))
