"""`gnomon.descent.muon` with its iteration compiled (`gnomon.kernels.descent.newton_schulz`)."""

from __future__ import annotations

from typing import Any

from gnomon.descent import muon as reference
from gnomon.descent.muon import MuonState
from gnomon.descent.newton_schulz import coefficients_of
from gnomon.domains import Array
from gnomon.kernels.descent.newton_schulz import from_unit_length
from gnomon.kernels.domains import in_place_of

__all__ = ["MuonState", "init", "orthogonalise", "step"]

init = in_place_of(reference.init)(reference.init)


@in_place_of(reference.orthogonalise)
def orthogonalise(matrix: Array, coefficients: Any, ns_steps: int, eps: float, eps_added: bool) -> Array:
    return from_unit_length(matrix, coefficients_of(coefficients, ns_steps), eps, eps_added)


@in_place_of(reference.step)
def step(
    params: Array, grad: Array, state: MuonState, *,
    lr: float, momentum: float, nesterov: bool, weight_decay: float, eps: float, ns_steps: int, coefficients: Any,
    scale: Any, variant: Any, check_finite: bool,
) -> tuple[Array, MuonState]:  # fmt: skip
    update, after = reference.look_ahead(grad, state, momentum=momentum, nesterov=nesterov, variant=variant)
    direction = from_unit_length(update, coefficients_of(coefficients, ns_steps), eps, variant != "torch")
    outputs, inputs = params.shape[::-1] if variant == "optax" else params.shape
    rate = lr * reference.scale_factor(outputs, inputs, scale)
    return params * (1 - lr * weight_decay) - rate * direction, after
