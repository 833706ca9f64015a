"""SGD's reference: exact answers on quadratics, the exact limits of stability, bad input."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.descent import sgd

DYADIC = st.integers(-8, 8).map(lambda k: k / 4)


@given(DYADIC, DYADIC, st.integers(0, 3))
def test_gradient_descent_on_a_dyadic_quadratic_is_exact(start: float, minimiser: float, steps: int) -> None:
    """With lr·λ = ¼ every number is a short dyadic fraction, and the closed form holds bit for bit."""
    path = sgd.trajectory(np.array([start]), np.array([[0.5]]), np.array([minimiser]), steps=steps, lr=0.5)
    exact = Fraction(minimiser) + Fraction(3, 4) ** steps * (Fraction(start) - Fraction(minimiser))
    assert Fraction(float(path[-1, 0])) == exact


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("curvature", [1e-2, 1.0, 50.0])
def test_the_exact_limit_of_stability(momentum: float, curvature: float, nesterov: bool) -> None:
    """Stable on curvature λ iff lr·λ < 2(1+μ), with Nesterov's momentum 2(1+μ)/(1+2μ)."""
    limit = 2 * (1 + momentum) / (1 + 2 * momentum if nesterov else 1) / curvature

    def spectral_radius(lr: float) -> float:
        """Of the map (x, buf) → (x', buf'), read off the reference itself, one unit vector after the other."""
        columns = []
        for x, buffer in ((1.0, 0.0), (0.0, 1.0)):
            state = sgd.SGDState(np.array([buffer]), 1)
            grad = np.array([curvature * x])
            new, after = sgd.step(np.array([x]), grad, state, lr=lr, momentum=momentum, nesterov=nesterov)
            columns.append([new[0], after.momentum_buffer[0]])
        return float(np.max(np.abs(np.linalg.eigvals(np.array(columns).T))))

    assert spectral_radius(0.999 * limit) < 1 < spectral_radius(1.001 * limit)


def test_the_first_buffer_is_not_dampened() -> None:
    params = np.zeros(1)
    new, state = sgd.step(params, np.ones(1), sgd.init(params), lr=1.0, momentum=0.5, dampening=0.5)
    assert state.momentum_buffer[0] == 1.0 and new[0] == -1.0
    _, state = sgd.step(new, np.zeros(1), state, lr=1.0, momentum=0.5, dampening=0.5)
    assert state.momentum_buffer[0] == 0.5


@given(st.sampled_from([np.float16, np.float32, np.float64]), st.sampled_from([(), (3,), (2, 3), (0,)]))
def test_the_dtype_and_shape_are_kept(dtype: type, shape: tuple[int, ...]) -> None:
    params = np.ones(shape, dtype)
    new, state = sgd.step(params, params, sgd.init(params), momentum=0.9, nesterov=True, weight_decay=0.1)
    assert new.dtype == state.momentum_buffer.dtype == dtype and new.shape == shape


BAD = [
    ({"lr": -1.0}, r"lr must be a finite number in \[0, inf\), got -1.0"),
    ({"momentum": float("nan")}, r"momentum must be a finite number in \[0, inf\), got nan"),
    ({"dampening": 2.0}, r"dampening must be a finite number in \[0, 1\], got 2.0"),
    ({"weight_decay": -1}, r"weight_decay must be a finite number in \[0, inf\), got -1"),
    ({"nesterov": 1}, "nesterov must be True or False, got 1"),
    ({"nesterov": True}, "nesterov requires momentum > 0 and dampening 0, got momentum 0.0 and dampening 0.0"),
    (
        {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
        "nesterov requires momentum > 0 and dampening 0, got momentum 0.9 and dampening 0.1",
    ),
]


@pytest.mark.parametrize(("hyper", "sentence"), BAD)
def test_a_hyperparameter_out_of_its_domain_gets_a_sentence(hyper: dict[str, object], sentence: str) -> None:
    params = np.ones(2)
    with pytest.raises((ValueError, TypeError), match=sentence):
        sgd.step(params, params, sgd.init(params), **hyper)


def test_a_run_of_a_negative_number_of_steps_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="steps must be an integer >= 0, got -1"):
        sgd.trajectory(np.ones(2), np.eye(2), np.zeros(2), steps=-1)
    with pytest.raises(TypeError, match=r"steps must be an integer >= 0, got 2\.5"):
        sgd.trajectory(np.ones(2), np.eye(2), np.zeros(2), steps=2.5)
    with pytest.raises(ValueError, match=r"params must have shape \(replicas, n\), got \(2,\)"):
        sgd.endpoints(np.ones(2), np.eye(2), np.zeros(2), steps=1)
