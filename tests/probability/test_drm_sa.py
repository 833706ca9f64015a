"""Stochastic approximation of risk measures: published optima of discretised gradients, and exact small answers."""

import numpy as np
import pytest

from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import Distortion, discontinuous, slope
from gnomon.probability.drm_sa.mixture import mixture
from gnomon.probability.drm_sa.rates import Rates, Schedule
from gnomon.probability.drm_sa.runs import scalar_run
from gnomon.probability.drm_sa.step import SAState, step
from gnomon_validation.studies.drm_sa.scalar import CELLS, HALF_A_JUMP, QM

EPS = float(np.finfo(np.float64).eps)
DUAL = Distortion("dual", (2.0,))


@pytest.mark.parametrize(("of", "optimum"), [(DUAL, 0.7037792072), (HALF_A_JUMP, 0.6941000018)])
def test_the_density_form_stands_still_at_the_optimum_of_its_grid(of, optimum):
    """With D = G/f exact the direction is W·μ′ + c·σ′; it vanishes where ten digits of the optimum say."""
    theta = np.array([optimum])
    sd = np.exp(theta / 2)
    D = -(theta - 1 + sd / 2 * QM)[:, np.newaxis]
    state = SAState(np.linspace(-2, 2, CELLS + 1), np.linspace(-2, 2, CELLS), D, 0)
    found = step(theta, np.zeros(1), np.zeros((1, 1)), state, of, Rates(), form="dm", extend=False)[2].direction
    steepest = 1 + sd[0] / 4 * np.max(np.abs(QM))  # of the direction in θ: W, c and σ″ are at most that
    assert abs(found[0]) <= steepest * (5e-11 + CELLS * EPS * 8)


def test_the_quantile_form_sees_half_of_half_a_jump():
    """Whatever the jump says it goes to the minimum of the mean, 1, where the direction is exactly that of the mean."""
    draws = np.random.default_rng(0).standard_normal((50, 4))
    state = SAState(np.linspace(-2, 2, CELLS + 1), np.linspace(-1.9, 1.9, CELLS), np.zeros((CELLS, 1)), 0)
    rates = Rates(quantiles=Schedule(0.25, 50.0, 0.5), params=Schedule(0.5, 50.0, 1.0))
    paths = [
        scalar_run(np.array([1.0]), draws, state, of, rates._replace(params=size), allow_biased=True).path
        for of, size in ((HALF_A_JUMP, rates.params), (Distortion(), rates.params._replace(a=0.25)))
    ]
    assert paths[0].tolist() == paths[1].tolist()


FIRST = [(0.0625, 0.001, 15.625), (0.25, 0.01, 6.25), (0.1, 0.01, 2.5)]


@pytest.mark.parametrize(("gradient", "width", "pull"), FIRST, ids=str)
def test_a_sample_on_a_quantile_pulls_by_a_quarter_of_one_over_the_width(gradient, width, pull):
    """The authors' first γ_D and h, for the S, for cvar and jumps, and for Wang's: γ_D/(4h), with four samples less."""
    state = SAState(np.array([-1.0, 0.0, 1.0]), np.array([-0.5, 0.5]), np.ones((2, 1)), 0)
    rates = Rates(gradients=Schedule(gradient), width=Schedule(width))
    for samples in (np.array([0.5]), np.array([0.5, 40.0, 41.0, 42.0])):
        scores = np.zeros((len(samples), 1))
        _, after, report = step(np.zeros(1), samples, scores, state, DUAL, rates, form="dm")
        assert report.stiffness == pytest.approx(pull / len(samples), rel=4 * EPS)
        assert after.D[1, 0] == pytest.approx(1 - pull / len(samples), rel=16 * EPS)


def test_the_quantile_form_misses_the_gradient_of_jumps():
    """For μ′ = 0.7, σ′ = -0.3 and jumps at .3, .5, .8 it is short by Σ m·(μ′ + σ′·Φ⁻¹(ζ)); elsewhere by nothing.

    ∫ w′(Φ(-x))·(μ′ + σ′x)·φ(x) dx by trapezoids, which for the tanh in w′ err by e^-(2π·0.6/h): poles are at ±0.7i.
    """
    h = 1 / 16
    x = np.arange(-7.875, 9, h)  # below that 1 - Φ(-x) has no digit

    def by_quantiles(of):
        return float(np.sum(slope(normal.cdf(-x), of) * (0.7 - 0.3 * x) * normal.density(x)) * h)

    levels_of_jumps = np.array([0.3, 0.5, 0.8])
    c = float(np.mean(normal.quantile(levels_of_jumps, 1 - levels_of_jumps)))
    short = 0.7 - 0.3 * 0.2 * c - by_quantiles(discontinuous(*levels_of_jumps))
    assert f"{short:.10f}" == "0.1336555856"
    for of, c in ((Distortion(), 0.0), (Distortion("wang", (0.85,)), 0.85), (Distortion("sshape", (5.0,)), 0.0)):
        assert f"{by_quantiles(of):.10f}" == f"{0.7 - 0.3 * c:.10f}"


def test_mixtures_have_mean_0_and_variance_1():
    theta = np.random.default_rng(1).standard_normal(30)
    p, d, t, s = mixture(theta)
    assert abs(np.sum(p * d / s)) <= 30 * EPS * np.sum(p * np.abs(d / s))
    assert abs(np.sum(p * (d**2 + t**2)) / s**2 - 1) <= 30 * EPS
