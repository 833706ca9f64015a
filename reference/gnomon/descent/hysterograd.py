"""HysteroGrad (HIOptimizer): RMSprop without bias correction behind a gate that opens only for a long enough step.

Source: github.com/dingste/HysteroGrad (2025-12 … 2026-01, MIT): `hysterograd/optimizer.py` in two published versions,
"v4" (commit 4b36dc4) and "head" (73afb30), and `docs/theory.tex`, which contradicts both and is the variant "theory".
`gnomon_spec.descent.hysterograd` says where they differ and what is known of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args

import numpy as np

from gnomon.arguments import checked
from gnomon.descent.on_quadratics import repeated
from gnomon.domains import Array, Fraction, NonNegative, Number, Positive, Scalar, UnitInterval, kept
from gnomon.rounding import rounded_once

Variant = Literal["head", "v4", "theory"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
OneNumber = Annotated[Any, Scalar("params")]


class HysteroGradState(NamedTuple):
    """What a parameter group remembers between two steps; numbers have the dtype of the parameters.

    metric: `G`, average of the squared gradient, shape of the parameters, starts at 0. path_length: `τ`, starts at 0.
    temperature: `T`, starts at initial_temp. mean_norm: `E`, average of the reported norms, starts at 0. liquid: was
    the last step taken? Starts True; it is read only if release_ratio < 1.
    """

    metric: Array
    path_length: OneNumber
    temperature: OneNumber
    mean_norm: OneNumber
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


@checked(kept("initial_temp"))
def init(params: Array, *, initial_temp: NonNegative = 1.0) -> HysteroGradState:
    """Return the state before the first step: G = τ = E = 0, T = initial_temp, liquid.

    params: floating-point array of any shape. initial_temp: finite and >= 0; above 1 the gate stays open until T has
    cooled below 1.
    """
    zero = params.dtype.type(0)
    return HysteroGradState(np.zeros_like(params), zero, zero + initial_temp, zero, True)


def require_known_to_theory(given: Mapping[str, Any]) -> None:
    grad_clip, hysteresis_scale = given["grad_clip"], given["hysteresis_scale"]
    if given["variant"] == "theory" and not (grad_clip is None and hysteresis_scale == 1):
        raise ValueError(
            "variant 'theory' requires grad_clip None and hysteresis_scale 1, "
            f"got grad_clip {grad_clip!r} and hysteresis_scale {hysteresis_scale!r}"
        )


@checked(require_known_to_theory)
@rounded_once
def step(
    params: Array, grad: Array, state: HysteroGradState, *,
    lr: NonNegative = 1e-3, stiffening_factor: NonNegative = 0.01, beta: Fraction = 0.99, eps: NonNegative = 1e-7,
    cooling_rate: UnitInterval = 0.99, metric_scale: Positive = 1.0, adaptive_threshold: bool = True,
    grad_clip: Positive | None = None, hysteresis_scale: NonNegative = 1.0,
    release_ratio: Annotated[float, Number(0, 1, above=True, closed=True)] = 1.0, variant: Variant = "head",
    check_finite: bool = False,
) -> tuple[Array, HysteroGradState, Report]:  # fmt: skip
    """Take one step of a parameter group and return its new parameters, its new state and the report.

    With θ = params, g = grad, κ = stiffening_factor, β = beta, ε = eps, γ = cooling_rate, m = metric_scale,
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

    params, grad, state.metric: the group's arrays, concatenated (see `gnomon.descent`). state: numbers of that dtype.
    grad_clip: not 0, which means different things in the two versions. release_ratio: 1 is the source's gate, less is a
    Schmitt trigger with two thresholds. Variant "theory" knows no clipping and no hysteresis_scale: they must be `None`
    and 1. check_finite: if not, a NaN freezes the group for ever, as in the source.

    Choices: the source validates nothing; a gradient of no entries has norm 0; the text defines neither the order of
    events nor T beyond 1 for "theory"; the Schmitt trigger is ours, the source only bears its name.
    """
    metric = beta * state.metric + (1 - beta) * metric_scale * (grad * grad)
    if variant == "theory":
        direction = grad / (metric + eps)
        full_norm = np.sqrt(np.sum(direction * direction) / max(direction.size, 1))
    else:
        direction = grad / (np.sqrt(metric) + eps)
        full_norm = np.sqrt(np.sum(direction * direction))
    scale, norm = clip(full_norm, grad_clip, variant)
    path_length = state.path_length if variant == "theory" else state.path_length + lr * (scale * full_norm)
    temperature = cooling_rate * state.temperature
    mean_norm = beta * state.mean_norm + (1 - beta) * norm

    warmth = temperature if variant == "head" else state.temperature
    width = stiffening_factor * hysteresis_scale * np.sqrt(path_length) * (1 - np.minimum(warmth, 1))
    if adaptive_threshold:
        width = width * (mean_norm if variant == "theory" else mean_norm + 1e-8)
    liquid = bool(norm > (release_ratio * width if state.liquid else width))

    if liquid:
        params = params - lr * scale * direction
    if variant == "theory" and liquid:
        path_length = path_length + lr * np.sqrt(np.sum(metric * (direction * direction)))
    after = HysteroGradState(metric, path_length, temperature, mean_norm, liquid)
    return params, after, Report(liquid, norm, width, scale)


def clip(full_norm: Any, grad_clip: float | None, variant: Variant) -> tuple[Any, Any]:
    """Return f, by which clipping multiplies a step of length N = full_norm, and n, the norm that is reported."""
    if grad_clip is None or (variant == "v4" and not full_norm > grad_clip):
        return np.ones_like(full_norm)[()], full_norm
    scale = grad_clip / (full_norm + 1e-6)
    if variant == "v4":
        return scale, np.ones_like(full_norm) * grad_clip
    scale = np.minimum(1, scale)
    return scale, scale * full_norm


@checked()
@rounded_once
def shock(state: HysteroGradState, *, factor: UnitInterval = 0.5) -> HysteroGradState:
    """Return the state after a shock: τ ← φ·τ, T ← max(T, 0.2); all else as it was.

    factor: φ in [0, 1]. Nothing calls it by itself; the source's example does when the accuracy stagnates.

    Choice: before the first step the source does nothing; here T is raised then, too (they differ only if
    initial_temp < 0.2).
    """
    return state._replace(path_length=factor * state.path_length, temperature=np.maximum(state.temperature, 0.2))


trajectory, endpoints = repeated(init, step)
