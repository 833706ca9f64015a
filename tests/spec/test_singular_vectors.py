"""The singular vectors of a matrix and of its transpose, both by LAPACK in float64, are within each other's band."""

import numpy as np
import pytest

from gnomon_spec.arithmetic import Noise, NoisyArray
from gnomon_spec.bands import REPLICAS, judge
from gnomon_spec.facts import equal

FLOAT64 = np.dtype(np.float64)


def polar(matrix):
    U, _, Vt = np.linalg.svd(matrix, full_matrices=False)
    return U @ Vt


def graded(seed):
    """Return a matrix (5, 4) with a row of zeros and singular values from 1 to 2e-3: LAPACK leaves more of these."""
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(2))
    return np.concatenate([(left * 10.0 ** -rng.uniform(0, 3, 4)) @ right.T, np.zeros((1, 4))])


@pytest.mark.parametrize("seed", [*range(6), 40, 82, 582, 931, 1493])
def test_a_matrix_may_be_transposed(seed):
    matrix = graded(seed)
    exact, found = polar(matrix), polar(matrix.T).T
    values = np.broadcast_to(matrix, (REPLICAS, *matrix.shape)).copy()
    runs = polar(NoisyArray(values, np.float64, Noise(REPLICAS, seed=seed)))
    judged = judge(equal("polar", found, exact, scale=1.0), [equal("polar", runs, exact, scale=1.0)], FLOAT64)
    assert judged.holds, judged
