"""Muon's reference: the libraries' numbers, published ones, and exact answers."""

import numpy as np
import pytest

from gnomon.descent import muon
from gnomon.descent.newton_schulz import CUBIC, MUON, PUBLISHED, coefficients_of, newton_schulz

GRADIENTS = np.array(
    [[[1.0, -0.5, 0.25], [2.0, 0.75, -1.5]], [[0.25, 2, 1], [-1, 0.5, 0.125]], [[-3, 0.125, 0.5], [1, 1, 1]]]
)
PLAIN = {"nesterov": False, "scale": "match-rms-adamw"}
UNDECAYED = {"weight_decay": 0.0}
IN_OPTAX = {"variant": "optax", "eps": 1e-8}
# As torch 2.13 and pytorch_optimizer 4.1.0 gave them with the Newton-Schulz steps in float64, and optax 0.2.8.
LIBRARIES = [
    ((2, 3), {}, "0.8912078227 1.4017241514"),
    ((3, 2), {}, "0.5238728232 1.0854037439"),
    ((2, 3), PLAIN, "0.7696899916 1.0277463871"),
    ((3, 2), PLAIN, "0.7443464462 1.0086218485"),
    ((2, 3), IN_OPTAX | UNDECAYED, "0.9737654136 1.6448269961"),
    ((3, 2), IN_OPTAX | UNDECAYED, "0.6944590057 1.1410543054"),
    ((2, 3), IN_OPTAX | PLAIN | {"momentum": 0.5}, "0.8633779772 1.0322014903"),
    ((3, 2), IN_OPTAX | UNDECAYED | {"coefficients": "dion"}, "0.8729331838 1.2719450402"),
    ((2, 3), UNDECAYED | {"coefficients": "dion", "ns_steps": 3}, "0.8501091387 1.4718286941"),
    ((3, 2), UNDECAYED | {"coefficients": "polar-express", "ns_steps": 8}, "0.8015007915 1.4169680152"),
]


@pytest.mark.parametrize(("shape", "hyper", "ends"), LIBRARIES)
def test_three_steps_are_those_of_the_libraries(shape, hyper, ends):
    params = np.ones(shape)
    state = muon.init(params)
    for grad in GRADIENTS:
        params, state = muon.step(params, grad.reshape(shape), state, **{"lr": 0.5, **hyper})
    assert f"{params[0, 0]:.10f} {params[-1, -1]:.10f}" == ends


def singular_values_after(start, coefficients):
    """Return what becomes of singular values, one by one."""
    return newton_schulz(np.diag(np.atleast_1d(start)), coefficients).diagonal()


def test_one_step_on_numbers_that_are_exact():
    """With a, b, c = 2, -1, 4 and s = ½: 2·½ - ⅛ + 4/32 = 1; s = ¼: ½ - 1/64 + 4/1024 = 0.48828125."""
    assert list(singular_values_after([0.5, 0.25], [(2.0, -1.0, 4.0)])) == [1.0, 0.48828125]


def test_the_cubic_halves_what_is_missing_and_squares_it():
    """1 - s' = (1 - s)²·(1 + s/2): exact for s = ½, 1 - s' = 5/16."""
    assert list(singular_values_after([0.5, 1.0], [CUBIC])) == [11 / 16, 1.0]


@pytest.mark.parametrize(("start", "steps"), [(0.1, 11), (1e-3, 22), (1e-6, 39)])
def test_the_cubic_takes_the_published_number_of_steps(start, steps):
    """To within 1e-15 of 1; one step fewer does not get there."""
    missing = [1 - singular_values_after(start, k * (CUBIC,))[0] for k in (steps - 1, steps)]
    assert missing[1] <= 1e-15 < missing[0]


def test_small_singular_values_are_multiplied_by_the_product_of_a():
    assert f"{singular_values_after(1e-9, 5 * (MUON,))[0] / 1e-9:.1f}" == "484.9"


def test_a_set_goes_on_with_its_last_coefficients():
    dion = PUBLISHED["dion"]
    assert coefficients_of("dion", 7) == (*dion, dion[-1], dion[-1])
    assert coefficients_of("dion", 2) == dion[:2] and coefficients_of("muon", 2) == (MUON, MUON)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("power", [-1, 0, 1])
def test_matrices_at_the_ends_of_the_range_have_the_same_direction(dtype, power):
    """Entries near the largest number, or subnormal ones, whose squares are 0 or infinite; to the last bit."""
    info, X = np.finfo(dtype), np.array([[3.0, -1.0], [0.0, 2.0], [1.0, 1.0]], dtype)
    scale = {-1: info.smallest_subnormal, 0: dtype(1), 1: dtype(2.0 ** (info.maxexp - 2))}[power]
    assert muon.orthogonalise(X * scale, eps=0.0).tobytes() == muon.orthogonalise(X, eps=0.0).tobytes()


def test_half_precision_is_rounded_once():
    grad = GRADIENTS[0].astype(np.float16)
    params, state = muon.step(0 * grad, grad, muon.init(grad), lr=1.0)
    wide, _ = muon.step(0.0 * grad.astype(float), grad.astype(float), muon.init(grad.astype(float)), lr=1.0)
    assert params.dtype == state.momentum_buffer.dtype == np.float16
    assert np.array_equal(params, wide.astype(np.float16))


def test_the_factors_of_a_layer_with_8_outputs_and_2_inputs():
    factors = {scale: muon.scale_factor(8, 2, scale) for scale in ("original", "unit-rms", "none")}
    assert factors == {"original": 2.0, "unit-rms": 2.0, "none": 1.0}
    assert muon.scale_factor(2, 8, "original") == 1.0 and muon.scale_factor(2, 8, "unit-rms") == 0.5
    assert muon.scale_factor(4, 16, "spectral") == muon.scale_factor(16, 4, "spectral") == 4.0
    assert muon.scale_factor(4, 25, "match-rms-adamw") == muon.scale_factor(25, 4, "match-rms-adamw") == 1.0


def test_decay_takes_the_rate_that_is_not_adjusted():
    """Without a gradient x·(1 - ½·½) is left, whatever γ is."""
    params, _ = muon.step(np.ones((4, 1)), np.zeros((4, 1)), muon.init(np.ones((4, 1))), lr=0.5, weight_decay=0.5)
    assert np.all(params == 0.75)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (np.ones(3), r"params must have shape \(m, n\) with m >= 1 and n >= 1, got \(3,\)"),
        (np.ones((2, 2, 2)), r"params must have shape \(m, n\) with m >= 1 and n >= 1, got \(2, 2, 2\)"),
        (np.ones((0, 2)), r"params must have shape \(m, n\) with m >= 1 and n >= 1, got \(0, 2\)"),
    ],
)
def test_what_is_no_matrix_is_rejected(params, message):
    for call in (lambda: muon.init(params), lambda: muon.step(params, params, muon.MuonState(params, 0))):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_gradient_that_is_not_finite_is_rejected_where_that_is_asked_for():
    grad = np.array([[1.0, np.nan]])
    with pytest.raises(ValueError, match=r"grad must be finite, got nan at index \(0, 1\)"):
        muon.step(np.ones((1, 2)), grad, muon.init(grad), check_finite=True)
