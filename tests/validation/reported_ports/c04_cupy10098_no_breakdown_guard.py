"""cupy/cupy#10098 (also #7168, #6769): no guard for a breakdown of Lanczos on few distinct eigenvalues.
Bug: beta = 0 (or rounding) is divided by: NaN or ghost values; right is to end when the space is invariant.
Expectation: wrong."""

import numpy as np


def curvature_lanczos(operator, start, *, steps):
    n = len(start)
    k = min(steps, n)
    Q = np.zeros((k, n), start.dtype)
    a, off = np.zeros(k, start.dtype), np.zeros(max(k - 1, 0), start.dtype)
    Q[0] = start / np.linalg.norm(start)
    with np.errstate(all="ignore"):
        for j in range(k):
            w = operator(Q[j])
            a[j] = Q[j] @ w
            for _ in range(2):
                w = w - (Q[: j + 1] @ w) @ Q[: j + 1]
            b = np.sqrt(w @ w)
            if j + 1 < k:
                off[j] = b
                Q[j + 1] = w / b
    return a, off, Q, b, k
