"""`gnomon.probability.drm_sa.runs` as compiled loops: whole runs in all forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.probability.drm_sa import runs as reference
from gnomon.probability.drm_sa.grid import extended, jumping, levels, masses, quantiles, slopes
from gnomon.probability.drm_sa.rates import gain
from gnomon.probability.drm_sa.runs import Run
from gnomon.probability.drm_sa.step import SAState

__all__ = ["Run", "mixture_run", "scalar_run"]


@compiled
def gaussian(theta: Array, z: Array, Y: Array, s: Array) -> None:
    """Write samples and scores of the Gaussian with one parameter."""
    mean, sd = (theta[0] - 1) ** 2 / 2, np.exp(theta[0] / 2)
    for m in range(len(Y)):
        Y[m] = mean + sd * z[m]
        zeta = (Y[m] - mean) / sd
        s[m, 0] = (zeta * (theta[0] - 1) + (zeta * zeta - 1) * (sd / 2)) / sd


@compiled
def mixed(theta: Array, uniforms: Array, normals: Array, X: Array, scores: Array, own: Array) -> None:
    """Write samples and scores of a mixture. own: room for p, d, t and r, (4, J)."""
    J = len(theta) // 3
    p, d, t, r = own
    zero = theta[0] * 0
    top, total, centre, second = np.max(theta[2 * J :]), zero, zero, zero
    for j in range(J):
        p[j] = np.exp(theta[2 * J + j] - top)
        total += p[j]
    for j in range(J):
        p[j] /= total
        centre += p[j] * theta[j]
    for j in range(J):
        d[j], t[j] = theta[j] - centre, np.exp(theta[J + j])
        second += p[j] * (t[j] * t[j] + d[j] * d[j])
    s = np.sqrt(second)
    for m in range(len(X)):
        j, passed = 0, p[0]
        while j < J - 1 and passed <= uniforms[m]:
            j += 1
            passed += p[j]
        x = X[m] = (d[j] + t[j] * normals[m]) / s
        highest, total, A, B = -np.inf + 0 * s, 0 * s, 0 * s, 0 * s
        for j in range(J):
            T = (x - d[j] / s) / (t[j] / s)
            r[j] = np.log(p[j]) - np.log(t[j]) - T * T / 2
            highest = max(highest, r[j])
        for j in range(J):
            r[j] = np.exp(r[j] - highest)
            total += r[j]
        for j in range(J):
            r[j] /= total
            T = (x - d[j] / s) / (t[j] / s)
            A += r[j] * (T * x * s / t[j] - 1)
            B += r[j] * T / t[j]
        for j in range(J):
            T = (x - d[j] / s) / (t[j] / s)
            scores[m, j] = r[j] * T / t[j] - p[j] * B - A * p[j] * d[j] / second
            scores[m, J + j] = r[j] * (T * T - 1) - A * p[j] * t[j] * t[j] / second
            square = t[j] * t[j] + d[j] * d[j] - second
            scores[m, 2 * J + j] = r[j] - p[j] - B * p[j] * d[j] - A * p[j] * square / (2 * second)


continued, between = compiled(extended), compiled(quantiles)


@compiled
def follow(
    which: int, batching: bool, uniforms: Array, normals: Array, theta: Array, q: Array, qm: Array, D: Array, z: Array,
    zm: Array, by_slopes: Array, by_masses: Array, direct: Any, gains: Array, bounds: Array, path: Array,
) -> Any:  # fmt: skip
    """Make the run; θ, q, q̄ and D are overwritten. Return the largest stiffness.

    which: 0 the Gaussian, 1 mixtures. batching: quantiles are those of each batch, shares not centred. by_slopes: ω of
    all cells, those at the ends included, 0 where D has its part. by_masses: what D of each cell counts. direct:
    whether D moves. gains: γ_θ with its sign, γ_q, γ_D and h of each step. bounds: lowest and highest parameter.
    """
    (K, M), n, P, cells = normals.shape, len(qm), len(theta), len(by_slopes)
    ends, one = (cells - n) // 2, theta[0] * 0 + 1
    Y, s, own = np.empty(M, q.dtype), np.empty((M, P), q.dtype), np.empty((4, max(P // 3, 1)), q.dtype)
    G, direction, stiffness = np.empty(P, q.dtype), np.empty(P, q.dtype), 0 * one
    pulls = np.empty(M, q.dtype)
    levels_wide = continued(zm) if ends else zm
    centre = 0 * levels_wide if batching else levels_wide
    for k in range(K):
        if which == 0:
            gaussian(theta, normals[k], Y, s)
        else:
            mixed(theta, uniforms[k], normals[k], Y, s, own)
        step_size, push, pull, width = gains[k]
        if batching:
            q[:], qm[:] = between(Y, z), between(Y, zm)
        wide, middles = (continued(q), continued(qm)) if ends else (q, qm)
        direction[:], pulls[:] = 0, 0
        for i in range(cells):
            c = i - ends
            weight = by_slopes[i] * (wide[i + 1] - wide[i])
            for m in range(M):
                pulls[m] += weight * ((one if Y[m] <= middles[i] else 0 * one) - centre[i])
            if 0 <= c < n and direct[c]:
                G[:], density = 0, 0 * one
                for m in range(M):
                    share = (one if Y[m] <= middles[i] else 0 * one) - centre[i]
                    for j in range(P):
                        G[j] += share * s[m, j]
                    e = np.exp(-abs((middles[i] - Y[m]) / width))
                    density += e / (1 + e) ** 2
                stiff = pull * density / (M * width)
                stiffness = max(stiffness, stiff)
                for j in range(P):
                    direction[j] -= by_masses[c] * D[c, j]
                    D[c, j] += pull * G[j] / M - stiff * D[c, j]
        for m in range(M):
            for j in range(P):
                direction[j] -= pulls[m] * s[m, j] / M
        for j in range(P):
            theta[j] = min(max(theta[j] + step_size * direction[j], bounds[0]), bounds[1])
            path[k, j] = theta[j]
        if batching:
            continue
        ranked = np.sort(Y)
        q[:] = q + push * (z - np.searchsorted(ranked, q, side="right") / M)
        qm[:] = qm + push * (zm - np.searchsorted(ranked, qm, side="right") / M)
    return stiffness


def weights(state: SAState, distortion: Any, how: dict[str, Any]) -> tuple[Any, ...]:
    """Return z, z̄, ω of all cells, what D of each counts, and whether it moves."""
    form, extend = how["form"], how["extend"]
    z, zm = levels(state.q, state.qm, how["grid_power"])
    direct = jumping(z, distortion) | (form == "dm") if form in ("dm", "hybrid") else np.zeros(len(zm), np.bool_)
    omega, delta_w = slopes(zm, distortion), masses(z, distortion)
    inner = np.where(direct, 0, omega)
    counted = np.where(direct, delta_w, 0)
    if extend:
        ends = extended(omega) * (form != "dm")
        inner = np.concatenate([ends[:1], inner, ends[-1:]])
        first, last = extended(delta_w)[[0, -1]] * (form == "dm")
        counted[[0, -1]] += 2 * first, 2 * last
        counted[1] -= first
        counted[-2] -= last
    return z, zm, inner.astype(z.dtype), counted.astype(z.dtype), direct


def followed(which: int, uniforms: Array, normals: Array, given: dict[str, Any]) -> Run:
    """Return the run of a law by number."""
    params, state, rates, number = given["params"], given["state"], given["rates"], given["params"].dtype.type
    sign = 1 if given["maximise"] else -1
    steps = state.step_count + np.arange(len(normals))
    signed = rates.params._replace(a=sign * rates.params.a)
    of_steps = [gain(schedule, steps) for schedule in (signed, rates.quantiles, rates.gradients, rates.width)]
    theta, q, qm, D = (np.array(v, order="C", subok=False) for v in (params, *state[:3]))
    path = np.empty((len(normals), len(theta)), theta.dtype)
    bounds = np.array([given["low"], given["high"]], theta.dtype)
    stiffness = follow(
        which, given["form"] == "batching", contiguous(uniforms), contiguous(normals), theta, q, qm, D,
        *weights(state, given["distortion"], given), np.stack(of_steps, axis=1).astype(theta.dtype), bounds, path,
    )  # fmt: skip
    return Run(path, SAState(q, qm, D, state.step_count + len(normals)), number(stiffness))


@in_place_of(reference.scalar_run)
def scalar_run(draws: Array, **given: Any) -> Run:
    return followed(0, draws, draws, given)


@in_place_of(reference.mixture_run)
def mixture_run(uniforms: Array, normals: Array, **given: Any) -> Run:
    return followed(1, uniforms, normals, given)
