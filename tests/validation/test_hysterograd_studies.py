"""What HysteroGrad's studies stand on: the data, the network, its gradient, the costs, the runs that are cut short."""

from __future__ import annotations

from itertools import repeat
from math import inf

import numpy as np
import pytest

from gnomon.descent import hysterograd
from gnomon_validation.studies.hysterograd import atf, published, training
from gnomon_validation.studies.hysterograd.claims_about_moons import the_current_file
from gnomon_validation.studies.hysterograd.runs import SETTINGS, Clipped, Constant, run, walk

EPS = 2.0**-52

# --- the data


def test_the_moons_are_those_of_scikit_learn():
    """The first and last examples that make_moons(500, noise=0.15, random_state=42) of scikit-learn 1.9.1 prints.

    cos, sin, log and root are within 4 units in the last place wherever NumPy runs. A coordinate is at most 2 and has
    one of the first two (2·EPS), two subtractions (2·EPS), the noise (below ½, of which 10 units: 3·EPS) and a sum.
    """
    features, labels = training.two_moons(500, 0.15, 42)
    printed = [
        [0.8307671074231047, -0.37213904634215134],
        [0.8950324198219548, 0.8583059170258649],
        [1.0788568780222463, -0.47775284228408316],
        [0.12671604729304217, 1.2719681564975012],
    ]
    assert np.max(np.abs(features[[0, 1, 2, -1]] - printed)) <= 8 * EPS
    assert labels[:12].tolist() == [1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0]


def test_without_noise_each_moon_is_half_a_circle():
    """x² + y² of points that are within 3·EPS in each coordinate misses 1 by at most 2·(|x| + |y|)·3·EPS + rounding."""
    features, labels = training.two_moons(60, 0.0, 0)
    upper, lower = features[labels == 0], features[labels == 1] - [1, 0.5]
    assert len(upper) == len(lower) == 30
    for moon, side in ((upper, 1), (lower, -1)):
        assert np.max(np.abs(np.sum(moon**2, axis=1) - 1)) <= 12 * EPS
        assert np.min(side * moon[:, 1]) >= -3 * EPS


# --- the networks


def dyadic_network(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return parameters, four examples and labels with which the network computes without a single rounding.

    Weights and inputs are small integers, the biases of the first layer lie halfway between two integers and those of
    the second a quarter off, so that nothing that is rectified is within ¼ of 0. The last layer is a multiple of 2¹²:
    two outputs are equal, or so far apart that their softmax is exactly 0 and 1. Every other label is that of the lower
    one.
    """
    draw = np.random.default_rng(seed)
    layers = []
    for offset, scale, inputs, outputs in ((0.5, 1, 2, 16), (0.25, 1, 16, 16), (0.0, 2**12, 16, 2)):
        weights = draw.integers(-2, 3, (outputs, inputs))
        biases = draw.integers(-3, 4, outputs) + offset
        layers += [scale * weights.reshape(-1), scale * biases]
    params, features = np.concatenate(layers).astype(float), draw.integers(-8, 9, (4, 2)).astype(float)
    outputs = training.activations(training.layers_of(params), features)[-1]
    return params, features, np.argmax(outputs, axis=1) ^ [1, 0, 1, 0]


@pytest.mark.parametrize("seed", range(10))
def test_the_gradient_is_the_derivative(seed):
    """The outputs are linear in each single parameter as far as no unit switches, so a difference is the derivative.

    A step of 2⁻²⁰ moves no rectified number by ¼: it is at most 2⁻²⁰ times an activation (below 2¹⁰) times a weight
    (2). All of it is exact, hence the equality to the last bit.
    """
    params, features, labels = dyadic_network(seed)
    outputs = training.activations(training.layers_of(params), features)[-1]
    apart = outputs[:, 1] - outputs[:, 0]
    first = np.where(apart == 0, 0.5, np.where(apart < 0, 1.0, 0.0))
    pull = np.stack([first, 1 - first], axis=1) - (labels[:, None] == [0, 1])

    derivative = []
    for step in 2.0**-20 * np.eye(params.size):
        moved = training.activations(training.layers_of(params + step), features)[-1]
        derivative.append(np.sum(pull * (moved - outputs) * 2.0**20) / 4)
    _, gradient = training.loss_and_gradient(params, features, labels)
    assert np.array_equal(gradient, derivative)
    assert np.any(gradient[:48]) and np.any(gradient[48:320]) and np.any(gradient[320:])


def test_a_unit_that_is_exactly_zero_passes_nothing_back():
    features, labels = np.ones((1, 2)), np.array([0])
    params = np.zeros(354)
    params[320:352] = 1.0
    _, gradient = training.loss_and_gradient(params, features, labels)
    assert np.flatnonzero(gradient).tolist() == [352, 353]
    assert gradient[-2:].tolist() == [-0.5, 0.5]


def test_the_network_and_an_epoch_have_the_published_size():
    assert training.BATCHES == 16 and training.EXAMPLES - 15 * training.BATCH == 20
    params = training.start(np.random.default_rng(0))
    assert params.shape == (354,)
    layers = training.layers_of(params)
    assert [W.shape for W, _ in layers] == [(16, 2), (16, 16), (2, 16)]
    for W, b in layers:
        assert max(np.max(np.abs(W)), np.max(np.abs(b))) <= W.shape[1] ** -0.5


def test_without_a_gate_the_versions_do_not_differ():
    v4, head = (vars(training.train(0, variant=variant, hysteresis_scale=0.0)) for variant in ("v4", "head"))
    assert all(np.array_equal(v4[part], head[part]) for part in v4)


@pytest.mark.parametrize(
    ("depth", "widen_factor", "millions"), [(40, 4, "8.9"), (16, 8, "11.0"), (28, 10, "36.5"), (28, 2, "1.5")]
)
def test_wide_residual_networks_have_the_sizes_that_their_paper_prints(depth, widen_factor, millions):
    parameters = sum(layer.parameters for layer in atf.layers(depth, widen_factor))
    assert f"{parameters / 1e6:.1f}" == millions


def test_the_barrier_of_the_third_file_is_judged_over_every_epoch():
    assert len(published.THIRD_REVISION_NORMS) == len(published.THIRD_REVISION_WIDTHS) == training.EPOCHS
    figure = the_current_file().figure
    assert "the default's in 3 of 100 epochs" in figure and "above 1 in 0 epochs" in figure


def test_a_stranger_to_the_rule_of_the_third_file_is_seen(monkeypatch):
    """One epoch above κ√τ(1-T) by a thousandth, and what is said to hold in all epochs holds no longer."""
    widths = list(published.THIRD_REVISION_WIDTHS)
    widths[60] *= 1.001
    monkeypatch.setattr(published, "THIRD_REVISION_WIDTHS", tuple(widths))
    assert not the_current_file().shown


# --- runs and gates


def test_the_statuses_of_the_run_that_flickers():
    assert run(10.0).statuses[88:117] == "LLLLLFLLFLFLFLFFLFFLFFFFLFFFF"


def test_what_is_shut_for_ever_refuses_any_gradient():
    """After the step at which a run is cut short: gradients of either sign over twelve decades, all refused."""
    end = run(10.0)
    *_, (params, state, _) = walk(np.zeros(1), [lambda x: x - 10.0] * end.shut_for_ever, **SETTINGS)
    assert params[0] == end.end
    draw = np.random.default_rng(0)
    for size in 10 ** draw.uniform(-6, 6, 500) * draw.choice([-1, 1], 500):
        _, state, report = hysterograd.step(params, np.array([size]), state, **SETTINGS)
        assert not report.liquid


def test_a_run_that_stands_still_is_not_yet_shut_for_ever():
    """Right after its last step a gradient of 10⁶ would still be taken, so the run must not be cut short there."""
    end = run(10.0)
    gradients = [lambda x: x - 10.0] * (end.last_liquid + 1) + [np.array([1e6])]
    *_, (_, _, report) = walk(np.zeros(1), gradients, **SETTINGS)
    assert report.liquid
    assert end.last_liquid + 1 < end.shut_for_ever < inf


def test_one_entry_stands_for_many():
    """With k entries and m the constant gradient freezes when one entry with m/k does."""
    settings = Constant(4 / 16, 0.1, 0.25)
    told = walk(np.zeros(16), repeat(np.ones(16)), eps=0.0, lr=0.1, stiffening_factor=0.25, metric_scale=4.0)
    first = next(t for t, (*_, report) in enumerate(told, start=1) if not report.liquid)
    assert settings.first_frozen(1000) == first
    assert settings.first_frozen(first - 1) is None


@pytest.mark.parametrize("clip", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("stiffening_factor", [0.1, 0.5])
def test_a_clipped_gate_does_not_close_before_its_time(clip, stiffening_factor):
    """And closes one day: the mean norm comes as near to the clip as need be, and the root of the path grows."""
    settings = Clipped(lr=0.1, stiffening_factor=stiffening_factor, hysteresis_scale=0.8, grad_clip=clip)
    first = settings.first_frozen(10_000)
    assert first is not None and first >= settings.expected
