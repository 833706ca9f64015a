"""GUDHI, ripser, persim and SciPy against topology: the same bits where they copy values, and where each errs."""

import importlib
from importlib.util import find_spec

import numpy as np
import pytest
from agreement import DTYPES
from kernel_contract import assert_within

from gnomon.dynamics.topology import rips, sublevel
from gnomon.dynamics.topology.distances import bottleneck, matching_costs, wasserstein
from gnomon.kernels.dynamics.topology import rips as compiled_rips
from gnomon.kernels.dynamics.topology import sublevel as compiled_sublevel
from gnomon.kernels.dynamics.topology.distances import bottleneck as compiled_bottleneck
from gnomon_spec.system import find_system
from gnomon_validation.checker import check, check_law
from gnomon_validation.ports.find import find_port
from gnomon_validation.ports.known_differences import reason_for
from gnomon_validation.runs.plan import Plan

pytestmark = [pytest.mark.topology, pytest.mark.filterwarnings("ignore")]
WRONG = {("gudhi", "float64"), ("ripser", "float32"), ("ripser", "float64")}
TRAP = np.array([[3.0, 8], [2, 4], [1, 2]]), np.array([[3.0, 7], [5, 9], [5, 6], [3, 7]])
EMPTY = np.zeros((0, 2))


SYSTEM = find_system("topology")
OFFERED = {
    "gudhi": {"rips_diagrams", "sublevel_grid", "bottleneck"},
    "gudhi.hera": {"bottleneck"},
    "ripser": {"rips_diagrams"},
    "persim": {"bottleneck", "wasserstein"},
}
UNASKED = {"persim": {"it_is_a_metric_above_the_bottleneck"}}  # which compares p with 2p: persim has p = 1 alone
PLAN = Plan(12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("peer", OFFERED)
def test_a_peer_conforms_but_for_what_is_known(peer, dtype):
    """Bad input is left out: some of it ends GUDHI's process, and this is that."""
    port = find_port(peer)
    laws = [law for law in SYSTEM.laws if port.offer(law.operation) and law.kind != "rejects"]
    assert {law.operation.name for law in laws} == OFFERED[peer]
    found = {law: check_law(port, law, dtype, PLAN)[0].status for law in laws}
    assert {law.name for law, status in found.items() if status == "not provided"} == UNASKED.get(peer, set())
    failed = {law.id: status for law, status in found.items() if status not in ("conforms", "not provided")}
    assert {law for law, status in failed.items() if reason_for(peer, law, dtype, status) is None} == set()
    assert bool(failed) == (peer == "persim" or (peer, dtype) in WRONG)


def test_what_persim_does_is_a_catalogued_mistake():
    """The check says so itself: bars that never end are left out."""
    found = check(find_port("persim"), [SYSTEM], PLAN, laws=lambda law: law.operation.name == "bottleneck")
    named = {v.diagnosis[0].name for v in found.verdicts if v.status == "wrong"}
    assert named == {"endless_bars_are_dropped"}


def drawn(random, k):
    """Bars between 0 and 1."""
    return np.sort(random.uniform(size=(k, 2)), axis=1)


def of_gudhi(complex_, **options):
    """The diagrams of components and cycles that GUDHI finds, sorted."""
    complex_.compute_persistence(homology_coeff_field=2, **options)
    found = (complex_.persistence_intervals_in_dimension(d) for d in (0, 1))
    return [np.array(sorted(map(tuple, bars)), float).reshape(-1, 2) for bars in found]


@pytest.mark.parametrize("points", [2, 5, 12, 60])
def test_rips_diagrams_are_gudhis_and_ripsers_in_float32(points):
    """Bit for bit: a diagram only copies distances. ripser rounds them to float32 first, whatever it returns."""
    import gudhi
    from ripser import ripser

    modules = (rips, compiled_rips) if points < 20 else (compiled_rips,)
    for seed in range(10):
        D = rips.distances(np.random.default_rng(seed).standard_normal((points, 2)))
        tree = gudhi.RipsComplex(distance_matrix=D, max_edge_length=np.inf).create_simplex_tree(max_dimension=2)
        expected, in_float32 = of_gudhi(tree), ripser(D, distance_matrix=True, maxdim=1)["dgms"]
        for module in modules:
            for found, bars in zip(module.rips_diagrams(D)[:2], expected, strict=True):
                np.testing.assert_array_equal(found, bars)
            for found, bars in zip(module.rips_diagrams(D.astype(np.float32))[:2], in_float32, strict=True):
                np.testing.assert_array_equal(found, np.array(sorted(map(tuple, bars))).reshape(-1, 2))


@pytest.mark.parametrize(("construction", "name"), [("V", "vertices"), ("T", "top_dimensional_cells")])
def test_grid_diagrams_are_gudhis(construction, name):
    import gudhi

    for seed in range(10):
        random = np.random.default_rng(seed)
        for F in (random.integers(0, 6, (9, 11)).astype(float), random.standard_normal((30, 20))):
            expected = of_gudhi(gudhi.CubicalComplex(**{name: F}))
            for module in (sublevel, compiled_sublevel) if F.size < 100 else (compiled_sublevel,):
                for found, bars in zip(module.sublevel_grid(F, construction=construction), expected, strict=True):
                    np.testing.assert_array_equal(found, bars)


def test_deaths_of_components_are_the_edges_of_scipys_spanning_tree():
    from scipy.sparse.csgraph import minimum_spanning_tree

    D = rips.distances(np.random.default_rng(0).standard_normal((30, 3)))
    deaths = compiled_rips.rips_diagrams(D).h0[:-1, 1]
    np.testing.assert_array_equal(deaths, np.sort(minimum_spanning_tree(D).data))
    twice = rips.distances(np.array([[0.0], [0.0], [1.0]]))
    assert minimum_spanning_tree(twice).data.tolist() == [1, 1]  # a distance of 0 is no edge of its: 0, 1 is right
    assert rips.rips_diagrams(twice, min_persistence=0.0).h0[:, 1].tolist() == [0, 1, np.inf]


@pytest.mark.parametrize("sizes", [(0, 3), (4, 4), (7, 12), (40, 30)])
def test_distances_are_heras_and_scipys(sizes):
    """hera's bottleneck distance with delta=0 is right to some roundings; its Wasserstein distance, with its default
    delta=0.01, is at most 1.01 times the least one."""
    import gudhi.hera
    from scipy.optimize import linear_sum_assignment

    for seed in range(5):
        random = np.random.default_rng(seed)
        P, Q = (drawn(random, k) for k in sizes)
        found = bottleneck(P, Q)
        assert_within(np.float64(gudhi.hera.bottleneck_distance(P, Q, delta=0)), found, 4, 1.0)
        for p, ground, internal in ((1.0, "infinity", np.inf), (2.0, "infinity", np.inf), (2.0, "euclidean", 2.0)):
            found = wasserstein(P, Q, p=p, ground=ground)
            costs = matching_costs(P, Q, ground) ** p
            least = np.sum(costs[linear_sum_assignment(costs)]) ** (1 / p)
            assert_within(found, least, 4 + sum(sizes), found)  # a sum of n + m positive terms, and a root
            theirs = gudhi.hera.wasserstein_distance(P, Q, order=p, internal_p=internal, delta=0.01)
            rounding = (8 + sum(sizes)) * np.finfo(float).eps
            assert found * (1 - rounding) <= theirs <= 1.01 * found * (1 + rounding)


def test_gudhis_own_bottleneck_distance_is_half_a_unit_off_in_the_trap():
    """3.13.0 says 2.5 of bars that are 2 apart; with e=0 it is right here and wrong elsewhere; `gudhi.hera` says 2."""
    import gudhi
    import gudhi.hera

    assert bottleneck(*TRAP) == gudhi.hera.bottleneck_distance(*TRAP, delta=0) == 2
    assert gudhi.bottleneck_distance(*TRAP) == 2.5


def test_gudhis_own_bottleneck_distance_is_wrong_now_and_then():
    """By up to 1 in 14 of 3,000 pairs of one to eight bars with ends from 0 to 9; by up to 2 in 21 with e=0."""
    import gudhi
    import gudhi.hera

    random, off = np.random.default_rng(0), []
    for _ in range(3000):
        P, Q = (np.sort(random.integers(0, 10, (int(random.integers(1, 9)), 2)), axis=1).astype(float) for _ in "PQ")
        P[:, 1] += P[:, 0] == P[:, 1]
        Q[:, 1] += Q[:, 0] == Q[:, 1]
        right = gudhi.hera.bottleneck_distance(P, Q, delta=0)
        assert right == compiled_bottleneck(P, Q)
        off.append([abs(gudhi.bottleneck_distance(P, Q, *e) - right) for e in ((), (0.0,))])
    # Right distances are halves. Many of the others are a few roundings off: half of the digits tell those from wrong.
    assert np.count_nonzero(np.array(off) > 2.0**-26, axis=0).tolist() == [14, 21]
    assert np.max(off, axis=0).tolist() == [1, 2]


def test_what_gudhi_leaves_out_and_needs():
    """The top dimension is left out unless it is asked for; its own Wasserstein distance is that of POT."""
    import gudhi

    tree = gudhi.RipsComplex(distance_matrix=np.zeros((1, 1))).create_simplex_tree(max_dimension=2)
    for asked, bars in ((False, []), (True, [[0, np.inf]])):
        tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=asked)
        assert tree.persistence_intervals_in_dimension(0).tolist() == bars
    if find_spec("ot") is None:
        with pytest.raises(ModuleNotFoundError, match="'ot'"):
            importlib.import_module("gudhi.wasserstein")


def test_persim_drops_bars_that_never_end():
    """With one, and none: 0.5 instead of ∞ (its issue 105). Its Wasserstein distance has p = 1, a Euclidean ground."""
    import persim

    P, Q = np.array([[0.0, 1.0], [0.0, np.inf]]), np.array([[0.0, 1.5]])
    assert persim.bottleneck(P, Q) == persim.bottleneck(P[:1], Q) == bottleneck(P[:1], Q) == 0.5
    assert bottleneck(P, Q) == np.inf
    assert_within(np.float64(persim.wasserstein(P[:1], EMPTY)), wasserstein(P[:1], EMPTY, ground="euclidean"), 4, 1.0)
    for seed in range(5):
        random = np.random.default_rng(seed)
        P, Q = drawn(random, 6), drawn(random, 9)
        assert persim.bottleneck(P, Q) == bottleneck(P, Q)
        found = wasserstein(P, Q, ground="euclidean")
        # persim rotates bars by 45° to measure their distance from the diagonal: four roundings each, of numbers up to
        # √2, and as many additions as there are bars.
        assert_within(np.float64(persim.wasserstein(P, Q)), found, 4 + 15, 15 * 2**0.5)
