"""The Newton-Schulz iterations of `gnomon.descent.egd.polar`, compiled (`gnomon.kernels.descent.newton_schulz`)."""

from __future__ import annotations

from gnomon.descent.egd import polar as reference
from gnomon.descent.newton_schulz import CUBIC, MUON
from gnomon.domains import Array
from gnomon.kernels.descent.newton_schulz import from_unit_length
from gnomon.kernels.domains import in_place_of

__all__ = ["polar_newton_schulz"]


@in_place_of(reference.polar_newton_schulz)
def polar_newton_schulz(gradient: Array, iterations: int, coefficients: str) -> Array:
    return from_unit_length(gradient, ((CUBIC if coefficients == "cubic" else MUON),) * int(iterations))
