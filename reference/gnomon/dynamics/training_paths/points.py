"""What points in a row are: a path, or obstacles, as an array with one point a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np

from gnomon.domains import Array, require_floating


@dataclass(frozen=True)
class Points:
    """Points as rows, all finite.

    least: how many at least. dimension: how many numbers a point has; 0: one or more. model: the argument whose points
    have as many, and whose dtype these have.
    """

    least: int = 1
    dimension: int = 0
    model: str = ""

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        require_floating(name, value)
        like = given[self.model] if self.model else value
        if value.dtype != like.dtype:
            raise TypeError(f"{name} must have the dtype of {self.model} {like.dtype}, got {value.dtype}")
        wanted = self.dimension or like.shape[-1]
        if value.ndim != 2 or value.shape[0] < self.least or value.shape[1] != wanted or wanted < 1:
            raise ValueError(f"{name} must be {self._words(wanted)}, got shape {value.shape}")
        if not np.all(np.isfinite(value)):
            raise ValueError(f"{name} must be finite, got a NaN or an infinity in it")

    def _words(self, dimension: int) -> str:
        return f"{self.least} or more points of {dimension or 'n'} numbers, shape (m, {dimension or 'n'})"

    def __str__(self) -> str:
        return f"{self._words(self.dimension)}, finite" + f", to fit {self.model}" * bool(self.model)


Path: TypeAlias = Annotated[Array, Points()]
Planar: TypeAlias = Annotated[Array, Points(1, 2)]
