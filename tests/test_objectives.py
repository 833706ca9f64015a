"""The objectives: laws of their derivatives, their closed forms, their known answers, what they refuse."""

from fractions import Fraction
from math import e, pi

import numpy as np
import objective_cases as drawn
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running_error import UNIT, Bounded, agree

from gnomon.objectives import MLP, NAMED, LogisticRegression, SoftmaxRegression, named
from gnomon.objectives.contract import ExampleObjective, GaussNewtonObjective, KnownObjective, Objective
from gnomon.objectives.quadratics import Quadratic, Spectrum, quadratic_with_spectrum
from gnomon.objectives.test_functions import Ackley, Beale, Himmelblau, Rastrigin, Rosenbrock

law = settings(deadline=None, max_examples=50)

HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
ROTATIONS = [None, HADAMARD, np.eye(4)[::-1]]


# --- laws of every objective -------------------------------------------------------------------------------------


@law
@given(drawn.cases(), st.integers(-8, 8))
def test_hvp_scales_bit_for_bit_with_powers_of_two_and_zero(case, exponent):
    f, x, _, v = case
    assert not np.any(f.hvp(x, 0 * v))
    assert np.array_equal(f.hvp(x, 2.0**exponent * v), 2.0**exponent * f.hvp(x, v))


@law
@given(st.data(), st.sampled_from([np.float16, np.float32, np.float64]))
def test_results_keep_the_dtype_of_the_parameters(data, dtype):
    plain = st.sampled_from([Rosenbrock(3), Beale(), Himmelblau()])
    f, x, _, v = data.draw(drawn.cases(plain | drawn.quadratics(dtype) | drawn.transcendental(dtype), dtype))
    results = [f.value(x), f.gradient(x), f.hvp(x, v)]
    if isinstance(f, GaussNewtonObjective):
        results.append(f.ggnvp(x, v))
    if isinstance(f, ExampleObjective):
        results += [f.example_values(x), f.example_gradients(x)]
    assert [r.dtype for r in results] == [np.dtype(dtype)] * len(results)
    assert [r.shape for r in results[:3]] == [(), x.shape, x.shape]


@law
@given(drawn.cases())
def test_array_likes_that_only_speak_numpys_protocols_give_the_same_numbers(case):
    f, x, _, v = case
    assert f.value(Bounded(x)).value == f.value(x)
    assert np.array_equal(f.gradient(Bounded(x)).value, f.gradient(x))
    assert np.array_equal(f.hvp(Bounded(x), Bounded(v)).value, f.hvp(x, v))


# --- quadratics --------------------------------------------------------------------------------------------------


@law
@given(drawn.cases(drawn.quadratics()))
def test_a_quadratic_is_exact_on_dyadic_numbers(case):
    f, x, _, v = case
    d = x - f.minimiser
    assert f.value(x) == d @ f.hessian @ d / 2 + f.offset
    assert np.array_equal(f.ggnvp(x, v), f.hvp(x, v))


@law
@given(drawn.whole(4), drawn.dyadic(4), drawn.dyadic(4), st.sampled_from(ROTATIONS), st.integers(0, 20))
def test_gradient_descent_iterate_is_gradient_descent(eigenvalues, minimiser, start, rotation, steps):
    """With these rotations and whole eigenvalues H is exact; the spectrum is given bounded, to count its powers."""
    lr = 1 / 16
    f = quadratic_with_spectrum(eigenvalues, rotation, minimiser)
    spectrum = Spectrum(Bounded(eigenvalues), None if rotation is None else Bounded(rotation))
    closed_form = Quadratic(f.hessian, minimiser, known_spectrum=spectrum)
    x = Bounded(start)
    for _ in range(steps):
        x = x - lr * f.gradient(x)
    agree(closed_form.gradient_descent_iterate(Bounded(start), lr, steps), x)


@law
@given(drawn.whole((3, 3)), drawn.dyadic(3), st.integers(0, 20))
def test_gradient_descent_iterate_finds_the_spectrum_itself(half, start, steps):
    """The computed spectrum is that of H + E, |E| <= n²·ε·|H|, with Q within n²·ε of orthogonal (Higham, ch. 19).

    For lr·|H| <= 1 and H >= 0 each of the t factors 1 - lr·(H + E) then moves the result by lr·|E|·|x₀|.
    """
    H = half.T @ half
    size = max(1.0, float(np.linalg.norm(H)))
    lr = 2.0 ** -np.ceil(np.log2(size))
    f = Quadratic(H, np.zeros(3))
    x = Bounded(start)
    for _ in range(steps):
        x = x - lr * f.gradient(x)
    allowed = (steps * lr * size + 3) * 9 * np.finfo(float).eps * np.linalg.norm(start)
    agree(Bounded(f.gradient_descent_iterate(start, float(lr), steps), allowed), x)


@law
@given(drawn.whole(4), st.sampled_from([None, HADAMARD]))
def test_quadratic_knows_whether_it_has_a_minimum(eigenvalues, rotation):
    f = quadratic_with_spectrum(eigenvalues, rotation, np.ones(4), 2.5)
    for g in (f, Quadratic(f.hessian, f.minimiser, f.offset)):
        known = np.min(eigenvalues) >= 0
        assert g.minimum == (2.5 if known else None)
        np.testing.assert_array_equal(g.minimisers, [np.ones(4)] if known else ())


@law
@given(st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64]))
def test_a_rotation_from_householder_reflections_is_accepted(n, seed, dtype):
    Q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)).astype(dtype))
    f = quadratic_with_spectrum(np.arange(n).astype(dtype), Q, np.zeros(n, dtype))
    assert np.array_equal(f.hessian, f.hessian.T)


# --- test functions ----------------------------------------------------------------------------------------------

TEST_FUNCTIONS = [Rosenbrock(), Rosenbrock(5), Beale(), Himmelblau(), Rastrigin(3), Ackley(3)]


@pytest.mark.parametrize("f", TEST_FUNCTIONS, ids=repr)
def test_the_gradient_vanishes_at_the_known_minimisers(f):
    """A stated minimiser is the exact one rounded, so off by u·|x|; the bound carries that through the gradient."""
    for x in f.minimisers:
        exact = Bounded(x, UNIT * np.abs(x))
        agree(f.gradient(exact) if x.any() else f.gradient(x), np.zeros_like(x))  # Ackley's has a subgradient there
        agree(f.value(exact) if x.any() else f.value(x), f.minimum)


def test_himmelblaus_inexact_minimisers_are_the_nearest_float64():
    """Their x and y are roots of two cubics, which in exact arithmetic change sign within half a spacing of each."""
    cubics = (lambda x: x**3 + 3 * x**2 - 13 * x - 38, lambda y: y**3 + 2 * y**2 - 10 * y - 19)
    for minimiser in Himmelblau().minimisers[1:]:
        for cubic, root in zip(cubics, minimiser, strict=True):
            half = Fraction(float(np.spacing(abs(root)))) / 2
            assert cubic(Fraction(float(root)) - half) * cubic(Fraction(float(root)) + half) < 0


@law
@given(drawn.cases(st.sampled_from(TEST_FUNCTIONS)))
def test_no_value_is_below_the_minimum(case):
    assert case.objective.value(case.params) >= case.objective.minimum


@law
@given(drawn.dyadic(3))
def test_rastrigin_and_ackley_are_the_published_formulas(x):
    """The published forms cancel near 0, the bounds know it. Twice them, for e and π, which are rounded themselves."""
    b, n = Bounded(x), 3
    agree(Rastrigin(n).value(b), 10 * n + np.sum(b**2 - 10 * np.cos(2 * pi * b)), times=2)
    if np.any(x):
        r, m = np.sqrt(np.sum(b**2) / n), np.sum(np.cos(2 * pi * b)) / n
        agree(Ackley(n).value(b), -20 * np.exp(-r / 5) - np.exp(m) + 20 + e, times=2)


# --- learning problems -------------------------------------------------------------------------------------------


@law
@given(drawn.cases(drawn.example_objectives()))
def test_the_whole_is_the_mean_of_the_examples_and_the_ridge(case):
    f, x, _, _ = case
    x, ridge = Bounded(x), getattr(f, "ridge", 0.0)
    agree(f.value(x), np.sum(f.example_values(x)) / f.features.shape[0] + ridge / 2 * np.dot(x, x))


@law
@given(drawn.dyadic((3, 2)), drawn.labels(3, 2), drawn.dyadic(2))
def test_softmax_regression_of_two_classes_is_logistic_regression(X, y, w):
    """Only the difference of the two rows matters: put w in the row of class 1 and 0 in that of class 0."""
    wide = Bounded(np.concatenate([np.zeros(2), w]))
    agree(SoftmaxRegression(X, y, 2).value(wide), LogisticRegression(X, y).value(Bounded(w)))


@law
@given(drawn.cases(drawn.softmax_regressions(ridge=st.just(0.0))))
def test_an_mlp_without_hidden_layer_and_bias_is_softmax_regression(case):
    f, x, _, _ = case
    net = MLP(f.features, f.labels, (), "softmax", f.classes)
    agree(net.value(Bounded(np.concatenate([x, np.zeros(f.classes)]))), f.value(Bounded(x)))


@law
@given(drawn.labels(2, 2), st.sampled_from([1.0, -1.0, 0.0]), st.floats(1e3, 1e150))
def test_far_from_the_data_nothing_overflows(y, side, scale):
    X = np.array([[1.0, -1.0], [1.0, 1.0]])
    for f in (LogisticRegression(X, y), SoftmaxRegression(X, y, 2), MLP(X, y, (), "softmax", 2)):
        x = np.resize(np.array([scale, side * scale]), f.dimension)
        assert f.value(x) >= 0
        assert np.isfinite([f.gradient(x), f.hvp(x, np.ones(f.dimension))]).all()


@law
@given(drawn.cases(drawn.mlps()))
def test_mlp_parameters_are_layer_by_layer_rows_of_weights_then_biases(case):
    f, x, _, _ = case
    layers = f.layers(x)
    assert np.array_equal(f.flat(layers), x)
    begin = 0
    for W, b in layers:
        outputs, inputs = W.shape
        assert all(W[o, i] == x[begin + o * inputs + i] for o in range(outputs) for i in range(inputs))
        assert np.array_equal(b, x[begin + outputs * inputs : begin + outputs * (inputs + 1)])
        begin += outputs * (inputs + 1)
    assert begin == f.dimension


def test_mlp_start_scales_the_draws_by_the_fan_in_and_zeroes_the_biases():
    f = MLP(np.ones((1, 4)), np.ones((1, 1)), ())
    assert np.array_equal(f.start_from(np.array([1.0, 2.0, 3.0, 4.0, 5.0])), [0.5, 1.0, 1.5, 2.0, 0.0])


# --- names and contracts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMED)
def test_every_name_gives_a_known_objective_of_two_variables(name):
    f = named(name)
    assert isinstance(f, KnownObjective)
    assert (f.name, f.start.shape) == (name, (2,))
    assert f.value(f.start) > f.minimum


@law
@given(st.one_of(drawn.polynomials(), drawn.transcendental()))
def test_every_objective_keeps_the_contract(f):
    assert isinstance(f, Objective)
    assert isinstance(f, GaussNewtonObjective) == hasattr(f, "ggnvp")


# --- bad input ---------------------------------------------------------------------------------------------------

X, ONE, ZERO, THREE = np.ones((2, 2)), np.ones(2), np.zeros(2), np.ones(3)
Y, NAN, SHEAR = np.array([0, 1]), np.array([1.0, np.nan]), np.array([[1.0, 1.0], [0.0, 1.0]])
WIDE, LOW, SINGLE = Quadratic(X, ZERO), np.array([0, 3]), np.ones(2, np.float32)
VALUES = [
    (lambda: Quadratic(SHEAR, ZERO), r"hessian must be symmetric, got 1.0 at \(0, 1\) and 0.0 at \(1, 0\)"),
    (lambda: Quadratic(X, THREE), r"hessian must have shape \(3, 3\), got \(2, 2\)"),
    (lambda: Quadratic(X, NAN), r"minimiser must be finite, got nan at index \(1,\)"),
    (lambda: Quadratic(X, np.zeros(0)), r"minimiser must have shape \(n,\)"),
    (lambda: Quadratic(X, ZERO, -np.inf), "offset must be finite, got -inf"),
    (lambda: quadratic_with_spectrum(ONE, SHEAR, ZERO), r"rotation must be orthogonal, \|QᵀQ - I\| <= 1.33e-15, got 1"),
    (lambda: quadratic_with_spectrum(NAN, None, ZERO), "eigenvalues must be finite, got nan"),
    (lambda: quadratic_with_spectrum(X, None, X), r"eigenvalues must have shape \(n,\), got \(2, 2\)"),
    (lambda: WIDE.gradient_descent_iterate(ZERO, -1.0, 3), r"lr must be a finite number in \[0, inf\), got -1.0"),
    (lambda: WIDE.gradient_descent_iterate(THREE, 1.0, 3), r"start must have shape \(2,\), got \(3,\)"),
    (lambda: Rosenbrock(1), "dimension must be an integer >= 2, got 1"),
    (lambda: Beale().value(THREE), r"params must have shape \(2,\), got \(3,\)"),
    (lambda: Himmelblau().hvp(ONE, THREE), r"vector must have the shape of params \(2,\), got \(3,\)"),
    (lambda: SoftmaxRegression(X, LOW, 3), r"labels must be integers in \[0, 3\), got 3 at index 1"),
    (lambda: LogisticRegression(X, Y[:1]), r"labels must have shape \(2,\) to fit the rows of features, got \(1,\)"),
    (lambda: SoftmaxRegression(X, Y, 1), "classes must be an integer >= 2, got 1"),
    (lambda: LogisticRegression(X * np.nan, Y), r"features must be finite, got nan at index"),
    (lambda: LogisticRegression(ONE, Y), r"features must have shape \(N, d\)"),
    (lambda: LogisticRegression(X, Y, -1), r"ridge must be a finite number in \[0, inf\), got -1"),
    (lambda: MLP(X, X, (0,)), r"hidden\[0\] must be an integer >= 1, got 0"),
    (lambda: MLP(X, X, loss="hinge"), "loss must be one of 'mse', 'softmax', got 'hinge'"),
    (lambda: MLP(X, np.ones((3, 1))), r"targets must have the 2 rows of features, got \(3, 1\)"),
    (lambda: MLP(X, X, classes=2), "classes must be None for the loss 'mse', got 2"),
    (lambda: Ackley(2).hvp(ZERO, ZERO), "params must not be the origin"),
    (lambda: named("rosenbrok"), r"one of 'ackley', .*, got 'rosenbrok'; did you mean 'rosenbrock'\?"),
]
TYPES = [
    (lambda: Quadratic(X, 0 * SINGLE), "hessian must have dtype float32, got float64"),
    (lambda: LogisticRegression(X, Y).value(SINGLE), "params must have the dtype of .* data float64, got float32"),
    (lambda: Beale().value(np.ones(2, int)), "params must hold real floating-point"),
    (lambda: LogisticRegression(X, ONE), r"labels must be integers in \[0, 2\), a NumPy array, got dtype float64"),
    (lambda: MLP(X, X, [3]), r"hidden must be a tuple of widths, got \[3\]"),
    (lambda: MLP(X, X.astype(np.float32)), "targets must have the dtype of features float64, got float32"),
    (lambda: MLP(X, Y, loss="softmax"), "classes must be an integer >= 2, got None"),
]


@pytest.mark.parametrize(("error", "cases"), [(ValueError, VALUES), (TypeError, TYPES)])
def test_bad_input_is_named(error, cases):
    for call, message in cases:
        with pytest.raises(error, match=message):
            call()
