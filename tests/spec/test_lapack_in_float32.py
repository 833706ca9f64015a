"""A LAPACK that really computes in float32 stays within the band (NumPy's own computes float32 in float64)."""

import numpy as np
import pytest

from gnomon_spec.arithmetic import Noise, NoisyArray
from gnomon_spec.bands import REPLICAS, judge
from gnomon_spec.facts import equal

pytestmark = pytest.mark.torch
SPECTRA = {
    "flat": lambda n, rng: rng.uniform(0.5, 1, n),
    "decaying": lambda n, rng: 10.0 ** -np.linspace(0, 6, n),
    "clustered": lambda n, rng: np.r_[1.0, np.full(n - 1, 1e-3)],
    "indefinite": lambda n, rng: rng.standard_normal(n),
}
ROUTINES = {
    "eigvalsh": (np.linalg.eigvalsh, True),
    "svdvals": (np.linalg.svdvals, False),
    "inv": (np.linalg.inv, False),
    "solve": (lambda a: np.linalg.solve(a, np.ones(a.shape[0], np.float32)), False),
}


def drawn(n, spectrum, symmetric, seed):
    rng = np.random.default_rng(seed)
    left, _ = np.linalg.qr(rng.standard_normal((n, n)))
    right = left if symmetric else np.linalg.qr(rng.standard_normal((n, n)))[0]
    matrix = (left * SPECTRA[spectrum](n, rng)) @ right.T
    return np.asarray((matrix + matrix.T) / 2 if symmetric else matrix, dtype=np.float32)


def in_float32(name, matrix):
    import torch

    a = torch.from_numpy(matrix)
    found = torch.linalg.solve(a, torch.ones(len(a))) if name == "solve" else getattr(torch.linalg, name)(a)
    return np.asarray(found.numpy())


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("n", [2, 5, 10, 40, 100])
@pytest.mark.parametrize("name", ROUTINES)
def test_it_stays_within_the_band(name, n, spectrum):
    routine, symmetric = ROUTINES[name]
    for seed in range(10 if n < 100 else 2):
        matrix = drawn(n, spectrum, symmetric, seed)
        found = in_float32(name, matrix)
        assert found.dtype == np.float32
        exact = routine(matrix.astype(np.float64))
        values = np.broadcast_to(matrix.astype(np.float64), (REPLICAS, n, n)).copy()
        runs = routine(NoisyArray(values, np.float32, Noise(REPLICAS, seed=seed)))
        judged = judge(equal(name, found, exact), [equal(name, runs, exact)], np.dtype(np.float32))
        assert judged.holds, judged
