"""Paths of training: exact answers on small problems, and what a published algorithm gets wrong."""

import numpy as np
import pytest
from kernel_contract import assert_within

from gnomon.dynamics.training_paths import classes, distances, limits, units

TWO = np.array([[2.0, 0.5], [4.0, 0.5]])


def around(*obstacles):
    """A path from (0, -1) and back, once around each of the obstacles 1 and 2, clockwise around -1 and -2."""
    loops = {k: [(2 * k + 1, -1), (2 * k + 1, 2), (2 * k - 1, 2), (2 * k - 1, -1)] for k in (1, 2)}
    corners = [c for k in obstacles for c in [*loops[abs(k)][:: 1 if k > 0 else -1], (0, -1)]]
    return np.array([(0, -1), *corners], float)


def test_windings_do_not_decide_what_words_do():
    """A commutator of two loops winds around neither obstacle, and cannot be pulled off them."""
    commutator = around(1, 2, -1, -2)
    assert classes.winding(commutator, TWO).tolist() == [0, 0]
    assert classes.word(commutator, TWO).tolist() == [1, 2, -1, -2]
    assert classes.homotopy_classes((commutator, around(), around(2, -2)), TWO).tolist() == [0, 1, 1]


@pytest.mark.parametrize("order", [1, -1])
def test_of_obstacles_above_each_other_a_path_there_and_back_leaves_no_letter(order):
    """In the order of the obstacles, whichever way a path goes, the letters would be -1, -2, 1, 2."""
    column = np.array([[0.0, 0.0], [0.0, 1.0]])[::order]
    there = np.array([[-1.0, 2.0], [1.0, 2.0]])
    assert sorted(classes.word(there, column).tolist()) == [-2, -1]
    assert classes.word(np.concatenate([there, there[::-1]]), column).size == 0


def test_a_figure_of_eight_winds_once_each_way():
    eight = np.array([[0, 0], [2, 1], [2, -1], [-2, 1], [-2, -1]], float)
    assert classes.winding(eight, np.array([[1.5, 0.0], [-1.5, 0.0], [0.0, 3.0]])).tolist() == [-1, 1, 0]


def test_the_holes_of_two_hills_and_a_ridge_at_the_rim():
    loss = np.array([[0, 0, 0, 0, 0, 3], [0, 2, 0, 0, 0, 3], [0, 0, 2, 0, 2, 0], [0, 0, 0, 0, 0, 0]], float)
    assert classes.holes(loss, level=1.0).tolist() == [[0] * 6, [0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0] * 6]


def test_a_leash_for_paths_that_turn_back():
    """No point is away from the other path, and still one must be left 4 behind."""
    there_and_back_and_there = np.array([[0.0], [4.0], [0.0], [4.0]])
    assert distances.frechet(there_and_back_and_there, np.array([[0.0], [4.0]])) == 4.0


def test_a_barrier_is_measured_from_the_chord():
    """(x² - 1)² from -1 to 1 has a barrier of 1; from -1 to 2, where it is 9, the chord is above it."""

    class Well:
        def value(self, params):
            return (params[0] ** 2 - 1) ** 2

    ends = np.array([-1.0]), np.array([1.0]), np.array([2.0])
    assert distances.lmc_barrier(*ends[:2], Well()) == 1.0
    assert distances.lmc_barrier(ends[0], ends[2], Well(), points=4) == 0.0  # 0, 1 - 3, 0 - 6, 9 - 9


def test_pairs_of_features_that_agree():
    """F reads x₁ + x₂, G reads y: the pairs are a plane in R³. The map from a pair that does not agree leaves 1/√3."""
    f, g = np.array([[1.0, 1.0]]), np.array([[1.0]])
    found = limits.pullback(f, g)
    assert found.dimension == 2
    # LAPACK is backward stable: O(n) roundings of the norm.
    agreeing = np.array([1.0, 1.0, 2.0])
    assert_within(found.projector @ agreeing, agreeing, 36, np.full(3, 4.0))
    pair = np.array([[1.0], [0.0]]), np.array([[0.0]])
    left = limits.mediate(found.first, found.second, *pair).residual
    assert_within(left, np.float64(3**-0.5), 36, np.float64(1))
    assert limits.pullback(1e-9 * np.array([[1.0, 1.0], [1.0, 1.0]]), 1e-9 * np.eye(2)).dimension == 2


def test_two_units_change_places_and_signs():
    """θ: W₁ = (1, 5), b₁ = (2, 6), W₂ = (3, 7), b₂ = 8, beside its image under the exchange and one minus."""
    own, image = np.array([1.0, 5, 2, 6, 3, 7, 8]), np.array([5.0, -1, 6, -2, 7, -3, 8])
    found = units.match_units(image, own, inputs=1, hidden=2)
    assert (found.params.tolist(), found.order.tolist(), found.signs.tolist()) == (own.tolist(), [1, 0], [-1, 1])
    data = units.Student(np.array([[0.5], [1.0]]), np.zeros((2, 1)))
    assert units.aligned_barrier(own, image, data, points=3) == 0.0
