"""The example with one parameter, Y = ½(θ-1)² + e^(θ/2)·Z: optima of the discretised gradients, and many runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.kernels.probability.drm_sa.runs import scalar_run
from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_sa.grid import extended, jumping, levels, masses, slopes
from gnomon.probability.drm_sa.rates import Rates, Schedule
from gnomon.probability.drm_sa.step import Form, SAState

CELLS = 20
HALF_A_JUMP = Distortion("mean", (), ((0.8, 0.5),))
Z, ZM = levels(np.zeros(CELLS + 1), np.zeros(CELLS), 1.0)
Q, QM = normal.quantile(Z, 1 - Z), normal.quantile(ZM, 1 - ZM)


def optimum(of: Distortion, form: str, width: float = 0.0) -> float:
    """Return where the mean direction vanishes, by bisection. width: h of the kernel, whose density replaces f."""
    direct = jumping(Z, of) | (form == "dm") if form != "qf" else np.zeros(CELLS, bool)
    t, weights = np.polynomial.legendre.leggauss(400)
    t, weights = 40 * t, 40 * weights * np.exp(-np.abs(40 * t)) / (1 + np.exp(-np.abs(40 * t))) ** 2

    def direction(theta: float) -> float:
        mean, sd = theta - 1, np.exp(theta / 2) / 2  # μ′ and σ′; σ = 2·σ′
        f = normal.density(QM) / (2 * sd)
        smoothed = f
        if width:
            smoothed = normal.density(QM[:, None] - width * t / (2 * sd)) @ weights / (2 * sd)
        moves = mean + sd * QM
        by_density, by_quantiles = masses(Z, of) * f / smoothed, slopes(ZM, of) * f * np.diff(Q) * 2 * sd
        return float(np.sum(np.where(direct, by_density, by_quantiles) * moves))

    return root(direction)


def root(direction: Any) -> float:
    """Return where a direction that rises in θ vanishes, by bisection."""
    low, high = -2.0, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if direction(middle) < 0 else (low, middle)
    return low


def exact_optimum(c: float) -> float:
    """Return where ρ = μ + c·σ is least."""
    return root(lambda theta: theta - 1 + c * np.exp(theta / 2) / 2)


def of_grid(of: Distortion, cells: int, power: float, *, extend: bool) -> float:
    """Return Σ Φ⁻¹(z̄)·Δw, which the density form has in place of c_w = ∫ Φ⁻¹(1-u) dw(u)."""
    z, zm = levels(np.zeros(cells + 1), np.zeros(cells), power)
    parts = masses(z, of), normal.quantile(zm, 1 - zm)
    return float(np.prod([extended(v) if extend else v for v in parts], axis=0).sum())


class Paths(NamedTuple):
    """θ, (runs, steps), and the quantiles at the edges, (runs, steps, cells + 1), after some steps of runs."""

    theta: Array
    quantiles: Array


@cache
def paths(of: Distortion, form: Form, at: tuple[int, ...], runs: int, rates: Rates, seed: int = 0) -> Paths:
    """Return what is after the steps `at` of runs from θ = 1 with exact quantiles and D = 0: one sample a step."""
    rng, sd = np.random.default_rng(seed), np.exp(0.5)
    how: Any = {"form": form, "extend": False, "allow_biased": True, "low": -2.0, "high": 2.0}
    found: tuple[list[list[float]], list[list[Array]]] = ([], [])
    for _ in range(runs):
        theta, state = np.ones(1), SAState(Q * sd, QM * sd, np.zeros((CELLS, 1)), 0)
        for kept in found:
            kept.append([])
        for draws in np.split(rng.standard_normal((at[-1], 1)), at[:-1]):
            run = scalar_run(theta, draws, state, of, rates, **how)
            theta, state = run.path[-1], run.state
            found[0][-1].append(float(theta[0]))
            found[1][-1].append(state.q)
    return Paths(*map(np.array, found))


def alike(b: float, first: Sequence[float], exponents: Sequence[float]) -> Rates:
    """Return rates that begin to fall after as many steps."""
    return Rates(*(Schedule(a, b, c) for a, c in zip(first, exponents, strict=True)))


def rates(width: float) -> Rates:
    """Return the exponents of the theory: 1 for θ; 5/7 and 1/7 in the density form, 2/3 for quantiles."""
    return alike(50.0, (1.0, 1.0, 0.04, width), (2 / 3, 5 / 7, 1.0, 1 / 7))
