"""FluxML/Optimisers.jl#215 (and mitsuba drjit#411): betas are rounded to the parameters' dtype before use.
Bug: 1 - T(0.999) loses 4 digits in float32, 0.999 becomes 1 in bfloat16; right is to keep scalars wide.
Expectation: imprecise."""

import numpy as np


def adam_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, largest, t = state
    t += 1
    T = params.dtype.type
    lr, beta1, beta2, eps = T(lr), T(beta1), T(beta2), T(eps)
    one = T(1)
    m = beta1 * m + (one - beta1) * grad
    v = beta2 * v + (one - beta2) * grad * grad
    return params - lr * (m / (one - beta1 ** T(t))) / (np.sqrt(v / (one - beta2 ** T(t))) + eps), (m, v, largest, t)
