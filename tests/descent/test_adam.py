"""Adam's reference: the published numbers, exact answers, and the claims that are false."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.descent import adam, adamw
from gnomon.objectives import quadratic_with_spectrum

EPS = float(np.finfo(np.float64).eps)


def sharp_bound(beta1: float, beta2: float, t: int) -> float:
    """S(t): the longest step, in units of lr, that t gradients can make."""
    geometric = sum((beta1**2 / beta2) ** j for j in range(t))
    return float(np.sqrt((1 - beta1) ** 2 * (1 - beta2**t) / ((1 - beta1**t) ** 2 * (1 - beta2)) * geometric))


def steps_of(gradients: list[float], **hyper: float) -> list[float]:
    """Return the size of each step, in units of lr = 1, along a sequence of gradients."""
    params = np.zeros(1)
    state, sizes = adam.init(params), []
    for gradient in gradients:
        new, state = adam.step(params, np.array([gradient]), state, lr=1.0, eps=0.0, **hyper)
        sizes.append(float(np.abs(new - params)[0]))
        params = new
    return sizes


@pytest.mark.parametrize(("t", "printed"), [(1, "1.0000"), (10, "1.0431"), (100, "2.2434"), (1000, "5.7812")])
def test_the_sharp_bound_has_the_published_values(t: int, printed: str) -> None:
    assert f"{sharp_bound(0.9, 0.999, t):.4f}" == printed


def test_the_bound_of_the_adam_paper_is_false_for_the_default_betas() -> None:
    claimed = (1 - 0.9) / np.sqrt(1 - 0.999)
    sizes = steps_of([(0.999 / 0.9) ** s for s in range(1000)])
    assert f"{claimed:.4f}" == "3.1623"
    assert f"{sizes[999]:.4f}" == "5.7812"
    assert next(t for t, size in enumerate(sizes, start=1) if size > claimed) == 210


def test_the_bound_of_the_adam_paper_is_false_for_a_short_second_memory() -> None:
    assert np.sqrt(1 - 0.99) >= 1 - 0.9  # so the paper claims that no step is longer than lr
    sizes = steps_of([1.1**s for s in range(100)], beta2=0.99)
    assert [f"{sizes[t - 1]:.4f}" for t in (50, 100)] == ["1.4815", "1.8674"]


@pytest.mark.parametrize(("steps", "printed"), [(1, "5.0055"), (5, "8.4621"), (20, "10.1615"), (100, "9.4560")])
def test_coasting_after_constant_gradients_goes_as_far_as_published(steps: int, printed: str) -> None:
    params = np.zeros(1)
    state = adam.init(params)
    for _ in range(steps):
        params, state = adam.step(params, np.ones(1), state, lr=1.0, eps=0.0)
    start = params
    for _ in range(2000):
        params, state = adam.step(params, np.zeros(1), state, lr=1.0, eps=0.0)
    assert f"{float((start - params)[0]):.4f}" == printed


def test_adam_is_not_equivariant_under_rotations() -> None:
    """A port that passes a test of rotation equivariance is not Adam: eigenvalues 1 and 100, the 3-4-5 rotation."""
    rotation = np.array([[0.8, -0.6], [0.6, 0.8]])
    axes = quadratic_with_spectrum(np.array([1.0, 100.0]), None, np.zeros(2))
    turned = quadratic_with_spectrum(np.array([1.0, 100.0]), rotation, np.zeros(2))
    start = np.array([1.0, 0.3])
    straight = adam.trajectory(start, axes.hessian, np.zeros(2), steps=50, lr=1e-2)[-1]
    oblique = adam.trajectory(rotation @ start, turned.hessian, np.zeros(2), steps=50, lr=1e-2)[-1]
    lr = 1e-2
    assert np.linalg.norm(rotation @ straight - oblique) > lr  # more than a whole step apart


def test_amsgrad_converges_where_adam_goes_to_the_wrong_end() -> None:
    """The periodic linear example of Reddi, Kale and Kumar, clipped to [-1, 1]; the optimum is -1."""
    slope, beta2 = 3.0, 0.1
    finals = []
    for keeps_maximum in (False, True):
        x, v, largest = 0.0, 0.0, 0.0
        for t in range(1, 20001):
            g = slope if t % 3 == 1 else -1.0
            v = beta2 * v + (1 - beta2) * g * g
            largest = max(largest, v) if keeps_maximum else v
            x = min(1.0, max(-1.0, x - 0.5 * np.sqrt(1 - beta2) / np.sqrt(t) * g / np.sqrt(largest)))
        finals.append(f"{x:.5f}")
    assert finals == ["0.99904", "-0.99883"]


def test_zero_over_zero_is_not_a_number_as_the_formula_says() -> None:
    params = np.ones(2)
    with np.errstate(invalid="ignore"):
        new, _ = adam.step(params, np.array([0.0, 1.0]), adam.init(params), eps=0.0)
    assert np.isnan(new[0]) and new[1] == 1 - 1e-3


def test_adam_forgets_nothing_when_beta_is_close_to_one() -> None:
    params = np.zeros(1)
    beta = 1 - 2.0**-40
    state = adam.init(params)
    for gradient in (1.0, 3.0):
        params, state = adam.step(params, np.array([gradient]), state, beta1=beta)
    weight = 1 - beta**2
    # The mean of both gradients, but for a weight difference of 2⁻⁴⁰ and the cancellation in 1 - β².
    assert abs(state.first_moment[0] / weight - 2.0) <= 2.0**-40 + 4 * EPS / weight


@given(st.sampled_from([np.float16, np.float32, np.float64]), st.sampled_from([(), (3,), (2, 3), (0,)]))
def test_the_dtype_and_shape_are_kept(dtype: type, shape: tuple[int, ...]) -> None:
    params = np.ones(shape, dtype)
    for module in (adam, adamw):
        new, state = module.step(params, params, adam.init(params))
        for array in (new, *state[:3]):
            assert array.dtype == dtype and array.shape == shape


def test_the_inputs_are_left_alone() -> None:
    params, grad = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    state = adam.init(params)
    adam.step(params, grad, state)
    adamw.step(params, grad, state)
    assert params.tolist() == [1.0, 2.0] and grad.tolist() == [0.5, -1.0]
    assert not any(np.any(array) for array in state[:3])


BAD = [
    ({"lr": -1.0}, r"lr must be a finite number in \[0, inf\), got -1.0"),
    ({"lr": float("inf")}, r"lr must be a finite number in \[0, inf\), got inf"),
    ({"lr": "fast"}, r"lr must be a number in \[0, inf\), got 'fast'"),
    ({"beta1": 1.0}, r"beta1 must be a finite number in \[0, 1\), got 1.0"),
    ({"beta2": -0.1}, r"beta2 must be a finite number in \[0, 1\), got -0.1"),
    ({"eps": -1e-8}, r"eps must be a finite number in \[0, inf\), got -1e-08"),
    ({"weight_decay": float("nan")}, r"weight_decay must be a finite number in \[0, inf\), got nan"),
    ({"variant": "amsgrad"}, r"variant must be one of 'adam', 'amsgrad-torch', 'amsgrad-optax', got 'amsgrad'"),
]


@pytest.mark.parametrize(("hyper", "sentence"), BAD)
def test_a_hyperparameter_out_of_its_domain_gets_a_sentence(hyper: dict[str, object], sentence: str) -> None:
    params = np.ones(2)
    for module in (adam, adamw):
        with pytest.raises((ValueError, TypeError), match=sentence):
            module.step(params, params, adam.init(params), **hyper)
        with pytest.raises((ValueError, TypeError), match=sentence):
            module.trajectory(params, np.eye(2), params, steps=0, **hyper)


def test_arrays_that_do_not_fit_get_a_sentence() -> None:
    params = np.ones(2)
    state = adam.init(params)
    with pytest.raises(ValueError, match=r"grad must have the shape of params \(2,\), got \(3,\)"):
        adam.step(params, np.ones(3), state)
    with pytest.raises(TypeError, match="grad must have the dtype of params float64, got float32"):
        adam.step(params, np.ones(2, np.float32), state)
    with pytest.raises(TypeError, match="params must hold real floating-point numbers, got dtype int64"):
        adam.step(np.ones(2, int), np.ones(2), state)
    with pytest.raises(ValueError, match=r"grad must be finite, got nan at index \(1,\)"):
        adam.step(params, np.array([1.0, np.nan]), state, check_finite=True)
    with pytest.raises(ValueError, match=r"hessian must have shape \(2, 2\) to fit params \(2,\), got \(3, 3\)"):
        adam.trajectory(params, np.eye(3), params, steps=1)
