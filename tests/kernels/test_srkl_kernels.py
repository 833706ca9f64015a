"""The compiled SRKL against the reference, and against itself.

Where nothing is summed, a step performs the reference's operations in the reference's order, each rounded once: equal
means the same bits. So it does where a sum has the same bits in every order: two terms, or terms that add exactly.
Elsewhere the two sums have the same terms, none of them negative, and each is within γ of their exact sum.
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

from gnomon.descent import srkl as reference
from gnomon.kernels.descent import srkl as compiled
from gnomon.kernels.reductions import CHUNK

OPERATIONS = tuple(name for name in compiled.__all__ if name != "Diagnostics")
RATES = st.fixed_dictionaries({"alpha": st.floats(2**-20, 10), "beta": st.just(0.0) | st.floats(2**-20, 10)})
SIZES = (1, 2, 3, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5)

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_variant = pytest.mark.parametrize("variant", reference.VARIANTS)
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def quietly(call: Any, *args: Any, **options: Any) -> Any:
    with np.errstate(all="ignore"):
        return call(*args, **options)


def assert_within(actual: Any, expected: Any, roundings: int, magnitude: Any, dtype: Any) -> None:
    """Assert that two results may both come from the same exact one, after as many roundings of that magnitude.

    The magnitude is itself computed, from terms that are not negative: one more factor 1+γ.
    """
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    bound = gamma(roundings, dtype)
    deviation = np.abs(actual.astype(np.float64) - expected)
    assert np.all(deviation <= 2 * bound * (1 + bound) * np.float64(magnitude))


@settings(deadline=None)
@given(data=st.data(), rates=RATES)
def test_steps_without_a_sum_have_the_bits_of_the_reference_and_change_no_input(
    data: st.DataObject, rates: dict[str, float]
) -> None:
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    array = hnp.arrays(dtype, shape, elements=numbers(dtype), fill=st.nothing())
    params, grad, diagonal = data.draw(array), data.draw(array), data.draw(array)
    kappa = dtype(data.draw(hnp.from_dtype(np.dtype(dtype), allow_nan=False, min_value=0)))
    before = [a.copy() for a in (params, grad, diagonal)]
    for name, args in (
        ("brake", (kappa,)),
        ("step", (params, grad, kappa)),
        ("step", (params, grad, np.array(kappa))),
        ("step_coordinate", (params, grad, diagonal)),
    ):
        expected = quietly(getattr(reference, name), *args, **rates)
        assert_same_bits(quietly(getattr(compiled, name), *args, **rates), expected)
    for a, copy in zip((params, grad, diagonal), before, strict=True):
        assert_same_bits(a, copy)


@settings(deadline=None)
@given(data=st.data(), rates=RATES)
def test_a_sum_of_two_terms_has_the_bits_of_the_reference(data: st.DataObject, rates: dict[str, float]) -> None:
    """For the step the largest entry is at most 1, or special, or a power of two, whose power -2 is exact."""
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(st.sampled_from([(), (0,), (1,), (2,), (2, 1), (1, 2, 1)]))
    powers = st.integers(0, 60).map(lambda k: 2.0**k)
    tame = st.floats(-1, 1, width=32) | powers | st.sampled_from([np.nan, np.inf, -np.inf])
    anything = hnp.arrays(dtype, shape, elements=numbers(dtype), fill=st.nothing())
    params, grad = data.draw(anything), data.draw(hnp.arrays(dtype, shape, elements=tame, fill=st.nothing()))
    expected = quietly(reference.step_code, params, grad, **rates)
    assert_same_bits(compiled.step_code(params, grad, **rates), expected)
    assert_same_bits(compiled.curvature(params), quietly(reference.curvature, params))
    kappa = dtype(data.draw(st.floats(0, 100, width=32)))
    expected = quietly(reference.diagnostics, params, kappa, **rates)
    assert_same_outputs(compiled.diagnostics(params, kappa, **rates), expected)


@every_dtype
@pytest.mark.parametrize("size", SIZES)
def test_an_exact_sum_has_the_bits_of_the_reference(size: int, dtype: Any) -> None:
    """Entries 0, ±1, ±2, ±4 over 1 or 8: fourth powers, after division by the largest, are whole multiples of 2⁻⁸."""
    rng = np.random.default_rng(size)
    grad = rng.choice([-4, -2, -1, 0, 1, 2, 4], size).astype(dtype)
    params = rng.standard_normal(size).astype(dtype)
    for scale in (1, 0.125):
        g = grad * dtype(scale)
        assert_same_bits(compiled.curvature(g), reference.curvature(g))
        assert_same_bits(compiled.step_code(params, g), reference.step_code(params, g))
        options = {"alpha": 0.5, "beta": 1.0}
        assert_same_outputs(*(m.diagnostics(g, dtype(3), **options) for m in (compiled, reference)))
    matrix = np.zeros((4, 4), dtype)
    matrix[:, :] = np.array([[0, 1, 2, 4], [1, 2, 4, 0], [2, 4, 0, 1], [4, 0, 1, 2]])
    for norm in reference.NORMS:
        assert_same_bits(*(m.curvature_hessian(matrix, norm=norm) for m in (compiled, reference)))


@every_dtype
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [0.01, 100])
def test_any_sum_agrees_with_the_reference(size: int, scale: float, dtype: Any) -> None:
    """The terms have the same bits in both; a sum of n of them makes n - 1 roundings.

    κ: a root and a product more. ‖Φg‖: a root more. A step: a root, β·, +, α/, two for s⁻² (NumPy's power is within a
    unit in the last place, the kernel divides twice), α/s, rate·direction, and the subtraction, on |w| + |w - w'|.
    """
    rng = np.random.default_rng(size)
    params, grad = rng.standard_normal(size).astype(dtype), (scale * rng.standard_normal(size)).astype(dtype)
    kappa = reference.curvature(grad)
    assert_within(compiled.curvature(grad), kappa, size + 2, kappa, dtype)
    ours, theirs = (m.diagnostics(grad, kappa, alpha=0.3, beta=0.7) for m in (compiled, reference))
    assert_same_outputs(ours[:2], theirs[:2])
    assert_within(ours.step_length, theirs.step_length, size + 1, theirs.step_length, dtype)
    new = reference.step_code(params, grad, alpha=0.3, beta=0.7)
    magnitude = np.abs(params) + np.abs(params - new)
    assert_within(compiled.step_code(params, grad, alpha=0.3, beta=0.7), new, size + 9, magnitude, dtype)


@every_dtype
@pytest.mark.parametrize("size", [0, 1, 2, 7, 40])
def test_norms_of_a_hessian_agree_with_the_reference(size: int, dtype: Any) -> None:
    """A sum of n² squares makes n² - 1 roundings, the root one more; the eigenvalues are the reference's own."""
    matrix = np.random.default_rng(size).standard_normal((size, size))
    hessian = (matrix + matrix.T).astype(dtype)
    for norm in reference.NORMS:
        actual, expected = (m.curvature_hessian(hessian, norm=norm) for m in (compiled, reference))
        assert_within(actual, expected, max(1, size * size), expected, dtype)
    assert_same_bits(*(m.curvature_hessian(hessian, norm="spectral") for m in (compiled, reference)))


@every_dtype
def test_a_step_never_overflows_where_the_reference_does_not(dtype: Any) -> None:
    """The largest finite gradient, twice: κ is infinite, the step small and not 0."""
    largest = np.finfo(dtype).max
    params, grad = np.zeros(2, dtype), np.array([largest, largest])
    new = compiled.step_code(params, grad, alpha=1.0, beta=1.0)
    assert_same_bits(new, reference.step_code(params, grad, alpha=1.0, beta=1.0))
    assert np.all(new < 0) and compiled.curvature(grad) == np.inf


@every_dtype
def test_steps_read_any_memory_layout(dtype: Any) -> None:
    """The sums of at most 12 terms: see `test_any_sum_agrees_with_the_reference`."""
    for x in layouts(dtype):
        kappa = dtype(2)
        assert_same_bits(*(m.step(x, x, kappa) for m in (compiled, reference)))
        assert_same_bits(*(m.step_coordinate(x, x, x) for m in (compiled, reference)))
        assert_same_bits(compiled.step_code(x, x), compiled.step_code(x.copy(), x.copy()))
        assert_within(compiled.curvature(x), reference.curvature(x), 14, reference.curvature(x), dtype)


def test_a_step_does_not_depend_on_where_its_arrays_lie() -> None:
    base = np.random.default_rng(0).standard_normal(3000)
    expected = compiled.step_code(base[:2900].copy(), base[100:].copy())
    for shift in range(1, 9):
        moved = np.concatenate([np.zeros(shift), base])[shift:]
        assert_same_bits(compiled.step_code(moved[:2900], moved[100:]), expected)


@every_variant
@settings(deadline=None, max_examples=30)
@given(data=st.data(), rates=RATES)
def test_a_trajectory_is_repeated_steps(variant: str, data: st.DataObject, rates: dict[str, float]) -> None:
    """Bit for bit, once the gradient is summed in the kernel's order."""
    params, hessian, minimiser = data.draw(quadratics(1))
    steps = data.draw(st.integers(0, 20))
    path = compiled.trajectory(params, hessian, minimiser, steps=steps, variant=variant, **rates)
    assert path.shape == (steps + 1, params.size)
    x = params
    assert_same_bits(path[0], x)
    for following in path[1:]:
        grad = gradient_in_order(x, hessian, minimiser)
        if variant == "code":
            x = compiled.step_code(x, grad, **rates)
        elif variant == "coordinate":
            x = quietly(compiled.step_coordinate, x, grad, np.diagonal(hessian), **rates)
        else:
            x = compiled.step(x, grad, compiled.curvature_hessian(hessian, norm=variant), **rates)
        assert_same_bits(following, x)


@every_variant
@settings(deadline=None, max_examples=30)
@given(data=st.data(), rates=RATES)
def test_endpoints_are_where_the_trajectories_end(variant: str, data: st.DataObject, rates: dict[str, float]) -> None:
    starts, hessian, minimiser = data.draw(quadratics(2))
    steps = data.draw(st.integers(0, 20))
    options: dict[str, Any] = {"steps": steps, "variant": variant, **rates}
    ends = compiled.endpoints(starts, hessian, minimiser, **options)
    assert ends.shape == starts.shape and ends.dtype == starts.dtype
    for start, end in zip(starts, ends, strict=True):
        assert_same_bits(end, compiled.trajectory(start, hessian, minimiser, **options)[-1])


@every_dtype
def test_more_parameters_than_a_chunk_end_where_their_trajectory_ends(dtype: Any) -> None:
    n = CHUNK + 3
    rng = np.random.default_rng(0)
    starts, hessian = rng.standard_normal((2, n)).astype(dtype), np.diag(rng.uniform(0, 1, n)).astype(dtype)
    options: dict[str, Any] = {"steps": 3, "variant": "code", "alpha": 0.5}
    ends = compiled.endpoints(starts, hessian, starts[0] / 2, **options)
    for start, end in zip(starts, ends, strict=True):
        assert_same_bits(end, compiled.trajectory(start, hessian, starts[0] / 2, **options)[-1])


@every_variant
@every_dtype
def test_one_step_of_a_trajectory_agrees_with_the_reference(variant: str, dtype: Any) -> None:
    """A diagonal Hessian with powers of two, differences that are exact: the gradient has the same bits in any order.

    The norms are then exact, too, but for a root; the rest as in `test_any_sum_agrees_with_the_reference`.
    """
    x, hessian, minimiser = (np.array(a, dtype) for a in ([1, 2, 3], np.diag([1, 2, 4.0]), [0, 1, -1]))
    options: dict[str, Any] = {"steps": 1, "variant": variant, "alpha": 0.3, "beta": 0.7}
    actual, expected = (m.trajectory(x, hessian, minimiser, **options) for m in (compiled, reference))
    assert_within(actual[1], expected[1], 3 + 9, np.abs(x) + np.abs(x - expected[1]), dtype)


def test_bad_input_is_refused_in_the_words_of_the_reference() -> None:
    x, H, one = np.ones(3), np.eye(3), np.float64(1)
    lopsided = np.array([[1, 2, 0], [0, 1, 0], [0, 0, 1.0]])
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("curvature", ([1.0],), {}),
        ("curvature", (np.ones(3, int),), {}),
        ("curvature_hessian", (np.ones((2, 3)),), {}),
        ("curvature_hessian", (lopsided,), {}),
        ("curvature_hessian", (lopsided,), {"norm": "spectral"}),
        ("curvature_hessian", (H,), {"norm": "max"}),
        ("brake", (-one,), {}),
        ("brake", (x,), {}),
        ("brake", (one,), {"alpha": 0.0}),
        ("step", (x, np.ones(2), one), {}),
        ("step", (x, np.ones(3, np.float32), one), {}),
        ("step", (x, x, np.float32(1)), {}),
        ("step", (x, x, np.float64(np.nan)), {}),
        ("step", (x, x, x), {}),
        ("step", (x, x, one), {"alpha": -1.0}),
        ("step", (x, x, one), {"beta": -1.0}),
        ("step_code", (np.ones(3, int), x), {}),
        ("step_code", (x, x[:2]), {}),
        ("step_code", (x, x), {"alpha": np.inf}),
        ("step_coordinate", (x, x, x[:2]), {}),
        ("step_coordinate", (x, x, x), {"beta": np.nan}),
        ("diagnostics", (x, -one), {}),
        ("diagnostics", (x, np.float32(1)), {}),
    ]
    for start, hessian, minimiser, options in (
        (x, np.eye(2), x, {"steps": 1}),
        (x, lopsided, x, {"steps": 1}),
        (x, H, np.ones(3, np.float32), {"steps": 1}),
        (x, H, x, {"steps": -1}),
        (x, H, x, {"steps": 1.0}),
        (x, H, x, {"steps": 1, "alpha": 0.0}),
        (x, H, x, {"steps": 1, "beta": -1.0}),
        (x, H, x, {"steps": 1, "variant": "nuclear"}),
        (x, H * np.nan, x, {"steps": 1}),
        (np.array(1.0), H, x, {"steps": 1}),
    ):
        calls.append(("trajectory", (start, hessian, minimiser), options))
        calls.append(("endpoints", (start[np.newaxis] if start.ndim else start, hessian, minimiser), options))
    for name, args, options in calls:
        said = message(getattr(reference, name), *args, **options)
        assert message(getattr(compiled, name), *args, **options) == said


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, ">f8"])
def test_a_dtype_without_a_kernel_is_named(dtype: Any) -> None:
    x, H = np.ones(2).astype(dtype), np.eye(2).astype(dtype)
    one, said = x[0], f"must have dtype float32 or float64 for a compiled kernel, got dtype {x.dtype}"
    if dtype == ">f8":
        one = np.ones((), dtype)
    calls: dict[str, tuple[Any, ...]] = {
        "curvature": (x,),
        "curvature_hessian": (H,),
        "brake": (one,),
        "step": (x, x, one),
        "step_code": (x, x),
        "step_coordinate": (x, x, x),
        "diagnostics": (x, one),
    }
    for name, args in calls.items():
        with pytest.raises(TypeError, match=said):
            getattr(compiled, name)(*args)
    with pytest.raises(TypeError, match=said):
        compiled.trajectory(x, H, x, steps=1)
    with pytest.raises(TypeError, match=said):
        compiled.endpoints(x[np.newaxis], H, x, steps=1)


def test_signatures_are_those_of_the_reference() -> None:
    for name in OPERATIONS:
        assert signature(compiled, name) == signature(reference, name)


@every_dtype
def test_outputs_have_the_dtype_of_the_input(dtype: Any) -> None:
    x, H = np.ones(2, dtype), np.eye(2, dtype=dtype)
    outputs = (
        compiled.curvature(x),
        *(compiled.curvature_hessian(H, norm=norm) for norm in reference.NORMS),
        compiled.brake(dtype(1)),
        compiled.diagnostics(x, dtype(1)),
    )
    assert {output.dtype for output in leaves(outputs)} == {np.dtype(dtype)}
