"""The compiled HysteroGrad against the reference, and against itself.

A step performs the reference's operations in the reference's order, each rounded once, but for the order of its sums.
Where a sum has the same bits in every order (two terms, or terms that add exactly), equal means the same bits, of the
gate's decision too. Elsewhere the norms have the same terms, none of them negative, and each is within γ of the exact
one.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kernel_contract import (
    DTYPES,
    HYPERPARAMETERS,
    assert_same_bits,
    assert_same_outputs,
    assert_within,
    numbers,
    quietly,
)

from gnomon.descent import hysterograd as reference
from gnomon.descent.hysterograd import HysteroGradState
from gnomon.kernels.descent import hysterograd as compiled
from gnomon.kernels.reductions import CHUNK

SIZES = (1, 2, 3, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5)

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_variant = pytest.mark.parametrize("variant", reference.VARIANTS)
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


@st.composite
def states(draw, dtype, shape):
    """Any state, the numbers as scalars or as arrays without dimensions."""
    kind, scalar = draw(st.sampled_from([dtype, np.array])), st.floats(0, 4, width=32) | numbers(dtype)
    path_length, temperature, mean_norm = (kind(np.abs(dtype(draw(scalar)))) for _ in range(3))
    metric = np.abs(draw(hnp.arrays(dtype, shape, elements=scalar, fill=st.nothing())))
    return HysteroGradState(metric, path_length, temperature, mean_norm, draw(st.booleans()))


@every_variant
@settings(deadline=None)
@given(data=st.data())
def test_a_step_of_two_entries_has_the_bits_of_the_reference(variant, data):
    dtype, shape = data.draw(st.sampled_from(DTYPES)), data.draw(st.sampled_from([(), (0,), (1,), (2,), (1, 2, 1)]))
    array = hnp.arrays(dtype, shape, elements=st.floats(-4, 4, width=32) | numbers(dtype), fill=st.nothing())
    params, grad, state = data.draw(array), data.draw(array), data.draw(states(dtype, shape))
    options = {"variant": variant, **data.draw(HYPERPARAMETERS[f"hysterograd {variant}"])}
    expected = quietly(reference.step, params, grad, state, **options)
    assert_same_outputs(compiled.step(params, grad, state, **options), expected)


@every_variant
@every_dtype
@pytest.mark.parametrize("size", SIZES)
def test_a_run_whose_sums_are_exact_has_the_bits_of_the_reference(size, dtype, variant):
    """With β = ε = 0 and m = 1, G = g² and d = ±1 (theory: 1/g), for gradients ±1, ±2, ±½: the squares add exactly.

    So 40 steps, the gate between them, must be the reference's own, with clipping and without.
    """
    rng = np.random.default_rng(size)
    options = {"variant": variant, "beta": 0.0, "eps": 0.0, "lr": 0.3, "stiffening_factor": 0.4}
    for more in [{}, {"release_ratio": 0.5}] + [{"grad_clip": 1.5}] * (variant != "theory"):
        params = rng.standard_normal(size).astype(dtype)
        state, decisions = compiled.init(params, initial_temp=0.9), []
        assert_same_outputs(state, reference.init(params, initial_temp=0.9))
        for t in range(40):
            grad = rng.choice(2.0 ** np.arange(-1, 2), size).astype(dtype) * rng.choice([-1, 1], size).astype(dtype)
            hyper = {**options, **more, "adaptive_threshold": t % 3 == 0}
            expected = reference.step(params, grad, state, **hyper)
            params, state, report = compiled.step(params, grad, state, **hyper)
            assert_same_outputs((params, state, report), expected)
            decisions.append(report.liquid)
        assert True in decisions


@every_variant
@every_dtype
@pytest.mark.parametrize("size", SIZES)
def test_any_norm_agrees_with_the_reference(size, dtype, variant):
    """The sum of n squares makes n - 1 roundings, its root one more, the theory's mean another; G and d have the same
    bits, and so has θ, which does not depend on the norm: the gate without a barrier lets every step pass.
    """
    rng = np.random.default_rng(size)
    params, grad = (rng.standard_normal(size).astype(dtype) for _ in range(2))
    state = reference.init(params)._replace(metric=rng.uniform(0.5, 2, size).astype(dtype))
    options = {"variant": variant, "stiffening_factor": 0.0, "lr": 0.1}
    (new, after, report), expected = (m.step(params, grad, state, **options) for m in (compiled, reference))
    assert_same_bits(new, expected[0])
    assert_same_bits(after.metric, expected[1].metric)
    assert report.liquid and expected[2].liquid
    assert_within(report.norm, expected[2].norm, size + 1, expected[2].norm)


@every_variant
def test_a_decision_does_not_depend_on_where_the_arrays_lie(variant):
    """The barrier is set to the norm itself: n > h fails, and would hold if n came out larger by its last bit."""
    base = np.random.default_rng(0).standard_normal(3000)
    options = {"variant": variant, "adaptive_threshold": False, "stiffening_factor": 1.0, "lr": 0.0}
    state = compiled.init(base[:2900], initial_temp=0.0)
    norm = compiled.step(base[:2900].copy(), base[:2900].copy(), state, **options)[2].norm
    for threshold, liquid in ((norm, False), (np.nextafter(norm, 0), True)):
        at_rest = state._replace(path_length=np.float64(1))
        hyper = {**options, "stiffening_factor": float(threshold)}
        for shift in range(9):
            moved = np.concatenate([np.zeros(shift), base])[shift:]
            assert compiled.step(moved[:2900], moved[:2900], at_rest, **hyper)[2].liquid is liquid


def test_a_nan_freezes_the_group():
    params, grad = np.ones(3), np.array([1, np.nan, 1])
    for variant in reference.VARIANTS:
        new, after, report = compiled.step(params, grad, compiled.init(params), variant=variant)
        assert_same_bits(new, params)
        assert not report.liquid and np.isnan(report.norm) and np.isnan(after.mean_norm)
        assert new is not params
