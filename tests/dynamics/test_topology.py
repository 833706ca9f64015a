"""Topology of clouds and landscapes: exact answers, the trap that a library fell into, errors in words."""

import numpy as np
import pytest
from kernel_contract import assert_same_outputs

from gnomon.dynamics.topology.distances import bottleneck, total_persistence, wasserstein
from gnomon.dynamics.topology.rips import distances, rips_diagrams
from gnomon.dynamics.topology.sublevel import merge_height, sublevel_grid, sublevel_h0
from gnomon.kernels.dynamics.topology import distances as compiled_distances
from gnomon.kernels.dynamics.topology import rips as compiled_rips
from gnomon.kernels.dynamics.topology import sublevel as compiled_sublevel

INF = np.inf
STEPS = np.arange(-15, 16) / 10
X, Y = np.meshgrid(STEPS, STEPS, indexing="ij")
PATH = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_have_the_bits_of_the_reference(dtype):
    """Ties, none, infinite distances, thresholds that leave cycles open; more points than the specification draws."""
    random = np.random.default_rng(0)
    for n in (0, 1, 12, 16):
        ties, some = (np.triu(random.choice(levels, (n, n)), 1) for levels in ([1, 2, 3, 4], [1, 2, 3, INF]))
        for D in (ties + ties.T, some + some.T, distances(random.standard_normal((n, 2)))):
            D = D.astype(dtype)
            for options in ({}, {"threshold": 1.0}, {"threshold": 2.0, "min_persistence": 0.0}, {"maxdim": 0}):
                assert_same_outputs(compiled_rips.rips_diagrams(D, **options), rips_diagrams(D, **options))
    for shape in ((1, 1), (1, 7), (9, 10), (12, 8)):
        for F in (random.integers(0, 5, shape).astype(dtype), random.standard_normal(shape).astype(dtype)):
            for construction, least in (("V", None), ("T", None), ("V", 0.0), ("T", 2.0)):
                options = {"construction": construction, "min_persistence": least}
                assert_same_outputs(compiled_sublevel.sublevel_grid(F, **options), sublevel_grid(F, **options))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_compiled_bottleneck_distance_has_the_bits_of_the_reference(dtype):
    random = np.random.default_rng(0)
    for sizes in ((0, 3), (4, 4), (9, 6), (12, 10)):
        for draw in (lambda k: random.integers(0, 9, (k, 2)), lambda k: random.uniform(size=(k, 2))):
            P, Q = (np.sort(draw(k), axis=1).astype(dtype) for k in sizes)
            for ends in (P[:0], np.array([[1, INF]], dtype)):
                P, Q = np.concatenate([P, ends]), np.concatenate([2 * ends, Q])
                assert_same_outputs(compiled_distances.bottleneck(P, Q), bottleneck(P, Q))


def test_a_rectangle_and_a_cross():
    """3 by 4: components die at the sides, the cycle lives from 4 to 5. ±e₁, ±e₂: from √2 to 2."""
    found = rips_diagrams(distances(np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [3.0, 4.0]])))
    np.testing.assert_array_equal(found.h0, [[0, 3], [0, 3], [0, 4], [0, INF]])
    np.testing.assert_array_equal(found.h1, [[4, 5]])
    found = rips_diagrams(distances(np.concatenate([np.eye(2), -np.eye(2)])))
    np.testing.assert_array_equal(found.h1, [[2**0.5, 2]])


def test_an_octahedron_and_a_simplex():
    """±e₁, ±e₂, ±e₃ enclose one void from √2 to 2, and no cycle. All at one distance: one component."""
    found = rips_diagrams(distances(np.concatenate([np.eye(3), -np.eye(3)])), maxdim=2)
    assert [part.tolist() for part in found] == [[[0, 2**0.5]] * 5 + [[0, INF]], [], [[2**0.5, 2]]]
    found = rips_diagrams(1 - np.eye(5), maxdim=2)
    assert [part.tolist() for part in found] == [[[0, 1]] * 4 + [[0, INF]], [], []]


def test_cycles_that_are_never_filled():
    """A square whose diagonals are longer than the threshold, or infinite; a point twice is one point."""
    square = distances(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    np.testing.assert_array_equal(rips_diagrams(square, threshold=1.0).h1, [[1, INF]])
    np.testing.assert_array_equal(rips_diagrams(np.where(square > 1, INF, square)).h1, [[1, INF]])
    twice = distances(np.zeros((2, 3)))
    np.testing.assert_array_equal(rips_diagrams(twice).h0, [[0, INF]])
    np.testing.assert_array_equal(rips_diagrams(twice, min_persistence=0.0).h0, [[0, 0], [0, INF]])
    assert [part.shape for part in rips_diagrams(np.zeros((0, 0)))] == [(0, 2)] * 3


def test_wells_on_a_grid_that_contains_their_critical_points():
    """(x²-1)² + y² has two wells and a pass at 1; (x²-1)² + (y²-1)² four, and a hole from 1 to 2; a bowl one."""
    wells, four = (X**2 - 1) ** 2, (X**2 - 1) ** 2 + (Y**2 - 1) ** 2
    for construction in ("V", "T"):
        found = sublevel_grid(wells + Y**2, construction=construction)
        assert (found.h0.tolist(), found.h1.tolist()) == ([[0, 1], [0, INF]], [])
    found = sublevel_grid(four)
    assert (found.h0.tolist(), found.h1.tolist()) == ([[0, 1], [0, 1], [0, 1], [0, INF]], [[1, 2]])
    assert sublevel_grid(X**2 + 100 * Y**2).h0.tolist() == [[0, INF]]


def test_a_valley_knows_its_lowest_vertex_and_its_pass():
    f = np.array([3.0, 1.0, 2.0, 0.0, 2.0])
    found = sublevel_h0(f, PATH)
    assert [part.tolist() for part in found] == [[[0, INF], [1, 2]], [3, 1], [-1, 2]]
    assert merge_height(f, PATH)[1].tolist() == [3, 1, 2, 2, 2]
    assert merge_height(f, PATH[:3])[4].tolist() == [INF, INF, INF, INF, 2]


def test_the_bars_that_a_library_mismatches():
    """Of four bars two long ones must be left over, at 2 each: gudhi.bottleneck_distance 3.13.0 says 2.5."""
    P, Q = np.array([[3.0, 8], [2, 4], [1, 2]]), np.array([[3.0, 7], [5, 9], [5, 6], [3, 7]])
    assert (bottleneck(P, Q), wasserstein(P, Q)) == (2, 7)


def test_bars_that_never_end():
    """They match each other alone, and are no part of total persistence; other numbers are infinitely far apart."""
    P, Q = np.array([[0.0, INF], [1.0, 2.0], [5.0, INF]]), np.array([[4.0, INF], [2.0, INF]])
    assert (bottleneck(P, Q), wasserstein(P, Q), wasserstein(P, Q, p=2.0)) == (2, 3.5, 5.25**0.5)
    assert bottleneck(P, Q[:1]) == wasserstein(P, Q[:1]) == INF
    assert total_persistence(P, p=2.0) == 1
    assert wasserstein(np.array([[0.0, 1.0]]), Q[:0], ground="euclidean") == 0.5**0.5


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: rips_diagrams(np.array([[0.0, 1.0], [2.0, 0.0]])), "D must be symmetric"),
        (lambda: rips_diagrams(np.ones((1, 1))), "D must have zeros on its diagonal"),
        (lambda: rips_diagrams(np.zeros((1, 1)), threshold=-1.0), "threshold must be a finite number in"),
        (lambda: rips_diagrams(np.zeros((1, 1)), maxdim=3), "maxdim must be at most 2, got 3"),
        (lambda: sublevel_h0(np.zeros(2), np.array([[0, 2]])), "edges must be places in f, from 0 to 1"),
        (lambda: sublevel_h0(np.zeros(2), np.array([[1, 1]])), "edges must join two different vertices"),
        (lambda: bottleneck(np.array([[1.0, 0.0]]), np.zeros((0, 2))), "P must have finite births and deaths"),
        (lambda: wasserstein(np.zeros((0, 2)), np.zeros((1, 3))), "Q must have shape"),
        (lambda: wasserstein(np.zeros((0, 2)), np.zeros((0, 2)), p=0.5), "p must be a finite number in"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
