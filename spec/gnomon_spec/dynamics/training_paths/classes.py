"""Windings, words and classes of paths around obstacles, and the holes of a loss that obstacles stand for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.dynamics.training_paths import classes as reference
from gnomon_spec.cases import Case, Quantity, constant
from gnomon_spec.dynamics.training_paths import operation
from gnomon_spec.dynamics.training_paths.plane import around, generator, grids, reduced, spelled, spellings
from gnomon_spec.facts import Fact, agree
from gnomon_spec.strategies import count, shapes
from gnomon_spec.system import Misfits

winding = operation(reference.winding, cases=around, rejecting=around)
word = operation(reference.word, cases=around, rejecting=around, length_varies=True)
homotopy_classes = operation(reference.homotopy_classes, cases=spellings, rejecting=spellings)
holes = operation(reference.holes, cases=grids, rejecting=grids)


def angles(path: Any, obstacles: Any) -> Any:
    """Return how often the closed path turns around each obstacle, from the angles under which its steps are seen."""
    p = path[:, np.newaxis] - obstacles
    q = np.roll(path, -1, axis=0)[:, np.newaxis] - obstacles
    cross, dot = p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0], np.sum(p * q, axis=-1)
    return np.rint(np.sum(np.arctan2(cross, dot), axis=0) / (2 * np.pi)).astype(int).tolist()


def on_the_path(case: Case) -> Misfits:
    """Return an obstacle at a corner, and one in the middle of a step, of a path that is closed."""
    path = np.concatenate([case.path, case.path[:1]])
    places = {"corner": path[:1], "middle": (path[:1] + path[1:2]) / 2}
    return {n: {"path": path, "obstacles": np.concatenate([case.obstacles, at])} for n, at in places.items()}


@winding.law("closed form")
def it_is_the_angle_seen_from_the_obstacle(port: Any, case: Case) -> Iterable[Fact]:
    """The angles under which the steps of the closed path are seen from an obstacle add up to 2π times the number."""
    yield agree("turns", winding.call(port, case), angles(case.path, case.obstacles))


@winding.law("invariance")
def turning_back_negates_and_the_first_point_is_any(port: Any, case: Case) -> Iterable[Fact]:
    """The reversed path winds as often the other way, and so does the mirrored one; a path that begins elsewhere winds
    as often."""
    found = winding.call(port, case)
    yield agree("reversed", -winding.call(port, case, path=case.path[::-1].copy()), found)
    yield agree("from the second point", winding.call(port, case, path=np.roll(case.path, -1, axis=0)), found)
    mirrored = {"path": case.path[:, ::-1].copy(), "obstacles": case.obstacles[:, ::-1].copy()}
    yield agree("mirrored", -winding.call(port, case, **mirrored), found)


@winding.misfits()
def an_obstacle_on_the_path_has_no_winding(case: Case) -> Misfits:
    """An obstacle at a corner, or in the middle of a step, is rejected; so is one on the step that closes the path."""
    return {"closing": {"obstacles": (case.path[:1] + case.path[-1:]) / 2}, **on_the_path(case)}


@word.law("closed form", cases=spelled)
def a_path_that_spells_a_word_has_it_reduced(port: Any, case: Case) -> Iterable[Fact]:
    """Loops around one obstacle after the other give the letters of the loops, with pairs that cancel taken out."""
    yield agree("word", word.call(port, case), reduced(case.letters))


@word.law("conservation")
def its_letters_sum_to_the_windings(port: Any, case: Case) -> Iterable[Fact]:
    """Of the closed path the letters k, less the letters -k, are as many as it winds around the k-th obstacle."""
    found = word.call(port, case, path=np.concatenate([case.path, case.path[:1]]))
    sums = [int(np.sum(np.sign(found) * (np.abs(found) == k + 1))) for k in range(len(case.obstacles))]
    yield agree("sums", sums, angles(case.path, case.obstacles))


@word.law("invariance")
def there_and_back_is_nothing_and_corners_on_steps_change_nothing(port: Any, case: Case) -> Iterable[Fact]:
    """A path and its reverse leave no letter, the reverse has the letters reversed and negated; points added in the
    middle of each step, or twice, change nothing; parts give the parts of the word."""
    back, middles = case.path[::-1].copy(), (case.path + np.roll(case.path, -1, axis=0))[:-1] / 2
    found = word.call(port, case)
    yield agree("back", word.call(port, case, path=back)[::-1], -found)
    yield agree("there and back", word.call(port, case, path=np.concatenate([case.path, back])), [])
    between = np.stack([case.path[:-1], middles], axis=1).reshape(-1, 2)
    yield agree("middles", word.call(port, case, path=np.concatenate([between, case.path[-1:]])), found)
    half = len(case.path) // 2
    parts = [word.call(port, case, path=part).tolist() for part in (case.path[: half + 1], case.path[half:])]
    yield agree("parts", reduced(parts[0] + parts[1]), found)


corners = around.but(
    places=constant("between"),
    cut=count(0, 1, high=9),
    to=Quantity(lambda draw, c: generator(draw).integers(-3, 4, 2).astype(c.dtype), "a whole point from -3 to 3"),
).shaped(shapes((4,), (3,), (6,), (8,)))


@word.law("invariance", cases=corners)
def only_an_obstacle_that_is_swept_changes_the_word(port: Any, case: Case) -> Iterable[Fact]:
    """With an inner corner moved the word is the same if and only if no obstacle is wound around by the two old steps
    there and the two new ones back."""
    i, moved = 1 + case.cut % (len(case.path) - 2), case.path.copy()
    moved[i] = case.to
    swept = angles(np.stack([case.path[i - 1], case.path[i], case.path[i + 1], case.to]), case.obstacles)
    words = [word.call(port, case, path=path).tolist() for path in (case.path, moved)]
    yield agree("same word", words[0] == words[1], not any(swept))


@word.misfits()
def an_obstacle_on_the_path_has_no_letter(case: Case) -> Misfits:
    """An obstacle at a corner, or in the middle of a step, is rejected."""
    return on_the_path(case)


@homotopy_classes.law("closed form")
def paths_of_one_reduced_word_are_one_class(port: Any, case: Case) -> Iterable[Fact]:
    """Paths that spell words are in one class if and only if the reduced words are the same, letter by letter."""
    words = [tuple(reduced(own)) for own in case.words]
    yield agree("classes", homotopy_classes.call(port, case), [list(dict.fromkeys(words)).index(w) for w in words])


@homotopy_classes.law("limit")
def without_obstacles_there_is_one_class(port: Any, case: Case) -> Iterable[Fact]:
    """Without obstacles all paths are in one class."""
    found = homotopy_classes.call(port, case, obstacles=case.obstacles[:0])
    yield agree("classes", found, [0] * len(case.paths))


@homotopy_classes.misfits()
def paths_with_other_ends_are_not_compared(case: Case) -> Misfits:
    """A path that ends or begins elsewhere, and one through an obstacle, are rejected."""
    first, *others = case.paths
    elsewhere = first[:1] - 1
    table = {
        "end": np.concatenate([first, elsewhere]),
        "beginning": np.concatenate([elsewhere, first]),
        "through": np.concatenate([first, case.obstacles[:1], first[-1:]]),
    }
    return {name: {"paths": (*others, path)} for name, path in table.items()}


def parts(marked: Any) -> int:
    """Return how many 4-connected parts there are: each cell takes the largest number beside it until none changes."""
    names = np.pad((np.arange(marked.size).reshape(marked.shape) + 1) * marked, 1)
    while True:
        beside = [np.roll(names, shift, axis) for shift in (1, -1) for axis in (0, 1)]
        new = np.where(names > 0, np.max([names, *beside], axis=0), 0)
        if np.array_equal(new, names):
            return len(set(names[names > 0].tolist()))
        names = new


@holes.law("closed form")
def eulers_count_of_the_sublevel_set(port: Any, case: Case) -> Iterable[Fact]:
    """Of {f <= level}, vertices - edges + full squares are its 4-connected parts less its holes."""
    low = case.loss <= case.level
    squares = low[1:, 1:] & low[1:, :-1] & low[:-1, 1:] & low[:-1, :-1]
    edges = np.sum(low[1:] & low[:-1]) + np.sum(low[:, 1:] & low[:, :-1])
    euler = int(np.sum(low) - edges + np.sum(squares))
    yield agree("holes", int(np.max(holes.call(port, case))), parts(low) - euler)


@holes.law("invariance")
def holes_are_numbered_row_by_row_and_lie_above(port: Any, case: Case) -> Iterable[Fact]:
    """Holes lie above the level and off the rim, no other vertex above beside them; their first vertices are in order;
    values that are larger in the same order, with the level, have the same holes."""
    found = holes.call(port, case)
    yield agree("above", bool(np.all((found == 0) | (case.loss > case.level))), True)
    rim = [found[0], found[-1], found[:, 0], found[:, -1]]
    yield agree("rim", [int(np.max(side)) for side in rim], [0, 0, 0, 0])
    names = found.ravel()[found.ravel() > 0].tolist()
    yield agree("order", list(dict.fromkeys(names)), sorted(set(names)))
    cubed = {"loss": case.loss**3 + case.loss, "level": case.level**3 + case.level}
    yield agree("cubed", holes.call(port, case, **cubed), found)
    raised = np.where(found > 0, case.loss + 8, case.loss)
    yield agree("higher hills", holes.call(port, case, loss=raised), found)


winding.edits("""
path_is_left_open: The step that closes the path is left out
    `q, height = np.roll(path, -1, axis=0), obstacles[:, 1]` →
        `q, height = np.concatenate([path[1:], path[-1:]]), obstacles[:, 1]`
clockwise_is_positive: Clockwise counts as positive
    `np.count_nonzero(up, axis=0) - np.count_nonzero(down, axis=0)` →
        `np.count_nonzero(down, axis=0) - np.count_nonzero(up, axis=0)`
crossings_without_sign: Crossings upwards and downwards count alike, so that the number says only inside or outside
    `np.count_nonzero(up, axis=0) - np.count_nonzero(down, axis=0)` →
        `(np.count_nonzero(up, axis=0) + np.count_nonzero(down, axis=0)) % 2`
corners_on_both_sides: A corner at the ray's height counts as above on one step and as below on the next
    `turns(path, q, obstacles), path[:, 1:] <= height, q[:, 1:] <= height` →
        `turns(path, q, obstacles), path[:, 1:] <= height, q[:, 1:] < height`
""")
word.edits("""
letters_are_not_cancelled: The word is not reduced
    `add(letters, sign * (k + 1))` → `letters.append(sign * (k + 1))`
letters_in_the_order_of_obstacles: Letters of one step come in the order of the obstacles, whichever way it goes
    `reversed(rightwards) if leftwards else rightwards` → `rightwards`
column_in_one_order: Obstacles above each other come in the order in which they were given, whichever way a path goes
    `reversed(rightwards) if leftwards else rightwards` →
        `sorted(rightwards, key=lambda k: (-obstacles[k, 0], k)) if leftwards else rightwards`
letters_by_the_first_obstacle: Letters of one step come in the order in which obstacles were given
    `sorted(range(obstacles.shape[0]), key=lambda k: obstacles[k, 0])` → `list(range(obstacles.shape[0]))`
whole_lines_are_crossed: Crossings below an obstacle count, too
    `if beside[i, k] != beside[i + 1, k] and sign * turn[i, k] > 0:` → `if beside[i, k] != beside[i + 1, k]:`
height_of_the_first_corner: Whether a step passes above an obstacle is judged by where it begins
    `sign * turn[i, k] > 0` → `p[1] > obstacles[k, 1]`
corners_on_neither_side: A step that begins or ends right above an obstacle crosses nothing
    `if beside[i, k] != beside[i + 1, k] and sign * turn[i, k] > 0:` →
        `if (p[0] - obstacles[k, 0]) * (q[0] - obstacles[k, 0]) < 0 and sign * turn[i, k] > 0:`
letters_have_no_sign: A crossing to the right counts like one to the left
    `add(letters, sign * (k + 1))` → `add(letters, k + 1)`
""")
homotopy_classes.edits("""
classes_by_letters: Paths with the same letters in any order are one class, as winding numbers would have it
    `tuple(word(path, obstacles).tolist())` → `tuple(sorted(word(path, obstacles).tolist()))`
classes_by_length: Paths whose words are equally long are one class
    `tuple(word(path, obstacles).tolist())` → `len(word(path, obstacles))`
classes_by_points: Paths are one class only if they have the same points
    `tuple(word(path, obstacles).tolist())` → `tuple(path.ravel().tolist())`
""")
holes.edits("""
holes_touch_the_rim: What is above at the rim counts as a hole, too
    `if all(0 < i < rows - 1 and 0 < j < columns - 1 for i, j in part):` → `if part:`
holes_by_sides_alone: Vertices above that touch at a corner are two holes
    `set(product((i - 1, i, i + 1), (j - 1, j, j + 1)))` → `{(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)}`
level_itself_is_above: The level itself belongs to holes
    `if loss[i, j] > level` → `if loss[i, j] >= level`
""")
