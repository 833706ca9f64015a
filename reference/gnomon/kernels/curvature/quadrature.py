"""`gnomon.curvature.quadrature.spectral_measure` for a matrix that is at hand: compiled Lanczos processes."""

from __future__ import annotations

from gnomon.arguments import check_arguments
from gnomon.curvature import quadrature as reference
from gnomon.curvature.operators import FiniteOperator
from gnomon.curvature.quadrature import SpectralMeasure, Starts, measure_of
from gnomon.domains import PositiveInt
from gnomon.kernels.curvature.lanczos import lanczos

__all__ = ["SpectralMeasure", "spectral_measure"]


def spectral_measure(operator: FiniteOperator, probes: Starts, *, steps: PositiveInt) -> SpectralMeasure:
    """Return the measure of Lanczos processes from each probe, as `gnomon.curvature.quadrature` does; `Dense` only."""
    check_arguments(reference.spectral_measure, operator, probes, steps=steps)
    return measure_of([lanczos(operator, z, steps=steps) for z in probes], probes)
