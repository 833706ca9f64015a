"""A robust portfolio, whose closed form is known: stochastic approximation held against it."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from gnomon.domains import Array
from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import Distortion
from gnomon.probability.drm_sa.grid import extended, levels, slopes
from gnomon.probability.drm_sa.rates import Rates, Schedule
from gnomon.probability.drm_sa.scores import gaussian_scores
from gnomon.probability.drm_sa.step import step, warm_up
from gnomon_validation.pictures import COLOURS, finish
from gnomon_validation.studies.printed import Comparison
from gnomon_validation.studies.study import Findings, Study, Table

WORDS = """a robust portfolio
Does the quantile form find the portfolio of least risk, and what is it if mean and variance alone are known?
the optimum by closed form, own derivation; √V = √(0.7/0.3) and c = φ(Φ⁻¹(0.7))/0.3 for cvar(0.7)
picture: Runs of the quantile form, and the portfolios of least risk
below: Gaussian losses of three assets; lines: weights along a run from equal ones; dashed: the closed form."""
# Of three assets, in percent a month.
MEANS = np.array([0.4, 0.8, 1.2])
COVARIANCE = np.array([[2.0, 0.5, 0.2], [0.5, 9.0, 3.0], [0.2, 3.0, 16.0]])
FREE = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])  # two weights are free, the third is what is left of 1
CELLS, SAMPLES, STEPS = 50, 4, 5_000
MOVES = Rates(Schedule(2.0, 500.0, 0.71), Schedule(0.0), Schedule(0.05, 500.0, 0.99), Schedule(1.0))
ROBUST = sqrt(0.7 / 0.3)
RISKS = {
    "cvar(0.7) of Gaussian losses": Distortion("cvar", (0.7,)),
    "worst case of cvar(0.7), by wang(√V)": Distortion("wang", (ROBUST,)),
}


class Optimum(NamedTuple):
    """weights: x, 1 in all. risk: -m·x + C·√(xᵀΣx), the least."""

    weights: Array
    risk: float


def optimum(C: float) -> Optimum:
    """Return the portfolio of least -m·x + C·√(xᵀΣx) among those with Σx = 1; C² must exceed Γ - B²/A."""
    ones, by_means = np.linalg.solve(COVARIANCE, np.stack([np.ones(3), MEANS], axis=1)).T
    A, B, G = np.sum(ones), MEANS @ ones, MEANS @ by_means
    root = sqrt(A * C * C - (A * G - B * B))
    return Optimum(ones / A + (by_means - B / A * ones) / root, float((root - B) / A))


def constant(of: Distortion) -> float:
    """Return C of the grid: the mean direction of the quantile form is a multiple of μ′ + C·σ′."""
    z, zm = levels(np.zeros(CELLS + 1), np.zeros(CELLS), 1.0)
    q, qm = (extended(normal.quantile(x, 1 - x)) for x in (z, zm))
    weights = normal.density(qm) * extended(slopes(zm, of)) * np.diff(q)
    return float(np.sum(weights * qm) / np.sum(weights))


def law(params: Array) -> tuple[Array, Any, Any, Array, Array]:
    """Return the weights of two parameters, mean and deviation of their loss, and the slopes of both."""
    x = FREE @ params + np.array([0.0, 0.0, 1.0])
    sd = np.sqrt(x @ COVARIANCE @ x)
    return x, -MEANS @ x, sd, -FREE.T @ MEANS, FREE.T @ COVARIANCE @ x / sd


def path(of: Distortion, seed: int = 0) -> Array:
    """Return the weights along a run from equal ones, every hundredth step."""
    rng, params, found = np.random.default_rng(seed), np.full(2, 1 / 3), []
    _, mean, sd, *both = law(params)
    first = mean + sd * rng.standard_normal(CELLS + 3)
    state = warm_up(first, gaussian_scores(first, mean, sd, *both), cells=CELLS)
    for k in range(STEPS):
        x, mean, sd, *both = law(params)
        if k % 100 == 0:
            found.append(x)
        Y = mean + sd * rng.standard_normal(SAMPLES)
        params, state, _ = step(params, Y, gaussian_scores(Y, mean, sd, *both), state, of, MOVES)
    return np.stack([*found, law(params)[0]])


def measure() -> Findings:
    paths = {name: path(of) for name, of in RISKS.items()}
    of_grid = {name: optimum(constant(of)) for name, of in RISKS.items()}
    gaussian = float(normal.density(normal.quantile(np.array(0.7), np.array(0.3)))) / 0.3
    exact = dict(zip(RISKS, map(optimum, (gaussian, ROBUST)), strict=True))
    risks, steep = [], []
    for best, C in zip(exact.values(), (gaussian, ROBUST), strict=True):
        _, mean, sd, mean_slopes, sd_slopes = law(best.weights[:2])
        risks.append(float(mean + C * sd) - best.risk)
        steep.append(float(np.max(np.abs(mean_slopes + C * sd_slopes))))
    compared = [
        Comparison("c of cvar(0.7) for Gaussian losses", "1.159", gaussian),
        Comparison("√V of cvar(0.7)", "1.5275", ROBUST),
        Comparison("risk of the closed form's portfolio, less its own figure", "0.0000000000000", max(map(abs, risks))),
        Comparison("slope of the risk there", "0.0000000000000", max(steep)),
    ]
    ends = {name: found[3 * len(found) // 4 :].mean(axis=0) for name, found in paths.items()}
    off = {name: float(np.max(np.abs(ends[name] - of_grid[name].weights))) for name in RISKS}
    coarse = {name: float(np.max(np.abs(of_grid[name].weights - exact[name].weights))) for name in RISKS}
    rows = [(name, *exact[name].weights, exact[name].risk, *ends[name], off[name], coarse[name]) for name in RISKS]
    three = "x₁ {:.3f} | x₂ {:.3f} | x₃ {:.3f}"
    columns = f"least | {three} | risk {{:.4f}} | run: {three} | from the grid's {{:.4f}} | grid from exact {{:.3f}}"
    table = Table.of(f"portfolios after {STEPS:,} steps of {SAMPLES} losses", columns, rows)
    nominal, robust = (o.weights for o in exact.values())
    conclusions = (
        "Both runs draw Gaussian losses. Under wang(C) such a loss has ρ = μ + C·σ: with C = √V that is the worst case "
        "of cvar(0.7) over all laws of this mean and deviation, and no run draws from those.",
        f"Whoever knows mean and variance alone holds {robust[0]:.3f} of the quiet asset, not {nominal[0]:.3f}.",
        f"The runs, their last quarter averaged, end within {max(off.values()):.4f} of the optimum of their grid in "
        f"every weight. The grid's own is up to {max(coarse.values()):.3f} from the exact one: it has no tails.",
    )
    return Findings((table,), tuple(compared), conclusions, (paths, exact))


def draw(data: Any, figure: Any) -> None:
    paths, exact = data
    for axes, name in zip(figure.subplots(1, 2, sharey=True), RISKS, strict=True):
        for i, colour in enumerate(COLOURS[:3]):
            axes.plot(100 * np.arange(len(paths[name])), paths[name][:, i], color=colour, label=f"asset {i + 1}")
            axes.axhline(exact[name].weights[i], color=colour, ls="--", lw=1)
        axes.set(xlabel="step", ylabel="weight", title=name)
        finish(axes)


study = Study.of("drm_sa-portfolio", WORDS, measure, draw, size=(12.0, 5.0))
