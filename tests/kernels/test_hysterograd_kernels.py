"""The compiled HysteroGrad against the reference, and against itself.

A step performs the reference's operations in the reference's order, each rounded once, but for the order of its sums.
Where a sum has the same bits in every order (two terms, or terms that add exactly), equal means the same bits, of the
gate's decision too. Elsewhere the norms have the same terms, none of them negative, and each is within γ of the exact
one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kernel_contract import (
    DTYPES,
    assert_same_bits,
    assert_same_outputs,
    gamma,
    gradient_in_order,
    layouts,
    leaves,
    message,
    numbers,
    quadratics,
    signature,
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
def hyperparameters(draw: st.DrawFn, variant: str) -> dict[str, Any]:
    options = {
        "variant": variant,
        "lr": draw(st.floats(0, 10)),
        "stiffening_factor": draw(st.floats(0, 10)),
        "beta": draw(st.just(0.0) | st.floats(0, 1, exclude_max=True)),
        "eps": draw(st.just(0.0) | st.floats(0, 1)),
        "cooling_rate": draw(st.floats(0, 1)),
        "metric_scale": draw(st.floats(2**-10, 400)),
        "adaptive_threshold": draw(st.booleans()),
        "release_ratio": draw(st.just(1.0) | st.floats(2**-10, 1)),
    }
    if variant != "theory":
        options["grad_clip"] = draw(st.none() | st.floats(2**-10, 10))
        options["hysteresis_scale"] = draw(st.just(1.0) | st.floats(0, 10))
    return options


@st.composite
def states(draw: st.DrawFn, dtype: Any, shape: tuple[int, ...]) -> HysteroGradState:
    """Any state, the numbers as scalars or as arrays without dimensions."""
    kind, scalar = draw(st.sampled_from([dtype, np.array])), st.floats(0, 4, width=32) | numbers(dtype)
    path_length, temperature, mean_norm = (kind(np.abs(dtype(draw(scalar)))) for _ in range(3))
    metric = np.abs(draw(hnp.arrays(dtype, shape, elements=scalar, fill=st.nothing())))
    return HysteroGradState(metric, path_length, temperature, mean_norm, draw(st.booleans()))


def quietly(call: Any, *args: Any, **options: Any) -> Any:
    with np.errstate(all="ignore"):
        return call(*args, **options)


@every_variant
@settings(deadline=None)
@given(data=st.data())
def test_a_step_of_two_entries_has_the_bits_of_the_reference_and_changes_no_input(
    variant: str, data: st.DataObject
) -> None:
    dtype, shape = data.draw(st.sampled_from(DTYPES)), data.draw(st.sampled_from([(), (0,), (1,), (2,), (1, 2, 1)]))
    array = hnp.arrays(dtype, shape, elements=st.floats(-4, 4, width=32) | numbers(dtype), fill=st.nothing())
    params, grad, state = data.draw(array), data.draw(array), data.draw(states(dtype, shape))
    options = data.draw(hyperparameters(variant))
    before = [np.copy(leaf) for leaf in (params, grad, *state)]
    expected = quietly(reference.step, params, grad, state, **options)
    assert_same_outputs(compiled.step(params, grad, state, **options), expected)
    for leaf, copy in zip((params, grad, *state), before, strict=True):
        assert_same_bits(leaf, copy)


@every_variant
@every_dtype
@pytest.mark.parametrize("size", SIZES)
def test_a_run_whose_sums_are_exact_has_the_bits_of_the_reference(size: int, dtype: Any, variant: str) -> None:
    """With β = ε = 0 and m = 1, G = g² and d = ±1 (theory: 1/g), for gradients ±1, ±2, ±½: the squares add exactly.

    So 40 steps, the gate between them, must be the reference's own, with clipping and without.
    """
    rng = np.random.default_rng(size)
    options: dict[str, Any] = {"variant": variant, "beta": 0.0, "eps": 0.0, "lr": 0.3, "stiffening_factor": 0.4}
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
def test_any_norm_agrees_with_the_reference(size: int, dtype: Any, variant: str) -> None:
    """The sum of n squares makes n - 1 roundings, its root one more, the theory's mean another; G and d have the same
    bits, and so has θ, which does not depend on the norm: the gate without a barrier lets every step pass.
    """
    rng = np.random.default_rng(size)
    params, grad = (rng.standard_normal(size).astype(dtype) for _ in range(2))
    state = reference.init(params)._replace(metric=rng.uniform(0.5, 2, size).astype(dtype))
    options: dict[str, Any] = {"variant": variant, "stiffening_factor": 0.0, "lr": 0.1}
    (new, after, report), expected = (m.step(params, grad, state, **options) for m in (compiled, reference))
    assert_same_bits(new, expected[0])
    assert_same_bits(after.metric, expected[1].metric)
    assert report.liquid and expected[2].liquid
    bound = gamma(size + 1, dtype)
    assert abs(np.float64(report.norm) - expected[2].norm) <= 2 * bound * (1 + bound) * np.float64(expected[2].norm)


@every_variant
@every_dtype
def test_a_step_reads_any_memory_layout(dtype: Any, variant: str) -> None:
    for params in layouts(dtype):
        state = compiled.init(params)
        expected = compiled.step(params.copy(), params.copy(), compiled.init(params.copy()), variant=variant)
        assert_same_outputs(compiled.step(params, params, state, variant=variant), expected)
        assert_same_bits(expected[0], reference.step(params, params, state, variant=variant)[0])


@every_variant
def test_a_decision_does_not_depend_on_where_the_arrays_lie(variant: str) -> None:
    """The barrier is set to the norm itself: n > h fails, and would hold if n came out larger by its last bit."""
    base = np.random.default_rng(0).standard_normal(3000)
    options: dict[str, Any] = {"variant": variant, "adaptive_threshold": False, "stiffening_factor": 1.0, "lr": 0.0}
    state = compiled.init(base[:2900], initial_temp=0.0)
    norm = compiled.step(base[:2900].copy(), base[:2900].copy(), state, **options)[2].norm
    for threshold, liquid in ((norm, False), (np.nextafter(norm, 0), True)):
        at_rest = state._replace(path_length=np.float64(1))
        hyper = {**options, "stiffening_factor": float(threshold)}
        for shift in range(9):
            moved = np.concatenate([np.zeros(shift), base])[shift:]
            assert compiled.step(moved[:2900], moved[:2900], at_rest, **hyper)[2].liquid is liquid


@every_variant
@settings(deadline=None, max_examples=30)
@given(data=st.data(), initial_temp=st.floats(0, 2))
def test_a_trajectory_is_repeated_steps(variant: str, data: st.DataObject, initial_temp: float) -> None:
    """Bit for bit, once the gradient is summed in the kernel's order."""
    params, hessian, minimiser = data.draw(quadratics(1))
    steps, options = data.draw(st.integers(0, 20)), data.draw(hyperparameters(variant))
    path = compiled.trajectory(params, hessian, minimiser, steps=steps, initial_temp=initial_temp, **options)
    assert path.shape == (steps + 1, params.size)
    x, state = params, compiled.init(params, initial_temp=initial_temp)
    assert_same_bits(path[0], x)
    for following in path[1:]:
        x, state, _ = compiled.step(x, gradient_in_order(x, hessian, minimiser), state, **options)
        assert_same_bits(following, x)


@every_variant
@settings(deadline=None, max_examples=30)
@given(data=st.data(), initial_temp=st.floats(0, 2))
def test_endpoints_are_where_the_trajectories_end(variant: str, data: st.DataObject, initial_temp: float) -> None:
    starts, hessian, minimiser = data.draw(quadratics(2))
    options = {"steps": data.draw(st.integers(0, 20)), "initial_temp": initial_temp}
    options |= data.draw(hyperparameters(variant))
    ends = compiled.endpoints(starts, hessian, minimiser, **options)
    assert ends.shape == starts.shape and ends.dtype == starts.dtype
    for start, end in zip(starts, ends, strict=True):
        assert_same_bits(end, compiled.trajectory(start, hessian, minimiser, **options)[-1])


@every_variant
@every_dtype
def test_more_parameters_than_a_chunk_end_where_their_trajectory_ends(dtype: Any, variant: str) -> None:
    n = CHUNK + 3
    rng = np.random.default_rng(0)
    starts, hessian = rng.standard_normal((2, n)).astype(dtype), np.diag(rng.uniform(0, 1, n)).astype(dtype)
    options: dict[str, Any] = {"steps": 4, "variant": variant, "initial_temp": 0.5, "stiffening_factor": 0.3}
    ends = compiled.endpoints(starts, hessian, starts[0] / 2, **options)
    for start, end in zip(starts, ends, strict=True):
        assert_same_bits(end, compiled.trajectory(start, hessian, starts[0] / 2, **options)[-1])


def test_a_nan_freezes_the_group() -> None:
    params, grad = np.ones(3), np.array([1, np.nan, 1])
    for variant in reference.VARIANTS:
        new, after, report = compiled.step(params, grad, compiled.init(params), variant=variant)
        assert_same_bits(new, params)
        assert not report.liquid and np.isnan(report.norm) and np.isnan(after.mean_norm)
        assert new is not params


@every_dtype
def test_a_shock_is_that_of_the_reference(dtype: Any) -> None:
    state = compiled.init(np.ones(3, dtype), initial_temp=0.1)._replace(path_length=dtype(3))
    assert_same_outputs(compiled.shock(state, factor=0.25), reference.shock(state, factor=0.25))


def test_bad_input_is_refused_in_the_words_of_the_reference() -> None:
    x, H = np.ones(3), np.eye(3)
    state = reference.init(x)
    bad: list[dict[str, Any]] = [
        {"lr": -1.0},
        {"stiffening_factor": -1.0},
        {"beta": 1.0},
        {"eps": -1.0},
        {"cooling_rate": 1.5},
        {"metric_scale": 0.0},
        {"adaptive_threshold": 1},
        {"grad_clip": 0.0},
        {"hysteresis_scale": np.inf},
        {"release_ratio": 0.0},
        {"release_ratio": 1.5},
        {"variant": "tail"},
        {"variant": "theory", "grad_clip": 1.0},
    ]
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("init", (np.ones(3, int),), {}),
        ("init", (x,), {"initial_temp": -1.0}),
        ("step", (x, np.ones(2), state), {}),
        ("step", (x, np.ones(3, np.float32), state), {}),
        ("step", (np.ones(3, int), x, state), {}),
        ("step", ([1.0], x, state), {}),
        ("step", (x, x, reference.init(np.ones(2))), {}),
        ("step", (x, x, state._replace(path_length=0.0)), {}),
        ("step", (x, x, state._replace(temperature=x)), {}),
        ("step", (x, x, state._replace(mean_norm=np.float32(0))), {}),
        ("step", (x, x, state._replace(liquid=1)), {}),
        ("step", (x, np.array([0, np.nan, 0]), state), {"check_finite": True}),
        *(("step", (x, x, state), options) for options in bad),
        ("shock", (state,), {"factor": 2.0}),
    ]
    quadratic: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((x, np.eye(2), x), {}),
        ((x, H, np.ones(3, np.float32)), {}),
        ((x, H, x), {"steps": -1}),
        ((x, H, x), {"steps": 1.0}),
        ((x, H, x), {"initial_temp": -1.0}),
        ((np.array(1.0), H, x), {}),
        *(((x, H, x), options) for options in bad),
    ]
    for (start, *rest), options in quadratic:
        calls.append(("trajectory", (start, *rest), {"steps": 1, **options}))
        many = start[np.newaxis] if start.ndim else start
        calls.append(("endpoints", (many, *rest), {"steps": 1, **options}))
    for name, args, options in calls:
        said = message(getattr(reference, name), *args, **options)
        assert message(getattr(compiled, name), *args, **options) == said


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_a_dtype_without_a_kernel_is_named(dtype: Any) -> None:
    x, H = np.ones(2, dtype), np.eye(2, dtype=dtype)
    said = f"must have dtype float32 or float64 for a compiled kernel, got dtype {x.dtype}"
    state = reference.init(x)
    for name, args in {"init": (x,), "step": (x, x, state), "shock": (state,)}.items():
        with pytest.raises(TypeError, match=said):
            getattr(compiled, name)(*args)
    with pytest.raises(TypeError, match=said):
        compiled.trajectory(x, H, x, steps=1)
    with pytest.raises(TypeError, match=said):
        compiled.endpoints(x[np.newaxis], H, x, steps=1)


def test_signatures_are_those_of_the_reference() -> None:
    for name in ("init", "step", "shock", "trajectory", "endpoints"):
        assert signature(compiled, name) == signature(reference, name)


@every_dtype
def test_outputs_have_the_dtype_of_the_input(dtype: Any) -> None:
    x = np.ones(2, dtype)
    outputs = compiled.step(x, x, compiled.init(x), grad_clip=0.5)
    assert {leaf.dtype for leaf in leaves(outputs) if not isinstance(leaf, bool)} == {np.dtype(dtype)}
