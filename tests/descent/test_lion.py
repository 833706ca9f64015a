"""Lion's reference: the libraries' numbers, and exact answers."""

import numpy as np
import pytest
from library_runs import three_steps

from gnomon.descent import lion


def test_three_steps_are_those_of_optax():
    assert three_steps(lion, weight_decay=0.1) == ["0.999870003300", "-2.000040001600"]


@pytest.mark.parametrize(("momentum", "grad", "sign"), [(1, -1, 0), (1, -2, -1), (1, 0, 1), (0, 0, 0), (-1, 3, 1)])
def test_the_sign_is_that_of_the_interpolation(momentum, grad, sign):
    """With β₁ = ½ it is that of m + g; the momentum with β₂ = ¾ is ¾m + ¼g."""
    state = lion.LionState(np.array([float(momentum)]))
    params, after = lion.step(np.ones(1), np.array([float(grad)]), state, lr=0.25, beta1=0.5, beta2=0.75)
    assert params[0] == 1 - 0.25 * sign and after.momentum[0] == 0.75 * momentum + 0.25 * grad


def test_decay_leads_into_the_box_of_its_inverse():
    """With λ = ¼ and one gradient, x goes to -4, half of the way with every step of lr = 2."""
    params, state = np.array([12.0]), lion.init(np.zeros(1))
    path = []
    for _ in range(4):
        params, state = lion.step(params, np.ones(1), state, lr=2.0, weight_decay=0.25)
        path.append(float(params[0]))
    assert path == [4.0, 0.0, -2.0, -3.0]
