"""cupy/cupy#10099: a single pass of Gram and Schmidt in Lanczos, on clustered spectra not enough.
Bug: orthogonality is lost where beta is small; right is a second pass.
Expectation: imprecise or wrong."""

import numpy as np


def curvature_lanczos(operator, start, *, steps):
    n = len(start)
    k = min(steps, n)
    threshold = n * max(1e-12, 4500 * np.finfo(start.dtype).eps)
    Q, a, off, size = [start / np.sqrt(start @ start)], [], [], 0
    for j in range(k):
        w = operator(Q[j])
        a.append(Q[j] @ w)
        B = np.array(Q)
        w = w - (B @ w) @ B
        b = np.sqrt(w @ w)
        size = max(size, abs(a[-1]) + b)
        if j + 1 == k or b <= threshold * size:
            break
        off.append(b)
        Q.append(w / b)
    return np.array(a), np.array(off, start.dtype), np.array(Q), b, j + 1
