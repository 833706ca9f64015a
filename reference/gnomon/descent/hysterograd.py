"""HysteroGrad (HIOptimizer): RMSprop without bias correction behind a gate that opens only for a long enough step.

Source: github.com/dingste/HysteroGrad (2025-12 … 2026-01, MIT): `hysterograd/optimizer.py` in two published versions,
"v4" (commit 4b36dc4) and "head" (73afb30), and `docs/theory.tex`, which contradicts both and is the variant "theory".
`gnomon_spec.descent.hysterograd` says where they differ and what is known of each.
"""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

import numpy as np

from gnomon.descent.on_quadratics import repeated
from gnomon.domains import (
    Array,
    require_choice,
    require_finite,
    require_flag,
    require_floating,
    require_like,
    require_number,
)

VARIANTS = ("head", "v4", "theory")


class HysteroGradState(NamedTuple):
    """What a parameter group remembers between two steps; numbers have the dtype of the parameters.

    metric: `G`, average of the squared gradient, shape of the parameters, starts at 0. path_length: `τ`, starts at 0.
    temperature: `T`, starts at initial_temp. mean_norm: `E`, average of the reported norms, starts at 0. liquid: was
    the last step taken? Starts True; it is read only if release_ratio < 1.
    """

    metric: Array
    path_length: Any
    temperature: Any
    mean_norm: Any
    liquid: bool


class Report(NamedTuple):
    """What a step says of itself; numbers have the dtype of the parameters.

    liquid: whether the parameters were moved ("Liquid") or kept ("Frozen"). norm: `n`, length of the (clipped)
    preconditioned gradient. width: `h`, the barrier that n had to exceed. scale: `f`, by what clipping multiplied it.
    """

    liquid: bool
    norm: Any
    width: Any
    scale: Any


def init(params: Array, *, initial_temp: float = 1.0) -> HysteroGradState:
    """Return the state before the first step: G = τ = E = 0, T = initial_temp, liquid.

    params: floating-point array of any shape. initial_temp: finite and >= 0; above 1 the gate stays open until T has
    cooled below 1. Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.
    """
    require_floating("params", params)
    require_number("initial_temp", initial_temp, 0)
    zero = params.dtype.type(0)
    temperature = np.maximum(zero, initial_temp)  # initial_temp, in the dtype of params
    return HysteroGradState(np.zeros_like(params), zero, temperature, zero, True)


def step(
    params: Array,
    grad: Array,
    state: HysteroGradState,
    *,
    lr: float = 1e-3,
    stiffening_factor: float = 0.01,
    beta: float = 0.99,
    epsilon: float = 1e-7,
    cooling_rate: float = 0.99,
    metric_scale: float = 1.0,
    adaptive_threshold: bool = True,
    grad_clip: float | None = None,
    hysteresis_scale: float = 1.0,
    release_ratio: float = 1.0,
    variant: str = "head",
    check_finite: bool = False,
) -> tuple[Array, HysteroGradState, Report]:
    """Take one step of a parameter group and return its new parameters, its new state and the report.

    With θ = params, g = grad, κ = stiffening_factor, β = beta, ε = epsilon, γ = cooling_rate, m = metric_scale,
    c = grad_clip, s = hysteresis_scale, ρ = release_ratio, variant "head", in this order::

        G ← βG + (1-β)·m·g∘g
        d = g/(√G + ε)
        N = ‖d‖₂
        f = min(1, c/(N + 1e-6))                    1 without clipping
        n = f·N
        τ ← τ + lr·n                                also if the step is refused below
        T ← γT
        E ← βE + (1-β)·n
        h = κ·s·√τ·(1 - min(T, 1))                  times (E + 1e-8) if adaptive
        liquid ← n > h                              n > ρ·h if the step before was liquid
        θ ← θ - lr·f·d                              if liquid

    Variant "v4" takes T before it is cooled, and clips only if N > c: then n = c exactly, while τ still adds lr·f·N.
    Variant "theory" is d = g/(G + ε), n = √(mean of d²), h = κ·√τ·(1 - min(T, 1)), times E if adaptive, with τ and T of
    before the step, and τ ← τ + √(ΔᵀGΔ) with the step Δ that was taken.

    params, grad, state.metric: arrays of one shape and one floating-point dtype (that of the results): the group's
    arrays, concatenated. state: numbers of that dtype. lr, stiffening_factor, epsilon, hysteresis_scale: finite, >= 0.
    beta: in [0, 1). cooling_rate: in [0, 1]. metric_scale: > 0. grad_clip: `None` or > 0 (for the two versions 0 means
    different things). release_ratio: ρ in (0, 1]; 1 is the source's gate, less is a Schmitt trigger with two
    thresholds. Variant "theory" knows no clipping and no hysteresis_scale: they must be `None` and 1. check_finite:
    reject parameters and gradients that are not finite; otherwise a NaN freezes the group for ever, as in the source.

    Raises `ValueError` or `TypeError` naming the argument, what it must satisfy and its value.

    Choices: the source validates nothing; a gradient of no entries has norm 0; the text defines neither the order of
    events nor T beyond 1 for "theory"; the Schmitt trigger is ours, the source only bears its name.
    """
    require_floating("params", params)
    require_like("grad", grad, params)
    require_state(state, params)
    require_hyperparameters(
        lr=lr,
        stiffening_factor=stiffening_factor,
        beta=beta,
        epsilon=epsilon,
        cooling_rate=cooling_rate,
        metric_scale=metric_scale,
        adaptive_threshold=adaptive_threshold,
        grad_clip=grad_clip,
        hysteresis_scale=hysteresis_scale,
        release_ratio=release_ratio,
        variant=variant,
    )
    if check_finite:
        require_finite({"params": params, "grad": grad})

    metric = beta * state.metric + (1 - beta) * metric_scale * (grad * grad)
    temperature = cooling_rate * state.temperature
    if variant == "theory":
        direction = grad / (metric + epsilon)
        full_norm = np.sqrt(np.sum(direction * direction) / max(direction.size, 1))
    else:
        direction = grad / (np.sqrt(metric) + epsilon)
        full_norm = np.sqrt(np.sum(direction * direction))
    scale, norm, walked = _clipped(full_norm, grad_clip, variant)
    mean_norm = beta * state.mean_norm + (1 - beta) * norm

    path_length = state.path_length if variant == "theory" else state.path_length + lr * walked
    warmth = temperature if variant == "head" else state.temperature
    width = stiffening_factor * hysteresis_scale * np.sqrt(path_length) * (1 - np.minimum(warmth, 1))
    if adaptive_threshold:
        width = width * (mean_norm if variant == "theory" else mean_norm + 1e-8)
    liquid = bool(norm > (release_ratio * width if state.liquid else width))

    if liquid:
        params = params - lr * scale * direction
        if variant == "theory":
            path_length = path_length + lr * np.sqrt(np.sum(metric * (direction * direction)))
    after = HysteroGradState(metric, path_length, temperature, mean_norm, liquid)
    return params, after, Report(liquid, norm, width, scale)


def _clipped(full_norm: Any, grad_clip: float | None, variant: str) -> tuple[Any, Any, Any]:
    """Return f, n and the length that is added to the path, each over lr."""
    if grad_clip is None or (variant == "v4" and not full_norm > grad_clip):
        return np.ones_like(full_norm), full_norm, full_norm
    if variant == "v4":
        scale = grad_clip / (full_norm + 1e-6)
        return scale, np.ones_like(full_norm) * grad_clip, scale * full_norm
    scale = np.minimum(1, grad_clip / (full_norm + 1e-6))
    return scale, scale * full_norm, scale * full_norm


def shock(state: HysteroGradState, *, factor: float = 0.5) -> HysteroGradState:
    """Return the state after a shock: τ ← φ·τ, T ← max(T, 0.2); all else as it was.

    factor: φ in [0, 1]. Nothing calls it by itself; the source's example does when the accuracy stagnates.
    Raises `ValueError` or `TypeError` for another factor.

    Choice: before the first step the source does nothing; here T is raised then, too (they differ only if
    initial_temp < 0.2).
    """
    require_number("factor", factor, 0, 1, closed=True)
    return state._replace(path_length=factor * state.path_length, temperature=np.maximum(state.temperature, 0.2))


def require_hyperparameters(
    *,
    lr: float,
    stiffening_factor: float,
    beta: float,
    epsilon: float,
    cooling_rate: float,
    metric_scale: float,
    adaptive_threshold: bool,
    grad_clip: float | None,
    hysteresis_scale: float,
    release_ratio: float,
    variant: str,
) -> None:
    """Raise `ValueError` or `TypeError` for the first hyperparameter out of its domain (see `step`)."""
    require_number("lr", lr, 0)
    require_number("stiffening_factor", stiffening_factor, 0)
    require_number("beta", beta, 0, 1)
    require_number("epsilon", epsilon, 0)
    require_number("cooling_rate", cooling_rate, 0, 1, closed=True)
    require_positive("metric_scale", metric_scale)
    require_flag("adaptive_threshold", adaptive_threshold)
    if grad_clip is not None:
        require_positive("grad_clip", grad_clip, "None or > 0")
    require_number("hysteresis_scale", hysteresis_scale, 0)
    require_positive("release_ratio", release_ratio)
    require_number("release_ratio", release_ratio, 0, 1, closed=True)
    require_choice("variant", variant, VARIANTS)
    if variant == "theory" and not (grad_clip is None and hysteresis_scale == 1):
        raise ValueError(
            "variant 'theory' requires grad_clip None and hysteresis_scale 1, "
            f"got grad_clip {grad_clip!r} and hysteresis_scale {hysteresis_scale!r}"
        )


def require_positive(name: str, value: Any, constraint: str = "> 0") -> None:
    """Raise `ValueError` or `TypeError` unless `value` is a finite number > 0."""
    require_number(name, value, -inf)
    if not (0 < value < inf):
        raise ValueError(f"{name} must be {constraint} and finite, got {value!r}")


def require_state(state: HysteroGradState, params: Any) -> None:
    """Raise `ValueError` or `TypeError` unless the state belongs to a group like `params`."""
    require_like("state.metric", state.metric, params)
    for name in ("path_length", "temperature", "mean_norm"):
        value = getattr(state, name)
        require_floating(f"state.{name}", value)
        if value.shape != ():
            raise ValueError(f"state.{name} must be one number, got shape {value.shape}")
        if value.dtype != params.dtype:
            raise TypeError(f"state.{name} must have the dtype of params {params.dtype}, got {value.dtype}")
    require_flag("state.liquid", state.liquid)


trajectory, endpoints = repeated(init, step)
