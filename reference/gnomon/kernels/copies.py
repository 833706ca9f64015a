"""Copies and sums of rows inside a compiled loop.

An assignment to a slice would compile Numba's message about shapes with it, text and all: seconds.
"""

from __future__ import annotations

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled


@compiled
def write(source: Array, target: Array) -> None:
    """Write `source` (n,) into `target` (n,)."""
    for i in range(source.size):
        target[i] = source[i]


@compiled
def add(source: Array, target: Array) -> None:
    """Add `source` (n,) to `target` (n,)."""
    for i in range(source.size):
        target[i] += source[i]
