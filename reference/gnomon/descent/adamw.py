"""AdamW: Adam with weight decay taken off the parameters themselves, not added to the gradient.

Source: Loshchilov & Hutter, "Decoupled Weight Decay Regularization", arXiv 1711.05101, in the convention of
`torch.optim.AdamW` 2.13: the decay is lr·λ·x with the *old* x. `optax.adamw` adds λ·x to the update instead, which is
the same number.
"""

from __future__ import annotations

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.adam import AdamState, Variant, bias_corrected, init, update_moments
from gnomon.descent.on_quadratics import repeated
from gnomon.domains import Array, Fraction, NonNegative
from gnomon.rounding import rounded_once

__all__ = ["AdamState", "Variant", "endpoints", "init", "step", "trajectory"]


@checked()
@rounded_once
def step(
    params: Array, grad: Array, state: AdamState, *,
    lr: NonNegative = 1e-3, beta1: Fraction = 0.9, beta2: Fraction = 0.999, eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 1e-2, variant: Variant = "adam", check_finite: bool = False,
) -> tuple[Array, AdamState]:  # fmt: skip
    """Take one step and return the new parameters and the new state.

    With x = params, λ = weight_decay, and m̂ and v̂ as in `gnomon.descent.adam.step` (from the gradient alone)::

        x ← x·(1 - lr·λ)
        x ← x - lr·m̂/(√v̂ + ε)

    Everything else as for Adam. Choice: the default decay is torch's 1e-2 (optax: 1e-4).
    """
    state = update_moments(grad, state, beta1=beta1, beta2=beta2, variant=variant)
    m_hat, v_hat = bias_corrected(state, beta1=beta1, beta2=beta2, variant=variant)
    decayed = params * (1 - lr * weight_decay)
    return decayed - lr * m_hat / (np.sqrt(v_hat) + eps), state


trajectory, endpoints = repeated(init, step)
