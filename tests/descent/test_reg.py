"""REG's reference: figures of small matrices, steps by hand, the ends of the range, what is refused; and its kernel."""

import numpy as np
import pytest

from gnomon.descent.reg.diagnostics import diagnostics
from gnomon.descent.reg.fisher import fisher_init, fisher_step, racs_fisher
from gnomon.descent.reg.optimizer import init, step
from gnomon.descent.reg.racs import MODES, normalised, racs_reg, sinkhorn
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


def test_a_full_matrix_may_become_worse_conditioned():
    worse = np.array([[-2.0, 2.0, 0.0], [4.0, -5.0, 2.0], [-4.0, 4.0, -2.0]])
    found = diagnostics(worse, racs_reg(worse))
    assert [f"{1 / x:.3f}" for x in (found.inverse_condition_before, found.inverse_condition_after)] == [
        "19.155",
        "24.987",
    ]


def test_what_it_is_not():
    """Not invariant under factors of columns, not idempotent, not turned with its input: distances, to the digits."""
    R = racs_reg(TRIANGLE)
    c, s = np.cos(0.3), np.sin(0.3)
    turn = np.array([[c, -s], [s, c]])
    others = (racs_reg(TRIANGLE * [1, 10]), R), (racs_reg(R), R), (racs_reg(turn @ TRIANGLE), turn @ R)
    assert [f"{np.linalg.norm(a - b):.3f}" for a, b in others] == ["0.055", "0.223", "0.268"]


def test_sinkhorn_without_total_support_goes_like_one_over_the_sweeps():
    """The corner's square is b, with 1/b two larger after each sweep; the worse row is at 1 - √(1 - b)."""
    b = sinkhorn(TRIANGLE, sweeps=1).matrix[0, 1] ** 2
    for sweeps in (10, 100, 2000):
        corner = 1 / (1 / b + 2 * (sweeps - 1))
        found = sinkhorn(TRIANGLE, sweeps=sweeps)
        assert found.sweeps == sweeps
        assert abs(found.residual - (1 - (1 - corner) ** 0.5)) <= 10 * sweeps * EPS
    assert f"{found.residual:.2e}" == "1.25e-04"


@pytest.mark.parametrize("kappa", [1e0, 1e8, 1e150])
def test_orthogonal_rows_give_their_matrix_whatever_the_condition(kappa):
    Q, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))
    assert np.max(np.abs(racs_reg(np.geomspace(1, kappa, 6)[:, None] * Q) - Q)) <= units((6, 6), float)


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


@pytest.mark.parametrize("dtype", [np.float16, *DTYPES])
def test_the_dtype_stays(dtype):
    M = np.array([[1, 2], [3, -4]], dtype)
    assert {racs_reg(M, mode=mode, p=p).dtype for mode in MODES for p in (1.0, 1.5, 2.0, np.inf)} == {np.dtype(dtype)}
    new, state = step(M, M, init(M))
    assert new.dtype == state.momentum.dtype == dtype
    new, state = fisher_step(M, M, fisher_init(M))
    assert {new.dtype, state.rows.dtype, state.columns.dtype, state.length.dtype} == {np.dtype(dtype)}
    assert sinkhorn(M, sweeps=2).residual.dtype == dtype


def test_the_fit_contracts_by_the_squared_ratio_of_singular_values():
    """From sweep to sweep the distance of q from the left singular vector falls by (σ₂/σ₁)², in the end exactly so."""
    squares = random((5, 4), 3, 0) ** 2
    left, sigma, _ = np.linalg.svd(squares)
    u = np.abs(left[:, 0])

    def off(sweeps):
        q = racs_fisher(squares**0.5, iterations=sweeps).rows
        return np.linalg.norm(q / np.linalg.norm(q) - u)

    rate = off(9) / off(8)
    assert abs(rate / (sigma[1] / sigma[0]) ** 2 - 1) < 2 * (sigma[2] / sigma[1]) ** 16 + off(8) ** 2 + 1e-6


REFUSED = {
    "p must be a number >= 1 or inf, got 0.5": lambda: racs_reg(TRIANGLE, p=0.5),
    "p must be a number >= 1 or inf, got nan": lambda: normalised(TRIANGLE, p=np.nan),
    "mode must be one of 'rc', 'cr', 'sqrt', 'product', 'avg', 'sinkhorn', got 'rr'": lambda: racs_reg(
        TRIANGLE, mode="rr"
    ),
    "matrix must have shape (m, n) with m >= 1 and n >= 1, got (4,)": lambda: racs_reg(np.ones(4)),
    "matrix must have shape (m, n) with m >= 1 and n >= 1, got (2, 3, 4)": lambda: racs_reg(np.ones((2, 3, 4))),
    "matrix must be finite, got a NaN or an infinity in it": lambda: racs_reg(TRIANGLE / np.array([1.0, np.nan])),
    "grad must be finite, got a NaN or an infinity in it": lambda: step(TRIANGLE, TRIANGLE * np.nan, init(TRIANGLE)),
    "matrix must hold real floating-point numbers, got dtype int64": lambda: racs_reg(np.ones((2, 2), int)),
    "lr times weight_decay must be < 1, or the decay changes signs, got 1.0": lambda: step(
        TRIANGLE, TRIANGLE, init(TRIANGLE), lr=2.0, weight_decay=0.5
    ),
    "state.length must be >= 0 and not nan, got -1.0": lambda: fisher_step(
        TRIANGLE, TRIANGLE, fisher_init(TRIANGLE)._replace(length=np.float64(-1))
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
