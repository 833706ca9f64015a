"""honest twin of c05: Lanczos with modified Gram and Schmidt, twice, against all vectors.
No bug: guard for breakdown of its own, bad input rejected; the most common textbook form.
Expectation: conforms."""

import numpy as np


def curvature_lanczos(operator, start, *, steps):
    if start.dtype.kind != "f" or start.ndim != 1 or not len(start) or not np.isfinite(start).all() or not start.any():
        raise ValueError("start")
    if steps < 1:
        raise ValueError("steps")
    n = len(start)
    k = min(steps, n)
    threshold = n * max(1e-12, 4500 * np.finfo(start.dtype).eps)
    Q, a, off, size = [start / np.linalg.norm(start)], [], [], 0
    for j in range(k):
        w = operator(Q[j])
        if w.shape != start.shape or w.dtype != start.dtype or not np.isfinite(w).all():
            raise ValueError("product")
        a.append(Q[j] @ w)
        for _ in range(2):
            for q in Q:  # modified Gram-Schmidt, twice
                w = w - (q @ w) * q
        b = np.linalg.norm(w)
        size = max(size, abs(a[-1]) + b)
        if j + 1 == k or b <= threshold * size:
            break
        off.append(b)
        Q.append(w / b)
    return np.array(a), np.array(off, start.dtype), np.array(Q), b, j + 1
