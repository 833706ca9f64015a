"""Parameters as a tuple of arrays: laid end to end, and cut again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from gnomon.domains import Array

Arrays: TypeAlias = tuple[Array, ...]


def join(arrays: Iterable[Any]) -> Array:
    """Return the entries of arrays of any shapes, at least one array, as one vector."""
    return np.concatenate([array.reshape(-1) for array in arrays])


def cut(vector: Array, arrays: Sequence[Array], places: Iterable[int] | None = None) -> Arrays:
    """Return the arrays, those at `places` (or all) with entries of the vector instead: the inverse of `join`."""
    new, start = list(arrays), 0
    for i in range(len(new)) if places is None else places:
        end = start + arrays[i].size
        new[i] = vector[start:end].reshape(arrays[i].shape)[()]
        start = end
    return tuple(new)
