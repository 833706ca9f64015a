"""`gnomon.descent.hysterograd` as compiled loops: one pass up to the gate, and one behind it.

The norm is a sum of `gnomon.kernels.reductions`: in another order than NumPy's, so that its last bits may differ, and
with them the gate where n and h all but meet. The order depends on the number of entries only: equal inputs always meet
with the same decision.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gnomon.arguments import check_arguments
from gnomon.descent import hysterograd as reference
from gnomon.descent.hysterograd import VARIANTS, HysteroGradState, Report
from gnomon.domains import Array
from gnomon.kernels.descent.on_quadratics import (
    BLOCK,
    block_of,
    gradient,
    gradients,
    require_many_starts,
    require_one_start,
    write_block,
)
from gnomon.kernels.domains import contiguous, flat, require_compiled
from gnomon.kernels.reductions import CHUNK, fold, fold_in_chunks

__all__ = ["HysteroGradState", "Report", "endpoints", "init", "shock", "step", "trajectory"]

HEAD, V4, THEORY = range(3)


class Constants(NamedTuple):
    """What stays the same over all entries and steps.

    Each number is computed in double precision and rounded once to the dtype of the parameters, as NumPy treats a
    Python number beside an array. metric_rate: (1-β)·m. barrier: κ·s. mean_floor: the 1e-8 that an adaptive barrier
    adds to E. norm_floor: the 1e-6 that clipping adds to N.
    """

    lr: Any
    beta: Any
    one_minus_beta: Any
    metric_rate: Any
    eps: Any
    cooling_rate: Any
    barrier: Any
    grad_clip: Any
    release_ratio: Any
    mean_floor: Any
    norm_floor: Any
    one: Any
    variant: int
    adaptive: bool
    clips: bool


class Gate(NamedTuple):
    """The numbers of `HysteroGradState` and of `Report`: what a step leaves to the next one, and what it says."""

    path_length: Any
    temperature: Any
    mean_norm: Any
    liquid: bool
    norm: Any
    width: Any
    scale: Any


def constants_for(
    dtype: Any,
    *,
    lr: float,
    stiffening_factor: float,
    beta: float,
    eps: float,
    cooling_rate: float,
    metric_scale: float,
    adaptive_threshold: bool,
    grad_clip: float | None,
    hysteresis_scale: float,
    release_ratio: float,
    variant: str,
) -> Constants:
    """Return the constants of the loops over arrays of `dtype`."""
    number = dtype.type
    return Constants(
        lr=number(lr),
        beta=number(beta),
        one_minus_beta=number(1 - beta),
        metric_rate=number((1 - beta) * metric_scale),
        eps=number(eps),
        cooling_rate=number(cooling_rate),
        barrier=number(stiffening_factor * hysteresis_scale),
        grad_clip=number(0 if grad_clip is None else grad_clip),
        release_ratio=number(release_ratio),
        mean_floor=number(0 if variant == "theory" else 1e-8),
        norm_floor=number(1e-6),
        one=number(1),
        variant=VARIANTS.index(variant),
        adaptive=bool(adaptive_threshold),
        clips=grad_clip is not None,
    )


def gate_for(dtype: Any, path_length: Any, temperature: Any, mean_norm: Any, liquid: Any) -> Gate:
    """Return what the loops start from: the numbers of a state, of `dtype`."""
    number = dtype.type
    numbers = number(path_length), number(temperature), number(mean_norm)
    return Gate(*numbers, bool(liquid), number(0), number(0), number(1))


@njit(cache=True, error_model="numpy")
def advanced(g: float, metric: float, constants: Constants) -> Any:
    """Return one entry's new G and the preconditioned d."""
    metric = constants.beta * metric + constants.metric_rate * (g * g)
    return metric, g / ((metric if constants.variant == THEORY else sqrt(metric)) + constants.eps)


@njit(cache=True, error_model="numpy")
def gated(total: float, entries: float, gate: Gate, constants: Constants) -> Gate:
    """Return the numbers after a step with Σ dᵢ² = total, but for the path that "theory" walks in it."""
    one, variant = constants.one, constants.variant
    full_norm = sqrt(total / entries if variant == THEORY else total)
    scale, norm, walked = one, full_norm, full_norm
    if constants.clips and (variant == HEAD or full_norm > constants.grad_clip):
        scale = constants.grad_clip / (full_norm + constants.norm_floor)
        if variant == HEAD and scale > one:
            scale = one
        walked = scale * full_norm
        norm = walked if variant == HEAD else constants.grad_clip
    temperature = constants.cooling_rate * gate.temperature
    mean_norm = constants.beta * gate.mean_norm + constants.one_minus_beta * norm
    path_length = gate.path_length if variant == THEORY else gate.path_length + constants.lr * walked
    warmth = temperature if variant == HEAD else gate.temperature
    width = constants.barrier * sqrt(path_length) * (one - (one if warmth > one else warmth))
    if constants.adaptive:
        width = width * (mean_norm + constants.mean_floor)
    liquid = norm > (constants.release_ratio * width if gate.liquid else width)
    return Gate(path_length, temperature, mean_norm, liquid, norm, width, scale)


@njit(cache=True, error_model="numpy")
def metric_sum(direction: Array, metric: Array) -> Any:
    """Return Σ Gᵢdᵢ²; both (n,)."""
    chunks = (metric.size + CHUNK - 1) // CHUNK
    terms, sums = np.empty((min(metric.size, CHUNK), 1), metric.dtype), np.zeros((max(chunks, 1), 1), metric.dtype)
    for c in range(chunks):
        d, G = direction[c * CHUNK : (c + 1) * CHUNK], metric[c * CHUNK : (c + 1) * CHUNK]
        for i in range(d.size):
            terms[i, 0] = G[i] * (d[i] * d[i])
        fold(terms[: d.size])
        sums[c, 0] = terms[0, 0]
    fold(sums)
    return sums[0, 0]


@njit(cache=True, error_model="numpy")
def step_loop(
    params: Array, grad: Array, metric: Array, gate: Gate, constants: Constants, new_params: Array, new_metric: Array
) -> Gate:
    """Write the new parameters and G, all of shape (n,), and return the new numbers.

    Between the two passes `new_params` holds d.
    """
    chunks = (params.size + CHUNK - 1) // CHUNK
    terms, sums = np.empty((min(params.size, CHUNK), 1), params.dtype), np.zeros((max(chunks, 1), 1), params.dtype)
    for c in range(chunks):
        start, end = c * CHUNK, (c + 1) * CHUNK
        g, G, new_G, d = grad[start:end], metric[start:end], new_metric[start:end], new_params[start:end]
        for i in range(g.size):
            new_G[i], d[i] = advanced(g[i], G[i], constants)
            terms[i, 0] = d[i] * d[i]
        fold(terms[: g.size])
        sums[c, 0] = terms[0, 0]
    fold(sums)
    after = gated(sums[0, 0], params.dtype.type(max(params.size, 1)), gate, constants)
    path_length = after.path_length
    if after.liquid:
        if constants.variant == THEORY:
            path_length += constants.lr * sqrt(metric_sum(new_params, new_metric))
        rate = constants.lr * after.scale
        for i in range(params.size):
            new_params[i] = params[i] - rate * new_params[i]
    else:
        for i in range(params.size):
            new_params[i] = params[i]
    return Gate(path_length, after.temperature, after.mean_norm, after.liquid, after.norm, after.width, after.scale)


@njit(cache=True, error_model="numpy")
def trajectory_loop(path: Array, hessian_rows: Array, minimiser: Array, gate: Gate, constants: Constants) -> None:
    """Fill `path` (steps + 1, n) from its first row on. hessian_rows: Hᵀ."""
    grad, metric, other = np.empty_like(path[0]), np.zeros_like(path[0]), np.empty_like(path[0])
    for t in range(path.shape[0] - 1):
        gradient(path[t], hessian_rows, minimiser, grad)
        gate = step_loop(path[t], grad, metric, gate, constants, path[t + 1], other)
        metric, other = other, metric


@njit(cache=True, error_model="numpy")
def endpoints_loop(
    params: Array, hessian: Array, minimiser: Array, steps: int, gate: Gate, constants: Constants
) -> Array:
    """Return where each row of `params` (replicas, n) ends, `BLOCK` replicas at a time."""
    ends, number, theory = np.empty_like(params), params.dtype.type, constants.variant == THEORY
    for start in range(0, params.shape[0], BLOCK):
        x = block_of(params, start)
        n, replicas = x.shape
        grad, displacement, metric = np.empty_like(x), np.empty_like(x), np.zeros_like(x)
        terms, rates = np.zeros((max(n, 1), replicas), x.dtype), np.empty(replicas, x.dtype)
        path_length, mean_norm = np.full(replicas, gate.path_length), np.full(replicas, gate.mean_norm)
        temperature, liquid = gate.temperature, np.full(replicas, gate.liquid)
        for _ in range(steps):
            gradients(x, hessian, minimiser, displacement, grad)
            direction = grad
            for i in range(n):
                for r in range(replicas):
                    metric[i, r], direction[i, r] = advanced(grad[i, r], metric[i, r], constants)
                    terms[i, r] = direction[i, r] * direction[i, r]
            fold_in_chunks(terms)
            for r in range(replicas):
                before = Gate(path_length[r], temperature, mean_norm[r], liquid[r], gate.norm, gate.width, gate.scale)
                after = gated(terms[0, r], number(max(n, 1)), before, constants)
                path_length[r], mean_norm[r], liquid[r] = after.path_length, after.mean_norm, after.liquid
                rates[r] = constants.lr * after.scale
            temperature = constants.cooling_rate * temperature
            if theory:
                for i in range(n):
                    for r in range(replicas):
                        terms[i, r] = metric[i, r] * (direction[i, r] * direction[i, r])
                fold_in_chunks(terms)
                for r in range(replicas):
                    if liquid[r]:
                        path_length[r] += constants.lr * sqrt(terms[0, r])
            for i in range(n):
                for r in range(replicas):
                    if liquid[r]:
                        x[i, r] = x[i, r] - rates[r] * direction[i, r]
        write_block(x, start, ends)
    return ends


def init(params: Array, *, initial_temp: float = 1.0) -> HysteroGradState:
    """Return the state before the first step, as `gnomon.descent.hysterograd.init` does; float32 and float64 only."""
    state = reference.init(params, initial_temp=initial_temp)
    require_compiled("params", params)
    return state


def step(
    params: Array,
    grad: Array,
    state: HysteroGradState,
    *,
    lr: float = 1e-3,
    stiffening_factor: float = 0.01,
    beta: float = 0.99,
    eps: float = 1e-7,
    cooling_rate: float = 0.99,
    metric_scale: float = 1.0,
    adaptive_threshold: bool = True,
    grad_clip: float | None = None,
    hysteresis_scale: float = 1.0,
    release_ratio: float = 1.0,
    variant: str = "head",
    check_finite: bool = False,
) -> tuple[Array, HysteroGradState, Report]:
    """Take one step of `gnomon.descent.hysterograd.step` in two passes over the entries; float32 and float64 only."""
    hyperparameters: dict[str, Any] = {
        "lr": lr,
        "stiffening_factor": stiffening_factor,
        "beta": beta,
        "eps": eps,
        "cooling_rate": cooling_rate,
        "metric_scale": metric_scale,
        "adaptive_threshold": adaptive_threshold,
        "grad_clip": grad_clip,
        "hysteresis_scale": hysteresis_scale,
        "release_ratio": release_ratio,
        "variant": variant,
    }
    check_arguments(reference.step, params, grad, state, check_finite=check_finite, **hyperparameters)
    require_compiled("params", params)

    new_params, metric, number = (
        np.empty(params.shape, params.dtype),
        np.empty(params.shape, params.dtype),
        params.dtype.type,
    )
    gate = step_loop(
        flat(params),
        flat(grad),
        flat(state.metric),
        gate_for(params.dtype, state.path_length, state.temperature, state.mean_norm, state.liquid),
        constants_for(params.dtype, **hyperparameters),
        new_params.reshape(-1),
        metric.reshape(-1),
    )
    numbers = (number(gate.path_length), number(gate.temperature), number(gate.mean_norm))
    report = Report(gate.liquid, number(gate.norm), number(gate.width), number(gate.scale))
    return new_params, HysteroGradState(metric, *numbers, gate.liquid), report


def shock(state: HysteroGradState, *, factor: float = 0.5) -> HysteroGradState:
    """Return the state after a shock, as `gnomon.descent.hysterograd.shock` does: two numbers, which need no loop."""
    shocked = reference.shock(state, factor=factor)
    require_compiled("state.metric", state.metric)
    return shocked


def trajectory(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    initial_temp: float = 1.0,
    lr: float = 1e-3,
    stiffening_factor: float = 0.01,
    beta: float = 0.99,
    eps: float = 1e-7,
    cooling_rate: float = 0.99,
    metric_scale: float = 1.0,
    adaptive_threshold: bool = True,
    grad_clip: float | None = None,
    hysteresis_scale: float = 1.0,
    release_ratio: float = 1.0,
    variant: str = "head",
) -> Array:
    """Return x₀ … x_steps on a quadratic, (steps + 1, n), as `gnomon.descent.hysterograd.trajectory` does."""
    require_one_start(params, hessian, minimiser, steps)
    gate, constants = beginning(
        params,
        initial_temp,
        lr=lr,
        stiffening_factor=stiffening_factor,
        beta=beta,
        eps=eps,
        cooling_rate=cooling_rate,
        metric_scale=metric_scale,
        adaptive_threshold=adaptive_threshold,
        grad_clip=grad_clip,
        hysteresis_scale=hysteresis_scale,
        release_ratio=release_ratio,
        variant=variant,
    )
    path = np.empty((int(steps) + 1, params.size), params.dtype)
    path[0] = params
    trajectory_loop(path, contiguous(hessian.T), contiguous(minimiser), gate, constants)
    return path


def endpoints(
    params: Array,
    hessian: Array,
    minimiser: Array,
    *,
    steps: int,
    initial_temp: float = 1.0,
    lr: float = 1e-3,
    stiffening_factor: float = 0.01,
    beta: float = 0.99,
    eps: float = 1e-7,
    cooling_rate: float = 0.99,
    metric_scale: float = 1.0,
    adaptive_threshold: bool = True,
    grad_clip: float | None = None,
    hysteresis_scale: float = 1.0,
    release_ratio: float = 1.0,
    variant: str = "head",
) -> Array:
    """Return where `trajectory` ends from each row of `params`, shape (replicas, n), in one call."""
    require_many_starts(params, hessian, minimiser, steps)
    gate, constants = beginning(
        params,
        initial_temp,
        lr=lr,
        stiffening_factor=stiffening_factor,
        beta=beta,
        eps=eps,
        cooling_rate=cooling_rate,
        metric_scale=metric_scale,
        adaptive_threshold=adaptive_threshold,
        grad_clip=grad_clip,
        hysteresis_scale=hysteresis_scale,
        release_ratio=release_ratio,
        variant=variant,
    )
    ends: Array = endpoints_loop(
        contiguous(params), contiguous(hessian), contiguous(minimiser), int(steps), gate, constants
    )
    return ends


def beginning(params: Array, initial_temp: float, **hyperparameters: Any) -> tuple[Gate, Constants]:
    """Return what the loops over a quadratic start from; raise as `init` and `step` do."""
    state = reference.init(params, initial_temp=initial_temp)
    check_arguments(reference.step, params, params, state, **hyperparameters)
    return gate_for(params.dtype, 0, initial_temp, 0, True), constants_for(params.dtype, **hyperparameters)
