"""DRM-PPO: a chain by hand, the tiny chain in fractions, and the released step of the density's gradient."""

import numpy as np
import pytest
from kernel_contract import assert_within

from gnomon.kernels.probability.drm_ppo import inventory as compiled
from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_ppo import inventory, policies, surrogates, update

ECONOMY = tuple(map(np.array, (inventory.PRICES, inventory.PENALTIES, inventory.HOLDING)))


def played(demand, order, module=inventory, **given):
    """An episode of one worker whose stages all order the same."""
    demands, orders = np.full((1, 1), 1) * np.array(demand)[:, None], np.full((len(demand), 3, 1), order)
    return module.inventory_episode(*ECONOMY, demands, orders, **given)


@pytest.mark.parametrize("module", [inventory, compiled])
def test_a_chain_by_hand(module):
    """Demand 15, 15 from ten units in stock and ten that arrive in each of the first periods; all order 8.

    First: 15 are sold, 8 and 8 sent up the chain; 5, 12, 12 stay. Then: 15, 8, 8; 0, 14, 14 stay.
    """
    episode = played([15, 15], 8, module)
    assert episode.rows[1:, :6, 0].tolist() == [[5, 12, 12, 0, 0, 0], [0, 14, 14, 0, 0, 0]]
    # 2·15 - 0.5·8 - (0.2·5 + 0.15·12 + 0.1·12) and 30 - 4 - (0.15 + 0.1)·14: a dozen roundings of at most 30 each
    assert_within(episode.rewards[:, 0], np.array([22.0, 22.5]), 12, 30.0)
    assert_within(episode.returns, np.array([22.0 + 0.99 * 22.5]), 16, 60.0)


def test_the_season():
    demand = inventory.seasonal_demand(np.zeros((100, 1), np.int64))[:, 0]
    assert demand[:10].tolist() == [7, 8, 9, 10, 11, 12, 13, 14, 0, 1]
    assert int(np.sum(demand)) + 300 == 1015  # with noise of mean 3: 10.15 a period


@pytest.mark.parametrize(
    ("distortion", "value", "gradient"),
    [
        (Distortion(), "2.160750000000", (0.03375, 0.0568333333, -0.0905833333)),
        (Distortion("wang", (0.85,)), "3.927588151615", (-0.1230522600, 0.0517905, 0.07126177)),
        (Distortion("dual", (2.5,)), "3.767159276572", None),
        (Distortion("tk", (0.7,)), "1.777367942465", None),
        (Distortion("sshape", (5.0,)), "2.381725972354", None),
        (Distortion("gini", (0.7,)), "3.052582434080", None),
    ],
)
def test_the_value_of_the_tiny_chain_without_preferences(distortion, value, gradient):
    """Found beforehand with another program for this project; the gradient is that at a stock of 1."""
    found = policies.tiny_value(np.zeros((2, 5, 3)), distortion)
    assert f"{found.value:.12f}" == value
    if gradient:
        assert [f"{x:.8f}" for x in found.gradient[0, 1]] == [f"{x:.8f}" for x in gradient]


def test_the_released_density_gradient_settles_with_the_opposite_sign():
    """I = 1.3, K = 0.07: G/f is I/K = 18.571…; the released code comes to rest at -I/(1 - K) = -1.397…"""
    h = 0.25 / 0.07
    ends = {}
    for variant in ("paper", "code"):
        state = update.DppoState(np.array([-1.0, 1.0]), np.zeros(1), np.zeros((1, 1)))
        for _ in range(2000):
            seen = np.zeros(1), np.ones(1), np.full((1, 1), 2.6), np.zeros(1), state, np.full(1, np.inf), np.ones(1)
            how = {"bandwidth": h, "density_rate": 1.0, "steps": 1, "variant": variant}
            said = update.dppo_gradients(*seen, np.array([True]), **how)
            state = state._replace(density_gradients=said.density_gradients)
        ends[variant] = float(state.density_gradients[0, 0])
    assert {name: f"{D:.6f}" for name, D in ends.items()} == {"paper": "18.571429", "code": "-1.397849"}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: played([1], 21), "orders must be at most 20, got 21"),
        (lambda: inventory.seasonal_demand(np.ones((2, 2))), "noise must be an array of integers, got float64"),
        (lambda: policies.tiny_episodes(np.zeros((2, 4, 3))), r"theta must have shape \(2, 5, 3\)"),
        (lambda: surrogates.clipped_surrogate(np.zeros((1, 1)), np.ones(1)), "ratios must be finite and > 0"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        call()
