"""A rate from how much the gradient's norm changes, without a Hessian: what the demonstrations really ran.

Source: the Python demonstrations of proposal 7, whose stored results are the only published figures to be repeated.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, Finite, Fraction, NonNegative, NonNegativeInt, Positive
from gnomon.norms import joint_length
from gnomon.rounding import rounded_once


class ProxyState(NamedTuple):
    """calls: how many there were. grad_norm: ‖g‖ of the last. average: the running mean of the proxy; 0 at first."""

    calls: int
    grad_norm: Any
    average: Any


class ProxyReport(NamedTuple):
    """curvature: the proxy of this call. average: its running mean. lr: the rate."""

    curvature: Any
    average: Any
    lr: Any


@checked()
def init_proxy(grad: Array) -> ProxyState:
    """Return the state before the first call. grad: for its dtype."""
    zero = grad.dtype.type(0)
    return ProxyState(0, zero, zero)


@checked()
@rounded_once
def proxy_rate(
    state: ProxyState, grad: Annotated[Array, Finite()], *,
    base_lr: Positive = 1e-3, alpha: NonNegative = 1.0, decay: Fraction = 0.9, warmup_steps: NonNegativeInt = 10,
) -> tuple[ProxyState, ProxyReport]:  # fmt: skip
    """Return the state after one more call, and what it found, the rate among it.

    With t counting the calls from 1, β = decay and W = warmup_steps::

        κ = |‖g_t‖ - ‖g_{t-1}‖|/‖g_t‖       1 at t = 1, and if either norm is <= 1e-10
        κ̄ ← κ  at t = 1,  else  β·κ̄ + (1-β)·κ
        lr = b·t/W  for t < W,  else  b/(1 + α·κ̄)

    grad: g_t, floating-point array of any shape, finite. The results are numbers of the gradient's dtype.
    """
    calls, size = state.calls + 1, joint_length([grad])
    if calls == 1 or not (size > 1e-10 and state.grad_norm > 1e-10):
        kappa = np.ones_like(size)[()]
    else:
        kappa = np.abs(size - state.grad_norm) / size
    average = kappa if calls == 1 else decay * state.average + (1 - decay) * kappa
    if calls < warmup_steps:
        lr = base_lr * calls / warmup_steps + np.zeros_like(average)
    else:
        lr = base_lr / (1 + alpha * average)
    return ProxyState(calls, size, average), ProxyReport(kappa, average, lr)
