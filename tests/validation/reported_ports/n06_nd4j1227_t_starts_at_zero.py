"""deeplearning4j/nd4j#1227: the counter is raised after use, so the first step has t = 0.
Bug: 1 - beta^0 = 0 is divided by: NaN at the first step; right is t = 1.
Expectation: wrong, NaN at the first step."""

import numpy as np


def adam_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, largest, t = state
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    with np.errstate(all="ignore"):
        alpha = np.float64(lr) * np.sqrt(np.float64(1 - beta2**t)) / np.float64(1 - beta1**t)
        new = params - params.dtype.type(alpha) * m / (np.sqrt(v) + eps)
    return new, (m, v, largest, t + 1)
