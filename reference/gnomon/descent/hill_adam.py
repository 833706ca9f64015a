"""Hill-ADAM: Adam that turns round, down to up and up to down, where the loss stops changing or leaves a band.

Source: Manikandan & Gilpin, "Explore the Loss space with Hill-ADAM", arXiv 2510.03613, and its authors' program
github.com/2manikan/Hill-ADAM (commit 68abef4), which is the variant "code". The
variant "clean" is ours, the same idea without the quirks that `gnomon_spec.descent.hill_adam` lists. The paper's
pseudo-code, its formula of a step and its polynomials were not to be had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import inf, nan
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from gnomon.arguments import checked
from gnomon.descent import adam
from gnomon.descent.adam import AdamState
from gnomon.domains import Array, Fraction, NonNegative, Positive, Scalar, require_finite
from gnomon.rounding import rounded_once

Variant = Literal["clean", "code"]
Event = Literal["", "plateau", "hi", "lo"]
OneNumber = Annotated[Any, Scalar("params")]
UNSEEN = 999999999  # what the code takes for infinity


class HillAdamState(NamedTuple):
    """What Hill-ADAM remembers between two calls; arrays have the shape, all have the dtype of the parameters.

    first_moment, second_moment, step_count: Adam's m, v and t since they were thrown away; m averages the gradient as
    it is, uphill too. best_params, best_loss: the lowest recorded loss and where; NaN until there is one.
    previous_loss: of the call before, NaN after one that turned or was outside of the band. ascending: the direction.
    inside: was the loss in the band when that was last asked? calls: how many there were.
    """

    first_moment: Array
    second_moment: Array
    best_params: Array
    best_loss: OneNumber
    previous_loss: OneNumber
    ascending: bool
    inside: bool
    step_count: int
    calls: int


class Report(NamedTuple):
    """What a call says of itself.

    event: why it turned: "plateau", "hi" or "lo"; "" if it did not. ascending: the direction of the step. reset: were
    the moments thrown away? margin: ||f - f_previous| - δ|, how far the plateau test was from the other outcome; NaN
    where none was made. Two right ports may part where it is of the size of rounding.
    """

    event: str
    ascending: bool
    reset: bool
    margin: Any


@checked()
def init(params: Array, *, start: Literal["min", "max"] = "min", variant: Variant = "clean") -> HillAdamState:
    """Return the state before the first call: moments 0, nothing recorded, the direction as in `start`.

    best_loss is ∞, in the variant "code" 999999999, and there -999999999 with start "max", below which no loss falls:
    such a run of the code records nothing (c3).
    """
    zeros, ascending = np.zeros_like(params)[()], start == "max"
    best = inf if variant == "clean" else -UNSEEN if ascending else UNSEEN
    zero = params.dtype.type(0)
    return HillAdamState(zeros, zeros, zeros + nan, zero + best, zero + nan, ascending, True, 0, 0)


def require_band(given: Mapping[str, Any]) -> None:
    if not given["lo"] < given["hi"]:
        raise ValueError(f"lo must be less than hi, got lo {given['lo']!r} and hi {given['hi']!r}")


def require_clean(given: Mapping[str, Any]) -> None:
    if given["variant"] != "clean":
        return
    loss, call = given["loss"], given["state"].calls + 1
    if not np.isfinite(loss):
        raise ValueError(f"loss must be finite, got {loss} at call {call}")
    require_finite({"grad": given["grad"]})
    weight_decay, bias_dtype = given["weight_decay"], given["bias_dtype"]
    if not (weight_decay == 0 and bias_dtype == "float64"):
        raise ValueError(
            "variant 'clean' requires weight_decay 0 and bias_dtype 'float64', "
            f"got weight_decay {weight_decay!r} and bias_dtype {bias_dtype!r}"
        )


@checked(require_band, require_clean)
def step(
    params: Array, grad: Array, state: HillAdamState, loss: OneNumber, *,
    lr: Positive = 1e-2, beta1: Fraction = 0.9, beta2: Fraction = 0.999, eps: Positive = 1e-8,
    delta: NonNegative = 1e-4, hi: Any = 200.0, lo: Any = -1e4, weight_decay: NonNegative = 0.0,
    bias_dtype: Literal["float64", "float32"] = "float64", variant: Variant = "clean",
) -> tuple[Array, HillAdamState, Report]:  # fmt: skip
    """Make one call and return the new parameters, the new state and the report.

    With x = params, g = grad and f = loss, both of this x, δ = delta, variant "clean"::

        f_best, x_best ← f, x                           if f < f_best
        |f - f_previous| < δ:                           turn round, "plateau"
        else f > hi:  go down, "hi"                     events only if the loss was inside before
        else f < lo:  go up,   "lo"
        m, v, t ← 0, 0, 0                               at an event
        m, v, t ← as in Adam, from g
        x ← x - lr·m̂/(√v̂ + ε)                           + instead of - on the way up
        f_previous ← f                                  nothing if there was a plateau, or f is outside

    Variant "code" differs by the quirks c1 … c6 of `gnomon_spec.descent.hill_adam`. With bias_dtype "float32", c5,
    x ← x ∓ [lr/(1-p₁)]·m/(√v/√(1-p₂) + ε), p₁ = β₁ᵗ, p₂ = β₂ᵗ and both factors as float32 has them.

    params, grad: see `gnomon.descent`; loss: one number of their dtype. hi, lo: lo < hi, infinite if there is no band.
    "clean" rejects a loss or a gradient that is not finite; in "code" a NaN makes the two tests of it, and of the loss
    after, fail. A run goes on for ever; where lr·Σ gᵢ²/(|gᵢ|+ε) < δ it only turns (`slope_change`).
    """
    moved = partial(move, lr=lr, beta1=beta1, beta2=beta2, eps=eps, bias_dtype=bias_dtype)
    return call(params, grad, state, loss, moved, delta=delta, hi=hi, lo=lo, variant=variant)


def call(
    params: Array, grad: Array, state: HillAdamState, loss: Any, moved: Callable[..., Any], *,
    variant: Variant, **thresholds: float,
) -> tuple[Array, HillAdamState, Report]:  # fmt: skip
    """Make the call, with `moved` for Adam's step, which returns parameters and both moments."""
    report, inside = turn(loss, state, variant=variant, **thresholds)
    passed = inside and report.event != "plateau"
    best_params, best_loss = state.best_params, state.best_loss
    if (variant == "clean" or passed) and loss < best_loss:
        best_params, best_loss = params, loss
    m, v, t = state.first_moment, state.second_moment, state.step_count
    if report.reset:
        m, v, t = np.zeros_like(m), np.zeros_like(v), 0
    if report.ascending:
        grad, m = -grad, -m
    params, m, v = moved(params, grad, AdamState(m, v, v, t))
    m = -m if report.ascending else m
    previous, up = loss if passed else loss * 0 + nan, report.ascending
    return params, HillAdamState(m, v, best_params, best_loss, previous, up, inside, t + 1, state.calls + 1), report


@rounded_once
def turn(
    loss: Any, state: HillAdamState, *, delta: float, hi: float, lo: float, variant: Variant
) -> tuple[Report, bool]:
    """Return the report of a call, and whether the loss is in the band as far as that is asked."""
    change, inside = np.abs(loss - state.previous_loss), state.inside
    margin = np.abs(change - delta)
    if change < delta:
        return Report("plateau", not state.ascending, True, margin), inside
    if loss > hi:
        event = "hi" if inside or variant == "code" else ""
        return Report(event, False, inside, margin), False
    inside = inside or variant == "code"  # c2
    if loss < lo:
        return Report("lo" if inside else "", True, inside, margin), False
    return Report("", state.ascending, False, margin), True


@rounded_once
def move(
    params: Array, grad: Array, state: AdamState, *, lr: float, beta1: float, beta2: float, eps: float, bias_dtype: str
) -> tuple[Array, Array, Array]:
    """Return parameters and both moments after Adam's step, its corrections in double or in single precision."""
    if bias_dtype == "float64":
        params, after = adam.step(params, grad, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return params, after.first_moment, after.second_moment
    m, v, _, t = adam.update_moments(grad, state, beta1=beta1, beta2=beta2)
    both = single_corrections(t, lr=lr, beta1=beta1, beta2=beta2)
    rate, root = (number.astype(params.dtype) for number in both)
    return params - rate * (m / (np.sqrt(v) / root + eps)), m, v


def single_corrections(step_count: int, *, lr: float, beta1: float, beta2: float) -> tuple[Any, Any]:
    """Return lr/(1-β₁ᵗ) and √(1-β₂ᵗ), each operation rounded to float32."""
    p1, p2 = (in_single(in_single(beta) ** step_count) for beta in (beta1, beta2))
    rate = in_single(in_single(1 / in_single(1 - p1)) * in_single(lr))
    return rate, in_single(np.sqrt(in_single(1 - p2)))


def in_single(number: Any) -> Any:
    """Return a number >= 0 rounded to the 24 binary digits of float32."""
    unit = 2.0 ** np.maximum(np.floor(np.log2(number + (number == 0))) - 23, -149)
    return np.rint(number / unit) * unit
