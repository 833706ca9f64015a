"""`gnomon.descent.hill_adam`'s step: the reference decides whether it turns, one compiled loop moves the entries."""

from __future__ import annotations

from collections import namedtuple
from math import inf, nan, sqrt
from typing import Any

import numpy as np

from gnomon.descent import hill_adam as reference
from gnomon.descent.hill_adam import HillAdamState, Report
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import flat, in_place_of

__all__ = ["HillAdamState", "Report", "init", "step"]

# Numbers of the dtype of the parameters, but for the two flags.
Constants = namedtuple("Constants", "single code lr beta1 one_minus_beta1 beta2 one_minus_beta2 eps delta hi lo")


def constants_for(
    number: Any, *, bias_dtype: str, variant: str, lr: float, beta1: float, beta2: float, **others: float
) -> Constants:
    """Return the constants of the loops over arrays of a dtype, from the hyperparameters of `step`."""
    rounded = map(number, (lr, beta1, 1 - beta1, beta2, 1 - beta2, others["eps"]))
    thresholds = map(number, (others.get("delta", 0), others.get("hi", inf), others.get("lo", -inf)))
    return Constants(bias_dtype == "float32", variant == "code", *rounded, *thresholds)


def corrections(
    number: Any, steps: range, *, bias_dtype: str, lr: float, beta1: float, beta2: float, **others: Any
) -> Array:
    """Return what the t-th step since a reset multiplies or divides by, a row for each t."""
    if bias_dtype == "float32":
        rows = [reference.single_corrections(t, lr=lr, beta1=beta1, beta2=beta2) for t in steps]
    else:
        rows = [(1 - float(beta1) ** t, 1 - float(beta2) ** t) for t in steps]
    return np.array(rows, number)


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
    delta: float, hi: float, lo: float, variant: reference.Variant, **given: Any,
) -> tuple[Array, HillAdamState, Report]:  # fmt: skip
    number = params.dtype.type
    report, inside = reference.turn(loss, state, delta=delta, hi=hi, lo=lo, variant=variant)
    passed = inside and report.event != "plateau"
    recorded = (variant == "clean" or passed) and loss < state.best_loss
    m, v, t = flat(state.first_moment), flat(state.second_moment), state.step_count
    if report.reset:
        m, v, t = np.zeros_like(m), np.zeros_like(v), 0
    new_params, first, second = (np.empty(params.shape, params.dtype) for _ in range(3))
    given["variant"] = variant
    at, constants = corrections(number, range(t + 1, t + 2), **given)[0], constants_for(number, **given)
    new = flat(new_params), flat(first), flat(second)
    advance(flat(params), flat(grad), m, v, report.ascending, at, constants, *new)
    best_params, best_loss = (params.copy(), number(loss)) if recorded else (state.best_params, state.best_loss)
    previous = number(loss if passed else nan)
    after = HillAdamState(
        first, second, best_params, best_loss, previous, report.ascending, inside, t + 1, state.calls + 1
    )
    return new_params, after, report
