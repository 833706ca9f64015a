"""oxiglade/mlx-rs#301: Adam without any bias correction.
Bug: m/(sqrt(v)+eps) with the raw moments; right is with the corrected ones.
Expectation: wrong."""

import numpy as np


def adam_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, largest, t = state
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    return params - lr * m / (np.sqrt(v) + eps), (m, v, largest, t + 1)
