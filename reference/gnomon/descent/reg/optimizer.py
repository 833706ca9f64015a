"""REG: the momentum, its rows and columns scaled, makes steps of one root mean square.

Source: see `gnomon.descent.reg.racs`. Order, constant and Nesterov's form are a reconstruction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.reg import racs
from gnomon.descent.reg.racs import Exponent, Matrix, Mode, unit
from gnomon.domains import Array, Entries, Fraction, NonNegative, Positive, PositiveInt
from gnomon.rounding import rounded_once

Scale = Literal["rms", "muon"]
LikeParams: TypeAlias = Annotated[Array, Entries(("m", "n"), fit="params", finite=True, of=("m", "n"))]


class REGState(NamedTuple):
    """What REG remembers between two steps: `M`, running mean of the gradients, shape and dtype of the parameters."""

    momentum: LikeParams


@checked()
def init(params: Matrix) -> REGState:
    """Return the state before the first step: zeros."""
    return REGState(np.zeros_like(params))


def require_shrinking(given: Mapping[str, Any]) -> None:
    if given["lr"] * given["weight_decay"] >= 1:
        raise ValueError(
            f"lr times weight_decay must be < 1, or the decay changes signs, got {given['lr'] * given['weight_decay']}"
        )


@checked(require_shrinking)
@rounded_once
def step(
    params: Matrix, grad: LikeParams, state: REGState, *,
    lr: NonNegative = 1e-3, beta: Fraction = 0.95, nesterov: bool = False, weight_decay: NonNegative = 0.1,
    gamma: Positive = 0.2, scale: Scale = "rms", p: Exponent = 2.0, mode: Mode = "rc", sweeps: PositiveInt = 100,
) -> tuple[Array, REGState]:  # fmt: skip
    """Take one step and return the new parameters and the new state.

    With W = params, G = grad, η = lr, λ = weight_decay, γ = gamma, and W of shape (m, n)::

        M ← β·M + (1-β)·G
        X = M,  or β·M + (1-β)·G with Nesterov's momentum
        R = racs_reg(X)
        U = γ·√(mn)/‖R‖_F·R     scale "rms"; 0 if R = 0: the root mean square of U is γ
        U = γ·√max(m, n)·R      scale "muon"
        W ← (1 - ηλ)·W - η·U

    params, grad, state: matrices of one shape and dtype, m and n >= 1, finite; other parameters, and embeddings, are
    for AdamW. lr, weight_decay: >= 0, their product < 1. p, mode, sweeps: as in `racs_reg`.

    Choices: the decay is that of AdamW, lr·λ of the old parameters. In mode "rc" with p = 2 "rms" makes U = γ·√m·R. No
    step count is kept: no formula has one.
    """
    momentum = beta * state.momentum + (1 - beta) * grad
    direction = beta * momentum + (1 - beta) * grad if nesterov else momentum
    if scale == "rms":  # in mode "product" R itself may be out of range
        direction = unit(direction, "all", np.inf)
    scaled = racs.scaled(direction, p, mode, sweeps)
    m, n = params.shape
    update = gamma * (m * n) ** 0.5 * unit(scaled, "all", 2) if scale == "rms" else gamma * max(m, n) ** 0.5 * scaled
    return (1 - lr * weight_decay) * params - lr * update, REGState(momentum)
