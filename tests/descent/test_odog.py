"""Double optimism: figures of our own derivations, exact answers, and searches down to the smallest ε."""

from fractions import Fraction

import numpy as np
import pytest
from kernel_contract import assert_same_bits, assert_within

from gnomon.descent.odog import episodes, learner, optimizer, search
from gnomon.descent.odog.problems import Cosines, Ramp, Tail
from gnomon.descent.odog.tuning import Tuned, tune
from gnomon.hessian_free.small_objectives import Quadratic
from gnomon.kernels.descent.odog import search as compiled
from gnomon_spec.system import find_system
from gnomon_validation.checker import check
from gnomon_validation.ports.find import find_port
from gnomon_validation.runs.plan import Plan
from gnomon_validation.studies.odog import searches
from gnomon_validation.studies.odog.misprint import companion, modulus
from gnomon_validation.studies.printed import Comparison

COSINES = Cosines(np.array([0.25, 1.0]), np.array([2.0, 0.5]), np.array([[0.6, -0.8], [0.8, 0.6]]))


def constant(number):
    return np.asarray(float(number))


@pytest.mark.parametrize("f", [COSINES, Tail(), Ramp(np.float64(0.5))], ids=lambda f: type(f).__name__)
def test_slopes_are_those_of_the_function(f):
    """F(x + Δ) - F(x) is the integral of ⟨∇F(x + sΔ), Δ⟩: 40 nodes of Gauss are exact to rounding here."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    x, delta = np.array([0.3, -0.7]), np.array([0.4, 0.9])
    terms = np.array([w / 2 * f.gradient(x + (s + 1) / 2 * delta) @ delta for s, w in zip(nodes, weights, strict=True)])
    ends = f.value(x + delta), f.value(x)
    assert_within(np.sum(terms), ends[0] - ends[1], 40, np.sum(np.abs(terms)) + ends[0] + ends[1])


def test_the_constants_of_the_tail_are_the_largest_derivatives():
    """F″ = (2x² - 1)/(1 + x²)^(5/2), largest in size at 0; |F‴| = |9x - 6x³|/(1 + x²)^(7/2), at 0.3615162."""
    x = np.linspace(0, 3, 300_001)
    third = (9 * x - 6 * x**3) / (1 + x * x) ** 3.5
    assert f"{x[np.argmax(third)]:.4f}" == "0.3615"
    assert np.max(third) <= searches.L2["tail"] and f"{np.max(third):.8f}" == f"{searches.L2['tail']:.8f}"
    assert np.max(np.abs((2 * x * x - 1) / (1 + x * x) ** 2.5)) == 1.0


def test_the_constant_of_the_midpoint_is_sharp():
    """F = x³/6, L₂ = 1: from -½ to ½ the fall is 1/24 more than what the midpoint sees."""
    start, delta = Fraction(-1, 2), Fraction(1)
    assert (start + delta) ** 3 / 6 - start**3 / 6 - (start + delta / 2) ** 2 / 2 * delta == Fraction(1, 24)


def test_a_quadratic_is_stable_below_one_and_rings_at_one():
    """The characteristic polynomial is r³ - (2 - 2a)r² + (1 - 3a/2)r + a/2, by Newton's identities: exact for k/128."""
    for a in np.arange(1, 256) / 128:
        assert a == 1 or (modulus(a) < 1) == (a < 1)
        t, t2, t3 = (np.trace(np.linalg.matrix_power(companion(a), k)) for k in (1, 2, 3))
        polynomial = [1, -t, (t**2 - t2) / 2, -(t**3 - 3 * t * t2 + 2 * t3) / 6]
        assert polynomial == [1, 2 * a - 2, 1 - 1.5 * a, a / 2]
        assert (np.polyval(polynomial, -1) == 0) == (a == 1)


def test_parameters_for_round_numbers():
    """T = ⌈6.447…·√L₁/(L₂ε)^¼⌉; with noise (38σ/ε)² = 14.44."""
    one = constant(1)
    assert tune(constant(0.01), one, one, one) == Tuned(np.sqrt(0.08) / 21, (2 / 3) ** 0.5, 21, 1061)
    assert tune(constant(0.1), one, one, one, constant(0.01)).length == 15
    assert tune(constant(0.01), one, one, one, hint="previous").length == 56
    for eps, noise, rate, stated in ((1e-12, None, 1.75, "6.84"), (1e-6, constant(1), 3.5, "2358")):
        tuned = tune(constant(eps), one, one, one, noise)
        assert Comparison("K·T", stated, tuned.length * tuned.episodes * eps**rate).reproduced


def test_a_displacement_of_full_length_may_be_a_start_and_no_longer_one():
    """n + 8 roundings more than D pass, 1e-9 of it do not."""
    grads = np.random.default_rng(0).standard_normal((40, 300))
    ends = learner.play(np.zeros(300), grads, 0 * grads, lr=1.0).displacements
    for end in ends:
        learner.play(end, grads, grads)
    with pytest.raises(ValueError, match=r"start must not be longer than radius 0\.1, got length 0\.1000000001"):
        learner.play(np.array([0.1 * (1 + 1e-9)]), np.ones((1, 1)), np.ones((1, 1)))


def test_a_run_can_be_cut_and_goes_on_with_the_same_bits():
    x, state = np.array([1.0, -2.0]), optimizer.init(np.zeros(2))
    whole = episodes.run(x, COSINES, length=4, episodes=3, variant="adaptive", lr=0.5)
    for n in range(12):
        state = optimizer.OdogState(*(np.array(part) for part in state[:3]), state.spread + 0, int(state.step_count))
        x, state, _ = optimizer.step(x, state, COSINES, length=4, variant="adaptive", lr=0.5)
        assert_same_bits(x, whole.points[n + 1])


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_gradients_of_any_size_are_stepped_along(size):
    """The adaptive rate is γD/√(Σ‖e‖²) where α is little beside it, and squares of e leave the range."""
    f = Quadratic(size * np.eye(2), np.zeros(2))
    x, state = np.array([3.0, 4.0]), optimizer.init(np.zeros(2))
    for _ in range(2):
        x, state, report = optimizer.step(x, state, f, hint="zero", variant="adaptive")
    assert_same_bits(report.rate, np.float64(0.1 / 5e300) if size > 1 else np.float64(0.1))
    # The first gradient is 5 long, the second, at most D = 0.1 further on, 4.9 to 5.1; rounding is far below that.
    assert (25 + 4.9**2) ** 0.5 < state.spread / size < (25 + 5.1**2) ** 0.5 and np.all(np.isfinite(x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", search.METHODS)
def test_compiled_searches_end_where_the_plain_ones_do(method, dtype):
    """Also where numbers leave the range: in the reference's words."""
    given = {"eps": 1e-2, "method": method, "radius": 0.05, "lr": 0.5, "length": 7, "most": 60}
    for problem, start in (("tail", [0.5]), ("ramp", [0.0, 1.0])):
        found, expected = (
            module.stationary(np.array(start, dtype), problem=problem, **given) for module in (compiled, search)
        )
        assert found.steps == expected.steps
        assert_within(found.point, expected.point, 8 * max(found.steps, 1), 1 + np.abs(expected.point))
    if method != "gradient descent":
        far = {**given, "eps": 4.0, "lr": 1e308, "radius": None}
        with pytest.raises(ValueError, match="must be finite"), np.errstate(all="ignore"):
            compiled.stationary(np.array([0.0, 1.0], dtype), problem="ramp", **far)


NAN = Quadratic(np.full((2, 2), np.nan), np.zeros(2))
REFUSED = {
    "radius must be": lambda: optimizer.step(np.ones(2), optimizer.init(np.ones(2)), COSINES, radius=0.0),
    "start must not be longer than radius 0.1": lambda: episodes.run(np.ones(2), COSINES, start=np.ones(2)),
    "the gradient at the extrapolated point of step 1 must be finite": lambda: episodes.run(np.ones(2), NAN),
    "the gradient at the midpoint of step 1 must be finite": lambda: episodes.run(np.ones(2), NAN, hint="zero"),
    "radius must be a number where variant is 'adaptive', got None": lambda: learner.play(
        np.zeros(1), np.ones((2, 1)), np.ones((2, 1)), variant="adaptive", radius=None
    ),
    "hessian_smoothness must be > 0, got 0.0": lambda: tune(constant(1), constant(1), constant(0), constant(1)),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_bad_input_gets_a_sentence(sentence):
    with pytest.raises(ValueError, match=sentence):
        REFUSED[sentence]()


@pytest.mark.campaign
def test_the_exponents_hold_down_to_the_smallest_eps():
    """From 2^-6 to 2^-14: 1.738, 1.827 and 1.9975; of the double hint the last four down to 2^-16: 1.748."""
    for method, stated in (("double", "1.738"), ("previous", "1.827"), ("gradient descent", "1.9975")):
        exponents = range(6, 15, 2)
        fitted = searches.exponent(exponents, searches.steps("ramp", method, exponents))
        assert f"{fitted:.{len(stated) - 2}f}" == stated
    exponents = range(10, 17, 2)
    assert f"{searches.exponent(exponents, searches.steps('ramp', 'double', exponents)):.3f}" == "1.748"


@pytest.mark.optax
def test_previous_hints_are_optaxs_optimistic_gradient_descent():
    """Checked by every law of runs that such a port can be given; it rejects nothing."""
    result = check(find_port("optax.optimistic"), [find_system("odog")], Plan(20, ("float32", "float64")))
    found = {v.law.name: v.status for v in result.verdicts if v.status not in ("not provided", "no case drawn")}
    assert {name for name, status in found.items() if status != "conforms"} <= {"bad_input_is_rejected"}
    assert {"agrees_with_the_oracle", "hints_of_one_gradient_a_step_are_known_recursions"} <= found.keys()
