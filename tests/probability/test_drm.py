"""Distortion risk measures: published and exact values; Φ against a library's."""

from math import erfc, expm1, sqrt

import numpy as np
import pytest

from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import Distortion, discontinuous, distortion, dual, var
from gnomon.probability.drm.lstat import lstat
from gnomon.probability.drm.worst_case import worst_case

EPS = float(np.finfo(np.float64).eps)


def integral(function, n=64):
    """∫₀¹ by Gauss and Legendre's rule, exact for polynomials of degree 2n - 1."""
    x, weights = np.polynomial.legendre.leggauss(n)
    return float(np.sum(weights / 2 * function((x + 1) / 2)))


def test_the_normal_tails_have_all_digits():
    # The exponential passes on what rounding does to its argument, x²/2; beside it a sum of 64 positive terms.
    x = np.linspace(-8, 8, 65)
    exact = np.array([erfc(-v / sqrt(2)) / 2 for v in x])
    assert np.all(np.abs(normal.cdf(x) - exact) <= EPS * (x * x / 2 + 16) * exact)


def test_quantiles_are_the_inverse():
    u = np.array([1e-300, 1e-20, 1e-5, 0.1, 0.5, 0.75, 0.999])
    back = normal.cdf(normal.quantile(u, 1 - u))
    x = normal.quantile(u, 1 - u)
    assert np.all(np.abs(back - u) <= EPS * (2 * x * x + 16) * u)  # x errs by its spacing, which φ multiplies by x²
    assert normal.quantile(np.array([0.0, 1.0]), np.array([1.0, 0.0])).tolist() == [-np.inf, np.inf]


# ∫ w du is ρ of the uniform law; all of these are polynomials.
@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (Distortion(), 1 / 2),
        (Distortion("ph", (3.0,)), 1 / 4),
        (Distortion("dual", (3.0,)), 3 / 4),
        (Distortion("gini", (0.5,)), 1 / 2 + 0.5 / 6),
    ],
)
def test_the_uniform_law(of, expected):
    assert abs(integral(lambda u: distortion(u, of)) - expected) <= 64 * EPS


def test_the_exponential_law_under_an_s():
    # The nearest pole, iπ/10 beside ½, makes the rule's error at most 1.8^-128; each value is right to a few units.
    found = integral(lambda u: distortion(u, Distortion("sshape", (5.0,))) / u)
    assert abs(found - 0.769585147155696411) <= 64 * EPS


def test_normal_laws_of_samples_of_extremes():
    # Under dual(2) ρ is the mean of the larger of two.
    x, weights = np.polynomial.hermite_e.hermegauss(40)
    p = weights / np.sum(weights)
    found = float(lstat(x, Distortion("dual", (2.0,)), p))
    pairs = np.maximum(x[:, None], x[None, :])
    assert abs(found - float(p @ pairs @ p)) <= 40 * EPS * float(np.max(x))


def test_wang_of_an_exponential_is_the_published_figure():
    # ∫ w(u)/u du in x = Φ⁻¹(u). The nearest zero of Φ has the imaginary part 2.8: the rule errs by exp(-5.6π/h).
    h = 1 / 8
    x = np.arange(-12, 12, h)
    terms = h * normal.cdf(x + 0.85) / normal.cdf(x) * normal.density(x)
    assert abs(np.sum(terms) - 2.00202553052086946) <= EPS * np.sum(terms * (2 * x * x + 64))


def test_the_worst_cases_approach_the_published_ones_from_below():
    z = np.linspace(0, 1, 801)
    for of, limit in (
        (Distortion("cvar", (0.7,)), sqrt(0.7 / 0.3)),
        (Distortion("wang", (0.85,)), 1.0293569444695618),
        (Distortion("sshape", (5.0,)), 0.434309194435100),
        (discontinuous(0.3, 0.5, 0.7), 0.471868083213108),
    ):
        coarse, fine = (float(worst_case(edges, of).spread) for edges in (z[::2], z))
        assert coarse <= fine * (1 + 801 * EPS)
        assert fine <= limit * (1 + 801 * EPS)


def test_the_quantile_is_right_where_rounding_tempts():
    for n in (10, 20, 50, 100):
        y = np.arange(1.0, n + 1)
        assert [float(lstat(y, var(k / 100))) for k in range(1, 100)] == [-(-n * k // 100) for k in range(1, 100)]


def test_the_dual_keeps_its_digits_near_0():
    # In spacings, by which a library's log1p, power and expm1 may be off, and which expm1 passes on near 0. ph: 1 of
    # log1p, 1 of expm1. prelec: ½ of log1p under the root, 1 of the root, 1 of expm1, and 1 of the expected value's.
    u = np.array([2.0**-60])
    assert dual(u, Distortion("ph", (2.0,)))[0] == pytest.approx(2 * u[0], rel=4 * EPS)
    assert 1 - distortion(1 - u, Distortion("ph", (2.0,)))[0] == 0
    assert dual(u, Distortion("prelec", (0.5, 1.0)))[0] == pytest.approx(-expm1(-(2.0**-30)), rel=4 * EPS)
