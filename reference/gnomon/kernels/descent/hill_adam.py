"""`gnomon.descent.hill_adam`'s step: the reference decides whether it turns, one compiled loop moves the entries."""

from __future__ import annotations

from collections import namedtuple
from functools import partial
from math import inf, sqrt
from typing import Any

import numpy as np

from gnomon.descent import hill_adam as reference
from gnomon.descent.adam import AdamState
from gnomon.descent.hill_adam import HillAdamState, Report
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import flat, in_place_of

__all__ = ["HillAdamState", "Report", "init", "step"]

# Numbers of the dtype of the parameters, but for the two flags.
Constants = namedtuple("Constants", "single code lr beta1 one_minus_beta1 beta2 one_minus_beta2 eps delta hi lo")


def numbers_for(
    number: Any, steps: range, *, lr: float, beta1: float, beta2: float, eps: float, bias_dtype: str,
    variant: str = "clean", delta: float = 0.0, hi: float = inf, lo: float = -inf, **_: Any,
) -> tuple[Array, Constants]:  # fmt: skip
    """Return what the t-th step since a reset multiplies or divides by, a row for each t, and the loops' constants."""
    if single := bias_dtype == "float32":
        rows = [reference.single_corrections(t, lr=lr, beta1=beta1, beta2=beta2) for t in steps]
    else:
        rows = [(1 - float(beta1) ** t, 1 - float(beta2) ** t) for t in steps]
    given = map(number, (lr, beta1, 1 - beta1, beta2, 1 - beta2, eps, delta, hi, lo))
    return np.array(rows, number), Constants(single, variant == "code", *given)


@compiled
def advance(
    x: Array, g: Array, m: Array, v: Array, up: bool, at: Array, c: Constants, new_x: Array, new_m: Array, new_v: Array
) -> None:
    """Write the new parameters and moments, all of shape (n,). up: add the step. at: the corrections of this t."""
    for i in range(x.size):
        new_m[i] = c.beta1 * m[i] + c.one_minus_beta1 * g[i]
        new_v[i] = c.beta2 * v[i] + c.one_minus_beta2 * (g[i] * g[i])
        if c.single:
            move = at[0] * (new_m[i] / (sqrt(new_v[i]) / at[1] + c.eps))
        else:
            move = c.lr * (new_m[i] / at[0]) / (sqrt(new_v[i] / at[1]) + c.eps)
        new_x[i] = x[i] + move if up else x[i] - move


init = in_place_of(reference.init)(reference.init)


@in_place_of(reference.step)
def step(
    params: Array, grad: Array, state: HillAdamState, loss: Any, *,
    delta: float, hi: float, lo: float, variant: reference.Variant, **rates: Any,
) -> tuple[Array, HillAdamState, Report]:  # fmt: skip
    given: dict[str, Any] = {"delta": delta, "hi": hi, "lo": lo, "variant": variant}
    return reference.call(params, grad, state, loss, partial(move, **rates), **given)


def move(params: Array, grad: Array, state: AdamState, **rates: Any) -> tuple[Array, Array, Array]:
    x, m, v = (np.empty(params.shape, params.dtype) for _ in range(3))
    given = map(flat, (params, grad, state.first_moment, state.second_moment))
    (at,), constants = numbers_for(params.dtype.type, range(state.step_count + 1, state.step_count + 2), **rates)
    advance(*given, False, at, constants, *map(flat, (x, m, v)))
    return x, m, v
