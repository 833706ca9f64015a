"""Paths of training: exact answers on small problems, and what a published algorithm gets wrong."""

import numpy as np
import pytest

from gnomon.dynamics.training_paths import classes

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
