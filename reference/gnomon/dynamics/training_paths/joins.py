"""Strict joins: paths end to end, surfaces edge to edge; the functor from parameters to what a layer makes of data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, PositiveInt
from gnomon.dynamics.training_paths.points import Path, Points

Surface = Annotated[Array, Entries(("m", "n", "numbers"), least=1, finite=True)]
Another = Annotated[Array, Entries(("k", "l", "numbers"), least=1, finite=True)]


def require_same(later: Array, earlier: Array) -> None:
    """Require that one part begins where the other ends, bit by bit: what is only near does not compose."""
    if later.shape != earlier.shape or np.any(later != earlier):
        raise ValueError(f"second must begin where first ends, got {later} after {earlier}")


def meeting(given: Mapping[str, Any]) -> None:
    require_same(given["second"][0], given["first"][-1])


def sharing_an_edge(given: Mapping[str, Any]) -> None:
    second, first = given["second"], given["first"]
    down = given["direction"] == "vertical"
    require_same(second[0] if down else second[:, 0], first[-1] if down else first[:, -1])


@checked(meeting)
def compose(second: Path, first: Annotated[Array, Points(1, 0, "second")]) -> Array:
    """Return the path first, then second (second ∘ first), with the point where they meet once.

    second, first: shapes (m, n) and (k, n); a path of one point is an identity. Paths of their own lengths (Moore's)
    compose associatively; paths on [0, 1] do only up to a reparametrisation.
    """
    return np.concatenate([first, second[1:]])


@checked(sharing_an_edge)
def paste(second: Surface, first: Another, *, direction: Literal["vertical", "horizontal"] = "vertical") -> Array:
    """Return two 2-cells joined along their common edge, which stands once.

    A 2-cell is a path of paths, shape (m, n, numbers): row 0 is deformed into row m - 1. vertical: second deforms the
    last row of first; horizontal: each row of second goes on where that of first ends.
    """
    if direction == "vertical":
        return np.concatenate([first, second[1:]])
    return np.concatenate([first, second[:, 1:]], axis=1)


def wide_enough(given: Mapping[str, Any]) -> None:
    path, inputs, hidden = given["path"], given["inputs"], given["hidden"]
    if path.shape[1] < hidden * (inputs.shape[1] + 1):
        needed = hidden * (inputs.shape[1] + 1)
        raise ValueError(f"path must have at least {needed} numbers a point for hidden = {hidden}, got {path.shape[1]}")


@checked(wide_enough)
def representations(path: Path, inputs: Annotated[Array, Points(1, 0)], *, hidden: PositiveInt = 2) -> Array:
    """Return tanh(X·W₁ᵀ + b₁) of each point of a path of networks, shape (m, N, hidden).

    path: one network a row: W₁ (hidden, d) row by row, b₁ (hidden,), then what may follow. inputs: X, shape (N, d), of
    the dtype of the path. It is evaluated point by point, so that the image of a join is the join of the images, to the
    bit: batched products may differ in the last one.
    """
    d = inputs.shape[1]
    images = []
    for point in path:
        weights, biases = point[: hidden * d].reshape(hidden, d), point[hidden * d : hidden * (d + 1)]
        images.append(np.tanh(inputs @ weights.T + biases))
    return np.stack(images)


def require_a_map_of(inputs: Array, f: Array) -> None:
    if f.shape[1] != inputs.shape[1]:
        raise ValueError(f"f must have as many columns as inputs {inputs.shape}, got shape {f.shape}")


@checked()
def precompose(
    path: Path, inputs: Annotated[Array, Points(1, 0)], f: Annotated[Array, Entries(("d", "k"), least=1, finite=True)],
    *, hidden: PositiveInt = 2,
) -> Array:  # fmt: skip
    """Return φ∘F of each point φ of a path: its `representations` of F·x, shape (m, N, hidden).

    So a layer for data of one kind is used on data of another. inputs: x, shape (N, k). f: F, shape (d, k), a map to
    what the layer reads, of the dtype of the path. Along F·G, of x, it is what it is along F, of G·x.

    Choice: the paper writes F*φ and calls it a pullback. It is precomposition, and no limit of a cospan: F and φ do not
    map to one space. `pullback` is.
    """
    require_a_map_of(inputs, f)
    return representations(path, inputs @ f.T, hidden=hidden)
