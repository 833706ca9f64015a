"""karpathy/convnetjs#70, #107: Adam's bias correction is applied as a product.
Bug: m and v are multiplied by 1 - beta^t; right is to divide.
Expectation: wrong, first step far too small."""

import numpy as np


def adam_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, largest, t = state
    t += 1
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad * grad
    mh, vh = m * (1 - beta1**t), v * (1 - beta2**t)
    return params - lr * mh / (np.sqrt(vh) + eps), (m, v, largest, t)
