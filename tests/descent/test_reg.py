"""REG's reference: figures of small matrices, steps by hand, the ends of the range, what is refused; and its kernel."""

import numpy as np
import pytest

from gnomon.descent.reg.fisher import racs_fisher
from gnomon.descent.reg.optimizer import init, step
from gnomon.descent.reg.racs import MODES, racs_reg, sinkhorn
from gnomon.kernels.descent.reg import racs as compiled

EPS = 2.0**-52
TRIANGLE = np.array([[1.0, 2.0], [0.0, 3.0]])
DTYPES = (np.float32, np.float64)


def units(shape, dtype):
    """Roundings of an entry of mode "rc": two norms, of n and of m terms, and divisions; twice, for two results."""
    return 2 * (sum(shape) + 6) * float(np.finfo(dtype).eps)


def random(shape, seed=0, decades=3):
    """Normal numbers, rows and columns times powers of ten."""
    rng = np.random.default_rng(seed)
    rows, columns = (10 ** rng.uniform(-decades, decades, size) for size in shape)
    return rng.standard_normal(shape) * rows[:, None] * columns


def test_what_it_is_not():
    """Not invariant under factors of columns, not idempotent, not turned with its input: distances, to the digits."""
    R = racs_reg(TRIANGLE)
    c, s = np.cos(0.3), np.sin(0.3)
    turn = np.array([[c, -s], [s, c]])
    others = (racs_reg(TRIANGLE * [1, 10]), R), (racs_reg(R), R), (racs_reg(turn @ TRIANGLE), turn @ R)
    assert [f"{np.linalg.norm(a - b):.3f}" for a, b in others] == ["0.055", "0.223", "0.268"]


def test_a_step_by_hand():
    """M = ½G = [[3, 4], [0, 0]]/2: rows [0.6, 0.8], columns 1, and 0.2·√4/√2 of that."""
    params, grad = np.array([[4.0, 8.0], [16.0, -4.0]]), np.array([[3.0, 4.0], [0.0, 0.0]])
    new, state = step(params, grad, init(params), lr=0.5, beta=0.5, weight_decay=0.5)
    assert np.array_equal(state.momentum, grad / 2)
    expected = 0.75 * params - 0.5 * 0.2 * 2**0.5 * np.array([[1.0, 1.0], [0.0, 0.0]])
    assert np.max(np.abs(new - expected)) <= 4 * 16 * EPS


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-200, 1e300, 2.0**1020])
def test_every_size_of_gradient_makes_the_same_step(scale, mode):
    """Entries of ±1 and 0: what is left is a multiple of whole numbers, subnormal ones, too."""
    signs, params = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 1.0]]), np.ones((2, 3))
    one, _ = step(params, signs, init(params), beta=0.0, mode=mode)
    other, _ = step(params, scale * signs, init(params), beta=0.0, mode=mode)
    assert np.max(np.abs(one - other)) <= units((2, 3), float)
    assert np.all(np.isfinite(racs_reg(scale * signs, mode=mode))) or (mode == "product" and scale < 1e-307)


def test_sinkhorn_without_total_support_is_slow():
    """The worse row of [[1, 2], [0, 3]] is at 1 - √(1 - b), where 1/b is two larger after each sweep.

    5e-7 is stated for it, of a residual that is not told: not this one, nor the change of an entry, 4e-6.
    """
    assert f"{sinkhorn(TRIANGLE, sweeps=2000).residual:.2e}" == "1.25e-04"


def test_the_fit_of_rank_one_gains_the_square_of_a_ratio_with_each_sweep():
    """σ₂/σ₁ = 0.68: the tangent of q's angle to the first singular vector is 0.68² times as large, in two dimensions.

    0.348, 0.162, 0.0757, 0.0164, 3.6e-4 are stated after 1, 2, 3, 5 and 10 sweeps, of a matrix that is not told: each
    sweep of them leaves 0.465 to 0.467, next to 0.68² = 0.462, to which a ratio tends as the rest vanishes.
    """
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in (0.7, 0.75)]
    grad = ((turns[0] * [1, 0.68]) @ turns[1].T) ** 0.5
    along, across = np.stack([turns[0].T @ racs_fisher(grad, iterations=k).rows for k in (1, 2, 3, 5, 10)], axis=1)
    found = (across / along)[1:] / (across / along)[0]
    assert [f"{ratio ** (1 / more):.8f}" for ratio, more in zip(found, (1, 2, 4, 9), strict=True)] == ["0.46240000"] * 4


REFUSED = {
    "p must be a number >= 1 or inf, got 0.5": lambda: racs_reg(TRIANGLE, p=0.5),
    "matrix must have shape (m, n) with m >= 1 and n >= 1, got (4,)": lambda: racs_reg(np.ones(4)),
    "lr times weight_decay must be < 1, or the decay changes signs, got 1.0": lambda: step(
        TRIANGLE, TRIANGLE, init(TRIANGLE), lr=2.0, weight_decay=0.5
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_is_refused_is_said_in_a_sentence(sentence):
    with pytest.raises((ValueError, TypeError)) as refused:
        REFUSED[sentence]()
    assert str(refused.value) == sentence


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [2.0, 1.0, np.inf, 3.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (37, 130), (130, 37)])
def test_the_kernel_is_off_by_rounding_alone(shape, p, dtype):
    """Every term of a sum is positive, so that errors are relative; powers of p = 3 have three roundings each."""
    for matrix in (random(shape), np.where(random(shape, 1) > 0, random(shape), 0)):
        for mode in ("rc", "cr"):
            M = matrix.astype(dtype)
            expected = racs_reg(M, p=p, mode=mode)
            found = compiled.racs_reg(M, p=p, mode=mode)
            assert found.dtype == dtype
            assert np.all(np.abs(found - expected) <= 3 * units(shape, dtype) * np.abs(expected))


@pytest.mark.parametrize("exponents", [(-500, -500), (400, -300), (-1020, 0), (500, 400)])
def test_the_kernel_keeps_to_its_precision_where_squares_leave_the_range(exponents):
    """Rows times 2ᵃ, one column times 2ᵇ, and ordinary ones beside them, in every place."""
    M = random((5, 4), 2, 0)
    M[1:3] *= 2.0 ** exponents[0]
    M[:, 2] *= 2.0 ** min(exponents[1], 0)
    expected = racs_reg(M)
    assert np.all(np.isfinite(expected))
    assert np.all(np.abs(compiled.racs_reg(M) - expected) <= 3 * units(M.shape, float) * np.abs(expected) + 2.0**-1000)
