"""`gnomon.descent.hysterograd` as compiled loops: one pass up to the gate, and one behind it.

The norm is a sum of `gnomon.kernels.reductions`: in another order than NumPy's, so that its last bits may differ, and
with them the gate where n and h all but meet. The order depends on the number of entries only: equal inputs always meet
with the same decision.
"""

from __future__ import annotations

from collections import namedtuple
from math import sqrt
from typing import Any

import numpy as np

from gnomon.descent import hysterograd as reference
from gnomon.descent.hysterograd import VARIANTS, HysteroGradState, Report
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.descent.on_quadratics import BLOCK, block_of, gradient, gradients, repeated, write_block
from gnomon.kernels.domains import flat, in_place_of
from gnomon.kernels.reductions import CHUNK, fold, fold_in_chunks, sum_of

__all__ = ["HysteroGradState", "Report", "endpoints", "init", "shock", "step", "trajectory"]

HEAD, V4, THEORY = range(3)


# Numbers of the dtype of the parameters, but for the first three. metric_rate: (1-β)·m. barrier: κ·s. mean_floor: the
# 1e-8 that an adaptive barrier adds to E. norm_floor: the 1e-6 that clipping adds to N.
Constants = namedtuple(
    "Constants",
    "variant adaptive clips lr beta one_minus_beta metric_rate eps cooling_rate barrier grad_clip release_ratio "
    "mean_floor norm_floor one",
)
# The numbers of `HysteroGradState` and of `Report`: what a step leaves to the next one, and what it says.
Gate = namedtuple("Gate", "path_length temperature mean_norm liquid norm width scale")


def constants_for(
    number: Any, *, lr: float, beta: float, cooling_rate: float, release_ratio: float, variant: str, **others: Any
) -> Constants:
    """Return the constants of the loops over arrays of a dtype, from the hyperparameters of `step`."""
    clip, eps = others["grad_clip"], others["eps"]
    barrier = others["stiffening_factor"] * others["hysteresis_scale"]
    clip_or_0, mean_floor = 0 if clip is None else clip, 0 if variant == "theory" else 1e-8
    rates = lr, beta, 1 - beta, (1 - beta) * others["metric_scale"], eps, cooling_rate
    rounded = map(number, (*rates, barrier, clip_or_0, release_ratio, mean_floor, 1e-6, 1))
    return Constants(VARIANTS.index(variant), others["adaptive_threshold"], clip is not None, *rounded)


def gate_of(state: HysteroGradState) -> Gate:
    """Return what the loops start from: the numbers of a state, of its dtype."""
    number = state.metric.dtype.type
    numbers = number(state.path_length), number(state.temperature), number(state.mean_norm)
    return Gate(*numbers, bool(state.liquid), number(0), number(0), number(1))


@compiled
def advanced(g: float, metric: float, constants: Constants) -> Any:
    """Return one entry's new G and the preconditioned d."""
    metric = constants.beta * metric + constants.metric_rate * (g * g)
    return metric, g / ((metric if constants.variant == THEORY else sqrt(metric)) + constants.eps)


@compiled
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


def metric_term(d: Any, G: Any, one: Any) -> Any:
    """Return G·d²."""
    return G * (d * d)


metric_sum = sum_of(metric_term)


@compiled
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
            path_length += constants.lr * sqrt(metric_sum(new_params, new_metric, constants.one))
        rate = constants.lr * after.scale
        for i in range(params.size):
            new_params[i] = params[i] - rate * new_params[i]
    else:
        for i in range(params.size):
            new_params[i] = params[i]
    return Gate(path_length, after.temperature, after.mean_norm, after.liquid, after.norm, after.width, after.scale)


@compiled
def trajectory_loop(path: Array, hessian_rows: Array, minimiser: Array, gate: Gate, constants: Constants) -> None:
    """Fill `path` (steps + 1, n) from its first row on. hessian_rows: Hᵀ."""
    grad, metric, other = np.empty_like(path[0]), np.zeros_like(path[0]), np.empty_like(path[0])
    for t in range(path.shape[0] - 1):
        gradient(path[t], hessian_rows, minimiser, grad)
        gate = step_loop(path[t], grad, metric, gate, constants, path[t + 1], other)
        metric, other = other, metric


@compiled
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


init = in_place_of(reference.init)(reference.init)


@in_place_of(reference.step)
def step(
    params: Array, grad: Array, state: HysteroGradState, check_finite: bool, **given: Any
) -> tuple[Array, HysteroGradState, Report]:
    number, (new_params, metric) = params.dtype.type, (np.empty(params.shape, params.dtype) for _ in range(2))
    arrays, new_arrays = (flat(params), flat(grad), flat(state.metric)), (flat(new_params), flat(metric))
    gate = step_loop(*arrays, gate_of(state), constants_for(number, **given), *new_arrays)
    path_length, temperature, mean_norm, liquid, *said = gate
    after = HysteroGradState(metric, number(path_length), number(temperature), number(mean_norm), liquid)
    return new_params, after, Report(liquid, *map(number, said))


shock = in_place_of(reference.shock)(reference.shock)


def beginning(params: Array, hessian: Array, *, initial_temp: float, **given: Any) -> tuple[Gate, Constants]:
    """Return what the loops over a quadratic start from."""
    return gate_of(reference.init(params, initial_temp=initial_temp)), constants_for(params.dtype.type, **given)


trajectory, endpoints = repeated(reference, trajectory_loop, endpoints_loop, beginning)
