"""RMSprop's reference: the libraries' numbers, exact answers, what rounding makes of a variance that is 0."""

import numpy as np
from library_runs import three_steps

from gnomon.descent import rmsprop


def test_three_steps_are_those_of_torch_and_of_optax():
    everything = {"centred": True, "momentum": 0.9}
    assert three_steps(rmsprop) == ["0.970301349967", "-2.003127247431"]
    assert three_steps(rmsprop, **everything, weight_decay=0.1) == ["0.764098698549", "-1.901870400555"]
    assert three_steps(rmsprop, variant="inside") == ["0.970301397442", "-2.003127420291"]
    assert three_steps(rmsprop, variant="inside", **everything, eps=1e-3) == ["0.790233229156", "-1.958897693410"]


def test_without_bias_correction_the_first_steps_are_the_longest():
    """With one gradient, step t is 1/√(1-αᵗ) times the learning rate."""
    path, state = [np.zeros(1)], rmsprop.init(np.zeros(1))
    for _ in range(500):
        params, state = rmsprop.step(path[-1], np.ones(1), state, lr=1.0, eps=0.0)
        path.append(params)
    assert [f"{path[t - 1][0] - path[t][0]:.4f}" for t in (1, 10, 100, 500)] == [
        "10.0000",
        "3.2339",
        "1.2559",
        "1.0033",
    ]


def test_epsilon_stands_inside_or_outside_of_the_root():
    params, grad = np.zeros(1), np.array([4.0])
    for variant, divisor in (("inside", 4.0), ("outside", 8**0.5 + 8)):
        new, _ = rmsprop.step(params, grad, rmsprop.init(params), lr=1.0, alpha=0.5, eps=8.0, variant=variant)
        assert new[0] == -4 / divisor


def test_of_equal_gradients_the_variance_is_lost_to_rounding():
    """torch 2.13 has its first NaN in step 1,208 of these, the reference in step 1,109."""
    grad = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    params, state = np.zeros_like(grad), rmsprop.init(grad)
    for step in range(1, 1110):
        with np.errstate(invalid="ignore"):
            params, state = rmsprop.step(params, grad, state, centred=True)
        assert np.any(np.isnan(params)) == (step == 1109)
