"""Automatic derivatives: against the closed forms of the objectives, and laws that hold to the last bit.

On polynomials at dyadic points every operation is exact in float64, so equality is asked for. Elsewhere the closed
form runs with its running error bound B. Autograd applies the same chain rule to the same graph; where the closed form
rounds once, a rule of autograd spends up to eight roundings (tanh: cosh, square, quotient; logaddexp: difference, exp,
product; each followed by the sum over uses), so its result lies within 8B of the exact one and 9B of the closed form.
"""

import autograd.numpy as np
import numpy as onp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from objective_cases import WHOLE, cases, dyadic, example_objectives, polynomials, transcendental, whole
from running_error import Bounded, agree

from gnomon.derivatives import empirical_fisher_diagonal, ggnvp, gradient, hvp, make_hvp
from gnomon.objectives import MLP

law = settings(deadline=None, max_examples=50)

ROUNDINGS = 8


def agree_with_closed_form(automatic, closed_form):
    agree(automatic, closed_form, times=1 + ROUNDINGS)


def quadratic_model(x):
    """Three outputs of three parameters with whole second derivatives."""
    return np.concatenate([x[:1] * x[1:2], x[1:2] * x[1:2] - x[2:], 2 * x[:1] + x[2:] * x[:1]])


def quadratic_model_jacobian(x):
    a, b, c = x
    return onp.array([[b, a, 0], [0, 2 * b, -1], [2 + c, 0, a]])


# --- automatic and closed-form derivatives agree -------------------------------------------------------------------


@law
@given(cases(polynomials(), numbers=WHOLE))
def test_polynomials_agree_with_their_closed_forms_to_the_last_bit(case):
    f, x, _, v = case
    assert onp.array_equal(gradient(f.value, x), f.gradient(x))
    assert onp.array_equal(hvp(f.value, x, v), f.hvp(x, v))


@law
@given(cases(transcendental()))
def test_objectives_agree_with_their_closed_forms(case):
    f, x, _, v = case
    agree_with_closed_form(gradient(f.value, x), f.gradient(Bounded(x)))
    agree_with_closed_form(hvp(f.value, x, v), f.hvp(Bounded(x), Bounded(v)))


@law
@given(cases(example_objectives()))
def test_gauss_newton_products_agree_with_their_closed_forms(case):
    f, x, _, v = case
    losses = f.output_loss if isinstance(f, MLP) else f.loss
    automatic = ggnvp(f.outputs, lambda z: np.sum(losses.losses(z)) / f.features.shape[0], x, v)
    agree_with_closed_form(automatic + getattr(f, "ridge", 0.0) * v, f.ggnvp(Bounded(x), Bounded(v)))


@law
@given(cases(example_objectives()))
def test_example_gradients_and_the_empirical_fisher_agree_with_their_closed_forms(case):
    f, x, _, _ = case
    examples = range(f.features.shape[0])
    closed_form = f.example_gradients(Bounded(x))
    for i in examples:
        agree_with_closed_form(gradient(lambda w, i=i: f.example_values(w)[i], x), closed_form[i])
    diagonal = empirical_fisher_diagonal(lambda w, i: f.example_values(w)[i], x, examples)
    # A square doubles the relative deviation, and B² is far below B: hence twice.
    agree(diagonal, np.sum(closed_form**2, axis=0) / len(examples), times=2 * (1 + ROUNDINGS))


@law
@given(whole(4), whole(4))
def test_an_affine_function_has_exactly_no_curvature_and_no_warning(x, v):
    assert not onp.any(hvp(lambda t: np.dot(v, t) + 1, x, v))
    assert onp.array_equal(gradient(lambda t: np.dot(v, t) + 1, x), v)


@law
@given(whole(4), whole(4))
def test_zero_vectors_and_unused_parameters_give_exact_zeros(x, v):
    f = lambda t: np.sum(t[:3] ** 2 * t[1:2])  # noqa: E731
    assert not onp.any(hvp(f, x, 0 * v))
    assert hvp(f, x, v)[3] == 0
    assert onp.array_equal(hvp(f, x, v), hvp(f, x, v * [1, 1, 1, 0]))


def test_many_products_cost_one_trace():
    calls = []

    def counted(x):
        calls.append(x)
        return np.sum(x**4)

    product = make_hvp(counted, onp.ones(3))
    products = [product(column) for column in onp.eye(3)]
    assert onp.array_equal(products, 12 * onp.eye(3))
    assert len(calls) == 1


# --- Gauss-Newton and Fisher ---------------------------------------------------------------------------------------


@law
@given(whole(3), whole((3, 3)), whole(3))
def test_the_gauss_newton_product_is_the_explicit_one(x, half, v):
    M = half + half.T
    J = quadratic_model_jacobian(x)
    assert onp.array_equal(ggnvp(quadratic_model, lambda z: np.dot(z, np.dot(M, z)) / 2, x, v), J.T @ M @ J @ v)


@law
@given(whole((2, 3)), whole(3), whole(3))
def test_an_affine_model_or_an_affine_loss_needs_no_warning(J, x, v):
    assert onp.array_equal(ggnvp(lambda t: np.dot(J, t), lambda z: np.sum(z**2) / 2, x, v), J.T @ (J @ v))
    assert not onp.any(ggnvp(quadratic_model, np.sum, x, v))


# --- dtypes and bad input --------------------------------------------------------------------------------------------


@law
@given(st.sampled_from([onp.float32, onp.float64]), st.data())
def test_derivatives_have_the_dtype_of_the_parameters(dtype, data):
    f, x, _, v = data.draw(cases(example_objectives(dtype), dtype))
    assert gradient(f.value, x).dtype == dtype
    assert hvp(f.value, x, v).dtype == dtype
    model_loss = lambda z: np.sum(np.tanh(z) ** 2)  # noqa: E731
    assert ggnvp(f.outputs, model_loss, x, v).dtype == dtype
    assert empirical_fisher_diagonal(lambda w, i: f.example_values(w)[i], x, range(1)).dtype == dtype


@law
@given(dyadic((2, 3)), dyadic((2, 3)))
def test_parameters_of_any_shape_keep_it(x, v):
    assert onp.array_equal(hvp(lambda t: np.sum(t * t) / 2, x, v), v)


def test_a_function_that_loses_the_trace_is_still_warned_of():
    with pytest.warns(UserWarning, match="Output seems independent of input"):
        make_hvp(lambda x: 1.0, onp.ones(2))


ONES = onp.ones(2)
BAD = [
    (TypeError, "params must hold real floating-point", lambda: gradient(np.sum, ONES.astype(int))),
    (TypeError, "params must be a NumPy array", lambda: hvp(np.sum, [1.0], ONES)),
    (ValueError, r"vector must have the shape of params \(2,\)", lambda: hvp(np.sum, ONES, onp.ones(3))),
    (TypeError, "vector must have the dtype of", lambda: ggnvp(np.sin, np.sum, ONES, ONES.astype(onp.float32))),
    (TypeError, "real scalar-output", lambda: gradient(np.sin, ONES)),
    (ValueError, "examples must hold at least one", lambda: empirical_fisher_diagonal(lambda x, i: x[i], ONES, [])),
]


@pytest.mark.parametrize(("error", "message", "call"), BAD)
def test_bad_input_is_named(error, message, call):
    with pytest.raises(error, match=message):
        call()
