"""Three steps from (1, -2), which torch 2.13 and optax 0.2.8 were asked for, too: in float64, to twelve digits."""

import numpy as np

GRADIENTS = np.array([[1.0, -0.5], [0.25, 2.0], [-3.0, 0.125]])


def three_steps(method, **hyper):
    """Return where a method of the reference is after the three gradients."""
    params = np.array([1.0, -2.0])
    state = method.init(params)
    for grad in GRADIENTS:
        params, state = method.step(params, grad, state, **hyper)
    return [f"{x:.12f}" for x in params]
