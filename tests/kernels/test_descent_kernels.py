"""The compiled descent methods against the reference, and against themselves.

One step performs the reference's operations in the reference's order, each rounded once by IEEE 754 and none contracted
or reordered; the rounding-error bound on their difference is therefore 0, and equal means: the same bits.
"""

from __future__ import annotations

from importlib import import_module
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
    message,
    numbers,
    quadratics,
    signature,
)

from gnomon_spec import strategies
from gnomon_spec.cases import Context

METHODS = {
    name: (import_module(f"gnomon.descent.{name}"), import_module(f"gnomon.kernels.descent.{name}"))
    for name in ("sgd", "adam", "adamw", "rmsprop", "lion", "nadam")
}

every_method = pytest.mark.parametrize("name", METHODS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


@st.composite
def hyperparameters(draw: st.DrawFn, name: str) -> dict[str, Any]:
    quantities = strategies.hyperparameters(METHODS[name][0].step).quantities
    given = {name: quantity.draw(draw, Context(np.dtype(float), (), {})) for name, quantity in quantities.items()}
    return {**given, "momentum": given["momentum"] or 0.9, "dampening": 0.0} if given.get("nesterov") else given


@st.composite
def any_step(draw: st.DrawFn, name: str) -> tuple[Any, ...]:
    """Parameters, gradient and state of any shape and with any entries: NaN, infinite, subnormal, -0."""
    dtype, shape = draw(st.sampled_from(DTYPES)), draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    array = hnp.arrays(dtype, shape, elements=numbers(dtype), fill=st.nothing())
    step_count, product = draw(st.just(0) | st.integers(1, 10_000)), draw(st.floats(0, 1))

    def drawn(part: str, value: Any) -> Any:
        if isinstance(value, int | float):
            return step_count if isinstance(value, int) else product
        return np.abs(draw(array)) if "second" in part or "square" in part else draw(array)

    fresh = METHODS[name][0].init(draw(array))
    return draw(array), draw(array), type(fresh)(*map(drawn, fresh._fields, fresh))


@every_method
@settings(deadline=None)
@given(data=st.data())
def test_a_step_has_the_bits_of_the_reference_and_changes_no_input(name: str, data: st.DataObject) -> None:
    reference, compiled = METHODS[name]
    params, grad, state = data.draw(any_step(name))
    options = data.draw(hyperparameters(name))
    arrays = [leaf for leaf in (params, grad, *state) if isinstance(leaf, np.ndarray)]
    before = [array.copy() for array in arrays]
    with np.errstate(all="ignore"):
        expected = reference.step(params, grad, state, **options)
    assert_same_outputs(compiled.step(params, grad, state, **options), expected)
    for array, copy in zip(arrays, before, strict=True):
        assert_same_bits(array, copy)


@every_method
@every_dtype
def test_a_step_reads_any_memory_layout(name: str, dtype: type) -> None:
    reference, compiled = METHODS[name]
    for params in layouts(dtype):
        state = reference.init(params)
        assert_same_outputs(compiled.step(params, params, state), reference.step(params, params, state))


@every_method
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_a_trajectory_is_repeated_steps(name: str, data: st.DataObject) -> None:
    """Bit for bit, once the gradient H(x-x*) is summed in the kernel's order: over j ascending, from 0."""
    _, compiled = METHODS[name]
    params, hessian, minimiser = data.draw(quadratics(1))
    steps, options = data.draw(st.integers(0, 20)), data.draw(hyperparameters(name))
    path = compiled.trajectory(params, hessian, minimiser, steps=steps, **options)
    assert path.shape == (steps + 1, params.size)

    x, state = params, compiled.init(params)
    assert_same_bits(path[0], x)
    for following in path[1:]:
        x, state = compiled.step(x, gradient_in_order(x, hessian, minimiser), state, **options)
        assert_same_bits(following, x)


@every_method
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_endpoints_are_where_the_trajectories_end(name: str, data: st.DataObject) -> None:
    _, compiled = METHODS[name]
    starts, hessian, minimiser = data.draw(quadratics(2))
    steps, options = data.draw(st.integers(0, 20)), data.draw(hyperparameters(name))
    ends = compiled.endpoints(starts, hessian, minimiser, steps=steps, **options)
    assert ends.shape == starts.shape and ends.dtype == starts.dtype
    for start, end in zip(starts, ends, strict=True):
        assert_same_bits(end, compiled.trajectory(start, hessian, minimiser, steps=steps, **options)[-1])


@settings(deadline=None, max_examples=50)
@given(quadratic=quadratics(1), lr=st.floats(0, 1))
def test_the_gradient_on_a_quadratic_agrees_with_the_reference(
    quadratic: tuple[np.ndarray, np.ndarray, np.ndarray], lr: float
) -> None:
    """One step of SGD, x - lr·H(x-x*), where the two sums may be ordered differently.

    An entry of H(x-x*) passes 1 subtraction, 1 product and n additions, then 1 product and 1 subtraction: each result
    lies within γ·(|x| + lr·|H||x-x*|) of the true one, γ = ku/(1-ku) with k = n+4, and the two within twice that. The
    magnitudes are themselves computed, with non-negative terms only: one more factor 1+γ.
    """
    params, hessian, minimiser = quadratic
    bound = gamma(params.size + 4, params.dtype)
    absolute = np.abs(params) + lr * (np.abs(hessian) @ np.abs(params - minimiser))
    actual, expected = (m.trajectory(params, hessian, minimiser, steps=1, lr=lr)[1] for m in METHODS["sgd"])
    deviation = np.abs(actual.astype(np.float64) - expected)
    assert np.all(deviation <= 2 * bound * (1 + bound) * absolute.astype(np.float64))


@every_method
def test_one_bad_coordinate_stays_alone(name: str) -> None:
    reference, compiled = METHODS[name]
    params, grad = np.ones(9), np.array([1, np.nan, 1, np.inf, 1, -np.inf, 1, 1, 1])
    new, _ = compiled.step(params, grad, compiled.init(params))
    assert np.all(np.isfinite(new[np.isfinite(grad)])) and np.isnan(new[1])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(new, reference.step(params, grad, reference.init(params))[0])


@every_method
def test_bad_input_is_refused_in_the_words_of_the_reference(name: str) -> None:
    reference, compiled = METHODS[name]
    x, H = np.ones(3), np.eye(3)
    state = reference.init(x)
    steps: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((x, np.ones(2), state), {}),
        ((x, np.ones(3, np.float32), state), {}),
        ((x, x, reference.init(np.ones(2))), {}),
        ((np.ones(3, int), x, state), {}),
        (([1.0], x, state), {}),
        ((x, x, state), {"lr": -1.0}),
        ((x, x, state), {"weight_decay": np.inf}),
        ((x, np.array([0, np.nan, 0]), state), {"check_finite": True}),
    ]
    if "step_count" in state._fields:
        steps.append(((x, x, state._replace(step_count=-1)), {}))
    for args, options in steps:
        assert message(compiled.step, *args, **options) == message(reference.step, *args, **options)
    quadratic: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((x, np.eye(2), x), {"steps": 1}),
        ((x, H, np.ones(3, np.float32)), {"steps": 1}),
        ((x, H, x), {"steps": -1}),
        ((x, H, x), {"steps": 1.0}),
        ((x, H, x), {"steps": 1, "lr": np.nan}),
        ((np.array(1.0), H, x), {"steps": 1}),
    ]
    for (start, *rest), options in quadratic:
        args = (start, *rest)
        assert message(compiled.trajectory, *args, **options) == message(reference.trajectory, *args, **options)
        many = (start[np.newaxis] if start.ndim else start, *rest)
        assert message(compiled.endpoints, *many, **options) == message(reference.endpoints, *many, **options)


@every_method
@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, ">f8"])
def test_a_dtype_without_a_kernel_is_named(name: str, dtype: Any) -> None:
    reference, compiled = METHODS[name]
    x, H = np.ones(2).astype(dtype), np.eye(2).astype(dtype)
    said = f"must have dtype float32 or float64 for a compiled kernel, got dtype {x.dtype}"
    with pytest.raises(TypeError, match=said):
        compiled.init(x)
    with pytest.raises(TypeError, match=said):
        compiled.step(x, x, reference.init(x))
    with pytest.raises(TypeError, match=said):
        compiled.trajectory(x, H, x, steps=1)
    with pytest.raises(TypeError, match=said):
        compiled.endpoints(x[np.newaxis], H, x, steps=1)


@every_method
def test_signatures_are_those_of_the_reference(name: str) -> None:
    reference, compiled = METHODS[name]
    for operation in ("init", "step", "trajectory", "endpoints"):
        assert signature(compiled, operation) == signature(reference, operation)
