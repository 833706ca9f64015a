"""The compiled SRKL against the reference, and against itself.

Where nothing is summed, a step performs the reference's operations in the reference's order, each rounded once: equal
means the same bits. So it does where a sum has the same bits in every order: two terms, or terms that add exactly.
Elsewhere the two sums have the same terms, none of them negative, and each is within γ of their exact sum.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kernel_contract import DTYPES, RATES, assert_same_bits, assert_same_outputs, assert_within, numbers, quietly

from gnomon.descent import srkl as reference
from gnomon.kernels.descent import srkl as compiled
from gnomon.kernels.reductions import CHUNK

SIZES = (1, 2, 3, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5)

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


@settings(deadline=None)
@given(data=st.data(), rates=RATES)
def test_steps_without_a_sum_have_the_bits_of_the_reference(data, rates):
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    array = hnp.arrays(dtype, shape, elements=numbers(dtype), fill=st.nothing())
    params, grad, diagonal = data.draw(array), data.draw(array), data.draw(array)
    kappa = dtype(data.draw(hnp.from_dtype(np.dtype(dtype), allow_nan=False, min_value=0)))
    for name, args in (
        ("brake", (kappa,)),
        ("step", (params, grad, kappa)),
        ("step", (params, grad, np.array(kappa))),
        ("step_coordinate", (params, grad, diagonal)),
    ):
        expected = quietly(getattr(reference, name), *args, **rates)
        assert_same_bits(quietly(getattr(compiled, name), *args, **rates), expected)


@settings(deadline=None)
@given(data=st.data(), rates=RATES)
def test_a_sum_of_two_terms_has_the_bits_of_the_reference(data, rates):
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
def test_an_exact_sum_has_the_bits_of_the_reference(size, dtype):
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
def test_any_sum_agrees_with_the_reference(size, scale, dtype):
    """The terms have the same bits in both; a sum of n of them makes n - 1 roundings.

    κ: a root and a product more. ‖Φg‖: a root more. A step: a root, β·, +, α/, two for s⁻² (NumPy's power is within a
    unit in the last place, the kernel divides twice), α/s, rate·direction, and the subtraction, on |w| + |w - w'|.
    """
    rng = np.random.default_rng(size)
    params, grad = rng.standard_normal(size).astype(dtype), (scale * rng.standard_normal(size)).astype(dtype)
    kappa = reference.curvature(grad)
    assert_within(compiled.curvature(grad), kappa, size + 2, kappa)
    ours, theirs = (m.diagnostics(grad, kappa, alpha=0.3, beta=0.7) for m in (compiled, reference))
    assert_same_outputs(ours[:2], theirs[:2])
    assert_within(ours.step_length, theirs.step_length, size + 1, theirs.step_length)
    new = reference.step_code(params, grad, alpha=0.3, beta=0.7)
    magnitude = np.abs(params) + np.abs(params - new)
    assert_within(compiled.step_code(params, grad, alpha=0.3, beta=0.7), new, size + 9, magnitude)


@every_dtype
@pytest.mark.parametrize("size", [0, 1, 2, 7, 40])
def test_norms_of_a_hessian_agree_with_the_reference(size, dtype):
    """A sum of n² squares makes n² - 1 roundings, the root one more; the eigenvalues are the reference's own."""
    matrix = np.random.default_rng(size).standard_normal((size, size))
    hessian = (matrix + matrix.T).astype(dtype)
    for norm in reference.NORMS:
        actual, expected = (m.curvature_hessian(hessian, norm=norm) for m in (compiled, reference))
        assert_within(actual, expected, max(1, size * size), expected)
    assert_same_bits(*(m.curvature_hessian(hessian, norm="spectral") for m in (compiled, reference)))


@every_dtype
def test_a_step_never_overflows_where_the_reference_does_not(dtype):
    """The largest finite gradient, twice: κ is infinite, the step small and not 0."""
    largest = np.finfo(dtype).max
    params, grad = np.zeros(2, dtype), np.array([largest, largest])
    new = compiled.step_code(params, grad, alpha=1.0, beta=1.0)
    assert_same_bits(new, reference.step_code(params, grad, alpha=1.0, beta=1.0))
    assert np.all(new < 0) and compiled.curvature(grad) == np.inf


def test_a_step_does_not_depend_on_where_its_arrays_lie():
    base = np.random.default_rng(0).standard_normal(3000)
    expected = compiled.step_code(base[:2900].copy(), base[100:].copy())
    for shift in range(1, 9):
        moved = np.concatenate([np.zeros(shift), base])[shift:]
        assert_same_bits(compiled.step_code(moved[:2900], moved[100:]), expected)
