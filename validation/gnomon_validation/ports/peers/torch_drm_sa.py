"""The released step for distortion risk measures, written anew in torch: scores and slopes of distortions by autograd.

What depends on the levels alone is made once, in float64, as users do.
"""

from __future__ import annotations

from typing import Any

import torch

from gnomon.probability.drm_sa.step import Report, SAState
from gnomon_validation.ports.torch_functions import offered

dtypes = ("float32", "float64")
SMOOTH: dict[str, Any] = {
    "mean": lambda u: u,
    "cvar": lambda u, alpha: torch.clamp(u / (1 - alpha), max=1),
    "wang": lambda u, lam: torch.special.ndtr(torch.special.ndtri(u) + lam),
    "ph": lambda u, r: u**r,
    "dual": lambda u, k: 1 - (1 - u) ** k,
    "gini": lambda u, a: (1 + a) * u - a * u * u,
    "tk": lambda u, g: u**g / (u**g + (1 - u) ** g) ** (1 / g),
    "prelec": lambda u, a, eta: torch.exp(-eta * (-torch.log(u)) ** a),
    "sshape": lambda u, a: (1 + torch.tanh(a * (u - 0.5)) / torch.tanh(torch.tensor(a / 2, dtype=u.dtype))) / 2,
}


def grid(n: int, power: float) -> tuple[Any, Any]:
    """Return the levels of n + 1 edges and of n middles."""
    i = torch.arange(n + 1, dtype=torch.float64)
    return ((i + 1) / (n + 2)) ** power, ((i[:-1] + 1.5) / (n + 2)) ** power


def constants(z: Any, zm: Any, distortion: Any, eps: float) -> tuple[Any, Any, Any]:
    """Return ω of the middles, Δw of the cells, and which cells hold a jump. eps: of the dtype that levels come in."""
    name, parameters, jumps = distortion
    share, u = 1 - sum(mass for _, mass in jumps), (1 - zm).requires_grad_(True)
    (omega,) = torch.autograd.grad(SMOOTH[name](u, *parameters).sum(), u)
    if name == "cvar":  # at its kink the slope is that from below, however it is rounded
        omega = (zm >= parameters[0] - eps).to(zm.dtype) / (1 - parameters[0])
    masses, held = -share * torch.diff(SMOOTH[name](1 - z, *parameters)), torch.zeros(len(zm), dtype=torch.bool)
    for level, mass in jumps:
        cell = (z[:-1] < level - 4 * eps) & (level - 4 * eps <= z[1:])
        masses, held = masses + mass * cell, held | cell
    return share * omega.detach(), masses, held


def widened(v: Any) -> Any:
    """Return v continued by an entry at each end."""
    return torch.cat([2 * v[:1] - v[1:2], v, 2 * v[-1:] - v[-2:-1]])


def gain(schedule: Any, k: int) -> float:
    """Return a·(b/(b + k))^c."""
    return float(schedule.a * (schedule.b / (schedule.b + k)) ** schedule.c)


def densities(samples: Any, q: Any, width: float) -> Any:
    """Return the mean of logistic densities about the samples."""
    shifted = torch.sigmoid((q[:, None] - samples) / width)
    return (shifted * torch.sigmoid(-(q[:, None] - samples) / width)).mean(1) / width


def below(samples: Any, q: Any) -> Any:
    """Return 1{Y <= q}, a row each quantile."""
    return (samples <= q[:, None]).to(samples.dtype)


@offered("drm_sa.step")
def drm_sa_step(
    params: Any, samples: Any, scores: Any, state: Any, distortion: Any, rates: Any, form: str, maximise: bool,
    grid_power: float, extend: bool, low: float, high: float, allow_biased: bool,
) -> Any:  # fmt: skip
    k, n, dtype = state.step_count, len(state.qm), params.dtype
    z, zm = grid(n, grid_power)
    omega, masses, held = constants(z, zm, distortion, torch.finfo(dtype).eps)
    z, zm, omega, masses = (v.to(dtype) for v in (z, zm, omega, masses))
    q, qm, D = state.q, state.qm, state.D
    if form == "batching":
        q, qm = torch.quantile(samples, z), torch.quantile(samples, zm)
    direct = torch.ones(n, dtype=torch.bool) if form == "dm" else held & (form == "hybrid")
    wide = widened if extend else torch.clone
    G = ((below(samples, wide(qm)) - (0 if form == "batching" else wide(zm)[:, None]))[:, :, None] * scores).mean(1)
    by_quantiles, cells = wide(omega) * torch.diff(wide(q)), torch.ones(len(G), dtype=torch.bool)
    inner = slice(1, -1) if extend else slice(None)
    cells[inner] = ~direct
    by_density = (masses[direct, None] * D[direct]).sum(0)
    if form == "dm":
        cells, by_density = torch.zeros_like(cells), (wide(masses)[:, None] * wide(D)).sum(0)
    direction = -(by_quantiles[cells, None] * G[cells]).sum(0) - by_density
    stiffness = torch.zeros((), dtype=dtype)
    if direct.any():
        K = gain(rates.gradients, k) * densities(samples, qm[direct], gain(rates.width, k))
        D, stiffness = D.clone(), K.max()
        D[direct] += gain(rates.gradients, k) * G[inner][direct] - K[:, None] * D[direct]
    free = params + (1 if maximise else -1) * gain(rates.params, k) * direction
    new, gap = free.clamp(low, high), torch.diff(q).min()
    if form != "batching":
        push = gain(rates.quantiles, k)
        q, qm = q + push * (z - below(samples, q).mean(1)), qm + push * (zm - below(samples, qm).mean(1))
    return new, SAState(q, qm, D, k + 1), Report(direction, gap, stiffness, int((new != free).sum()))


@offered("drm_sa.gaussian_scores")
def drm_sa_gaussian_scores(samples: Any, mean: Any, sd: Any, mean_slopes: Any, sd_slopes: Any) -> Any:
    def log_density(moved: Any) -> Any:
        deviation = sd + sd_slopes @ moved
        return -torch.log(deviation) - ((samples - mean - mean_slopes @ moved) / deviation) ** 2 / 2

    return torch.autograd.functional.jacobian(log_density, torch.zeros_like(mean_slopes))


@offered("drm_sa.mixture_scores")
def drm_sa_mixture_scores(params: Any, samples: Any) -> Any:
    def log_density(theta: Any) -> Any:
        a, b, c = theta.reshape(3, -1)
        log_p, t = torch.log_softmax(c, 0), torch.exp(b)
        d = a - log_p.exp() @ a
        s = torch.sqrt(log_p.exp() @ (t * t + d * d))
        return torch.logsumexp(log_p - b - ((samples[:, None] * s - d) / t) ** 2 / 2, 1) + torch.log(s)

    return torch.autograd.functional.jacobian(log_density, params)
