"""honest twin of the n-ports: textbook Adam in NumPy, correct, without checks of its arguments.
No bug but that lr = -1 is accepted.
Expectation: only the law about bad input fails, and no mistake of the formula is named."""

import numpy as np


def adam_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, largest, t = state
    t += 1
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    return params - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, largest, t)
