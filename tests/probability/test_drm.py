"""Distortion risk measures: published and exact values; Φ against a library's."""

from itertools import pairwise
from math import erfc, exp, expm1, gamma, log, pi, sqrt
from statistics import NormalDist

import numpy as np
import pytest

from gnomon.probability.drm import normal
from gnomon.probability.drm.distortions import Distortion, discontinuous, distortion, dual, var
from gnomon.probability.drm.worst_case import worst_case
from gnomon_validation.studies.printed import Comparison

EPS = float(np.finfo(np.float64).eps)


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


EXPONENTIAL = (lambda y: np.exp(-y)), 0.0
UNIFORM = (lambda y: 1 - y), 1.0
NORMAL = (lambda y: normal.cdf(-y)), 0.0
LOGNORMAL = (lambda y: normal.cdf(-(np.log(y) - 0.25) / 0.5)), 0.0  # log Y of N(1/4, 1/4)
WEIBULL = (lambda y: np.exp(-((y / 1.5) ** 2))), 0.0
LOMAX = (lambda y: (1 + y) ** -3.0), 0.0


def beyond(of, low, survival, high):
    """∫ w(S) dy from low to high, or to ∞ if that is 0, in y that runs as exp(π/2·sinh t): 1e-11 of it is missed."""
    t = np.arange(-4.0, 4.0, 1 / 64)
    e = np.exp(np.pi / 2 * np.sinh(t))
    speed = np.pi / 2 * np.cosh(t) * e
    if high:
        y, speed = low + (high - low) * e / (1 + e), (high - low) * speed / (1 + e) ** 2
    else:
        y = low + e
    return float(np.sum(distortion(np.clip(survival(y), 0, 1), of) * speed) / 64)


def risk(of, survival, top, *edges):
    """ρ of a law on (0, ∞), or on (0, top), edge by edge of w."""
    ends = [0.0, *edges, *([top] if top else [])]
    inner = sum(beyond(of, a, survival, b) for a, b in pairwise(ends))
    return inner if top else inner + beyond(of, ends[-1], survival, 0.0)


def of_normal(of, dual_of, *edges):
    """c_w: of the positive half of N(0, 1) under w, less that of the negative one under the dual."""
    return risk(of, *NORMAL, *edges) - (risk(dual_of, *NORMAL) if dual_of else 0)


Phi = NormalDist()
PRELEC, EDGE = Distortion("prelec", (0.65, 1.1)), exp(0.25 + 0.5 * Phi.inv_cdf(0.75))  # the log-normal's quantile
CVAR, OF_TWO = Distortion("cvar", (0.75,)), 1 / sqrt(pi)  # OF_TWO: the mean of the larger of two of N(0, 1)
# The negative half is nothing to cvar(0.75): its dual is 0 up to 3/4.
CLOSED_FORMS = {
    "U mean": (lambda: risk(Distortion(), *UNIFORM), 1 / 2),
    "U var": (lambda: risk(var(0.75), *UNIFORM, 0.75), 0.75),
    "U cvar": (lambda: risk(CVAR, *UNIFORM, 0.75), 1.75 / 2),
    "U wang": (lambda: risk(Distortion("wang", (0.85,)), *UNIFORM), Phi.cdf(0.85 / sqrt(2))),
    "U ph": (lambda: risk(Distortion("ph", (0.7,)), *UNIFORM), 1 / 1.7),
    "U dual": (lambda: risk(Distortion("dual", (2.5,)), *UNIFORM), 2.5 / 3.5),
    "U gini": (lambda: risk(Distortion("gini", (0.5,)), *UNIFORM), 1 / 2 + 0.5 / 6),
    "U sshape": (lambda: risk(Distortion("sshape", (5.0,)), *UNIFORM), 1 / 2),
    "Exp mean": (lambda: risk(Distortion(), *EXPONENTIAL), 1.0),
    "Exp var": (lambda: risk(var(0.75), *EXPONENTIAL, log(4)), log(4)),
    "Exp cvar": (lambda: risk(CVAR, *EXPONENTIAL, log(4)), 1 + log(4)),
    "Exp ph": (lambda: risk(Distortion("ph", (0.7,)), *EXPONENTIAL), 1 / 0.7),
    "Exp dual(3)": (lambda: risk(Distortion("dual", (3.0,)), *EXPONENTIAL), 1 + 1 / 2 + 1 / 3),
    "Exp gini": (lambda: risk(Distortion("gini", (0.5,)), *EXPONENTIAL), 1.25),
    "Exp prelec": (lambda: risk(PRELEC, *EXPONENTIAL), 1.1 ** (-1 / 0.65) * gamma(1 + 1 / 0.65)),
    "N mean": (lambda: of_normal(Distortion(), Distortion()), 0.0),
    "N cvar": (lambda: of_normal(CVAR, None, Phi.inv_cdf(0.75)), Phi.pdf(Phi.inv_cdf(0.75)) / 0.25),
    "N wang": (lambda: of_normal(Distortion("wang", (0.85,)), Distortion("wang", (-0.85,))), 0.85),
    "N ph(2)": (lambda: of_normal(Distortion("ph", (2.0,)), Distortion("dual", (2.0,))), -OF_TWO),
    "N dual(2)": (lambda: of_normal(Distortion("dual", (2.0,)), Distortion("ph", (2.0,))), OF_TWO),
    "N dual(3)": (lambda: of_normal(Distortion("dual", (3.0,)), Distortion("ph", (3.0,))), 1.5 * OF_TWO),
    "N gini": (lambda: of_normal(Distortion("gini", (0.5,)), Distortion("gini", (-0.5,))), 0.5 * OF_TWO),
    "N sshape": (lambda: of_normal(Distortion("sshape", (5.0,)), Distortion("sshape", (5.0,))), 0.0),
    "LogNormal wang": (lambda: risk(Distortion("wang", (0.85,)), *LOGNORMAL), exp(0.25 + 0.425 + 0.125)),
    "LogNormal cvar": (lambda: risk(CVAR, *LOGNORMAL, EDGE), exp(0.375) * Phi.cdf(0.5 - Phi.inv_cdf(0.75)) / 0.25),
    "LogNormal var": (lambda: risk(var(0.75), *LOGNORMAL, EDGE), EDGE),
    "Weibull ph": (lambda: risk(Distortion("ph", (0.7,)), *WEIBULL), 1.5 * 0.7**-0.5 * gamma(1.5)),
    "Lomax ph": (lambda: risk(Distortion("ph", (0.7,)), *LOMAX), 1 / (3 * 0.7 - 1)),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_forms(name):
    """To ten digits, or ten places where the value is 0."""
    measured, exact = CLOSED_FORMS[name]
    assert Comparison(name, f"{exact:.9e}" if exact else "0.0000000000", measured()).reproduced


def test_the_exponential_law_under_an_s():
    # The nearest pole, iπ/10 beside ½, makes the rule's error at most 1.8^-128; each value is right to a few units.
    x, weights = np.polynomial.legendre.leggauss(64)
    u = (x + 1) / 2
    found = float(np.sum(weights / 2 * distortion(u, Distortion("sshape", (5.0,))) / u))
    assert abs(found - 0.769585147155696411) <= 64 * EPS


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


def test_the_dual_keeps_its_digits_near_0():
    # In spacings, by which a library's log1p, power and expm1 may be off, and which expm1 passes on near 0. ph: 1 of
    # log1p, 1 of expm1. prelec: ½ of log1p under the root, 1 of the root, 1 of expm1, and 1 of the expected value's.
    u = np.array([2.0**-60])
    assert dual(u, Distortion("ph", (2.0,)))[0] == pytest.approx(2 * u[0], rel=4 * EPS)
    assert 1 - distortion(1 - u, Distortion("ph", (2.0,)))[0] == 0
    assert dual(u, Distortion("prelec", (0.5, 1.0)))[0] == pytest.approx(-expm1(-(2.0**-30)), rel=4 * EPS)
