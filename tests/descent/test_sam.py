"""SAM, vSAM and ARSAM: exact answers, the cycle after many steps, both variants side by side, what errors say."""

import random

import numpy as np
import pytest
from kernel_contract import gamma

from gnomon.derivatives import gradient
from gnomon.descent.sam.decomposition import decompose, perturb
from gnomon.descent.sam.optimizer import init, step
from gnomon.descent.sam.steps import init_sampled, step_sampled
from gnomon.kernels.descent.sam import quadratics as compiled
from gnomon.norms import joint_length
from gnomon.objectives.several_arrays import Cubic
from gnomon_validation.studies.sam.runs import Bowl, Hyperbola

EPS = np.finfo(np.float64).eps
START = (np.array([3.0]), np.array([0.2]))


class Given:
    """A gradient that is a function of the parameters."""

    def __init__(self, gradient):
        self.gradient = gradient


def test_a_step_of_sam_by_hand():
    """½(3x² + 4y²) at (1, 1): g = (3, 4), ‖g‖ = 5, w' = (1.6, 1.8) for ρ = 1, g' = (4.8, 7.2)."""
    given = {"rho": 1.0, "lr": 0.5, "momentum": 0.9, "weight_decay": 0.0}
    new, state, report = step((np.ones(2),), init((np.ones(2),)), Bowl(np.array([3.0, 4.0])), **given)
    assert np.allclose(new[0], [1 - 2.4, 1 - 3.6], rtol=4 * EPS, atol=0)
    assert np.allclose(state.buffers[0], [4.8, 7.2], rtol=4 * EPS, atol=0)
    assert (report.grad_norm, state.step_count) == (5, 1)


def test_the_gradients_of_the_objectives_are_autograds():
    """Whole numbers, halves and quarters, exactly representable throughout."""
    f = Cubic(np.array([[2.0, 1.0], [1.0, 4.0]]), np.array([1.0, -1.0]), np.float64(0.75), np.float64(np.inf))
    x = np.array([3.0, 0.5])

    def value(w):
        d = w - f.stationary
        return 0.5 * (d @ f.matrix @ d) + 0.25 * (d**3).sum()

    assert np.allclose(gradient(value, x), f.gradient(x), rtol=8 * EPS, atol=0)
    assert f.value(x) == value(x)


@pytest.mark.parametrize("scale", [1e300, 1e-300, 5e-324])
def test_gradients_at_the_ends_of_the_range_perturb_by_rho(scale):
    new = perturb((np.zeros(2), np.zeros((1, 1))), (scale * np.array([1.0, -1.0]), np.array([[scale]])), rho=1.0)
    assert abs(joint_length(new) - 1) <= 4 * EPS


@pytest.mark.parametrize("seed", range(3))
def test_it_ends_in_the_cycle_along_the_steepest_direction(seed):
    """lr·λ₁ < ½: after 20,000 steps ±lr·ρλ₁/(2 - lr·λ₁) along the first axis, nothing along the others.

    A rate of contraction next to 1 is that of the smallest eigenvalue, (1 - lr·λ)^20000 < e⁻²⁰⁰ here; what is left is
    rounding of numbers of the size of the cycle.
    """
    draw = np.random.default_rng(seed)
    eigenvalues = np.sort(draw.uniform(0.5, 4.0, 3))[::-1]
    eigenvalues[0] *= 1.25
    lr, rho = 0.45 / eigenvalues[0], draw.uniform(0.05, 1.0)
    ends = compiled.descend(draw.standard_normal(3), eigenvalues, steps=20_000, lr=lr, rho=rho)[-2:]
    size = lr * rho * eigenvalues[0] / (2 - lr * eigenvalues[0])
    assert np.max(np.abs(np.abs(ends[:, 0]) - size)) <= 8 * EPS * size
    assert ends[0, 0] * ends[1, 0] < 0
    assert np.max(np.abs(ends[:, 1:])) <= EPS


def decisions(variant):
    """Return which of 200 steps in the valley were samples, the weights, and the last state."""
    stream, params, state = random.Random(0), START, init_sampled(START, window=20)
    given = {"blocks": 2, "last": 1, "rho": 0.1, "alpha1": 0.13, "alpha2": 0.13, "variant": variant}
    taken, weights = [], []
    for t in range(200):
        how = {"schedule": "warm_up" if t < 25 else "vsam", "momentum": 0.0, "weight_decay": 0.0}
        params, state, report = step_sampled(params, state, Hyperbola(), stream.random(), **given, **how)
        taken.append(report.took_sam)
        weights.append(float(report.weight))
    return taken, weights, state


def test_with_full_windows_and_six_reuses_clean_is_the_code():
    """β = 0.7 gives six reuses in both; 25 samples fill windows of 20: the same decisions, and the same last bit."""
    (taken, weights, state), (others, also, other) = decisions("clean"), decisions("code")
    assert taken == others and state.evaluations == other.evaluations == 200 + sum(taken)
    assert all(abs(a - b) <= 6 * EPS for a, b in zip(weights, also, strict=True))
    # β and the number here are rounded, and there are five products: 6 + 1 + 5 roundings at most.
    expected = [1, 0.7, 0.49, 0.343, 0.2401, 0.16807, 0.117649, 0]
    assert np.allclose(weights[24:32], expected, rtol=gamma(12, np.float64), atol=0)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda w: (np.array([np.nan]), w[1]), r"the gradient\[0\] must be finite, got nan at index \(0,\)"),
        (
            lambda w: (np.where(w[0] > 3, np.inf, w[0]), w[1]),
            r"the gradient at the perturbed point\[0\] must be finite",
        ),
        (lambda w: w[:1], "the gradient must have 2 arrays, as params has, got 1"),
        (lambda w: (w[0], np.ones(2)), r"the gradient\[1\] must have the shape of params\[1\] \(1,\), got \(2,\)"),
    ],
)
def test_a_gradient_that_will_not_do_is_named(answer, sentence):
    with pytest.raises(ValueError, match=sentence):
        decompose(START, Given(answer), rho=1.0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"last": 3}, "last must be at most the number of arrays, 2, got 3"),
        ({"blocks": 6}, "blocks must be at most half of the window's 10, got 6"),
        ({"max_p": 0.05}, "max_p must allow one sample in a window of 10, got 0.05"),
    ],
)
def test_what_does_not_fit_is_named(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        step_sampled(START, init_sampled(START, window=10), Hyperbola(), 0.5, **given)
