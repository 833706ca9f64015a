"""Hyperparameters that have no place in the dtype of the arrays: none loses its value on the way."""

from fractions import Fraction

import numpy as np
import pytest

from gnomon.descent import adam, adamw, hysterograd, lion, nadam, rmsprop, sgd, srkl
from gnomon.descent.homotopy import optimizer as homotopy
from gnomon.descent.homotopy.proposals import init_average
from gnomon.descent.homotopy.rate import rate
from gnomon.descent.homotopy.scheduler import init_scheduler
from gnomon.descent.homotopy.warm_up import init_warm_up
from gnomon.hessian_free import optimizer as hessian_free
from gnomon.hessian_free.runs import minimise_quadratics
from gnomon.kernels.descent import adam as compiled_adam
from gnomon.kernels.descent import srkl as compiled_srkl
from gnomon.kernels.hessian_free.runs import minimise_quadratics as compiled_runs
from gnomon.rounding import rounded_once

HALF = np.float16
WITH_EPS = [
    (adam, {}),
    (adamw, {}),
    (nadam, {}),
    (nadam, {"variant": "constant"}),
    (rmsprop, {}),
    (rmsprop, {"variant": "inside"}),
    (hysterograd, {}),
]


def stepped(method, grad, params=1.0, dtype=HALF, **hyper):
    params, grad = np.array([params], dtype), np.array([grad], dtype)
    return method.step(params, grad, method.init(params), **hyper)[0]


@pytest.mark.parametrize(("method", "variant"), WITH_EPS)
def test_in_half_precision_an_entry_without_gradient_stays(method, variant):
    """optax#1754: 1e-8 is 0 in float16, and 0/0 NaN."""
    assert HALF(1e-8) == 0
    new = stepped(method, 0.0, eps=1e-8, **variant)
    assert new == 1 and new.dtype == HALF


@pytest.mark.parametrize("method", [sgd, lion])
def test_in_half_precision_a_small_rate_is_not_0(method):
    """lr = 1e-8: along 6e4 plain descent moves by 6e-4; of Lion's decay λ = 6e4 the same is left."""
    given = {"weight_decay": 6e4} if method is lion else {}
    new = stepped(method, 0.0 if method is lion else 6e4, 1.0 if method is lion else 0.0, lr=1e-8, **given)
    assert new == HALF(1 - 6e-4 if method is lion else -1e-8 * float(HALF(6e4)))


def test_in_half_precision_a_long_memory_takes_its_share_of_the_gradient():
    """1 - β = 1e-7 has one digit in float16; 1e-7 · 6e4 = 6e-3 has three."""
    params, grad = np.zeros(1, HALF), np.array([6e4], HALF)
    _, state = adam.step(params, grad, adam.init(params), beta1=1 - 1e-7, beta2=1 - 1e-7)
    assert state.first_moment == HALF((1 - (1 - 1e-7)) * float(grad[0]))


def test_in_half_precision_parameters_decay_by_what_is_not_rounded_to_1():
    params = np.array([1.0], HALF)
    assert adamw.step(params, 0 * params, adam.init(params), lr=0.1, weight_decay=0.004)[0] == HALF(1 - 4e-4)


def test_in_half_precision_a_large_rate_is_not_infinite():
    assert stepped(sgd, 1e-3, 0.0, lr=1e6) == HALF(-1e6 * float(HALF(1e-3)))
    assert rate(HALF(1e4), HALF(1e-3), base_lr=1e6, max_lr=1e6) == HALF(1e6 / (float(HALF(1e4)) / float(HALF(1e-3))))


def test_numbers_of_a_state_stay_what_they_were():
    params = np.zeros(1, HALF)
    state = nadam.init(params)._replace(momentum_product=np.float64(0.7))
    _, after = nadam.step(params, params, state)
    assert after.momentum_product == 0.7 * nadam.scheduled(0.9, 4e-3, 1)


@pytest.mark.parametrize("module", [srkl, compiled_srkl])
def test_in_single_precision_a_beta_below_its_range_still_brakes(module):
    """SRKL's code for g = 1e25, α = 1e-3, β = 1e-50: βκ = 1, where 1 + 0·κ would make the step infinite."""
    grad = np.array([1e25], np.float32)
    g, beta = Fraction(float(grad[0])), Fraction(1e-50)
    exact = -Fraction(1e-3) * g / (1 + beta * g * g)
    assert module.step_code(0 * grad, grad, alpha=1e-3, beta=1e-50) == np.float32(float(exact))
    assert f"{float(exact):.1e}" == "-5.0e+21"


@pytest.mark.parametrize("module", [adam, compiled_adam])
def test_in_single_precision_an_eps_below_its_range_is_not_0(module):
    params = np.ones(1, np.float32)
    new, state = module.step(params, 0 * params, module.init(params), eps=1e-50)
    assert new == 1 and {a.dtype for a in (new, *state[:3])} == {np.dtype(np.float32)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_where_every_number_has_its_place_nothing_is_done(dtype):
    """The function is given the very arrays, and what it returns is returned."""
    array, found = np.ones(2, dtype), rounded_once(lambda *args, **kwargs: (args, kwargs))(np.ones(1, dtype), a=1e-30)
    assert found[0][0].dtype == dtype and found[1] == {"a": 1e-30}
    assert rounded_once(lambda x, **_: x)(array, lr=0.0, beta=0.9) is array


@pytest.mark.parametrize("module", [srkl, compiled_srkl])
@pytest.mark.parametrize(
    ("dtype", "g", "alpha", "beta"), [(np.float32, 1e20, 1e-30, 1e-37), (np.float64, 1e161, 1e-3, 5e-324)]
)
def test_a_step_in_the_range_has_no_part_beyond_it(module, dtype, g, alpha, beta):
    """α/s = 1e-50 is 0 in float32, and s⁻² = 1e-322 has two digits in float64; α·g/(1+βg²) has all of them."""
    grad = np.array([g], dtype)
    size = Fraction(float(grad[0]))
    exact = float(-Fraction(alpha) * size / (1 + Fraction(beta) * size * size))
    new = module.step_code(0 * grad, grad, alpha=alpha, beta=beta)
    assert new.dtype == dtype and abs(float(new[0]) - exact) <= 8 * float(np.finfo(dtype).eps) * abs(exact)


@pytest.mark.parametrize("lost", [1e300, 1e-50])
@pytest.mark.parametrize(
    ("begin", "name"),
    [
        (hessian_free.init, "damping"),
        (hysterograd.init, "initial_temp"),
        (homotopy.init, "base_lr"),
        (init_scheduler, "base_lr"),
        (init_average, "target_curvature"),
        (init_warm_up, "target_lr"),
    ],
)
def test_a_number_that_a_state_cannot_keep_is_refused(begin, name, lost):
    """In float32 1e300 would be kept as ∞, and 1e-50 as 0; in float64 both have their place."""
    with pytest.raises(ValueError) as caught:
        begin(np.ones(1, np.float32), **{name: lost})
    assert str(caught.value) == f"{name} must be in the range of float32, in which it is kept, got {lost}"
    begin(np.ones(1), **{name: lost})


@pytest.mark.parametrize("runs", [minimise_quadratics, compiled_runs])
def test_a_damping_that_a_run_cannot_keep_is_refused(runs):
    one = np.ones((1, 1), np.float32)
    with pytest.raises(ValueError, match=r"^damping must be in the range of float32"):
        runs(one, one[None], one, steps=1, damping=1e300)
