"""Muon: momentum, orthogonalised by a few Newton-Schulz steps, for parameters that are a matrix.

Sources: Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024) and their code; Liu et al.,
"Muon is Scalable for LLM Training", arXiv 2502.16982; `torch.optim.Muon` 2.13, `optax.contrib.muon` 0.2.8,
`pytorch_optimizer.Muon` 4.1.0.
"""

from __future__ import annotations

from math import sqrt
from typing import Annotated, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.newton_schulz import Published, coefficients_of, from_unit_length
from gnomon.domains import Array, Entries, Fraction, Like, NonNegative, PositiveInt
from gnomon.rounding import rounded_once

Matrix: TypeAlias = Annotated[Array, Entries(("m", "n"), least=1)]
Scale: TypeAlias = Literal["original", "match-rms-adamw", "unit-rms", "spectral", "none"]
Variant: TypeAlias = Literal["torch", "jordan", "heavy-ball", "optax"]


class MuonState(NamedTuple):
    """What Muon remembers between two steps.

    momentum_buffer: `M`, shape and dtype of the parameters.
    step_count: `t`, how many steps have been taken; only "optax" makes use of it.
    """

    momentum_buffer: Annotated[Array, Like("params")]
    step_count: int


@checked()
def init(params: Matrix) -> MuonState:
    """Return the state before the first step: zeros, and `step_count` 0. params: a matrix."""
    return MuonState(np.zeros_like(params), 0)


@checked()
@rounded_once
def orthogonalise(
    matrix: Matrix, *,
    coefficients: Published = "muon", ns_steps: PositiveInt = 5, eps: NonNegative = 1e-7, eps_added: bool = False,
) -> Array:  # fmt: skip
    """Return the matrix with its singular values brought near 1, and its singular vectors as they are.

    With ‖·‖ the Frobenius norm, and (aₖ, bₖ, cₖ) from `coefficients_of`::

        X ← X/max(‖X‖, ε)                          X/(‖X‖ + ε) if eps_added
        X ← aₖX + (bₖA + cₖA²)X,  A = XXᵀ          k = 1 … ns_steps, of Xᵀ where X has more rows than columns

    The result is not orthogonal: each singular value s/‖X‖ goes through the polynomials one after the other. From
    [0.003, 1] the default's five lead into [0.6818, 1.2024]; below that they multiply by up to 484.9.

    matrix: any finite numbers; norms that leave the range of the dtype do no harm. A matrix of zeros gives zeros, with
    ε = 0, too (choice: the formula says 0/0). ε > 0 makes matrices that are not much larger than it come out smaller.
    A NaN or an infinity makes every entry NaN.
    """
    return from_unit_length(matrix, coefficients_of(coefficients, ns_steps), eps, eps_added)


def scale_factor(outputs: int, inputs: int, scale: Scale) -> float:
    """Return by how much an orthogonalised update of a layer is multiplied, whatever its entries are.

    ::

        "original"          √max(1, outputs/inputs)         Jordan et al. 2024
        "match-rms-adamw"   0.2·√max(outputs, inputs)       Liu et al. 2025: entries with a root mean square of 0.2
        "unit-rms"          √(outputs/inputs)               Bernstein, "Deriving Muon" (2025): vectors keep their
                                                            root mean square
        "spectral"          √max(outputs, inputs)           Pethick et al. 2025, as in NVIDIA's Emerging-Optimizers
        "none"              1
    """
    if scale == "original":
        return sqrt(max(1.0, outputs / inputs))
    if scale == "match-rms-adamw":
        return 0.2 * sqrt(max(outputs, inputs))
    if scale == "unit-rms":
        return sqrt(outputs / inputs)
    return sqrt(max(outputs, inputs)) if scale == "spectral" else 1.0


def look_ahead(
    grad: Array, state: MuonState, *, momentum: float, nesterov: bool, variant: Variant
) -> tuple[Array, MuonState]:
    """Return what is orthogonalised, U, and the new state; see `step`."""
    t = state.step_count + 1
    weight = 1.0 if variant == "heavy-ball" else 1 - momentum
    buffer = momentum * state.momentum_buffer + weight * grad
    update = momentum * buffer + weight * grad if nesterov else buffer
    if variant == "optax":
        update = buffer / (1 - momentum**t)
        if nesterov:
            update = momentum * buffer / (1 - momentum ** (t + 1)) + weight * grad / (1 - momentum**t)
    return update, MuonState(buffer, t)


@checked()
@rounded_once
def step(
    params: Matrix, grad: Annotated[Array, Like("params")], state: MuonState, *,
    lr: NonNegative = 1e-3, momentum: Fraction = 0.95, nesterov: bool = True, weight_decay: NonNegative = 0.1,
    eps: NonNegative = 1e-7, ns_steps: PositiveInt = 5, coefficients: Published = "muon", scale: Scale = "original",
    variant: Variant = "torch", check_finite: bool = False,
) -> tuple[Array, MuonState]:  # fmt: skip
    """Take one step and return the new parameters and the new state.

    With x = params, g = grad, M = momentum_buffer, β = momentum, λ = weight_decay, t the step count after this step::

        M ← β·M + (1-β)·g                                      β·M + g in "heavy-ball"
        U ← β·M + (1-β)·g       with nesterov                  β·M + g in "heavy-ball"
        U ← M                   without                        "optax": β·M/(1-βᵗ⁺¹) + (1-β)·g/(1-βᵗ), or M/(1-βᵗ)
        O ← `orthogonalise`(U)
        x ← x·(1 - lr·λ) - lr·γ·O                              γ: `scale_factor`

    The decay takes lr itself, not lr·γ. variant: "torch" (also `pytorch_optimizer`) divides by max(‖U‖, ε), all
    others by ‖U‖ + ε. "jordan" is the authors' code as it is, "heavy-ball" as it first was, and as torch's docstring
    still says: the same direction, from a U that is 1/(1-β) times as large. A parameter has one row an output and one
    column an input; in "optax" one row an input and one column an output.

    Arrays and check_finite: see `gnomon.descent`; but params is a matrix with at least one entry, and a gradient with
    a NaN or an infinity makes all of it NaN. From a fresh state a gradient of 0 moves nothing but by decay.

    Choices: momentum is limited to [0, 1), where M is a mean of gradients (torch and optax: any); ns_steps is at least
    1, as in pytorch_optimizer (torch: 0, too, which is normalised momentum, but not 100). The defaults are
    torch's (the authors: lr 0.02, no decay; optax: ε 1e-8, no decay). The Newton-Schulz steps are made in the dtype of
    the parameters (torch and the authors: in bfloat16).
    """
    update, state = look_ahead(grad, state, momentum=momentum, nesterov=nesterov, variant=variant)
    direction = orthogonalise(
        update, coefficients=coefficients, ns_steps=ns_steps, eps=eps, eps_added=variant != "torch"
    )
    outputs, inputs = params.shape[::-1] if variant == "optax" else params.shape
    rate = lr * scale_factor(outputs, inputs, scale)
    return params * (1 - lr * weight_decay) - rate * direction, state
