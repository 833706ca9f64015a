"""How rough a boundary is: boxes that meet a set, neighbours with different labels, and how their numbers grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import Array, Finite, PositiveInt


@dataclass(frozen=True)
class Cells:
    """A picture: an array (rows, columns) of truth values or, with `labels`, of integers, neither of them 0."""

    labels: bool = False

    def require(self, name: str, value: Any, given: Mapping[str, Any]) -> None:
        kinds, of = ("iu", "integers") if self.labels else ("b", "truth values")
        if not hasattr(value, "dtype") or value.dtype.kind not in kinds:
            raise TypeError(f"{name} must be an array of {of}, got {getattr(value, 'dtype', type(value).__name__)}")
        if value.ndim != 2 or not value.size:
            raise ValueError(f"{name} must have shape (rows, columns), both at least 1, got {value.shape}")

    def __str__(self) -> str:
        return f"an array (rows, columns) of {'integers' if self.labels else 'truth values'}, not empty"


def require_dividing(box: int, image: NDArray[np.bool_]) -> None:
    if image.shape[0] % box or image.shape[1] % box:
        raise ValueError(f"box must divide both sides of the image {image.shape}, got {box}")


@checked()
def box_count(image: Annotated[NDArray[np.bool_], Cells()], *, box: PositiveInt = 1) -> int:
    """Return how many boxes of `box` by `box` cells have a True in them.

    image: truth values (rows, columns). box: >= 1, and it must divide both numbers: nothing is cut off silently.
    """
    require_dividing(box, image)
    rows, columns = image.shape
    blocks = image.reshape(rows // box, box, columns // box, box)
    return int(np.count_nonzero(blocks.any(axis=(1, 3))))


@checked()
def edge_count(labels: Annotated[NDArray[np.integer[Any]], Cells(labels=True)]) -> int:
    """Return how many pairs of cells that share a side have different labels. labels: integers (rows, columns)."""
    beside, above = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    return int(np.count_nonzero(beside) + np.count_nonzero(above))


def edge_cells(labels: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Return which cells have a neighbour of another label: a picture of the boundary, two cells thick."""
    found = np.zeros(labels.shape, bool)
    beside, above = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    for place, differ in ((np.s_[:, 1:], beside), (np.s_[:, :-1], beside), (np.s_[1:], above), (np.s_[:-1], above)):
        found[place] |= differ
    return found


def require_a_ladder(given: Mapping[str, Any]) -> None:
    sizes = given["sizes"]
    if sizes.ndim != 1 or sizes.shape[0] < 2 or bool(np.all(sizes == sizes[0])):
        raise ValueError(f"sizes must be a row of at least two different numbers, got {sizes}")


@checked(require_a_ladder)
def box_dimension(
    sizes: Annotated[Array, Finite(above=0)], counts: Annotated[Array, Finite("sizes", above=0)]
) -> Any:  # fmt: skip
    """Return D of counts ~ sizes^-D: minus the slope of ln counts against ln sizes, by least squares.

    sizes, counts: positive numbers, shape (k,), k >= 2. What comes out depends on the ladder of sizes: report it.
    """
    x, y = np.log(sizes) - np.mean(np.log(sizes)), np.log(counts)
    return -np.sum(x * y) / np.sum(x * x)
