"""How paths in the plane go around points: windings, words of crossings, classes of paths; the holes of a loss."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise, product
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from gnomon.arguments import checked
from gnomon.domains import Array, Entries, Real
from gnomon.dynamics.training_paths.points import Planar, Points

Integers = NDArray[np.int64]


def turns(p: Array, q: Array, obstacles: Array) -> Array:
    """Return (q - p) × (o - p) of each step from p to q and each obstacle o: > 0 where o is to the left."""
    step, to = (q - p)[:, np.newaxis], obstacles - p[:, np.newaxis]
    turn: Array = step[..., 0] * to[..., 1] - step[..., 1] * to[..., 0]
    return turn


def require_off(path: Array, q: Array, obstacles: Array) -> None:
    """Require that no obstacle is on a step: there neither windings nor words are defined."""
    from_p, from_q = obstacles - path[:, np.newaxis], obstacles - q[:, np.newaxis]
    between = np.sum(from_p * from_q, axis=-1) <= 0
    if np.any((turns(path, q, obstacles) == 0) & between):
        raise ValueError(f"obstacles must not be on the path, got {obstacles}")


def off_the_path(given: Mapping[str, Any]) -> None:
    path = given["path"]
    steps = (path[:-1], path[1:]) if len(path) > 1 else (path, path)
    require_off(*steps, given["obstacles"])


def off_the_closed_path(given: Mapping[str, Any]) -> None:
    require_off(given["path"], np.roll(given["path"], -1, axis=0), given["obstacles"])


@checked(off_the_closed_path)
def winding(path: Planar, obstacles: Annotated[Array, Points(0, 2, "path")]) -> Integers:
    """Return how often the path, closed by a step from its last point to its first, goes around each obstacle.

    Counter-clockwise is positive. Counted are the steps that cross the ray from the obstacle to the right: upwards +1,
    downwards -1; a corner at the ray's height belongs below it. path: shape (m, 2), m >= 1. obstacles: (k, 2), none of
    them on the path: rejected where the product of `turns` is exactly 0.
    """
    q, height = np.roll(path, -1, axis=0), obstacles[:, 1]
    turn, from_below, to_below = turns(path, q, obstacles), path[:, 1:] <= height, q[:, 1:] <= height
    up = from_below & ~to_below & (turn > 0)
    down = ~from_below & to_below & (turn < 0)
    found: Integers = np.count_nonzero(up, axis=0) - np.count_nonzero(down, axis=0)
    return found


@checked(off_the_path)
def word(path: Planar, obstacles: Annotated[Array, Points(0, 2, "path")]) -> Integers:
    """Return the reduced word of the path's crossings of the rays upwards from the obstacles, shape (letters,).

    The letter is k where the ray of the k-th obstacle (from 1) is crossed to the left, -k to the right; a corner on the
    ray belongs to the left of it. Neighbours k and -k cancel until none are left. Two paths with the same ends can be
    moved into each other off the obstacles if and only if their words are the same. path, obstacles: of `winding`.

    Choice: of obstacles one above the other the first one counts as further to the left, whichever way a path goes;
    letters in the order of the obstacles would leave k, l, -k, -l of a path there and back.
    """
    rightwards = sorted(range(obstacles.shape[0]), key=lambda k: obstacles[k, 0])
    turn, beside = turns(path[:-1], path[1:], obstacles), path[:, :1] <= obstacles[:, 0]
    letters: list[int] = []
    for i, (p, q) in enumerate(pairwise(path)):
        leftwards = bool(q[0] < p[0])
        sign = 1 if leftwards else -1
        for k in reversed(rightwards) if leftwards else rightwards:
            if beside[i, k] != beside[i + 1, k] and sign * turn[i, k] > 0:
                add(letters, sign * (k + 1))
    return np.array(letters, np.int64)


def add(letters: list[int], letter: int) -> None:
    """Add a letter to a reduced word."""
    if letters and letters[-1] == -letter:
        letters.pop()
    else:
        letters.append(letter)


def comparable(given: Mapping[str, Any]) -> None:
    """Require paths with the same ends, off the obstacles."""
    paths, obstacles = given["paths"], given["obstacles"]
    for i, path in enumerate(paths):
        if path.dtype != obstacles.dtype:
            raise TypeError(f"paths[{i}] must have the dtype of obstacles {obstacles.dtype}, got {path.dtype}")
        for end in (0, -1):
            if np.any(path[end] != paths[0][end]):
                raise ValueError(f"paths[{i}] must begin and end like the first, got {path[end]} for {paths[0][end]}")
        require_off(path[:-1], path[1:], obstacles)


@checked(comparable)
def homotopy_classes(paths: tuple[Planar, ...], obstacles: Annotated[Array, Points(0, 2)]) -> Integers:
    """Return the class of each path, numbered from 0 as they come: paths of one class have the same word.

    paths: of any lengths, with the same first and the same last point. obstacles: shape (k, 2), on none of the paths.
    """
    words = [tuple(word(path, obstacles).tolist()) for path in paths]
    classes = list(dict.fromkeys(words))
    return np.array([classes.index(own) for own in words], np.int64)


@checked()
def holes(loss: Annotated[Array, Entries(("rows", "columns"), least=1, finite=True)], *, level: Real) -> Integers:
    """Return of each vertex of a grid the number of the hole of {f <= level} that it is in, from 1; 0 if in none.

    A hole is an 8-connected part of {f > level} that does not touch the rim; numbered by their first vertices, row by
    row. A vertex of each will do as obstacle of the paths that stay in {f <= level} along the grid's edges: there are
    as many holes as that set, with its full squares, has independent loops. loss: f.
    """
    rows, columns = loss.shape
    above = {(i, j) for i, j in product(range(rows), range(columns)) if loss[i, j] > level}
    labels, number = np.zeros((rows, columns), np.int64), 0
    for cell in sorted(above):
        if cell in above:
            part = component(cell, above)
            above -= part
            if all(0 < i < rows - 1 and 0 < j < columns - 1 for i, j in part):
                number += 1
                for place in part:
                    labels[place] = number
    return labels


def component(cell: tuple[int, int], cells: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the cells that are reached from one of them by steps to a side or a corner."""
    found, waiting = {cell}, [cell]
    while waiting:
        i, j = waiting.pop()
        near = set(product((i - 1, i, i + 1), (j - 1, j, j + 1))) & cells - found
        found |= near
        waiting += near
    return found
