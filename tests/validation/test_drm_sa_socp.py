"""The robust portfolio's closed form is what cvxpy finds as a second-order cone program; the band is the certified gap.

With Σ = L·Lᵀ and C = √V, J(x) = -m·x + C·‖Lᵀx‖ is least among x that add up to 1. For every ν with
‖L⁻¹(m + ν·1)‖ <= C, J(x) >= ν (weak duality): the solver's own x and ν enclose the least, and both are evaluated in
fractions, square roots to fifty digits. Nothing is left to a tolerance.
"""

from decimal import Decimal, getcontext
from fractions import Fraction
from importlib import import_module

import numpy as np
import pytest

from gnomon_validation.studies.drm_sa.portfolio import COVARIANCE, MEANS, RISKS, ROBUST, constant, optimum

SQUARE = Fraction(7, 3)  # C² = V of cvar(0.7)
EPS = Fraction(1, 2**52)


def root(x):
    """√x of a fraction, to fifty digits."""
    getcontext().prec = 50
    return (Decimal(x.numerator) / Decimal(x.denominator)).sqrt()


def exactly(x):
    return np.array([Fraction(v) for v in np.ravel(x)]).reshape(np.shape(x))


def inverse(of):
    """The inverse of a 3×3 matrix by its cofactors, in fractions."""
    a, b, c = of
    minors = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    return minors / (a @ minors[:, 0])


@pytest.mark.socp
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_closed_form_is_the_optimum_of_the_cone_program():
    cvxpy = import_module("cvxpy")
    x = cvxpy.Variable(3)
    whole = cvxpy.sum(x) == 1
    half = np.linalg.cholesky(COVARIANCE)
    cvxpy.Problem(cvxpy.Minimize(-MEANS @ x + ROBUST * cvxpy.norm(half.T @ x)), [whole]).solve(solver="CLARABEL")

    m, covariance, found = exactly(MEANS), exactly(COVARIANCE), exactly(x.value)
    found = found / sum(found)
    variance = found @ covariance @ found
    upper = root(SQUARE * variance) - root((m @ found) ** 2)
    assert m @ found > 0

    by = inverse(covariance)
    A, B, G = sum(by @ np.ones(3, int)), sum(by @ m), m @ by @ m
    nu = Fraction(-float(whole.dual_value))
    while G + 2 * nu * B + nu * nu * A > SQUARE:  # towards the ν in the middle, as far as it takes
        nu = -B / A + (nu + B / A) * (1 - abs(G + 2 * nu * B + nu * nu * A - SQUARE) - EPS)
    lower = Decimal(nu.numerator) / Decimal(nu.denominator)

    least = (root(A * SQUARE - (A * G - B * B)) - root(B * B)) * A.denominator / A.numerator
    assert B > 0
    assert lower <= least <= upper

    # ‖Lᵀx‖ less its slope along x at the optimum is ‖Lᵀx‖·(1 - cos), and 1 - cos is half the square of the chord.
    band = 2 * float(upper - lower) / (ROBUST * float(variance) ** 0.5)

    def chord(weights):
        one, other = (half.T @ w for w in (weights, x.value))
        return float(np.sum((one / np.linalg.norm(one) - other / np.linalg.norm(other)) ** 2))

    assert chord(optimum(ROBUST).weights) <= band
    assert chord(optimum(constant(RISKS["cvar(0.7) of Gaussian losses"])).weights) > band
