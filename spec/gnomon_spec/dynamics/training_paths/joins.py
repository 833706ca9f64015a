"""Joins of paths and of surfaces, and what a layer makes of a path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from gnomon.dynamics.training_paths import joins as reference
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.dynamics.training_paths import operation
from gnomon_spec.dynamics.training_paths.plane import generator
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.strategies import count, shapes, tame
from gnomon_spec.system import Misfits


def part(*, later: bool) -> Quantity:
    """The part of the whole up to the cut, or from it on, along rows, or columns where that was drawn."""

    def draw_part(_draw: Draw, context: Context) -> Any:
        whole, axis = context.drawn["whole"], int(context.drawn.get("direction") == "horizontal")
        cut = context.drawn["cut"] % whole.shape[axis]
        return np.take(whole, range(cut, whole.shape[axis]) if later else range(cut + 1), axis).copy()

    return Quantity(draw_part, f"the whole {'from the cut on' if later else 'up to the cut'}")


PARTS = {"second": part(later=True), "first": part(later=False)}
wholes = Cases({"whole": tame(), "cut": count(0, 1, high=9)}, shapes((3, 2), (2, 1), (5, 3), (1, 2), (4, 2)))
cut_paths = wholes.but(**PARTS)
surfaces = wholes.shaped(shapes((3, 3, 2), (2, 3, 1), (4, 2, 2), (1, 2, 1)))
cut_surfaces = surfaces.but(direction=choice("vertical", "horizontal")).but(**PARTS)
# A join of another length is a wrong join, which a law says in its own words, and not an output of a strange shape.
compose = operation(reference.compose, cases=cut_paths, rejecting=cut_paths, length_varies=True)
paste = operation(reference.paste, cases=cut_surfaces, rejecting=cut_surfaces, length_varies=True)


def numbers(rows: int, columns: str) -> Quantity:
    """Multiples of 1/8 from -2 to 2: as many rows (0: as the common shape says) of as many numbers as are needed."""

    def draw_numbers(draw: Draw, context: Context) -> Any:
        m, d = context.shape
        wide = {"inputs": d, "networks": context.drawn["hidden"] * (d + 1) + context.drawn["more"]}[columns]
        return (generator(draw).integers(-16, 17, (rows or m, wide)) / 8).astype(context.dtype)

    return Quantity(draw_numbers, f"multiples of 1/8 from -2 to 2: {columns}, one a row")


networks = Cases(
    {
        "hidden": choice(1, 2, 3),
        "more": choice(0, 3),
        "path": numbers(0, "networks"),
        "inputs": numbers(3, "inputs"),
        "cut": count(0, 1, high=9),
    },
    shapes((3, 2), (2, 1), (1, 3), (4, 1)),
)
representations = operation(reference.representations, cases=networks, rejecting=networks)


def eighths(text: str, size: Callable[[Context], tuple[int, ...]]) -> Quantity:
    """An array of some size: multiples of 1/8 from -2 to 2."""

    def draw_eighths(draw: Draw, context: Context) -> Any:
        return (generator(draw).integers(-16, 17, size(context)) / 8).astype(context.dtype)

    return Quantity(draw_eighths, f"{text}, multiples of 1/8 from -2 to 2")


mapped = Cases(
    {
        **{name: networks.quantities[name] for name in ("hidden", "more", "path")},
        "k": choice(2, 1, 3),
        "inputs": eighths("three inputs of k numbers", lambda c: (3, c.drawn["k"])),
        "f": eighths("a map of k numbers to as many as a network reads", lambda c: (c.shape[1], c.drawn["k"])),
    },
    networks.shape,
)
precompose = operation(reference.precompose, cases=mapped, rejecting=mapped)


@compose.law("closed form")
def parts_compose_to_the_whole(port: Any, case: Case) -> Iterable[Fact]:
    """The parts of a path before and after any of its points compose to it, to the bit; a path of one point changes
    nothing on either side; three parts compose in either order of the joins."""
    whole, join = case.whole, port.compose
    yield identical("whole", compose.call(port, case), whole)
    yield identical("identity before", join(whole, whole[:1]), whole)
    yield identical("identity after", join(whole[-1:], whole), whole)
    a, b, c = case.first, case.second, np.concatenate([case.second[-1:], case.first])
    yield identical("three", join(c, join(b, a)), join(join(c, b), a))


@compose.misfits()
def paths_must_meet(case: Case) -> Misfits:
    """Paths that do not meet to the last bit are rejected."""
    near = np.where(case.second == 0, 1, case.second + case.second / 2.0**22)
    return {"near": {"second": near}}


@paste.law("closed form")
def a_surface_is_what_its_parts_paste_to(port: Any, case: Case) -> Iterable[Fact]:
    """A surface cut along a row or a column is pasted to itself, to the bit; one cut along both, rows first and columns
    first: interchange."""
    whole, at = case.whole, (case.cut % case.whole.shape[0], case.cut % case.whole.shape[1])
    yield identical("whole", paste.call(port, case), whole)
    down, right = (partial(port.paste, direction=direction) for direction in ("vertical", "horizontal"))
    halves = whole[: at[0] + 1], whole[at[0] :]
    (a, b), (c, d) = [(half[:, : at[1] + 1].copy(), half[:, at[1] :].copy()) for half in halves]
    yield identical("rows first", down(right(d, c), right(b, a)), whole)
    yield identical("columns first", right(down(d, b), down(c, a)), whole)


@paste.misfits()
def surfaces_must_share_an_edge(case: Case) -> Misfits:
    """Surfaces whose edges are near, or of other lengths, are rejected."""
    near = np.where(case.second == 0, 1, case.second + case.second / 1024)
    longer = np.concatenate([case.second, case.second], axis=1 if case.direction == "vertical" else 0)
    return {"near": {"second": near}, "longer": {"second": longer}}


@representations.law("closed form")
def each_unit_is_the_tanh_of_its_sum(port: Any, case: Case) -> Iterable[Fact]:
    """Unit i of a point makes tanh(Σ W₁[i, k]·x_k + b₁[i]) of x; what follows b₁ does not count."""
    found, d = representations.call(port, case), case.inputs.shape[1]
    for i in range(case.hidden):
        weights, bias = case.path[:, np.newaxis, i * d : (i + 1) * d], case.path[:, np.newaxis, case.hidden * d + i]
        sums = np.sum(weights * case.inputs, axis=-1) + bias
        yield equal(f"unit {i}", found[:, :, i], np.tanh(sums), scale=1.0)


@representations.law("equivariance")
def the_image_of_a_join_is_the_join_of_images(port: Any, case: Case) -> Iterable[Fact]:
    """A functor: images of the parts of a path compose to the image of the path, to the bit; a point has its own."""
    cut = case.cut % len(case.path)
    parts = case.path[: cut + 1], case.path[cut:]
    first, second = (representations.call(port, case, path=part.copy()) for part in parts)
    whole = representations.call(port, case)
    yield identical("joined", np.concatenate([first, second[1:]]), whole)
    yield identical("where they meet", second[0], first[-1])
    yield identical("point", representations.call(port, case, path=case.path[-1:].copy())[0], whole[-1])


@representations.misfits()
def a_point_has_the_numbers_of_a_layer(case: Case) -> Misfits:
    """A point with too few numbers for the hidden units is rejected."""
    return {"few": {"hidden": case.hidden + 4}}


@precompose.law("closed form")
def along_a_map_it_is_the_image_of_the_image(port: Any, case: Case) -> Iterable[Fact]:
    """Along F it is what the layer makes of F·x; along 1, to the bit, what it makes of x."""
    images = case.inputs @ case.f.T
    plain = port.representations(case.path, images, hidden=case.hidden)
    yield equal("image", precompose.call(port, case), plain, scale=1.0)
    yield identical("identity", precompose.call(port, case, inputs=images, f=np.eye(len(case.f))), plain)


twice = mapped.but(
    g=eighths("a map of 2 numbers to k", lambda c: (c.drawn["k"], 2)),
    x=eighths("three inputs of 2 numbers", lambda c: (3, 2)),
)


@precompose.law("equivariance", cases=twice)
def along_two_maps_the_last_comes_first(port: Any, case: Case) -> Iterable[Fact]:
    """Along F·G, of x, it is what it is along F, of G·x."""
    both = precompose.call(port, case, inputs=case.x, f=case.f @ case.g)
    yield equal("both", both, precompose.call(port, case, inputs=case.x @ case.g.T), scale=1.0)


@precompose.misfits()
def the_map_fits_between_inputs_and_layer(case: Case) -> Misfits:
    """A map of inputs of another length, and one to more numbers than the layer reads, are rejected."""
    return {
        f"nine times {n}": {"f": np.concatenate([case.f] * 9, axis)} for axis, n in enumerate(("as tall", "as wide"))
    }


compose.edits("""
meeting_point_stands_twice: The point where the paths meet stands twice
    `np.concatenate([first, second[1:]])` → `np.concatenate([first, second])`
meeting_point_is_left_out: The point where the paths meet is left out
    `np.concatenate([first, second[1:]])` → `np.concatenate([first[:-1], second[1:]])`
second_comes_first: The second path stands before the first
    `np.concatenate([first, second[1:]])` → `np.concatenate([second, first[1:]])`
""")
paste.edits("""
edge_stands_twice: The common edge stands twice where surfaces are pasted vertically
    `np.concatenate([first, second[1:]])` → `np.concatenate([first, second])`
column_stands_twice: The common edge stands twice where surfaces are pasted horizontally
    `np.concatenate([first, second[:, 1:]], axis=1)` → `np.concatenate([first, second], axis=1)`
columns_swap: Pasted horizontally, the second surface stands before the first
    `np.concatenate([first, second[:, 1:]], axis=1)` → `np.concatenate([second, first[:, 1:]], axis=1)`
""")
representations.edits("""
layer_without_biases: Biases are forgotten
    `np.tanh(inputs @ weights.T + biases)` → `np.tanh(inputs @ weights.T)`
layer_is_linear: The sums are not bent by tanh
    `np.tanh(inputs @ weights.T + biases)` → `inputs @ weights.T + biases`
weights_by_columns: Weights are read column by column
    `point[: hidden * d].reshape(hidden, d)` → `point[: hidden * d].reshape(d, hidden).T`
images_less_the_first: Images are told as what has changed since the first point: no functor
    `np.stack(images)` → `np.stack(images) - images[0]`
""")
precompose.edits("""
map_is_cut_to_fit: Columns of the map beyond those of the inputs are left out
    `require_a_map_of(inputs, f)` → `f = f[:, : inputs.shape[1]]`
map_is_forgotten: The layer reads as many of the inputs as it can, without the map
    `inputs @ f.T` → `inputs[:, np.arange(f.shape[0]) % f.shape[1]]`
map_is_transposed: Where it is square, Fᵀ stands for F
    `inputs @ f.T` → `inputs @ (f if f.shape[0] == f.shape[1] else f.T)`
""")
