"""Runs of gradient descent around hills of a loss in the plane: which are the same, by the words of their paths."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.dynamics.training_paths.classes import holes, homotopy_classes, winding, word
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison, compare_each
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """classes of runs around hills
How many runs of gradient descent are different, if those are the same that can be moved into each other below a level?
own stand-in for a claim of arXiv 2510.04376: a valley with k hills across it, 61 starts in a row; level 1.5
picture: With k hills across a valley runs of gradient descent are of k + 1 classes
below: Colours: classes of runs, by the words of their crossings of the dotted rays, upwards from the holes (black)
above the level. Stars: minima; with two of them a class may lead to both."""
LEVEL, START, GOAL = 1.5, np.array([-3.0, 0.0]), np.array([3.0, 0.0])
XS, YS = np.linspace(-4, 4, 81), np.linspace(-5, 5, 101)
CLASSES = {k: str(k + 1) for k in (0, 1, 2, 3)}
TORN = {0: "1", 1: "0", 2: "1", 3: "0"}  # a gap in the middle leads to both


def centres(hills: int, *, two: bool = False) -> Array:
    """Return the tops of the hills: one above the other, across the valley; wider apart before two minima."""
    return np.array([(0.0, (2.0 + two) * (k - (hills - 1) / 2)) for k in range(hills)]).reshape(-1, 2)


def loss(points: Array, hills: int, *, two: bool = False) -> Array:
    """Return (x - 3)²/32 + y²/50 + 2·Σ exp(-4‖p - c‖²), at points (…, 2); two: with (y² - 4)²/400, two minima."""
    away = points[..., np.newaxis, :] - centres(hills, two=two)
    bumps = 2 * np.sum(np.exp(-4 * np.sum(away * away, axis=-1)), axis=-1)
    squared = points[..., 1] ** 2
    value: Array = (points[..., 0] - 3) ** 2 / 32 + ((squared - 4) ** 2 / 400 if two else squared / 50) + bumps
    return value


def descended(hills: int, starts: Array, steps: int = 1000, lr: float = 0.1, *, two: bool = False) -> Array:
    """Return the runs of gradient descent from the starts, shape (starts, steps + 1, 2)."""
    points = [starts]
    for _ in range(steps):
        away = points[-1][:, np.newaxis] - centres(hills, two=two)
        heights = np.exp(-4 * np.sum(away * away, axis=-1, keepdims=True))
        bowl = (points[-1] - GOAL) / np.array([16, 25])
        bowl[:, 1] *= (points[-1][:, 1] ** 2 - 4) / 4 if two else 1
        slope = bowl - 16 * np.sum(heights * away, axis=1)
        points.append(points[-1] - lr * slope)
    return np.stack(points, axis=1)


def seen(hills: int, *, two: bool = False) -> tuple[Array, Any, Any]:
    """Return the paths, completed from one point before the hills to the goal, the obstacles, and the classes."""
    grid = np.stack(np.meshgrid(XS, YS, indexing="ij"), axis=-1)
    labels = holes(loss(grid, hills, two=two), level=LEVEL)
    obstacles = np.array([grid[labels == k + 1][0] for k in range(int(np.max(labels)))]).reshape(-1, 2)
    starts = np.stack([np.full(61, START[0]), np.linspace(-3.6, 3.6, 61) + 1 / 128], axis=1)
    # Between two minima runs leave the middle slowly.
    runs = descended(hills, starts, 2000 if two else 1000, two=two)
    end = GOAL + np.array([0.0, 2.0]) * two
    arrived = runs[np.linalg.norm(np.abs(runs[:, -1]) - end, axis=1) < 0.2]
    ends = [np.broadcast_to(end, (len(arrived), 1, 2)) for end in (START, GOAL)]
    paths = np.concatenate([ends[0], arrived, ends[1]], axis=1)
    return paths, obstacles, homotopy_classes(tuple(paths), obstacles)


def measure() -> Findings:
    found = {k: seen(k) for k in CLASSES}
    counts = {k: int(np.max(classes)) + 1 for k, (_, _, classes) in found.items()}
    tops = {k: len(obstacles) for k, (_, obstacles, _) in found.items()}
    words = {
        k: sorted({tuple(word(path, obstacles).tolist()) for path in paths})
        for k, (paths, obstacles, _) in found.items()
    }
    apart = {k: seen(k, two=True) for k in CLASSES}
    basins = {
        k: [len(set(np.sign(paths[classes == c, -2, 1]))) for c in range(int(np.max(classes)) + 1)]
        for k, (paths, _, classes) in apart.items()
    }
    torn = {k: sum(n > 1 for n in numbers) for k, numbers in basins.items()}
    one = found[3]
    lowest = max(float(np.max(loss(run[1:-1], 3))) for run in one[0])
    wound = [winding(np.concatenate([one[0][0], path[::-1]]), one[1]).tolist() for path in one[0]]
    compared = [
        *compare_each("holes above the level with {} hills", {k: str(k) for k in CLASSES}, tops),
        *compare_each("classes of runs with {} hills", CLASSES, counts),
        *compare_each("classes with runs to both of two minima, {} hills", TORN, torn),
        Comparison("classes by windings against the first run, 3 hills", "4", len({tuple(w) for w in wound})),
    ]
    conclusions = (
        f"With k hills across the valley runs are of k + 1 classes: {', '.join(map(str, counts.values()))}. The words "
        f"with three hills are {', '.join(str(list(w)) for w in words[3])}; all of these runs end in the same minimum.",
        "Whether runs of one class end in one minimum depends on the loss. With two of them behind the hills, (3, ±2), "
        f"{', '.join(map(str, torn.values()))} classes have runs to both, for 0, 1, 2, 3 hills: with a hill in the "
        "middle a class knows the minimum, with a gap there it does not.",
        "Without hills, or with the whole plane to move in, there is one class: paths in Rⁿ with the same ends are all "
        "the same. What tells runs apart is the level below which they may be moved.",
        f"Runs that arrive stay below {lowest:.3f}; the level is {LEVEL}. Here windings say as much as words: no run "
        "turns back.",
    )
    rows = [
        (k, tops[k], len(paths), counts[k], len(apart[k][0]), len(basins[k]), torn[k])
        for k, (paths, _, _) in found.items()
    ]
    head = "hills | holes above the level | runs | classes | to two minima: runs | their classes | of these, to both"
    table = Table.of("runs that arrive, of 61", head, rows)
    return Findings((table,), tuple(compared), conclusions, [found[1], found[2], found[3], apart[2]])


def draw(data: Any, figure: Any) -> None:
    panels = figure.subplots(1, 4, sharey=True)
    grid = np.stack(np.meshgrid(XS, YS, indexing="ij"), axis=-1)
    for axes, (paths, obstacles, classes), two in zip(panels, data, (False, False, False, True), strict=True):
        hills = len(obstacles)
        heights = loss(grid, hills, two=two)
        axes.contour(XS, YS, heights.T, levels=[0.1, 0.3, 0.5, 0.8], colors="0.8", linewidths=0.8)
        axes.contourf(XS, YS, heights.T, levels=[LEVEL, 9], colors=["0.15"])
        for path, own in zip(paths[::2], classes[::2], strict=True):
            axes.plot(*path[1:-1].T, color=COLOURS[own], lw=0.9)
        for k in range(int(np.max(classes)) + 1):
            name = word(paths[list(classes).index(k)], obstacles).tolist()
            axes.plot([], [], color=COLOURS[k], label=f"word {name}")
        for x, y in obstacles:
            axes.plot([x, x], [y, 5], ":", color="black", lw=1)
        for y in (-2, 2) if two else (0,):
            axes.plot(GOAL[0], y, "*", color="black", ms=9)
        axes.set(xlabel="x", title=f"{hills} hill{'s' * (hills > 1)}" + ", two minima" * two, ylim=(-5, 5))
        finish(axes, loc="lower right")
    panels[0].set_ylabel("y")


study = Study.of("training_paths-hills", WORDS, measure, draw, size=(20.0, 5.4))
