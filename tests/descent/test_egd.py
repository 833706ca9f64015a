"""EGD's reference: published and exact answers, what errors say, the deep linear network."""

from math import ceil, isclose
from types import SimpleNamespace

import numpy as np
import pytest

from gnomon.descent.egd import toy
from gnomon.descent.egd.diagnosis import diagnose
from gnomon.descent.egd.polar import polar, polar_eigh, polar_newton_schulz
from gnomon.descent.egd.training import init, step
from gnomon.descent.egd.variants import colnorm, floored, rsvd
from gnomon_spec.system import find_law
from gnomon_validation.checker import check_law
from gnomon_validation.ports.functions import FunctionsPort
from gnomon_validation.runs.plan import Plan
from gnomon_validation.studies.egd.networks import parity

FACTORS = (polar, polar_eigh, polar_newton_schulz)


@pytest.mark.parametrize("function", FACTORS)
def test_a_rotation_and_a_stretching_are_told_apart(function):
    """[[3, -8], [4, 6]] = R·diag(5, 10), R the rotation by 3/5, 4/5: the columns are at right angles."""
    R = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert np.max(np.abs(function(R * [5.0, 10.0]) - R)) < 8 * np.finfo(float).eps


@pytest.mark.parametrize("function", [*FACTORS, floored, colnorm, diagnose])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_although_lapack_returns_nan_for_infinity(function, bad):
    with pytest.raises(ValueError, match="gradient must be finite, got a NaN or an infinity in it"):
        function(np.array([[1.0, bad], [0.0, 1.0]]))


TWO = (np.eye(2), np.ones(2))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: polar(np.ones(2)), r"gradient must have shape \(m, p\), got \(2,\)"),
        (lambda: rsvd(np.ones((2, 3)), np.ones((3, 3))), r"sketch must have at most min\(m, p\) = 2 rows, got 3"),
        (
            lambda: rsvd(np.ones((2, 3)), np.ones((2, 2))),
            r"sketch must have shape \(q, 3\) with q >= 1 to fit gradient",
        ),
        (
            lambda: step(TWO, TWO, init(), layers=(1,)),
            "layers must be places of params with two dimensions or more, got 1",
        ),
        (
            lambda: toy.plateau_end(np.zeros(2), m1=1.0, m2=2.0, angle=1.0, lr=0.6),
            r"lr must be below .* = 0.5, got 0.6",
        ),
        (
            lambda: toy.plateau_end(np.ones(2), m1=1.0, m2=2.0, angle=1.0),
            r"start\[0\] must be at most m1/m2 = 0.5, got",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize(("s", "steps"), [(0.1, 11), (1e-3, 22), (1e-6, 39)])
def test_so_many_cubic_iterations_bring_a_singular_value_to_1(s, steps):
    """Beside a 1 that makes the length (1 + s²)^½: counted until 1 - s is below 1e-15."""

    def last(iterations):
        return 1 - polar_newton_schulz(np.diag([1.0, s]), iterations=iterations)[1, 1]

    assert last(steps) < 1e-14 < last(steps - 2)


def test_the_small_signal_gain_of_muon_is_485():
    found = polar_newton_schulz(np.diag([1.0, 1e-9]), iterations=5, coefficients="muon")
    assert round(found[1, 1] / 1e-9, 1) == 484.9


@pytest.mark.parametrize("lr", [1 / 64, 1 / 50])
def test_modes_of_a_deep_linear_network_are_hit_in_the_order_of_their_roots(lr):
    """Mode i is first reached at ⌈(√σᵢ - a₀)/lr⌉ and then stays within lr of √σᵢ."""
    sigma, start = np.array([10.0, 3.0, 1.0, 0.3, 0.1]), 0.05
    generator = np.random.default_rng(0)
    U, V, R = (np.linalg.qr(generator.standard_normal((5, 5)))[0] for _ in range(3))
    layers, state, modes = (start * R @ V.T, start * U @ R.T), init(), []
    for _ in range(220):
        W1, W2 = layers
        E = W2 @ W1 - (U * sigma) @ V.T
        layers, state = step(layers, (W2.T @ E, E @ W1.T), state, lr=lr, layers=(0, 1))
        modes.append(np.diagonal(U.T @ layers[1] @ R))
    reached = [int(np.argmax(np.array(modes)[:, i] >= root)) + 1 for i, root in enumerate(np.sqrt(sigma))]
    assert reached == [ceil((root - start) / lr) for root in np.sqrt(sigma)]
    assert np.max(np.abs(modes[-1] - np.sqrt(sigma))) <= lr


def test_moments_of_the_truncated_normal_distribution_are_continuous_and_known():
    for threshold, known in (1.0, 1.5251352761609810), (np.nextafter(5, 0), toy.moments(threshold=5.0).m1):
        # Arguments rounded once: s²/2 of exp and s/√2 of erfc, by which they change as e^±s² does; eight operations.
        units = 3 * threshold**2 + 8
        assert isclose(toy.moments(threshold=threshold).m1, known, rel_tol=units * np.finfo(float).eps / 2)
    for s in (1.0, 5.0, 100.0):  # Sampford 1953 and Birnbaum 1942
        assert (3 * s + (s * s + 8) ** 0.5) / 4 < toy.moments(threshold=s).m1 < (s + (s * s + 4) ** 0.5) / 2
    assert f"{toy.moments(threshold=1e3).m1 - 1e3:.10f}" == f"{1e-3 - 2e-9:.10f}", "1/s - 2/s³ + O(s⁻⁵)"


@pytest.mark.campaign
@pytest.mark.parametrize(("rule", "epochs"), [("plain", [957, 1083, 578]), ("colnorm", [205, 49, 65])])
def test_stated_epochs_of_parity_at_a_rate_for_which_the_study_has_no_time(rule, epochs):
    assert [parity(seed, rule, 0.02, most=1200).passed for seed in (42, 43, 44)] == epochs


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gram_matrix_in_place_of_singular_values_is_imprecise_and_not_wrong(dtype):
    port = FunctionsPort(SimpleNamespace(egd_polar=polar_eigh), "eigh")
    law = find_law("egd.polar:it_is_what_shampoo_does_with_one_gradient")
    verdict, _ = check_law(port, law, dtype, Plan(examples=40))
    assert verdict.status == "imprecise"
