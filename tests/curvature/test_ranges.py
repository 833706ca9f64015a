"""Lanczos and power iteration where numbers are far apart, large, small or many; reference and kernel alike."""

import numpy as np
import pytest

from gnomon.curvature import lanczos, power
from gnomon.curvature.operators import Dense
from gnomon.kernels.curvature import lanczos as compiled_lanczos
from gnomon.kernels.curvature import power as compiled_power

every_process = pytest.mark.parametrize("module", [lanczos, compiled_lanczos], ids=["reference", "kernel"])
every_iteration = pytest.mark.parametrize("module", [power, compiled_power], ids=["reference", "kernel"])


@every_process
def test_a_long_process_in_float32_does_not_end_before_its_steps(module):
    """400 eigenvalues from 1 to 2: 30 steps see both ends to three digits, in float32 but for n·ε of the norm 2."""
    ends = {}
    for dtype in (np.float32, np.float64):
        spread = Dense(np.diag(np.linspace(1, 2, 400, dtype=dtype)))
        found = module.ritz(spread, np.ones(400, dtype), steps=30)
        assert len(found.values) == 30
        ends[dtype] = found.values[[0, -1]]
    assert np.array_equal(np.round(ends[np.float64], 3), [1.001, 1.999])
    assert np.max(np.abs(ends[np.float32] - ends[np.float64])) <= 400 * np.finfo(np.float32).eps * 2


@every_process
def test_small_eigenvalues_beside_a_large_one_are_found_as_far_as_its_rounding_lets_them(module):
    """Of 1e13, 1 and 2 all are off by about u·1e13 = 0.001."""
    values = module.ritz(Dense(np.diag([1e13, 1.0, 2.0])), np.ones(3), steps=3).values
    assert np.array_equal(np.round(values, 1), [1.0, 2.0, 1e13])


@every_process
@pytest.mark.parametrize("multiple", [1e160, 1e-160, 1e-200])
def test_the_process_does_not_leave_the_range_before_its_matrix_does(module, multiple):
    """Rounding leaves n·ε of the norm 3."""
    found = module.ritz(Dense(multiple * np.diag([3.0, 1.0])), multiple * np.ones(2), steps=2)
    for values, right in ((found.values / multiple, [1, 3]), (found.weights, [0.5, 0.5])):
        assert np.all(np.abs(values - right) <= 2 * np.finfo(np.float64).eps * 3)


@every_iteration
@pytest.mark.parametrize(("multiple", "length"), [(1e160, 1.0), (1.0, 1e-200), (1e-200, 1e200)])
def test_power_iteration_does_not_leave_the_range_before_its_matrix_does(module, multiple, length):
    """An eigenvalue lies within the residual, and of 3 and 1, which are 2 apart, it is 3."""
    found = module.power_iteration(Dense(multiple * np.diag([3.0, 1.0])), length * np.ones(2))
    assert found.converged
    for value in (found.norm, found.rayleigh):
        assert abs(value / multiple - 3) <= found.residual / multiple < 1
