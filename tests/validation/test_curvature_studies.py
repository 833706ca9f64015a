"""What the studies of curvature estimators stand on: rules without chance, a stopping rule, bounds, the specimen."""

from __future__ import annotations

from itertools import product
from math import log

import numpy as np
import pytest

from gnomon.curvature.lanczos import lanczos, tridiagonal
from gnomon_validation.studies.curvature import variance
from gnomon_validation.studies.curvature.claims import stopped_trace
from gnomon_validation.studies.curvature.density import measure as density_of
from gnomon_validation.studies.curvature.density import specimen
from gnomon_validation.studies.curvature.lanczos import EIGENVALUES, FUNCTIONS, START, orthogonality, plain_lanczos
from gnomon_validation.studies.curvature.power import errors_after
from gnomon_validation.studies.curvature.variance import SIDE, Turn, hutch_errors

EPS = 2.0**-52

NORMAL = (1, 0, 1, 0, 3)
"""The moments of a standard normal number."""


def mean(rule, powers):
    """Return the mean of Π zᵢ^pᵢ over a rule, and a bound of its rounding error.

    A term is a product of at most five powers of numbers below 2, each within a few EPS: 32 of them, relatively, of the
    mean of absolute values; the sum of m terms adds m.
    """
    terms = rule.weights * np.prod(rule.probes ** np.array(powers), axis=1)
    return float(np.sum(terms)), (32 + len(terms)) * EPS * float(np.sum(np.abs(terms)))


@pytest.mark.parametrize("powers", [p for p in product(range(5), repeat=3) if sum(p) <= 4])
def test_the_rules_have_the_moments_of_what_they_stand_for(powers):
    """Signs: even powers have mean 1. Sphere of radius √3: Π (pᵢ-1)!! times n²/(n(n+2)) in degree 4, 1 in degree 2."""
    even = all(p % 2 == 0 for p in powers)
    gaussian = float(np.prod([NORMAL[p] for p in powers]))
    for rule, expected in (
        (variance.signs(3), float(even)),
        (variance.normal(3), gaussian),
        (variance.sphere(), gaussian * (9 / 15 if sum(powers) == 4 else 1)),
    ):
        found, slack = mean(rule, powers)
        assert abs(found - expected) <= slack


def test_a_rule_that_is_wrong_would_be_seen():
    """With two thirds of the weight at the wrong node the second moment is not 1."""
    rule = variance.normal(3)
    found, slack = mean(variance.Rule(rule.probes[:, ::-1] * 1.001, rule.weights), (2, 0, 0))
    assert abs(found - 1) > slack


@pytest.mark.parametrize(
    ("samples", "as_it_is", "as_meant"),
    [
        ((-1.0, 5.0, 5.0, 5.0), (2.0, 2), (3.5, 4)),
        ((4.0, 4.0, 9.0, 9.0), (4.0, 2), (4.0, 2)),
        ((8.0, -24.0, 8.0, 8.0), (-8 / 3, 3), (0.0, 4)),
        ((1.0, 2.0, 4.0, 8.0), (3.75, 4), (3.75, 4)),
        ((-3.0,), (-3.0, 1), (-3.0, 1)),
    ],
)
def test_the_trace_stops_at_the_probe_after_a_negative_mean(samples, as_it_is, as_meant):
    assert stopped_trace(np.array(samples)) == as_it_is
    assert stopped_trace(np.array(samples), absolute=True) == as_meant


def test_an_eigenvector_is_found_at_once_and_two_are_mixed_by_their_powers():
    """λ/λmax is 1 and 0.01 at the ends: after k products the weights of the lower one are 10⁻⁴ to the power k-1."""
    squares = np.zeros((2, 50))
    squares[0, -1] = 1
    squares[1, [0, -1]] = 1
    for products in (1, 2, 3):
        rayleigh, length = errors_after(products, squares)
        assert rayleigh[0] == length[0] == 0
        small = 1e-4 ** (products - 1)
        assert abs(rayleigh[1] - 0.99 * small / (1 + small)) <= 8 * EPS
        assert length[1] <= rayleigh[1]


def test_the_first_steps_alone_are_those_with_reorthogonalisation():
    """The first Ritz value is the mean of the eigenvalues; sums of 100 numbers round by at most 100·EPS of their size.

    Two steps lose nothing yet: b₁ is no smaller than a₁, so that errors grow by a small factor, for which 10 stand.
    """
    basis, values = plain_lanczos(2)
    assert abs(values[0][0] - np.sum(EIGENVALUES) / 100) <= 100 * EPS * np.max(EIGENVALUES)
    full = lanczos(lambda v: EIGENVALUES * v, START, steps=2)
    with_it = np.linalg.eigvalsh(tridiagonal(full))
    assert np.max(np.abs(values[1] - with_it)) <= 1000 * EPS * np.max(EIGENVALUES)
    assert orthogonality(basis) <= 1000 * EPS


def test_orthogonality_is_zero_for_unit_vectors_and_sees_a_copy():
    assert orthogonality(np.eye(4)[:3]) == 0
    assert orthogonality(np.eye(4)[[0, 1, 0]]) == 1


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.name)
def test_the_bounds_hold_on_the_ellipses_and_are_reached(function):
    """Largest on the ellipse z = (ρe^{iθ} + e^{-iθ}/ρ)/2 at θ = 0, π or π/2, which are among the angles.

    The functions are one exponential or quotient of z, whose rounding is amplified by less than 1000 near their poles.
    """
    turned = function.rho * np.exp(2j * np.pi * np.arange(400) / 400)
    largest = np.max(np.abs(function.f((turned + 1 / turned) / 2)))
    assert abs(largest / function.largest - 1) <= 1000 * EPS


def test_the_specimen_is_a_trained_networks_hessian():
    matrix, eigenvalues, loss = specimen()
    assert matrix.shape == (128, 128) and np.array_equal(matrix, matrix.T)
    assert np.all(np.diff(eigenvalues) >= 0) and eigenvalues[0] < 0 < eigenvalues[-1]
    assert loss < log(8), "no better than a guess"


def test_nineteen_eigenvalues_of_the_specimen_are_negative_and_nine_are_zero():
    """Each output's bias and the weights of its eight hidden units: the same added to all of them changes nothing.

    The directions along which the outputs move together are 9 of the parameters' 128; H times any of them is rounding:
    sums of 128 terms, twice.
    """
    matrix, eigenvalues, _ = specimen()
    together = np.zeros((9, 128))
    weights = np.arange(56, 120).reshape(8, 8)
    for unit in range(8):
        together[unit, weights[:, unit]] = 1
    together[8, 120:] = 1
    assert np.max(np.abs(matrix @ together.T)) <= 256 * EPS * np.max(eigenvalues)
    assert any("19 of 128 eigenvalues are negative and 9 are 0" in sentence for sentence in density_of().conclusions)


def test_a_turn_keeps_lengths_and_can_be_undone_and_spreads_every_coordinate():
    """Four products with orthogonal 32 by 32 matrices, each within 32·EPS of one: 1000·EPS is more than all of them."""
    turn = Turn(np.random.default_rng(3))
    vector = np.random.default_rng(4).standard_normal(SIDE**2)
    length = np.linalg.norm(vector)
    assert abs(np.linalg.norm(turn.forth(vector)) - length) <= 1000 * EPS * length
    for there, again in ((turn.forth, turn.back), (turn.back, turn.forth)):
        assert np.max(np.abs(again(there(vector)) - vector)) <= 1000 * EPS * length
    for column in np.eye(SIDE**2)[::200]:
        assert np.max(np.abs(turn.back(column))) < 0.5


def test_the_errors_of_one_budget_do_not_depend_on_the_others():
    alone, among = hutch_errors(2.0, (12,)), hutch_errors(2.0, (12, 24))
    assert np.array_equal(alone[:, 0], among[:, 0])
