"""Boxes that meet a set, neighbours with different labels, and the slope of their growth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gnomon.dynamics.gd_chaos import boxes as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.dynamics.gd_chaos import operation
from gnomon_spec.dynamics.gd_chaos.inputs import real
from gnomon_spec.facts import Fact, agree, equal
from gnomon_spec.rejections import bad_values, no_numbers
from gnomon_spec.strategies import CODES, number, shapes
from gnomon_spec.system import Misfits

SIDES = shapes((4, 4), (8, 8), (4, 8), (12, 4))


def cells(values: int) -> Quantity:
    """A picture of the common shape: truth values, or labels below `values`."""

    def draw_cells(draw: Draw, context: Context) -> Any:
        generator = np.random.Generator(np.random.PCG64(code := draw(CODES)))
        drawn = generator.integers(0, values, context.shape)
        return drawn if values > 2 else (drawn > 0) & (generator.uniform(0, 1, context.shape) < (code % 8 + 1) / 8)

    return Quantity(draw_cells, f"picture, {'truth values' if values == 2 else f'labels below {values}'}")


def convex() -> Quantity:
    """A picture of an ellipse within a frame, and the numbers of rows and columns that it covers."""

    def draw_ellipse(draw: Draw, context: Context) -> Any:
        x, y, a, b = (draw(CODES) % 1024 / 1024 for _ in range(4))
        rows, columns = np.mgrid[:16, :16]
        return ((rows - 7 - x) / (2 + 4 * a)) ** 2 + ((columns - 7 - y) / (2 + 4 * b)) ** 2 < 1

    return Quantity(draw_ellipse, "picture (16, 16) of an ellipse that does not touch the edge")


pictures = Cases({"image": cells(2)}, SIDES).but(box=choice(1, 2, 4))
box_count = operation(reference.box_count, cases=pictures, rejecting=pictures)
maps = Cases({"labels": cells(4)}, SIDES)
edge_count = operation(reference.edge_count, cases=maps, rejecting=maps)


def positive(*, growing: bool) -> Quantity:
    """Positive numbers, as many as the common shape says; growing ones, by a quarter or more each."""
    factor = number(2.0, 1.5, exponents=(0, 2))

    def draw_positive(draw: Draw, context: Context) -> Any:
        factors = np.array([1.25 * factor.draw(draw, context) for _ in range(context.shape[0])])
        return (np.cumprod(factors) if growing else factors).astype(context.dtype)

    return Quantity(draw_positive, "growing positive numbers" if growing else "positive numbers")


ladders = Cases({"sizes": positive(growing=True), "counts": positive(growing=False)}, shapes((2,), (3,), (5,)))
box_dimension = operation(reference.box_dimension, cases=ladders, rejecting=ladders)


@bad_values.register
def _(domain: reference.Cells, value: Any) -> Iterator[tuple[str, Any]]:
    yield from no_numbers()
    yield " of another kind", value.astype(np.float64)
    yield " of one dimension", value.reshape(-1)
    yield " without cells", value[:0]


@box_count.law("closed form")
def one_cell_boxes_are_cells_and_one_box_is_all(port: Any, case: Case) -> Iterable[Fact]:
    """Boxes of one cell: the Trues. A full picture: all boxes. None without a True."""
    rows, columns = case.image.shape
    yield agree("cells", box_count.call(port, case, box=1), int(np.sum(case.image)))
    full = np.ones_like(case.image)
    yield agree("full", box_count.call(port, case, image=full), rows * columns // case.box**2)
    yield agree("empty", box_count.call(port, case, image=~full), 0)


@box_count.law("bound")
def boxes_split_into_one_to_four(port: Any, case: Case) -> Iterable[Fact]:
    """N(2s) <= N(s) <= 4·N(2s), and with more Trues there are not fewer boxes."""
    small, large = (box_count.call(port, case, box=box) for box in (2, 4))
    yield agree("halves", bool(large <= small <= 4 * large), True)
    more = case.image | np.roll(case.image, 1, axis=0)
    yield agree("more", box_count.call(port, case, image=more) >= box_count.call(port, case), True)


@box_count.law("invariance")
def pictures_can_be_turned(port: Any, case: Case) -> Iterable[Fact]:
    """Transposed and mirrored pictures have as many boxes, and so has one with its rows of boxes rearranged."""
    expected, box = box_count.call(port, case), case.box
    moved = np.roll(case.image, box, axis=1)
    for name, image in (("transposed", case.image.T), ("mirrored", case.image[::-1, ::-1]), ("moved", moved)):
        yield agree(name, box_count.call(port, case, image=np.ascontiguousarray(image)), expected)


@box_count.law("closed form", cases=pictures.but(level=choice(1, 2, 3)))
def of_a_carpet_they_are_known(port: Any, case: Case) -> Iterable[Fact]:
    """Sierpinski's carpet of 3ᵏ cells has 8^(k-j) boxes of 3ʲ cells: the slope is log 8/log 3 exactly."""
    carpet, hole = np.ones((1, 1), bool), np.ones((3, 3), bool)
    hole[1, 1] = False
    for _ in range(case.level):
        carpet = np.kron(carpet, hole)
    found = [box_count.call(port, case, image=carpet, box=3**j) for j in range(case.level + 1)]
    yield agree("boxes", found, [8 ** (case.level - j) for j in range(case.level + 1)])


@box_count.misfits()
def nothing_is_cut_off(case: Case) -> Misfits:
    """A box that does not divide both sides is rejected."""
    return {"rows": {"image": case.image[1:], "box": 2}, "columns": {"image": case.image[:, 1:], "box": 2}}


@edge_count.law("closed form", cases=maps.but(labels=convex()))
def of_a_convex_set_it_is_the_frames_length(port: Any, case: Case) -> Iterable[Fact]:
    """The edges of a convex set are 2(rows + columns) that it covers: a smooth boundary has the slope 1 exactly."""
    rows, columns = (int(np.count_nonzero(case.labels.any(axis=axis))) for axis in (1, 0))
    yield agree("edges", edge_count.call(port, case, labels=case.labels.astype(np.int64)), 2 * (rows + columns))


@edge_count.law("invariance")
def names_and_directions_do_not_count(port: Any, case: Case) -> Iterable[Fact]:
    """Other labels, and turned pictures, have as many edges; one label has none; of all different ones each is one."""
    expected, (rows, columns) = edge_count.call(port, case), case.labels.shape
    for name, labels in (
        ("renamed", 5 - 3 * case.labels),
        ("transposed", case.labels.T),
        ("mirrored", case.labels[::-1]),
    ):
        yield agree(name, edge_count.call(port, case, labels=labels), expected)
    yield agree("one label", edge_count.call(port, case, labels=0 * case.labels), 0)
    different = np.arange(rows * columns).reshape(rows, columns)
    pairs = rows * (columns - 1) + columns * (rows - 1)
    yield agree("all different", edge_count.call(port, case, labels=different), pairs)


@box_dimension.law("closed form", cases=ladders.but(power=real(-3.0, 3.0, 1.0, 2.0, 1.25), factor=number(1.0, 4.0)))
def of_a_power_law_it_is_the_exponent(port: Any, case: Case) -> Iterable[Fact]:
    """Counts k·s^-D have the dimension D, whatever k and the units of s are; of two sizes it is
    -ln(N₂/N₁)/ln(s₂/s₁)."""
    counts = case.factor * case.sizes**-case.power
    size = np.max(np.abs(np.log(counts))) / np.log(np.max(case.sizes) / np.min(case.sizes))
    yield equal("D", box_dimension.call(port, case, counts=counts), case.power, scale=size)
    yield equal("units", box_dimension.call(port, case, sizes=8 * case.sizes), box_dimension.call(port, case))
    slope = np.log(case.counts[1] / case.counts[0]) / np.log(case.sizes[1] / case.sizes[0])
    yield equal("two", box_dimension.call(port, case, sizes=case.sizes[:2], counts=case.counts[:2]), -slope)


@box_dimension.misfits()
def one_size_has_no_slope(case: Case) -> Misfits:
    """A single size, and sizes that are all the same, are rejected."""
    return {
        "single": {"sizes": case.sizes[:1], "counts": case.counts[:1]},
        "same": {"sizes": 0 * case.sizes + 2},
        "column": {"sizes": case.sizes.reshape(-1, 1), "counts": case.counts.reshape(-1, 1)},
    }


box_count.edits("""
what_is_left_over_is_cut_off: Rows and columns beyond the last whole box are left out
    `require_dividing(box, image)` → `image = image[: image.shape[0] // box * box, : image.shape[1] // box * box]`
cells_are_counted_in_boxes: The Trues are counted, and not the boxes
    `np.count_nonzero(blocks.any(axis=(1, 3)))` → `np.count_nonzero(blocks)`
boxes_that_are_full: Only boxes full of Trues are counted
    `blocks.any(axis=(1, 3))` → `blocks.all(axis=(1, 3))`
corners_of_boxes: Only the first cell of each box is looked at
    `blocks.any(axis=(1, 3))` → `blocks[:, 0, :, 0]`
""")
edge_count.edits("""
edges_beside_alone: Only neighbours in a row are compared
    `np.count_nonzero(beside) + np.count_nonzero(above)` → `np.count_nonzero(beside)`
torus: The last column is the first one's neighbour
    `labels[:, 1:] != labels[:, :-1]` → `labels != np.roll(labels, 1, axis=1)`
""")
box_dimension.edits("""
dimension_is_negative: The slope itself is returned
    `return -np.sum` → `return np.sum`
slope_through_the_origin: The line is drawn through ln s = 0, ln N = 0
    `np.log(sizes) - np.mean(np.log(sizes))` → `np.log(sizes)`
""")
