"""The compiled methods that sum against the reference: SRKL, HysteroGrad, homotopy rates.

A step performs the reference's operations in the reference's order, each rounded once, but for the order of its sums.
Where a sum has the same bits in every order (one or two terms, or terms that add exactly), equal means the same bits,
of the gate's decision too. How far sums of other terms may be from exact is `test_reductions`' subject.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kernel_contract import DTYPES, HYPERPARAMETERS, RATES, assert_alike, assert_same_outputs, numbers, quietly

from gnomon.descent import hysterograd, muon, srkl
from gnomon.descent.homotopy import quadratics as homotopy
from gnomon.descent.homotopy.rate import VARIANTS
from gnomon.kernels.descent import hysterograd as compiled_hysterograd
from gnomon.kernels.descent import muon as compiled_muon
from gnomon.kernels.descent import srkl as compiled_srkl
from gnomon.kernels.descent.homotopy import quadratics as compiled_homotopy
from gnomon.kernels.reductions import CHUNK

SIZES = (1, 2, 3, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5)

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_size = pytest.mark.parametrize("size", SIZES)
every_variant = pytest.mark.parametrize("variant", hysterograd.VARIANTS)
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def arrays(dtype, shape, *entries):
    return hnp.arrays(dtype, shape, elements=st.one_of(*entries, numbers(dtype)), fill=st.nothing())


# --- SRKL ----------------------------------------------------------------------------------------------------------


SRKL = compiled_srkl, srkl


@settings(deadline=None)
@given(data=st.data(), rates=RATES)
def test_steps_without_a_sum_have_the_bits_of_the_reference(data, rates):
    dtype = data.draw(st.sampled_from(DTYPES))
    array = arrays(dtype, data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)))
    params, grad, diagonal = data.draw(array), data.draw(array), data.draw(array)
    kappa = dtype(data.draw(hnp.from_dtype(np.dtype(dtype), allow_nan=False, min_value=0)))
    assert_alike(SRKL, "brake", kappa, **rates)
    for curvature in (kappa, np.array(kappa)):
        assert_alike(SRKL, "step", params, grad, curvature, **rates)
    assert_alike(SRKL, "step_coordinate", params, grad, diagonal, **rates)


@settings(deadline=None)
@given(data=st.data(), rates=RATES)
def test_a_sum_of_two_terms_has_the_bits_of_the_reference(data, rates):
    """For the step the largest entry is at most 1, or special, or a power of two, whose power -2 is exact."""
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(st.sampled_from([(), (0,), (1,), (2,), (2, 1), (1, 2, 1)]))
    powers = st.integers(0, 60).map(lambda k: 2.0**k)
    tame = st.floats(-1, 1, width=32) | powers | st.sampled_from([np.nan, np.inf, -np.inf])
    params = data.draw(arrays(dtype, shape))
    grad = data.draw(hnp.arrays(dtype, shape, elements=tame, fill=st.nothing()))
    assert_alike(SRKL, "step_code", params, grad, **rates)
    assert_alike(SRKL, "curvature", params)
    assert_alike(SRKL, "diagnostics", params, dtype(data.draw(st.floats(0, 100, width=32))), **rates)


@every_dtype
@every_size
def test_an_exact_sum_has_the_bits_of_the_reference(size, dtype):
    """Entries 0, ±1, ±2, ±4 over 1 or 8: fourth powers, after division by the largest, are whole multiples of 2⁻⁸.

    With the largest finite number everywhere κ is infinite, the step small and not 0.
    """
    rng = np.random.default_rng(size)
    grad = rng.choice([-4, -2, -1, 0, 1, 2, 4], size).astype(dtype)
    params = rng.standard_normal(size).astype(dtype)
    for g in (grad, grad * dtype(0.125), np.full(size, np.finfo(dtype).max)):
        assert_alike(SRKL, "curvature", g)
        assert_alike(SRKL, "step_code", params, g)
        assert_alike(SRKL, "step_code", 0 * params, g, alpha=1.0, beta=1.0)
    for scale in (1, 0.125):
        assert_alike(SRKL, "diagnostics", grad * dtype(scale), dtype(3), alpha=0.5, beta=1.0)


@every_dtype
@pytest.mark.parametrize("size", [0, 1, 2, 7, 40])
def test_norms_of_a_whole_numbered_hessian_have_the_bits_of_the_reference(size, dtype):
    matrix = np.random.default_rng(size).integers(-3, 4, (size, size))
    for norm in srkl.NORMS:
        assert_alike(SRKL, "curvature_hessian", (matrix + matrix.T).astype(dtype), norm=norm)


# --- HysteroGrad ---------------------------------------------------------------------------------------------------


@st.composite
def states(draw, dtype, shape):
    """Any state, the numbers as scalars or as arrays without dimensions."""
    kind, scalar = draw(st.sampled_from([dtype, np.array])), st.floats(0, 4, width=32) | numbers(dtype)
    path_length, temperature, mean_norm = (kind(np.abs(dtype(draw(scalar)))) for _ in range(3))
    metric = np.abs(draw(arrays(dtype, shape, st.floats(0, 4, width=32))))
    return hysterograd.HysteroGradState(metric, path_length, temperature, mean_norm, draw(st.booleans()))


@every_variant
@settings(deadline=None)
@given(data=st.data())
def test_a_step_of_two_entries_has_the_bits_of_the_reference(variant, data):
    dtype, shape = data.draw(st.sampled_from(DTYPES)), data.draw(st.sampled_from([(), (0,), (1,), (2,), (1, 2, 1)]))
    array = arrays(dtype, shape, st.floats(-4, 4, width=32))
    params, grad, state = data.draw(array), data.draw(array), data.draw(states(dtype, shape))
    options = data.draw(HYPERPARAMETERS[f"hysterograd {variant}"])
    found = compiled_hysterograd.step(params, grad, state, **options)
    assert_same_outputs(found, quietly(hysterograd.step, params, grad, state, **options))
    assert found[0] is not params


@every_variant
@every_dtype
@every_size
def test_a_run_whose_sums_are_exact_has_the_bits_of_the_reference(size, dtype, variant):
    """With β = ε = 0 and m = 1, G = g² and d = ±1 (theory: 1/g), for gradients ±1, ±2, ±½: the squares add exactly.

    So 40 steps, the gate between them, must be the reference's own, with clipping and without.
    """
    rng = np.random.default_rng(size)
    options = {"variant": variant, "beta": 0.0, "eps": 0.0, "lr": 0.3, "stiffening_factor": 0.4}
    for more in [{}, {"release_ratio": 0.5}] + [{"grad_clip": 1.5}] * (variant != "theory"):
        params = rng.standard_normal(size).astype(dtype)
        state, decisions = compiled_hysterograd.init(params, initial_temp=0.9), []
        assert_same_outputs(state, hysterograd.init(params, initial_temp=0.9))
        for t in range(40):
            grad = rng.choice(2.0 ** np.arange(-1, 2), size).astype(dtype) * rng.choice([-1, 1], size).astype(dtype)
            hyper = {**options, **more, "adaptive_threshold": t % 3 == 0}
            expected = hysterograd.step(params, grad, state, **hyper)
            params, state, report = compiled_hysterograd.step(params, grad, state, **hyper)
            assert_same_outputs((params, state, report), expected)
            decisions.append(report.liquid)
        assert True in decisions


def test_a_step_does_not_depend_on_where_its_arrays_lie():
    """Neither does what a gate decides, which is its norm against a number."""
    base, state = np.random.default_rng(0).standard_normal(3000), hysterograd.init(np.ones(2900))
    steps = [compiled_srkl.step_code]
    steps += [lambda *xg, v=v: compiled_hysterograd.step(*xg, state, variant=v) for v in hysterograd.VARIANTS]
    for step in steps:
        expected = step(base[:2900].copy(), base[100:].copy())
        for shift in range(1, 9):
            moved = np.concatenate([np.zeros(shift), base])[shift:]
            assert_same_outputs(step(moved[:2900], moved[100:]), expected)


# --- homotopy rates ------------------------------------------------------------------------------------------------

HOMOTOPY = compiled_homotopy, homotopy
SCHEDULES = {
    "rule": st.sampled_from(homotopy.RULES),
    "variant": st.sampled_from(VARIANTS),
    "base_lr": st.floats(2**-6, 2),
    "target_curvature": st.floats(2**-6, 64),
    "alpha": st.just(0.0) | st.floats(2**-6, 4),
    "min_lr": st.sampled_from([0.0, 1e-7, 0.25]),
    "max_lr": st.sampled_from([0.5, 1.0]),
    "warmup_steps": st.integers(0, 6),
    "adaptive": st.booleans(),
    "percentile": st.sampled_from([0.0, 0.25, 0.75, 1.0]),
    "window": st.integers(1, 8),
    "steps": st.integers(0, 30),
}


@settings(deadline=None)
@given(st.floats(-4, 4, width=32), st.floats(0, 2, width=32), st.fixed_dictionaries(SCHEDULES), st.sampled_from(DTYPES))
def test_in_one_dimension_every_rule_has_the_bits_of_the_reference(start, eigenvalue, options, dtype):
    assert_alike(HOMOTOPY, "descend", np.array([start], dtype), np.array([eigenvalue], dtype), **options)


@every_dtype
@pytest.mark.parametrize("window", [1, 7, 100])
def test_the_window_of_an_adaptive_target_is_kept_in_order_over_a_long_run(window, dtype):
    options = {"steps": 300, "base_lr": 1.0, "adaptive": True, "warmup_steps": 3, "window": window}
    assert_alike(HOMOTOPY, "descend", np.array([3.0], dtype), np.array([0.5], dtype), **options)


def test_a_run_that_diverges_to_nan_is_an_error_in_both():
    options = {"steps": 4000, "base_lr": 1.0, "target_curvature": 1e4, "max_lr": 10.0}
    _, sentence = assert_alike(HOMOTOPY, "descend", np.ones(2), 3 * np.ones(2), **options)
    assert sentence == "curvature must be >= 0 and not nan, got nan"


# --- Muon ----------------------------------------------------------------------------------------------------------


@every_dtype
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 5), (5, 2), (16, 40)])
@pytest.mark.parametrize("variant", ["torch", "jordan", "heavy-ball", "optax"])
def test_muon_on_a_monomial_matrix_has_the_bits_of_the_reference(dtype, shape, variant):
    """With one entry a row and column, powers of two from 1 to 4, the norm is exact and every product has one term."""
    rng = np.random.default_rng(shape)
    grad = np.zeros(shape, dtype)
    rank = min(shape)
    grad[rng.permutation(shape[0])[:rank], rng.permutation(shape[1])[:rank]] = rng.choice([-4, -1, 1, 2], rank)
    state = muon.MuonState(grad * dtype(0.5), 3)
    params = rng.standard_normal(shape).astype(dtype)
    given = {"variant": variant, "momentum": 0.0, "coefficients": "dion", "scale": "match-rms-adamw"}
    assert_alike((compiled_muon, muon), "step", params, grad, state, **given)
    assert_alike((compiled_muon, muon), "orthogonalise", grad, eps=1e-3, ns_steps=3)
    for nothing in (0 * grad, grad * dtype(np.nan)):
        assert_alike((compiled_muon, muon), "orthogonalise", nothing, eps=0.0)
