"""SAM, vSAM and ARSAM: figures of the released code, exact answers, the quirks that only rounding has, the ends of the
range."""

import random
from fractions import Fraction

import numpy as np
import pytest

from gnomon.derivatives import gradient
from gnomon.descent import sgd
from gnomon.descent.sam.decomposition import decompose, perturb
from gnomon.descent.sam.optimizer import init, step
from gnomon.descent.sam.reuse import reuse_weight
from gnomon.descent.sam.sampling import block_variance, decide, init_sampler
from gnomon.descent.sam.steps import init_vsam, step_arsam, step_vsam
from gnomon.kernels.descent.sam import quadratics as compiled
from gnomon.norms import joint_length
from gnomon.objectives.several_arrays import Cubic, Joined
from gnomon_validation.studies.sam.runs import Bowl, Hyperbola

EPS = np.finfo(np.float64).eps
START = (np.array([3.0]), np.array([0.2]))


class Constant:
    """A gradient that is the same everywhere."""

    def __init__(self, *grads):
        self.grads = grads

    def gradient(self, params):
        return self.grads


def test_on_the_cube_the_remainder_is_twice_rho_times_x_and_rho_squared():
    """∇f = x²: at 2 with ρ = 1/8, all powers of two, g' = (2 + 1/8)² = 4 + ½ + 1/64 exactly."""
    cube = Joined(Cubic(np.zeros((1, 1)), np.zeros(1), np.float64(1), np.float64(np.inf)))
    found = decompose((np.array([2.0]),), cube, rho=0.125)
    assert (found.grads[0][0], found.sam_grads[0][0], found.psf[0][0]) == (4, 4.515625, 0.515625)


def test_a_step_of_sam_by_hand():
    """½(3x² + 4y²)… at (1, 1): g = (3, 4), ‖g‖ = 5, w' = (1.6, 1.8) for ρ = 1, g' = (4.8, 7.2)."""
    new, state, report = step((np.ones(2),), init((np.ones(2),)), Bowl(np.array([3.0, 4.0])), rho=1.0, lr=0.5,
                              momentum=0.9, weight_decay=0.0)  # fmt: skip
    assert np.allclose(new[0], [1 - 2.4, 1 - 3.6], rtol=4 * EPS, atol=0)
    assert np.allclose(state.buffers[0], [4.8, 7.2], rtol=4 * EPS, atol=0)
    assert (report.grad_norm, state.step_count) == (5, 1)


def test_the_gradients_of_the_objectives_are_autograds():
    """A quarter of a unit each: whole numbers and halves, exactly representable throughout."""
    matrix = np.array([[2.0, 1.0], [1.0, 4.0]])
    f = Cubic(matrix, np.array([1.0, -1.0]), np.float64(0.75), np.float64(np.inf))
    x = np.array([3.0, 0.5])

    def value(w):
        d = w - f.stationary
        return 0.5 * (d @ matrix @ d) + 0.25 * (d**3).sum()

    assert np.allclose(gradient(value, x), f.gradient(x), rtol=8 * EPS, atol=0)
    assert f.value(x) == value(x)


@pytest.mark.parametrize("scale", [1e300, 1e-300, 5e-324])
def test_gradients_at_the_ends_of_the_range_perturb_by_rho(scale):
    grads = (scale * np.array([1.0, -1.0]), np.array([[scale]]))
    new = perturb((np.zeros(2), np.zeros((1, 1))), grads, rho=1.0)
    assert abs(joint_length(new) - 1) <= 4 * EPS
    assert np.allclose(np.abs(np.concatenate([a.ravel() for a in new])), 3**-0.5, rtol=4 * EPS, atol=0)


@pytest.mark.parametrize(("size", "reuses"), [(1e-12, 0.5), (1.0, 1 / (1 + 1e-12))])
def test_the_guard_of_the_code_halves_the_step_where_the_norm_is_the_guard(size, reuses):
    (new,) = perturb((np.zeros(1),), (np.array([size]),), rho=1.0, eps=1e-12)
    assert abs(new[0] - reuses) <= 4 * EPS


# --- the cycle


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


# --- vSAM


def decisions(variant, **given):
    """Which of 200 steps in the valley were samples, the weights, and the last state."""
    stream, params, state = random.Random(0), START, init_vsam(START, window=20)
    taken, weights = [], []
    for t in range(200):
        number = stream.random() if t >= 0 else 0.0
        params, state, report = step_vsam(
            params, state, Hyperbola(), number, warm_up=t < 25, blocks=2, last=1, rho=0.1, alpha1=0.13, alpha2=0.13,
            momentum=0.0, weight_decay=0.0, variant=variant, **given,
        )  # fmt: skip
        taken.append(report.took_sam)
        weights.append(float(report.weight))
    return taken, weights, state


def test_with_full_windows_and_six_reuses_clean_is_the_code():
    """β = 0.7 gives six reuses in both; 25 samples fill windows of 20: the same decisions, and the same last bit."""
    (taken, weights, state), (others, also, other) = decisions("clean"), decisions("code")
    assert taken == others and state.evaluations == other.evaluations == 200 + sum(taken)
    assert all(abs(a - b) <= 6 * EPS for a, b in zip(weights, also, strict=True))


def test_the_weights_after_a_sample_are_those_of_the_code():
    _, weights, _ = decisions("clean")
    last = 24  # the last step of the warm-up
    assert np.allclose(weights[last : last + 8], [1, 0.7, 0.49, 0.343, 0.2401, 0.16807, 0.117649, 0], rtol=8 * EPS)


def reuses_of_the_code(beta):
    product, used = np.float64(1), 0
    for j in range(1, 10):
        weight, product = reuse_weight(j, product, beta=beta, variant="code")
        used += bool(weight > 0)
    return used


def test_rounding_gives_a_seventh_reuse_for_24_of_95_betas():
    """Exactly where the product of six, rounded six times, lies above the rounded power."""
    counts = {percent: reuses_of_the_code(percent / 100) for percent in range(5, 100)}
    assert sorted(set(counts.values())) == [6, 7]
    assert sum(count == 7 for count in counts.values()) == 24
    assert [counts[p] for p in (30, 60, 90)] == [7, 7, 7] and [counts[p] for p in (50, 70, 80)] == [6, 6, 6]
    assert reuses_of_the_code(1.0) == 0


def test_the_code_ends_with_its_own_error_where_its_windows_are_not_full():
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        decide(init_sampler(window=4)._replace(step_count=4), 0.5, variant="code")
    after, _, _ = decide(init_sampler(window=4)._replace(step_count=4), 0.5)
    assert (after.samples_per_window, after.probability) == (1, 0.25)


def test_the_variance_of_blocks_by_hand():
    """(1, 2), (4, 8), 16 left over: variances ½ and 8."""
    assert block_variance(np.array([16.0, 8.0, 1.0, 4.0, 2.0]), blocks=2) == Fraction(17, 4)


def test_a_number_of_the_stream_is_used_only_where_a_sample_is_wanted():
    """After a warm-up k = 1 = ⌊S⌋: the first K - 1 steps draw nothing, and take nothing."""
    params, state = START, init_vsam(START, window=10)
    given = {"blocks": 2, "last": 1, "rho": 0.1}
    params, state, _ = step_vsam(params, state, Hyperbola(), 0.5, warm_up=True, **given)
    for _ in range(9):
        params, state, report = step_vsam(params, state, Hyperbola(), 0.999, **given)
        assert not report.took_sam and not report.used_uniform
    assert (state.draws, state.evaluations, state.sampler.step_count) == (0, 11, 10)


# --- bad input


def test_a_gradient_that_is_no_number_is_named_and_nothing_is_changed():
    bad = Constant(np.array([np.nan]), np.array([0.0]))
    before = [w.copy() for w in START]
    with pytest.raises(ValueError, match=r"the gradient\[0\] must be finite, got nan at index \(0,\)"):
        step(START, init(START), bad)

    class Wall:
        def gradient(self, params):
            return tuple(np.where(params[0] > 3, np.inf, 1.0) * np.ones_like(w) for w in params)

    with pytest.raises(ValueError, match=r"the gradient at the perturbed point\[0\] must be finite"):
        step(START, init(START), Wall(), rho=1.0)
    assert all(np.array_equal(w, b) for w, b in zip(START, before, strict=True))


def test_a_gradient_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match="the gradient must have 2 arrays, as params has, got 1"):
        decompose(START, Constant(np.array([1.0])))
    with pytest.raises(ValueError, match=r"the gradient\[1\] must have the shape of params\[1\] \(1,\), got \(2,\)"):
        decompose(START, Constant(np.ones(1), np.ones(2)))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"last": 3}, "last must be at most the number of arrays, 2, got 3"),
        ({"blocks": 6}, "blocks must be at most half of the window's 10, got 6"),
        ({"max_p": 0.05}, "max_p must allow one sample in a window of 10, got 0.05"),
        ({"max_p": 0.0}, r"max_p must be a finite number in \(0, 1\], got 0.0"),
        ({"rho": -1.0}, r"rho must be a finite number in \[0, inf\), got -1.0"),
        ({"beta": 1.5}, r"beta must be a finite number in \[0, 1\], got 1.5"),
    ],
)
def test_what_is_out_of_its_domain_is_named(given, sentence):
    for method in (step_vsam, step_arsam):
        with pytest.raises(ValueError, match=sentence):
            method(START, init_vsam(START, window=10), Hyperbola(), 0.5, **given)


def test_without_a_gradient_and_without_decay_nothing_moves_and_nothing_is_nan():
    still = (np.ones(1), np.ones(1))
    params, state, report = step(still, init(still), Hyperbola(), weight_decay=0.0)
    assert params == still and report == (0, 0, 0)
    params, state, _ = step_vsam(still, init_vsam(still, window=10), Hyperbola(), 0.5, warm_up=True, weight_decay=0.0)
    assert params == still and np.all(state.sampler.ratios == 0) and np.all(state.sampler.variances == 0)


def test_never_is_sgd_bit_for_bit():
    params, state, buffers = START, init_vsam(START), [sgd.init(w) for w in START]
    plain = list(START)
    for _ in range(20):
        params, state, _ = step_arsam(params, state, Hyperbola(), 0.5, schedule="never")
        moved = [
            sgd.step(w, g, b, lr=0.05, momentum=0.9, weight_decay=1e-3)
            for w, g, b in zip(plain, Hyperbola().gradient(plain), buffers, strict=True)
        ]
        plain, buffers = [w for w, _ in moved], [b for _, b in moved]
    assert all(np.array_equal(a, b) for a, b in zip(params, plain, strict=True))
    assert state.evaluations == 20
