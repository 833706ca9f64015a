"""Linear algebra in dtypes that LAPACK does not have: in float64, and back."""

import numpy as np
import pytest
from noisy import noisy

from gnomon_spec.arithmetic import NoisyArray, lapack
from gnomon_spec.arithmetic.lapack import entering_lapack, leaving_lapack

SQUARE = np.array([[4, 1, 0], [1, 3, 1], [0, 1, 2]], np.longdouble)
wider_than_float64 = pytest.mark.skipif(
    np.dtype(np.longdouble).itemsize == 8, reason="this machine has nothing wider than float64"
)


@wider_than_float64
def test_a_routine_computes_in_float64_and_its_results_are_wide():
    for found, expected in zip(lapack(np.linalg.svd, SQUARE), np.linalg.svd(SQUARE.astype(float)), strict=True):
        assert found.dtype == np.longdouble
        assert np.array_equal(found, expected)
    assert lapack(np.linalg.svd, SQUARE, full_matrices=False).S.shape == (3,)
    assert lapack(np.linalg.det, SQUARE).dtype == np.longdouble
    assert lapack(np.linalg.matrix_rank, SQUARE) == 3


def test_arrays_that_lapack_takes_pass_unchanged():
    assert lapack(np.linalg.inv, SQUARE.astype(np.float32)).dtype == np.float32
    assert isinstance(lapack(np.linalg.inv, noisy(SQUARE.astype(np.float32))), NoisyArray)


@wider_than_float64
def test_an_array_that_has_entered_keeps_its_width_between_routines():
    inside = entering_lapack(SQUARE)
    eigenvalues, Q = np.linalg.eigh(inside)
    assert np.linalg.solve(inside, eigenvalues).dtype == np.longdouble
    third = leaving_lapack(inside / 3)
    assert type(third) is np.ndarray
    assert np.array_equal(third, SQUARE / 3), "not by way of float64"
    assert isinstance(leaving_lapack(np.sum(inside)), np.longdouble)
    assert leaving_lapack(Q.T).dtype == np.longdouble


@wider_than_float64
def test_a_routine_finds_its_arrays_under_their_names_too():
    assert np.linalg.solve(a=entering_lapack(SQUARE), b=entering_lapack(SQUARE[0])).shape == (3,)
    assert lapack(np.linalg.solve, a=SQUARE, b=SQUARE[0]).dtype == np.longdouble


@wider_than_float64
def test_other_type_errors_are_raised():
    with pytest.raises(TypeError, match="nonsense"):
        np.linalg.svd(entering_lapack(SQUARE), nonsense=True)
