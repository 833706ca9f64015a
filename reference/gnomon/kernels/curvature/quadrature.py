"""`gnomon.curvature.quadrature.spectral_measure` for a matrix that is at hand: compiled Lanczos processes."""

from __future__ import annotations

import numpy as np

from gnomon.curvature.lanczos import tridiagonal
from gnomon.curvature.operators import Operator, require_probes
from gnomon.curvature.quadrature import SpectralMeasure
from gnomon.domains import Array, require_count
from gnomon.kernels.curvature.lanczos import lanczos

__all__ = ["SpectralMeasure", "spectral_measure"]


def spectral_measure(operator: Operator, probes: Array, *, steps: int) -> SpectralMeasure:
    """Return the measure of Lanczos processes from each probe, as `gnomon.curvature.quadrature` does; `Dense` only."""
    require_probes("probes", probes)
    require_count("steps", steps, 1)
    m, n = probes.shape
    nodes, weights, products = [], [], 0
    for z in probes:
        found = lanczos(operator, z, steps=steps)
        values, Y = np.linalg.eigh(tridiagonal(found))
        nodes.append(values)
        weights.append(np.dot(z, z) / (n * m) * (Y[0] * Y[0]))
        products += found.products
    return SpectralMeasure(np.concatenate(nodes), np.concatenate(weights), int(n), products)
