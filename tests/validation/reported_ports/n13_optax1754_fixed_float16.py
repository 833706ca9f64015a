"""google-deepmind/optax#1754/#1755/#1769, Optimisers.jl#167, pytorch#147437: float16, eps 1e-8 underflows to 0.
Here the FIXED port (denominator in float32): an all-zero gradient gives no step, not 0/0 = NaN.
Expectation: this honest port conforms in float16, the unfixed one (n14) does not."""

import numpy as np


def adam_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, largest, t = state
    t += 1
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    wide = np.promote_types(params.dtype, np.float32)
    den = np.sqrt((v / (1 - beta2**t)).astype(wide)) + eps
    return params - (lr * (m / (1 - beta1**t)).astype(wide) / den).astype(params.dtype), (m, v, largest, t)
