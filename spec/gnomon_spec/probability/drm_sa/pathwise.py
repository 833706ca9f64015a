"""Scores of functions of samples, and of a portfolio's losses from the returns of its assets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.probability.drm_sa import pathwise as reference
from gnomon_spec.cases import Case, Cases, choice
from gnomon_spec.facts import Fact, equal
from gnomon_spec.probability.drm_sa import inputs as drawn
from gnomon_spec.probability.drm_sa import system
from gnomon_spec.strategies import array_of, number, shapes, single
from gnomon_spec.system import Misfits

of_one_sign = array_of(
    "numbers from ½ to 2, or from -2 to -½",
    lambda codes: np.where(codes[:1] % 2, -1, 1) * (4 + codes // 2 % 13) / 8,
    lambda c: c.drawn["samples"].shape,
)
functions = Cases(
    {
        "samples": drawn.vectors("1 to 3 samples", 1), "log_slopes": drawn.vectors("(log f)′", 1),
        "log_pulls": drawn.vectors("∂_θ log f", 1, 0), "slopes": of_one_sign, "bends": drawn.vectors("g_xx", 1),
        "pulls": drawn.vectors("g_θ", 1, 0), "tilts": drawn.vectors("g_θx", 1, 0),
    },
    shapes((1,), (2,)),
)  # fmt: skip


def covariance(codes: Any) -> Any:
    """Return A·Aᵀ + 1/4 on the diagonal, A of eighths."""
    A = drawn.eighths(codes, 8)
    return A @ A.T + np.eye(len(A)) / 4


markets = Cases(
    {
        "samples": drawn.vectors("1 to 3 samples", 1),
        "weights": array_of("weights from 1/4 to 2", lambda codes: (1 + codes % 8) / 4),
        "returns": drawn.vectors("r", 1, 0), "mean": drawn.vectors("m", 0),
        "covariance": array_of("a covariance", covariance, lambda c: c.shape * 2),
    },
    shapes((2,), (3,)),
)  # fmt: skip


def size(case: Case) -> Any:
    """Return what is added up to make a score."""
    steep = np.max(np.abs(case.pulls)) / np.min(np.abs(case.slopes))
    bent = np.max(np.abs(case.bends)) / np.min(np.abs(case.slopes))
    slope = np.max(np.abs(case.log_slopes)) + bent
    return np.max(np.abs(case.log_pulls)) + steep * slope + np.max(np.abs(case.tilts)) / np.min(np.abs(case.slopes))


def size_of_density(case: Case) -> Any:
    """Return what is added up to make ψ."""
    least = np.min(np.abs(case.slopes))
    return np.max(np.abs(case.log_slopes)) / least + np.max(np.abs(case.bends)) / least**2


def weight(case: Case) -> Any:
    """Return what is added up to make a portfolio's score."""
    spread = case.covariance @ case.weights
    r = np.max(np.abs(case.returns))
    along = np.sum(np.abs(case.weights)) * (r + np.max(np.abs(case.mean)))
    return (r * along + np.max(np.abs(spread))) / (case.weights @ spread)


sizes: Any = {"scores": size, "density": size_of_density}
pathwise_scores = system.operation(reference.pathwise_scores, cases=functions, scales=sizes)
portfolio_scores = system.operation(reference.portfolio_scores, cases=markets, scales={"": weight})


units = functions.but(unit=choice(2.0, -0.5, 4.0), steep=choice(2.0, -0.5), bend=choice(1.0, -2.0, 0.0))


@pathwise_scores.law("invariance", cases=units)
def neither_units_of_x_nor_those_of_y_matter(port: Any, case: Case) -> Iterable[Fact]:
    """With X in another unit nothing changes; with a monotone function φ of Y scores do not, as {Y <= q} is the same
    event: g_θ, g_x become φ′·g_θ, φ′·g_x, and g_xx, g_θx φ′·g_xx + φ″·g_x², φ′·g_θx + φ″·g_θ·g_x. ψ becomes ψ/φ′ less
    φ″/φ′²."""
    s, density = pathwise_scores.call(port, case)
    k, a, b = case.unit, case.steep, case.bend
    of_x = {name: k * case[name] for name in ("log_slopes", "slopes", "tilts")}
    scaled = pathwise_scores.call(port, case, bends=k * k * case.bends, **of_x)
    yield equal("x: scores", scaled.scores, s, scale=size(case))
    yield equal("x: density", scaled.density, density, scale=size_of_density(case))
    tilts = a * case.tilts + b * (case.pulls.T * case.slopes).T
    of_y = {"slopes": a * case.slopes, "pulls": a * case.pulls, "bends": a * case.bends + b * case.slopes**2}
    moved = pathwise_scores.call(port, case, tilts=tilts, **of_y)
    more = np.abs(b / a) * np.max(np.abs(case.pulls))
    yield equal("y: scores", moved.scores, s, scale=2 * size(case) + 2 * more)
    scale = (size_of_density(case) + np.abs(b / a)) / np.abs(a)
    yield equal("y: density", moved.density, density / a - b / a**2, scale=scale)


normals = functions.but(mean_slopes=drawn.vectors("μ′", 0), sd_slopes=drawn.vectors("σ′", 0))


@pathwise_scores.law("closed form", cases=normals.but(sd=single(number(1.0, 0.5, 2.0, exponents=(-2, 2)))))
def known_laws_have_their_own_scores(port: Any, case: Case) -> Iterable[Fact]:
    """X normal: of μ + σX they are the scores of that law, ψ is -X/σ; of e^(θ+σX) they are X/σ and (X² - 1)/σ."""
    x, sd, ones = case.samples, case.sd, np.ones_like(case.samples)
    mean, spread = (np.multiply.outer(ones, v) for v in (case.mean_slopes, case.sd_slopes))
    pulls = mean + np.multiply.outer(x, case.sd_slopes)
    found = port.pathwise_scores(-x, 0 * pulls, sd * ones, 0 * x, pulls, spread)
    expected = port.gaussian_scores(sd * x, 0 * sd, sd, case.mean_slopes, case.sd_slopes)
    largest = (np.max(np.abs(case.mean_slopes)) + np.max(np.abs(case.sd_slopes))) / sd
    yield equal("scores", found.scores, expected, scale=largest * (1 + np.max(np.abs(x))) ** 2)
    yield equal("density", found.density, -x / sd)
    z, y = x / 8, np.exp(sd * x / 8)
    pulls = np.stack([y, z * y], axis=1)
    tilts = np.stack([sd * y, (1 + sd * z) * y], axis=1)
    found = port.pathwise_scores(-z, 0 * pulls, sd * y, sd * sd * y, pulls, tilts)
    expected = np.stack([z, z * z - 1], axis=1) / sd
    yield equal("lognormal", found.scores, expected, scale=(1 + np.max(np.abs(z))) ** 2 * (1 + 1 / sd))


@pathwise_scores.misfits()
def functions_that_are_flat_are_rejected(case: Case) -> Misfits:
    """A slope g_x of 0 is rejected."""
    return {"slopes": {"slopes": 0 * case.slopes}}


@portfolio_scores.law("conservation")
def given_the_loss_their_mean_is_its_own_score(port: Any, case: Case) -> Iterable[Fact]:
    """r = m + t·Σx/(x·Σx) ± e with x·e = 0 has the loss -x·m - t: half the sum of both scores is that of N(-x·m, x·Σx),
    with the slopes -m of the mean and Σx/σ of the deviation σ."""
    x, t, m = case.weights, case.samples, case.mean
    spread = case.covariance @ x
    variance = x @ spread
    e = case.returns - np.multiply.outer(case.returns @ x, x) / (x @ x)
    middle = m + np.multiply.outer(t, spread) / variance
    both = [portfolio_scores.call(port, case, returns=middle + sign * e) for sign in (1, -1)]
    sd = np.sqrt(variance)
    expected = port.gaussian_scores(-(x @ m) - t, -(x @ m), sd, -m, spread / sd)
    largest = 1 + np.max(np.abs(t)) + np.max(np.abs(e)) + np.max(np.abs(m)) + np.max(np.abs(spread))
    scale = 4 * (1 + np.sum(np.abs(x))) * largest**2 * (1 + 1 / variance) ** 2
    yield equal("mean", (both[0] + both[1]) / 2, expected, scale=scale)


@portfolio_scores.misfits()
def markets_that_do_not_fit_are_rejected(case: Case) -> Misfits:
    """Weights without variance are rejected."""
    return {"covariance": {"covariance": 0 * case.covariance}}


pathwise_scores.edits("""
density_moves_with_the_sample: The term of (log f)′ has the other sign
    `log_pulls - (by_slope.T * log_slopes).T` → `log_pulls + (by_slope.T * log_slopes).T`
tilt_forgotten: g_θx is left out
    ` - (tilts.T / slopes).T` → ``
bend_forgotten: g_xx is left out
    `bent = bends / slopes**2` → `bent = 0 * bends`
bend_divided_once: g_xx is divided by g_x, not by its square
    `bent = bends / slopes**2` → `bent = bends / slopes`
density_of_x: ψ is not divided by g_x: the density of X
    `log_slopes / slopes - bent` → `log_slopes - bent`
""")
portfolio_scores.edits("""
field_without_divergence: Σx is not subtracted: scores do not have the mean 0
    `(returns.T * along).T - spread` → `(returns.T * along).T`
returns_not_centred: x·r stands for x·(r - m)
    `along = (returns - mean) @ weights` → `along = returns @ weights`
gains_for_losses: The scores are those of gains' weights: the other sign
    `scores: Array = ((returns.T * along).T - spread)` → `scores: Array = (spread - (returns.T * along).T)`
excess_for_returns: r - m stands for r: the slope of the mean is lost
    `((returns.T * along).T - spread)` → `(((returns - mean).T * along).T - spread)`
""")
