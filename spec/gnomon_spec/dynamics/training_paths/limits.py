"""Pullbacks and pushouts of linear maps whose ranks are known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.dynamics.training_paths import limits as reference
from gnomon_spec.arithmetic import lapack
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity, choice
from gnomon_spec.dynamics.training_paths import operation
from gnomon_spec.dynamics.training_paths.plane import generator
from gnomon_spec.facts import Fact, agree, equal
from gnomon_spec.strategies import CODES, shapes


def kernel(case: Any) -> Any:
    """Return a basis, as columns of whole numbers, of the vectors that [1, M]·v = 0 in the order that was drawn."""
    (_, a, b), mixed = case["sizes"], case["mixed"]
    basis = np.concatenate([-mixed, np.eye(a + b - len(mixed))])
    return basis[np.argsort(case["places"])]


def draw_sides(draw: Draw, context: Context) -> Any:
    """Draw F and G so that [F, -G] is scale·L·[1, M], columns rearranged: of known rank and kernel."""
    (rows, a, _), mixed, chosen = context.drawn["sizes"], context.drawn["mixed"], generator(draw)
    left = np.concatenate([np.eye(len(mixed)), chosen.integers(-1, 2, (rows - len(mixed), len(mixed)))])
    both = left[chosen.permutation(rows)] @ np.concatenate([np.eye(len(mixed)), mixed], axis=1)
    both = context.drawn["scale"] * both[:, np.argsort(context.drawn["places"])]
    return both[:, :a].astype(context.dtype), -both[:, a:].astype(context.dtype)


def draw_mixed(draw: Draw, context: Context) -> Any:
    rows, a, b = context.drawn["sizes"]
    chosen = generator(draw)
    rank = int(chosen.integers(1, min(rows, a + b) + 1))
    return chosen.integers(-1, 2, (rank, a + b - rank)).astype(float)


def draw_places(draw: Draw, context: Context) -> Any:
    return generator(draw).permutation(sum(context.drawn["sizes"][1:]))


spans = Cases(
    {
        "sizes": choice((2, 1, 1), (2, 2, 2), (3, 2, 1), (1, 2, 1), (2, 1, 3), (4, 2, 2)),
        "scale": choice(1.0, 2.0**-30, 3.0, 2.0**20),
        "mixed": Quantity(draw_mixed, "whole numbers from -1 to 1 by which columns depend on others"),
        "places": Quantity(draw_places, "a rearrangement of the columns"),
        "sides": Quantity(draw_sides, "F and G of a known rank, of any scale"),
        "f": Quantity(lambda _draw, c: c.drawn["sides"][0], "F"),
        "g": Quantity(lambda _draw, c: c.drawn["sides"][1], "G"),
    },
    shapes((1,)),
)
cospans = spans.but(
    f=Quantity(lambda _draw, c: c.drawn["sides"][0].T.copy(), "Fᵀ"),
    g=Quantity(lambda _draw, c: c.drawn["sides"][1].T.copy(), "Gᵀ"),
)
own: Any = {"own": ("first", "second"), "length_varies": True, "scales": {"projector": lambda _case: 1.0}}
pullback = operation(reference.pullback, cases=spans, rejecting=spans, **own)
pushout = operation(reference.pushout, cases=cospans, rejecting=cospans, **own)


def pairs_are_known(found: Any, case: Case) -> Iterable[Fact]:
    """Claim that the projector keeps the kernel that was drawn, and that there is nothing more in it."""
    basis = kernel(case)
    yield agree("dimension", found.dimension, basis.shape[1])
    expected = basis @ lapack(np.linalg.inv, basis.T @ basis) @ basis.T if basis.size else np.zeros((len(basis),) * 2)
    yield equal("projector", found.projector, expected, scale=1.0)


@pullback.law("closed form")
def pairs_that_agree_and_no_others(port: Any, case: Case) -> Iterable[Fact]:
    """The projector is on the known kernel of [F, -G], and of its dimension, whatever the scale of F and G is."""
    yield from pairs_are_known(pullback.call(port, case), case)


@pullback.law("invariance")
def the_square_commutes(port: Any, case: Case) -> Iterable[Fact]:
    """F·p₁ = G·p₂, the columns of p₁ over p₂ are orthonormal, and the projector is on what they span."""
    found = pullback.call(port, case)
    size = np.max(np.abs(case.f)) * case.f.shape[1] + np.max(np.abs(case.g)) * case.g.shape[1]
    yield equal("square", np.max(np.abs(case.f @ found.first - case.g @ found.second), initial=0), 0.0, scale=size)
    both = np.concatenate([found.first, found.second])
    yield equal("projector", found.projector @ both - both, 0 * both, scale=1.0)
    yield equal("orthonormal", np.sum(both * both), found.dimension, scale=1.0)


@pullback.law("equivariance")
def exchanged_maps_exchange_blocks(port: Any, case: Case) -> Iterable[Fact]:
    """With F and G exchanged the blocks of the projector are; along G = 1 the pairs are the graph of F."""
    found, a = pullback.call(port, case), case.f.shape[1]
    other = pullback.call(port, case, f=case.g, g=case.f).projector
    order = [*range(a, len(found.projector)), *range(a)]
    yield equal("exchanged", other, found.projector[order][:, order], scale=1.0)
    graph = pullback.call(port, case, g=np.eye(len(case.f)) * case.scale)
    both = np.concatenate([np.eye(a), case.f / case.scale])
    yield agree("graph", graph.dimension, a)
    yield equal("graph of F", graph.projector @ both, both, scale=4.0)


def draw_onto(draw: Draw, context: Context) -> Any:
    """Draw a map onto what G reads: a rearrangement, with up to two columns of whole numbers more."""
    b, chosen = context.drawn["sizes"][2], generator(draw)
    more = chosen.integers(-1, 2, (b, int(chosen.integers(0, 3))))
    return np.concatenate([np.eye(b)[chosen.permutation(b)], more], axis=1).astype(context.dtype)


@pullback.law("equivariance", cases=spans.but(onto=Quantity(draw_onto, "K, a map onto the space that G reads")))
def squares_paste(port: Any, case: Case) -> Iterable[Fact]:
    """The pullback of F and G·K is that of p₂ and K, p₂ from the pullback of F and G: in two steps as in one."""
    first, once = pullback.call(port, case), pullback.call(port, case, g=case.g @ case.onto)
    b, c = case.onto.shape
    yield agree("dimension", once.dimension - first.dimension, c - b)
    dimension, left = once.dimension, np.zeros(1)  # without pairs, the second step has nothing to pull back
    if first.dimension:
        then = port.pullback(first.second, case.onto)
        pairs, dimension = np.concatenate([first.first @ then.first, then.second]), then.dimension
        left = once.projector @ pairs - pairs
    yield agree("in two steps", dimension, once.dimension)
    yield equal("pairs", np.max(np.abs(left), initial=0), 0.0, scale=1.0)


@pushout.law("closed form")
def the_cokernel_of_both(port: Any, case: Case) -> Iterable[Fact]:
    """q₁·F = q₂·G, and the projector is on the complement of the columns of [F; -G], whatever their scale is."""
    found = pushout.call(port, case)
    yield from pairs_are_known(found, case)
    size = np.max(np.abs(case.f)) * len(case.f) + np.max(np.abs(case.g)) * len(case.g)
    square = found.first.T @ case.f - found.second.T @ case.g
    yield equal("square", np.max(np.abs(square), initial=0), 0.0, scale=size)


HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2


def side(name: str) -> Quantity:
    """The rows of orthonormal columns that belong to one side: exact halves, or single ones."""

    def draw_side(_draw: Draw, context: Context) -> Any:
        chosen = np.random.Generator(np.random.PCG64(context.drawn["code"]))
        square = (HADAMARD if context.drawn["code"] % 2 else np.eye(4))[chosen.permutation(4)]
        columns, a = int(chosen.integers(1, 4)), int(chosen.integers(1, 4))
        part = square[:a, :columns] if name == "first" else square[a:, :columns]
        return part.astype(context.dtype)

    return Quantity(draw_side, f"the {name} rows of orthonormal columns of four numbers")


def mapped(to: str) -> Quantity:
    """A map to a side: multiples of ¼ from -4 to 4."""

    def draw_map(draw: Draw, context: Context) -> Any:
        return (generator(draw).integers(-16, 17, (len(context.drawn[to]), *context.shape)) / 4).astype(context.dtype)

    return Quantity(draw_map, f"a map to the {to} side, multiples of ¼ from -4 to 4")


squares = Cases(
    {
        "code": Quantity(lambda draw, _context: draw(CODES), "an integer that stands for a basis"),
        "first": side("first"),
        "second": side("second"),
        "h": mapped("first"),
        "k": mapped("second"),
    },
    shapes((1,), (2,), (3,)),
)


def sizes(case: Case) -> Any:
    return 1 + np.max(np.abs(case.h)) + np.max(np.abs(case.k))


mediate = operation(reference.mediate, cases=squares, rejecting=squares, scales={"factor": sizes, "residual": sizes})


@mediate.law("closed form")
def a_pair_that_comes_from_a_map_gives_it_back(port: Any, case: Case) -> Iterable[Fact]:
    """Of h = p₁·z and k = p₂·z the map is z, and nothing is left."""
    z = case.first.T @ case.h + case.second.T @ case.k
    found = mediate.call(port, case, h=case.first @ z, k=case.second @ z)
    size = np.max(np.abs(z)) + 1
    yield equal("map", found.factor, z, scale=size)
    yield equal("residual", found.residual, 0 * size, scale=size)


@mediate.law("conservation")
def what_is_left_is_the_distance_to_such_pairs(port: Any, case: Case) -> Iterable[Fact]:
    """Of any pair ‖u‖² and the square of what is left add up to ‖h‖² + ‖k‖², and what is left is nothing that any map
    gives."""
    found = mediate.call(port, case)
    total, kept = np.sum(case.h**2) + np.sum(case.k**2), np.sum(found.factor**2)
    yield equal("sum", kept + found.residual**2, total)
    left_h, left_k = case.h - case.first @ found.factor, case.k - case.second @ found.factor
    yield equal("left", case.first.T @ left_h + case.second.T @ left_k, 0 * found.factor, scale=sizes(case))


pullback.edits("""
sides_with_one_sign: Pairs with F·x = -G·y are taken
    `matrix[:, a:] = -g` → `matrix[:, a:] = g`
tolerance_without_scale: Singular values are compared with the tolerance itself, whatever the largest is
    `tolerance * sizes[0]` → `tolerance`
rank_without_tolerance: Every singular value that is not 0 counts
    `tolerance * sizes[0]` → `0`
kernel_of_a_thin_decomposition: Vectors for which there are no singular values are forgotten
    `right[rank:].T` → `right[rank : len(sizes)].T`
orthogonal_complement: The projector is on what the pairs are orthogonal to
    `right[rank:].T` → `right[:rank].T`
""")
pushout.edits("""
pushout_of_columns: The sides are rearranged, not transposed
    `pullback(f.T, g.T)` → `pullback(f.reshape(f.shape[::-1]), g.reshape(g.shape[::-1]))`
pushout_without_sign: q₁·F = -q₂·G is asked for
    `pullback(f.T, g.T)` → `pullback(f.T, -g.T)`
""")
mediate.edits("""
one_side_mediates: The map is taken from the first side alone
    `first.T @ h + second.T @ k` → `first.T @ h`
sides_are_averaged: The two sides are averaged, not added
    `first.T @ h + second.T @ k` → `(first.T @ h + second.T @ k) / 2`
residual_of_one_side: What is left is told of the first side alone
    `np.sqrt(np.sum(left_h * left_h) + np.sum(left_k * left_k))` → `np.sqrt(np.sum(left_h * left_h))`
residual_is_squared: The square of what is left is told
    `np.sqrt(np.sum(left_h * left_h) + np.sum(left_k * left_k))` →
        `np.sum(left_h * left_h) + np.sum(left_k * left_k)`
""")
