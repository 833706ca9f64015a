"""SRKL's map y ← y·(1 - a/(1+y²)): its cycles in exact fractions, where long orbits end, chaos, the cost far away."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.descent import srkl, srkl_map

UNIT = 2.0**-53
POSITIVE = st.builds(Fraction, st.integers(1, 40), st.integers(1, 40))
ANY = st.builds(Fraction, st.integers(-60, 60), st.integers(1, 40))


def image(y: Fraction, ratio: Fraction) -> Fraction:
    """F(y), by the reference's own expression, in fractions."""
    return srkl_map.image(y, ratio)  # type: ignore[arg-type,return-value]


def slope(y: Fraction, ratio: Fraction) -> Fraction:
    """F'(y), likewise."""
    return srkl_map.slope(y, ratio)  # type: ignore[arg-type,return-value]


@given(ANY, POSITIVE)
def test_the_sign_changes_exactly_below_a_minus_1(y: Fraction, ratio: Fraction) -> None:
    assert (image(y, ratio) * y < 0) == (y != 0 and y * y < ratio - 1)


@given(ANY, POSITIVE.map(lambda share: share / 20))
def test_up_to_2_the_size_falls_and_up_to_1_the_side_is_kept(y: Fraction, ratio: Fraction) -> None:
    new = image(y, ratio)
    assert abs(new) < abs(y) or y == 0
    assert new * y >= 0 or ratio > 1


@given(ANY)
def test_at_1_convergence_is_cubic(y: Fraction) -> None:
    assert image(y, Fraction(1)) == y**3 / (1 + y**2)


@given(ANY, POSITIVE.map(lambda share: 50 * share))
def test_no_orbit_leaves_its_interval(y: Fraction, ratio: Fraction) -> None:
    assert abs(image(y, ratio)) <= max(abs(y), ratio / 2)


@given(POSITIVE)
def test_the_symmetric_cycle_and_its_multiplier(y: Fraction) -> None:
    """±√(a/2 - 1), with a = 2(1+y²): the slope at both points is 3 - 8/a."""
    ratio = 2 * (1 + y * y)
    assert image(y, ratio) == -y
    assert slope(y, ratio) == slope(-y, ratio) == 3 - 8 / ratio


@given(POSITIVE)
def test_the_asymmetric_cycle_and_its_multiplier(u: Fraction) -> None:
    """u and -1/u, with √a = u + 1/u: the product of the slopes is 9 - 2a."""
    ratio = (u + 1 / u) ** 2
    assert image(u, ratio) == -1 / u
    assert image(-1 / u, ratio) == u
    assert slope(u, ratio) * slope(-1 / u, ratio) == 9 - 2 * ratio


@given(ANY, POSITIVE)
def test_the_map_is_gradient_descent_on_the_cauchy_loss(y: Fraction, ratio: Fraction) -> None:
    """ln(1+y²)/2 has the derivative y/(1+y²)."""
    assert image(y, ratio) == y - ratio * y / (1 + y * y)


def rounding(y: float, ratio: float) -> float:
    """Bound the rounding of one step: q = a/(1+y²) is off by 3 units, 1 - q and the product by one each."""
    q = ratio / (1 + y * y)
    return UNIT * abs(y) * (3 * q + 2 * abs(1 - q)) * (1 + 2.0**-30)


@pytest.mark.parametrize("ratio", [2.5, 3.0, 3.5, 3.9, 4.2, 4.3, 4.5, 4.8, 4.9])
def test_long_orbits_end_on_the_cycle(ratio: float) -> None:
    """After 20,000 steps the orbit is where rounding holds it: within 2·(|F'|·e₁ + e₂)/(1 - |m|) of the cycle.

    e₁, e₂ bound the rounding of the two steps, m is the cycle's multiplier. The map of two steps contracts distances
    near the cycle by (1+|m|)/2 at least, hence the factor 2. Both points of the cycle and its bounds are computed with
    a rounding of their own, a few units of a number below 3; 8 units cover them.
    """
    points = srkl_map.attractor(np.array([0.37]), np.array([ratio]), burn_in=20_000, kept=2)[:, 0]
    u = sqrt(ratio / 2 - 1) if ratio < 4 else (sqrt(ratio) + sqrt(ratio - 4)) / 2
    pair = (u, -u) if ratio < 4 else (u, -1 / u)
    multiplier = (3 - 8 / ratio) ** 2 if ratio < 4 else 9 - 2 * ratio
    cycles = [(s * pair[i], s * pair[1 - i]) for s in (1, -1) for i in (0, 1)]
    nearest = min(cycles, key=lambda cycle: abs(points[0] - cycle[0]) + abs(points[1] - cycle[1]))
    for k in (0, 1):
        here, other = nearest[k], nearest[1 - k]
        carried = abs(float(srkl_map.slope(np.float64(other), np.float64(ratio)))) * rounding(here, ratio)
        carried += rounding(other, ratio)
        assert abs(points[k] - here) <= 2 * carried / (1 - abs(multiplier)) + 8 * UNIT * 3


def test_at_2_convergence_is_slow() -> None:
    """|y_t|·√(4t) → 1: printed .99983 for t = 20,000 from .37, while gradient descent would oscillate for ever."""
    end = srkl_map.attractor(np.array([0.37]), np.array([2.0]), burn_in=19_999, kept=1)[0, 0]
    assert f"{abs(end) * sqrt(4 * 20_000):.5f}" == "0.99983"


@pytest.mark.parametrize(("ratio", "printed"), [(5.5, "0.20"), (6.0, "0.44"), (7.0, "0.68")])
def test_beyond_5_orbits_are_chaotic(ratio: float, printed: str) -> None:
    """The mean over 256 orbits of 4,000 steps; its standard error is below .0006, so that two digits are sure."""
    starts = np.linspace(0.1, 2.1, 256)
    exponents = srkl_map.lyapunov_exponent(starts, np.full(256, ratio), burn_in=500, steps=4000)
    assert f"{np.mean(exponents):.2f}" == printed


@pytest.mark.parametrize("ratio", [2.5, 3.5, 4.2, 4.8])
def test_on_a_stable_cycle_the_exponent_is_negative_and_known(ratio: float) -> None:
    """ln|3 - 8/a| or ½ln|9 - 2a|, to the ten digits that 20,000 steps of burn-in and whole periods leave."""
    found = srkl_map.lyapunov_exponent(np.array([0.37]), np.array([ratio]), burn_in=20_000, steps=2)[0]
    known = log(abs(3 - 8 / ratio)) if ratio < 4 else log(abs(9 - 2 * ratio)) / 2
    assert found < 0
    assert f"{found:.10f}" == f"{known:.10f}"


def test_the_number_of_steps_far_away_is_quadratic_in_the_distance() -> None:
    """At least what `steps_to_one` says, and less than 1 + ¼·ln((1+y₀²)/2) more: 300 orbits."""
    ratio, start = (x.reshape(-1) for x in np.meshgrid(np.linspace(0.02, 1.0, 15), np.geomspace(2.0, 25.0, 20)))
    y, counts = start, np.zeros(300)
    while np.any(y > 1):
        counts += y > 1
        y = np.where(y > 1, srkl_map.image(y, ratio), y)
    said = np.array([srkl_map.steps_to_one(float(y0), float(a)) for y0, a in zip(start, ratio, strict=True)])
    assert np.all((said <= counts) & (counts < said + 1 + np.log((1 + start**2) / 2) / 4))


def test_gradient_descent_needs_44_steps_where_the_code_needs_50044() -> None:
    """a = .1 from 100 to 1: (9/10)ᵗ·100 <= 1 for the first time at t = 44."""
    sizes = [Fraction(9, 10) ** t * 100 for t in range(45)]
    assert sizes[43] > 1 >= sizes[44]
    y, count = np.array([100.0]), 0
    while abs(y[0]) > 1:
        y, count = srkl_map.image(y, np.array([0.1])), count + 1
    assert count == 50_044


def test_orbits_follow_the_gradient_flow_with_an_error_in_proportion_to_a() -> None:
    """ln y + ½y² falls at the rate a along the flow; from 3 after a·t = 6 the error/a is .0805, .0777, .0774."""
    target, low, high = log(3) + 4.5 - 6, 0.0, 3.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if middle < exp(target - middle * middle / 2) else (low, middle)
    errors = []
    for ratio in (0.1, 0.01, 0.001):
        end = srkl_map.attractor(np.array([3.0]), np.array([ratio]), burn_in=round(6 / ratio) - 1, kept=1)[0, 0]
        errors.append(f"{abs(end - low) / ratio:.4f}")
    assert errors == ["0.0805", "0.0777", "0.0774"]


def test_the_cycle_of_the_code_in_its_own_units() -> None:
    """λ = 2, α = 5/4, β = 4: |x| = √(αλ/2 - 1)/(√β·λ) = 1/8, every operation exact, jumped to and fro for ever."""
    path = srkl.trajectory(
        np.array([0.125]), np.array([[2.0]]), np.zeros(1), steps=9, variant="code", alpha=1.25, beta=4.0
    )
    np.testing.assert_array_equal(path[:, 0], 0.125 * (-1.0) ** np.arange(10))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_dtype_and_shape_are_kept_and_no_input_changes(dtype: type, shape: tuple[int, ...]) -> None:
    start, ratio = np.full(shape, 0.5, dtype), np.full(shape, 3, dtype)
    path = srkl_map.orbit(start, ratio, steps=3)
    tail = srkl_map.attractor(start, ratio, burn_in=2, kept=5)
    exponent = srkl_map.lyapunov_exponent(start, ratio, burn_in=2, steps=5)
    assert path.shape == (4, *shape) and tail.shape == (5, *shape) and np.shape(exponent) == shape
    assert path.dtype == tail.dtype == exponent.dtype == dtype
    np.testing.assert_array_equal(start, np.full(shape, 0.5, dtype))
    np.testing.assert_array_equal(ratio, np.full(shape, 3, dtype))


def test_where_the_slope_vanishes_the_exponent_is_minus_infinity() -> None:
    assert srkl_map.lyapunov_exponent(np.zeros(1), np.ones(1), burn_in=0, steps=2)[0] == -np.inf


TWO = np.full(2, 2.0)
BAD = [
    (lambda: srkl_map.orbit(TWO, np.ones(3), steps=1), r"ratio must have the shape of start \(2,\), got \(3,\)"),
    (lambda: srkl_map.orbit(TWO, np.full(2, np.inf), steps=1), "ratio must be finite and > 0 in every entry"),
    (lambda: srkl_map.orbit(np.full(2, np.nan), TWO, steps=1), "start must be finite in every entry"),
    (lambda: srkl_map.orbit([2.0], TWO, steps=1), "start must be a NumPy array of floating-point numbers, got list"),
    (lambda: srkl_map.attractor(TWO, TWO, burn_in=0, kept=0), "kept must be an integer >= 1, got 0"),
    (lambda: srkl_map.steps_to_one(0.5, 0.1), r"start must be a finite number in \[1, inf\), got 0.5"),
    (lambda: srkl_map.steps_to_one(2.0, 0.0), r"ratio must be a finite number in \(0, 1\], got 0.0"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD)
def test_what_is_out_of_its_domain_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        call()
