"""How many probes are enough: the published values, how they grow, and that they are enough."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from binomial import assert_rate_at_most

from gnomon.curvature.diagonal import bekas
from gnomon.curvature.draws import gaussian, rademacher
from gnomon.curvature.operators import Dense
from gnomon.curvature.sample_sizes import chebyshev_size, diagonal_size, indefinite_size, semidefinite_size
from gnomon.curvature.trace import hutchinson, rademacher_variance

DRAWS = {"rademacher": rademacher, "gaussian": gaussian}


HALF, FULL = {"error": 0.5, "failure": 0.25}, {"error": 1.0, "failure": 0.5}
DEFINITE_SIZES = [(0.1, 0.05, 2214, 2952), (0.05, 0.05, 8854, 11805), (0.1, 0.01, 3179, 4239)]
DEFINITE_SIZES += [(0.5, 0.1, 72, 96), (0.3, 0.1, 200, 267)]


@pytest.mark.parametrize(("error", "failure", "signs", "normal"), DEFINITE_SIZES)
def test_the_sizes_for_definite_matrices_are_the_known_ones(error, failure, signs, normal):
    assert semidefinite_size(error=error, failure=failure) == signs
    assert semidefinite_size(error=error, failure=failure, probes="gaussian") == normal


def test_the_other_sizes_follow_their_formulas():
    """Chebyshev's; with ‖A‖_F² = 4, ‖A‖₂ = 1, ε = 1, δ = ½: 20·ln 4 = 27.7 with normal numbers and 40·ln 4 = 55.5 with
    signs; Hoeffding's 2·ln 4 = 2.77 for one row of the diagonal and 2·ln 16 = 5.55 for four of them."""
    assert (chebyshev_size(2.0, **HALF), chebyshev_size(0.0, **HALF)) == (32, 1)
    assert indefinite_size(2.0, 1.0, **FULL, probes="gaussian") == 28
    assert (indefinite_size(2.0, 1.0, **FULL), indefinite_size(0.0, 0.0, **FULL)) == (56, 1)
    assert (diagonal_size(**FULL), diagonal_size(**FULL, dimension=4)) == (3, 6)


SIZES = {
    "chebyshev": lambda **both: chebyshev_size(3.0, **both),
    "semidefinite": semidefinite_size,
    "semidefinite, normal": lambda **both: semidefinite_size(**both, probes="gaussian"),
    "indefinite": lambda **both: indefinite_size(3.0, 2.0, **both),
    "indefinite, normal": lambda **both: indefinite_size(3.0, 2.0, **both, probes="gaussian"),
    "diagonal": diagonal_size,
    "diagonals": lambda **both: diagonal_size(**both, dimension=7),
}


@pytest.mark.parametrize("what", SIZES)
def test_more_is_needed_for_less_error_and_less_failure(what):
    size, grid = SIZES[what], (0.01, 0.02, 0.05, 0.1, 0.3, 0.9)
    for fixed in grid:
        by_error = [size(error=error, failure=fixed) for error in grid]
        by_failure = [size(error=fixed, failure=failure) for failure in grid]
        for sizes in (by_error, by_failure):
            assert sizes == sorted(sizes, reverse=True)
            assert sizes[0] > sizes[-1]


@pytest.mark.parametrize("scale", [2.0**-40, 0.25, 2.0**30])
def test_the_unit_of_the_matrix_does_not_count(scale):
    """Powers of two scale exactly."""
    both = {"error": 0.125, "failure": 0.1}
    scaled = {**both, "error": scale * 0.125}
    assert chebyshev_size(3.0 * scale**2, **scaled) == chebyshev_size(3.0, **both)
    for probes in DRAWS:
        measured = indefinite_size(3.0 * scale, 2.0 * scale, **scaled, probes=probes)
        assert measured == indefinite_size(3.0, 2.0, **both, probes=probes)


DEFINITE = np.array([[5.0, 2.0, 0.0], [2.0, 5.0, 1.0], [0.0, 1.0, 2.0]])
INDEFINITE = np.array([[1.0, 3.0, 0.0], [3.0, -2.0, 1.0], [0.0, 1.0, 1.0]])


def errors(matrix, draw, size, trials):
    generator = np.random.default_rng(20261121)
    found = [hutchinson(Dense(matrix), draw(generator, size, 3)).trace for _ in range(trials)]
    return [abs(trace - np.trace(matrix)) for trace in found]


@pytest.mark.parametrize("probes", DRAWS)
def test_the_size_for_definite_matrices_is_enough(probes):
    size = semidefinite_size(error=0.5, failure=0.1, probes=probes)
    misses = [error > 0.5 * np.trace(DEFINITE) for error in errors(DEFINITE, DRAWS[probes], size, 100)]
    assert_rate_at_most(0.1, misses)


@pytest.mark.parametrize("probes", DRAWS)
def test_the_size_for_indefinite_matrices_is_enough(probes):
    measured = INDEFINITE if probes == "gaussian" else INDEFINITE - np.diag(np.diagonal(INDEFINITE))
    norms = float(np.linalg.norm(measured)), float(np.linalg.norm(measured, 2))
    size = indefinite_size(*norms, error=3.0, failure=0.1, probes=probes)
    assert_rate_at_most(0.1, [error > 3 for error in errors(INDEFINITE, DRAWS[probes], size, 100)])


def test_chebyshevs_size_is_enough_and_a_twentieth_of_it_is_not():
    """That fewer fail shows that the test could."""
    size = chebyshev_size(float(rademacher_variance(INDEFINITE)), error=2.0, failure=0.05)
    assert_rate_at_most(0.05, [error > 2 for error in errors(INDEFINITE, rademacher, size, 100)])
    with pytest.raises(AssertionError, match="where the rate is at most"):
        assert_rate_at_most(0.05, [error > 2 for error in errors(INDEFINITE, rademacher, size // 20, 300)])


def test_the_size_for_diagonals_is_enough_in_all_rows_at_once():
    generator = np.random.default_rng(7)
    rest = INDEFINITE - np.diag(np.diagonal(INDEFINITE))
    allowed = 0.5 * np.sqrt(np.sum(rest * rest, axis=1))
    size = diagonal_size(error=0.5, failure=0.1, dimension=3)
    found = [bekas(Dense(INDEFINITE), rademacher(generator, size, 3)).diagonal for _ in range(200)]
    assert_rate_at_most(0.1, [bool(np.any(np.abs(d - np.diagonal(INDEFINITE)) > allowed)) for d in found])


HUGE = pytest.param(10**400, id="10^400")
ENDS = (5e-324, 1e-200, 0.1, 1e200, 1.7976931348623157e308)


@pytest.mark.parametrize("error", [*ENDS, np.float32(0.1), HUGE])
@pytest.mark.parametrize("failure", [5e-324, 0.5, 1 - 2.0**-53])
@pytest.mark.parametrize("size", [0.0, *ENDS, HUGE])
def test_no_size_is_too_large_for_an_integer(error, failure, size):
    """At the ends of every domain the number is an integer, the exact one up to the rounding of the logarithm."""
    given = {"error": error, "failure": failure}
    exact = Fraction(size) / (Fraction(failure) * Fraction(error if type(error) is int else float(error)) ** 2)
    assert chebyshev_size(size, **given) == max(1, ceil(exact))
    for found in (
        semidefinite_size(**given),
        indefinite_size(size, size, **given),
        diagonal_size(**given),
        diagonal_size(dimension=10**400, **given),
    ):
        assert type(found) is int and found >= 1


def test_the_largest_sizes_have_their_digits():
    """ln(2/5e-324) = 745.1332; and ln(2·10⁴⁰⁰/½) = 922.4203."""
    assert abs(Fraction(semidefinite_size(error=1e-200, failure=5e-324), 6 * 10**400) - Fraction("745.1332")) < 1e-4
    assert diagonal_size(error=1.0, failure=0.5, dimension=10**400) == 1845  # 2 · 922.4203, rounded up
