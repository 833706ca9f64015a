"""honest twin: Ritz values by c20's Lanczos (two full passes) and eigh of T.
No bug; at full dimension the residuals are rounding noise.
Expectation: conforms."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from c20_lanczos_honest_two_passes import curvature_lanczos as _lanczos


def curvature_ritz(operator, start, *, steps):
    a, off, Q, b, _ = _lanczos(operator, start, steps=steps)
    T = np.diag(a) + np.diag(off, 1) + np.diag(off, -1)
    values, Y = np.linalg.eigh(T)
    Y = Y * np.where(Y[0] < 0, -1, 1).astype(Y.dtype)
    return values, Y[0] ** 2, Y.T @ Q, b * np.abs(Y[-1])
