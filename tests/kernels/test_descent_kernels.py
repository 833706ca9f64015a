"""The compiled descent methods against the reference, and against themselves.

One step of an elementwise method performs the reference's operations in the reference's order, each rounded once by
IEEE 754 and none contracted or reordered; the rounding-error bound on their difference is therefore 0, and equal means:
the same bits. A run on a quadratic repeats the compiled step, of whatever method.
"""

from importlib import import_module

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
    gradient_in_order,
    numbers,
    quadratics,
    quietly,
)

from gnomon.kernels.reductions import CHUNK

ELEMENTWISE = tuple(name for name in HYPERPARAMETERS if " " not in name)

every_elementwise_method = pytest.mark.parametrize("method", ELEMENTWISE)
every_method = pytest.mark.parametrize("name", HYPERPARAMETERS)
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def both(method):
    return import_module(f"gnomon.descent.{method}"), import_module(f"gnomon.kernels.descent.{method}")


@st.composite
def any_step(draw, method):
    """Parameters, gradient and state of any shape and with any entries: NaN, infinite, subnormal, -0."""
    dtype, shape = draw(st.sampled_from(DTYPES)), draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    array = hnp.arrays(dtype, shape, elements=numbers(dtype), fill=st.nothing())
    step_count, product = draw(st.just(0) | st.integers(1, 10_000)), draw(st.floats(0, 1))

    def drawn(part, value):
        if isinstance(value, int | float):
            return step_count if isinstance(value, int) else product
        return np.abs(draw(array)) if "second" in part or "square" in part else draw(array)

    fresh = both(method)[0].init(draw(array))
    return draw(array), draw(array), type(fresh)(*map(drawn, fresh._fields, fresh))


@every_elementwise_method
@settings(deadline=None)
@given(data=st.data())
def test_a_step_has_the_bits_of_the_reference(method, data):
    inputs, options = data.draw(any_step(method)), data.draw(HYPERPARAMETERS[method])
    expected, found = (quietly(module.step, *inputs, **options) for module in both(method))
    assert_same_outputs(found, expected)


def drawn(data, name):
    """The compiled method, and hyperparameters of its `init` and of its `step`."""
    method = name.split()[0]
    of_init = {"initial_temp": data.draw(st.floats(0, 2, width=32))} if method == "hysterograd" else {}
    return both(method)[1], of_init, data.draw(HYPERPARAMETERS[name])


def srkl_step(compiled, params, grad, hessian, *, variant, **rates):
    if variant == "code":
        return compiled.step_code(params, grad, **rates)
    if variant == "coordinate":
        return compiled.step_coordinate(params, grad, np.diagonal(hessian), **rates)
    return compiled.step(params, grad, compiled.curvature_hessian(hessian, norm=variant), **rates)


@every_method
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_a_trajectory_is_repeated_steps(name, data):
    """Bit for bit, once the gradient H(x-x*) is summed in the kernel's order: over j ascending, from 0."""
    compiled, of_init, of_step = drawn(data, name)
    x, hessian, minimiser = data.draw(quadratics(1))
    steps, state = data.draw(st.integers(0, 20)), None if "srkl" in name else compiled.init(x, **of_init)
    path = compiled.trajectory(x, hessian, minimiser, steps=steps, **of_init, **of_step)
    assert path.shape == (steps + 1, x.size)
    assert_same_bits(path[0], x)
    for following in path[1:]:
        grad = gradient_in_order(x, hessian, minimiser)
        if state is None:
            x = quietly(srkl_step, compiled, x, grad, hessian, **of_step)
        else:
            x, state, *_ = compiled.step(x, grad, state, **of_step)
        assert_same_bits(following, x)


@every_method
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_endpoints_are_where_the_trajectories_end(name, data):
    compiled, of_init, of_step = drawn(data, name)
    starts, hessian, minimiser = data.draw(quadratics(2))
    options = {"steps": data.draw(st.integers(0, 20)), **of_init, **of_step}
    assert_end_where_trajectories_end(compiled, starts, hessian, minimiser, options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["srkl code", "hysterograd head", "hysterograd v4", "hysterograd theory"])
def test_more_parameters_than_a_chunk_end_where_their_trajectory_ends(name, dtype):
    (method, variant), n, rng = name.split(), CHUNK + 3, np.random.default_rng(0)
    starts, hessian = rng.standard_normal((2, n)).astype(dtype), np.diag(rng.uniform(0, 1, n)).astype(dtype)
    more = {"alpha": 0.5} if method == "srkl" else {"initial_temp": 0.5, "stiffening_factor": 0.3}
    options = {"steps": 4, "variant": variant, **more}
    assert_end_where_trajectories_end(both(method)[1], starts, hessian, starts[0] / 2, options)


def assert_end_where_trajectories_end(compiled, starts, hessian, minimiser, options):
    ends = compiled.endpoints(starts, hessian, minimiser, **options)
    assert ends.shape == starts.shape and ends.dtype == starts.dtype
    for start, end in zip(starts, ends, strict=True):
        assert_same_bits(end, compiled.trajectory(start, hessian, minimiser, **options)[-1])
