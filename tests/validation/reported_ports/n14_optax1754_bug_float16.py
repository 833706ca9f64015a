"""google-deepmind/optax#1754: Adam in float16, eps = 1e-8 is rounded to 0.
Bug: a coordinate with a zero gradient becomes NaN; right is that it stays.
Expectation: wrong in float16."""

import numpy as np


def adam_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, largest, t = state
    t += 1
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    with np.errstate(all="ignore"):
        new = params - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + params.dtype.type(eps))
    return new, (m, v, largest, t)
