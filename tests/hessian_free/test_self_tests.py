"""The self-tests of an objective: what they notice and what they let pass, at their tolerances and beyond."""

import numpy as np
import pytest

from gnomon.curvature.products import Regression, network
from gnomon.hessian_free.accumulation import Batch
from gnomon.hessian_free.self_tests import is_deterministic, reduction_matches
from gnomon.hessian_free.small_objectives import Quadratic

BOWL = Quadratic(np.diag([1.0, 4.0]), np.zeros(2))
X, V = np.array([1.0, -2.0]), np.array([1.0, 0.5])


class Changing:
    """A quadratic one of whose answers is other by a share at every second call."""

    def __init__(self, answer, share):
        self.answer, self.share, self.calls = answer, share, 0

    def __getattr__(self, name):
        answer = getattr(BOWL, name)

        def changed(*arguments):
            self.calls += name == self.answer
            return answer(*arguments) * (1 + self.share if name == self.answer and self.calls % 2 == 0 else 1)

        return changed


@pytest.mark.parametrize("curvature", ["ggn", "hessian"])
def test_an_objective_that_does_not_change_is_deterministic(curvature):
    assert is_deterministic(BOWL, X, V, curvature=curvature, rtol=0.0, atol=0.0)
    problem = Regression(np.eye(2), np.ones((2, 1)), (2,))
    w = np.linspace(-1, 1, network(problem).dimension)
    assert is_deterministic(problem, w, w, curvature=curvature, rtol=0.0, atol=0.0)


@pytest.mark.parametrize("answer", ["value", "gradient", "ggnvp"])
def test_an_answer_that_changes_is_noticed(answer):
    """By 2^-16 = 1.5e-5 of numbers from 1 to 8.5: more than 1e-5 of them and 1e-8; by 2^-17, 7.6e-6, less."""
    assert not is_deterministic(Changing(answer, 2.0**-16), X, V)
    assert is_deterministic(Changing(answer, 2.0**-17), X, V)
    assert is_deterministic(Changing("hvp", 1.0), X, V, curvature="ggn")
    assert not is_deterministic(Changing("hvp", 1.0), X, V, curvature="hessian")


def test_what_is_no_number_is_not_the_same():
    assert not is_deterministic(Changing("value", np.nan), X, V)


def halves():
    """Return five examples, the same as two and three, and parameters."""
    features = np.cos(np.arange(10.0)).reshape(5, 2)
    problem = Regression(features, np.sin(np.arange(5.0)).reshape(5, 1), (3,))
    parts = [problem._replace(features=features[s], targets=problem.targets[s]) for s in (slice(2), slice(2, 5))]
    batches = (Batch(parts[0], 2), Batch(parts[1], 3))
    return problem, batches, np.sin(1.0 + np.arange(float(network(problem).dimension)))


@pytest.mark.parametrize("curvature", ["ggn", "hessian"])
def test_batches_of_a_mean_make_the_whole(curvature):
    problem, batches, w = halves()
    assert reduction_matches(batches, problem, w, w, curvature=curvature)
    assert not reduction_matches(batches, problem, w, w, curvature=curvature, reduction="sum")
    alike = tuple(b._replace(size=1) for b in batches)
    assert not reduction_matches(alike, problem, w, w, curvature=curvature)


def test_batches_of_a_sum_make_the_whole():
    parts = (Batch(BOWL, 3), Batch(BOWL, 1))
    whole = BOWL._replace(matrix=2 * BOWL.matrix)
    assert reduction_matches(parts, whole, X, V, reduction="sum", rtol=0.0, atol=0.0)
    assert not reduction_matches(parts, whole, X, V, reduction="mean")
