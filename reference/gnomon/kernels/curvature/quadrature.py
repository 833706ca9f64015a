"""`gnomon.curvature.quadrature.spectral_measure` for a matrix that is at hand: compiled Lanczos processes."""

from __future__ import annotations

from gnomon.curvature.operators import Operator
from gnomon.curvature.quadrature import SpectralMeasure, measure_of, require_starts
from gnomon.domains import Array
from gnomon.kernels.curvature.lanczos import lanczos

__all__ = ["SpectralMeasure", "spectral_measure"]


def spectral_measure(operator: Operator, probes: Array, *, steps: int) -> SpectralMeasure:
    """Return the measure of Lanczos processes from each probe, as `gnomon.curvature.quadrature` does; `Dense` only."""
    require_starts(probes, steps)
    return measure_of([lanczos(operator, z, steps=steps) for z in probes], probes)
