"""e-sensing/torchopt#14 (SGDW: jettify/pytorch-optimizer#454): decay is a constant, not a multiple of the parameter.
Bug: params - lr*wd; right is params*(1 - lr*wd).
Expectation: wrong unless params = 1."""

import numpy as np


def adamw_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    m, v, largest, t = state
    t += 1
    params = params - lr * weight_decay
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    return params - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, largest, t)
