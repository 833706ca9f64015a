"""NAdam's reference: the libraries' numbers, the schedule, the length of the first step."""

import numpy as np
import pytest
from library_runs import three_steps

from gnomon.descent import adam, nadam


def test_three_steps_are_those_of_torch_and_of_optax():
    assert three_steps(nadam) == ["0.999339452677", "-2.000130693864"]
    assert three_steps(nadam, weight_decay=0.1) == ["0.999167922873", "-1.999790444252"]
    assert three_steps(nadam, variant="constant") == ["0.997413066996", "-1.999947181308"]


@pytest.mark.parametrize(("variant", "printed"), [("scheduled", "1.0565"), ("constant", "1.4737")])
def test_the_first_step_is_longer_than_adams(variant, printed):
    params, grad = np.zeros(1), np.ones(1)
    new, _ = nadam.step(params, grad, nadam.init(params), lr=1.0, eps=0.0, variant=variant)
    adams, _ = adam.step(params, grad, adam.init(params), lr=1.0, eps=0.0)
    assert f"{new[0] / adams[0]:.4f}" == printed


def test_the_schedule_grows_from_half_of_beta_to_beta():
    """Dozat's: after 250 steps, 0.96 of the half that was missing is still missing."""
    assert nadam.scheduled(0.5, 4e-3, 0) == 0.25
    assert nadam.scheduled(0.5, 4e-3, 250) == 0.5 * (1 - 0.48)
    assert nadam.scheduled(0.5, 4e-3, 10**7) == 0.5


def test_the_product_of_the_momenta_is_a_number_of_double_precision():
    params = np.zeros(2, np.float32)
    _, state = nadam.step(params, params, nadam.init(params))
    assert type(state.momentum_product) is float and state.momentum_product == nadam.scheduled(0.9, 4e-3, 1)
    _, state = nadam.step(params, params, state, variant="constant")
    assert state.momentum_product == nadam.scheduled(0.9, 4e-3, 1)
    with pytest.raises(ValueError, match=r"state.momentum_product must be a finite number in \[0, 1\], got 1\.5"):
        nadam.step(params, params, state._replace(momentum_product=1.5))
