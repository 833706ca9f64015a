"""What the studies of homotopy learning rates stand on: counted operations, counted products, paths in closed form."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import autograd.numpy as traced
import numpy as np
import pytest

from gnomon.derivatives import gradient
from gnomon_validation.studies.homotopy import convolutional, cost, quadratic, training_runs
from gnomon_validation.studies.homotopy.claims_about_results import ahead_of_constant, the_table_of_the_quadratic
from gnomon_validation.studies.homotopy.training_runs import MEASURED, POINTS, DeepLinear, Run, data

EPS = 2.0**-52

# --- operations


@pytest.mark.parametrize(("widths", "batch"), [((3, 2), 1), ((5, 4, 3), 7), ((2, 9, 4, 3), 5), ((4, 4, 4, 4, 4), 3)])
def test_operations_are_those_counted_by_hand(widths, batch):
    """With c the operations of a layer forward: backward W and input of each layer, but no input of the first.

    Through both passes again, for each layer but the first: two for the gradient's own product with the weights, two
    for that with the input, two of the forward pass. The first layer's input has no derivative: two are left.
    """
    first, *rest = (2 * batch * inputs * outputs for inputs, outputs in pairwise(widths))
    network = cost.Network("", widths, batch, ("", ""))
    assert network.counts() == (first + sum(rest), first + 2 * sum(rest), 2 * first + 6 * sum(rest))


# --- products


@pytest.mark.parametrize("frequency", [1, 2, 3, 7, 10, 999, 1000, 1001])
@pytest.mark.parametrize(("iterations", "probes"), [(1, 1), (4, 3)])
def test_full_estimates_come_at_the_first_call_and_at_multiples_of_the_frequency(frequency, iterations, probes):
    full = len({1, *range(frequency, cost.STEPS + 1, frequency)})
    setting = cost.Setting("", frequency, iterations, probes)
    assert cost.products(setting) == (full, full * (iterations + probes)) and setting.full == full


def test_the_layers_are_measured_at_steps_0_90_190():
    assert cost.layer_steps(291) == [0, 90, 190, 290]


# --- paths


@pytest.mark.parametrize(
    ("rate", "steps", "printed"),
    [
        *((Fraction(str(b)), 100, stated[quadratic.CONSTANT]) for b, stated in quadratic.STATED.items()),
        (Fraction(1, 10), 20, "1.21109037983e+40"),
    ],
)
def test_the_stated_losses_of_constant_rates_are_the_exact_ones(rate, steps, printed):
    """½Σ λ(1-bλ)^{2t} with λ = 1 + 99i/49 in exact fractions, rounded to the stated digits."""
    exact = sum(e * (1 - rate * e) ** (2 * steps) for e in (1 + Fraction(99 * i, 49) for i in range(50))) / 2
    digits = len(printed.split("e")[0].replace(".", "").lstrip("0"))
    assert f"{float(exact):.{digits}g}" == printed


def test_the_loss_at_ten_times_the_limit_leaves_the_range_after_161_steps():
    """½Σ λ(1-λ/10)^{2t} in exact fractions: what is below the largest float64 is a number, what is 2¹⁰²⁴ is not."""
    spectrum = [1 + Fraction(99 * i, 49) for i in range(50)]
    before, after = (sum(e * (1 - e / 10) ** (2 * t) for e in spectrum) / 2 for t in (160, 161))
    assert before < 2**1023 and after > 2**1024
    assert "out of range after 161 steps" in the_table_of_the_quadratic().figure


def test_a_rate_that_is_higher_than_the_constant_one_would_be_seen(monkeypatch):
    """The count of steps at which the rule is ahead is not zero by construction: a rule that cheats is counted."""
    honest = quadratic.descend

    def cheating(params, eigenvalues, *, rule, base_lr, **rest):
        faster = base_lr if rule == "constant" else 1.1 * base_lr
        return honest(params, eigenvalues, rule="constant", steps=rest["steps"], base_lr=faster)

    monkeypatch.setattr("gnomon_validation.studies.homotopy.claims_about_results.descend", cheating)
    ahead, runs = ahead_of_constant(5)
    assert ahead == 5 * 60 == runs * 60


@pytest.mark.parametrize("x", [0.125, 0.5, 0.75])
def test_the_saddle_is_the_one_in_the_text(x):
    """H = [[x², 2x²-1], [2x²-1, x²]] has the eigenvalues 3x²-1 and 1-x², exactly representable here.

    A symmetric 2 by 2 eigenvalue problem of norm below 2 is solved within a few units of rounding; 16 are allowed.
    """
    norm = training_runs.spectral_norm(training_runs.saddle_hessian(np.array([x, x])))
    assert abs(norm - max(abs(3 * x * x - 1), 1 - x * x)) <= 16 * EPS
    assert training_runs.from_saddle(x, False).losses[0] == (x * x - 1) ** 2 / 2


# --- training runs


def test_a_deep_linear_network_that_is_the_teacher_has_no_loss_and_no_gradient():
    """Whole numbers and weights that are permutations: every product and sum is exact."""
    draw = np.random.default_rng(0)
    features, teacher = draw.integers(-4, 5, (POINTS, 4)).astype(float), draw.integers(-3, 4, (3, 4)).astype(float)
    first, second = np.eye(4)[[1, 0, 3, 2]], np.eye(4)[[2, 3, 0, 1]]
    params = np.concatenate([first.ravel(), second.ravel(), (teacher @ first.T @ second.T).ravel()])
    network = DeepLinear(features, features @ teacher.T)
    assert network.value(params) == 0
    assert not np.any(network.gradient(params))
    moved = params + np.eye(44)[43]
    assert network.value(moved) == np.sum((features @ first.T @ second.T)[:, 3] ** 2) / (2 * POINTS)


def test_the_three_numbers_are_linear_in_the_points():
    features, targets = data(np.random.default_rng(5))
    assert features.shape == (POINTS, 4) and targets.shape == (POINTS, 3)
    assert np.linalg.matrix_rank(np.concatenate([features, targets], axis=1)) == 4


def test_the_lowest_curvature_is_told_by_its_step():
    curvatures = np.ones(len(MEASURED))
    assert Run(curvatures, curvatures, curvatures).lowest == 0
    curvatures[-1] = 0.5
    assert Run(curvatures, curvatures, curvatures).lowest == training_runs.STEPS == MEASURED[-1]


# --- the convolutional network


def plain_block(x, W, scale, shift):
    """The block in autograd's words: neighbours one after the other, mean and variance over all pixels of a channel."""
    side = x.shape[1]
    padded = traced.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "constant")
    parts = [padded[:, i : i + side, j : j + side] for i in range(3) for j in range(3)]
    z = traced.concatenate(parts, axis=3) @ W
    centred = z - traced.mean(z, axis=(0, 1, 2))
    y = scale * centred / traced.sqrt(traced.mean(centred**2, axis=(0, 1, 2)) + 1e-5) + shift
    return traced.max(traced.maximum(y, 0).reshape(len(x), side // 2, 2, side // 2, 2, -1), axis=(2, 4))


def test_the_way_back_through_a_block_is_autograds():
    """Sums of at most 3·4·4 pixels or 9·2 neighbours, each within a few EPS of its size: a thousand EPS of the largest.

    The one constant that is rounded to float32, 1e-5 beside variances of about 10, is off by less than EPS of those.
    """
    draw = np.random.default_rng(0)
    given = [draw.standard_normal(shape) for shape in ((3, 4, 4, 2), (18, 5), (5,), (5,))]
    largest, back = convolutional.block(*given)
    slope = draw.standard_normal(largest.shape)
    assert np.max(np.abs(largest - plain_block(*given))) <= 1000 * EPS * np.max(largest)
    for k, found in enumerate(back(slope)):

        def pulled(one, k=k):
            return traced.sum(slope * plain_block(*given[:k], one, *given[k + 1 :]))

        expected = gradient(pulled, given[k])
        assert np.max(np.abs(found - expected)) <= 1000 * EPS * np.max(np.abs(expected)), k


def test_the_network_follows_its_gradient():
    """A quotient of differences of ½Σ scores² along its gradient, with and without dropout.

    With a step of h it is off by about h² and EPS/h, 2⁻⁴⁰ and 2⁻³² here; a bit of each weight is 2⁻²⁰ at least.
    """
    draw = np.random.default_rng(1)
    widths = ((9, 32), (288, 64), (convolutional.LINEAR_INPUTS, 128), (128, 10))
    (a, b, c, d) = (draw.standard_normal(shape) / shape[0] ** 0.5 for shape in widths)
    params = [a, np.ones(32), np.zeros(32), b, np.ones(64), np.zeros(64), c, np.zeros(128), d, np.zeros(10)]
    labels = np.array([3, 7])
    x = convolutional.images(draw, labels).astype(np.float64)
    for dropout in (lambda: None, lambda: np.random.default_rng(2)):
        scores, back = convolutional.network(params, x, dropout())
        slopes = back(scores)
        along = sum(float(np.sum(slope**2)) for slope in slopes)
        h = 2.0**-20 / along**0.5
        ahead, behind = (
            np.sum(
                convolutional.network([p + s * g for p, g in zip(params, slopes, strict=True)], x, dropout())[0] ** 2
            )
            for s in (h, -h)
        )
        assert abs((ahead - behind) / (4 * h) / along - 1) < 2.0**-20


def test_the_images_are_those_of_the_formula():
    """Without its noise, which is uniform and halved, a pixel is (1 + sin fx · cos fy)/4: row y, column x."""
    labels = np.array([0, 5])
    x = 2 * np.pi * np.linspace(0, 1, 28)
    noise = np.random.default_rng(3).uniform(size=(2, 28, 28))
    found = convolutional.images(np.random.default_rng(3), labels)[..., 0] - noise / 2
    for image, f in zip(found, (0.5, 1.0), strict=True):
        assert np.max(np.abs(image - (1 + np.outer(np.cos(f * x), np.sin(f * x))) / 4)) <= 2.0**-23
