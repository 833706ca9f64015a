"""The compiled descent by homotopy rates against the reference.

In one dimension no sum is rounded, so that every rule performs the reference's operations in its order: equal means the
same bits, for the sorted window of curvatures, too.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_contract import DTYPES, assert_same_outputs, message, quietly

from gnomon.descent.homotopy import quadratics as reference
from gnomon.descent.homotopy.rate import VARIANTS
from gnomon.kernels.descent.homotopy import quadratics as compiled

SCHEDULES = st.fixed_dictionaries(
    {
        "rule": st.sampled_from(reference.RULES),
        "variant": st.sampled_from(VARIANTS),
        "base_lr": st.floats(2**-6, 2),
        "target_curvature": st.floats(2**-6, 64),
        "alpha": st.just(0.0) | st.floats(2**-6, 4),
        "min_lr": st.sampled_from([0.0, 1e-7, 0.25]),
        "max_lr": st.sampled_from([0.5, 1.0]),
        "warmup_steps": st.integers(0, 6),
        "adaptive": st.booleans(),
        "percentile": st.sampled_from([0.0, 0.25, 0.75, 1.0]),
        "window": st.integers(1, 8),
    }
)


@settings(deadline=None)
@given(
    start=st.floats(-4, 4, width=32),
    eigenvalue=st.floats(0, 2, width=32),
    steps=st.integers(0, 30),
    options=SCHEDULES,
    dtype=st.sampled_from(DTYPES),
)
def test_in_one_dimension_every_rule_has_the_bits_of_the_reference(start, eigenvalue, steps, options, dtype):
    inputs = np.array([start], dtype), np.array([eigenvalue], dtype)
    assert_same_outputs(*(quietly(m.descend, *inputs, steps=steps, **options) for m in (compiled, reference)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_window_of_an_adaptive_target_is_kept_in_order_over_a_long_run(dtype):
    inputs = np.array([3.0], dtype), np.array([0.5], dtype)
    for window in (1, 7, 100):
        options = {"steps": 300, "base_lr": 1.0, "adaptive": True, "warmup_steps": 3, "window": window}
        assert_same_outputs(*(m.descend(*inputs, **options) for m in (compiled, reference)))


def test_a_run_that_diverges_to_nan_is_an_error_in_both():
    options = {"steps": 4000, "base_lr": 1.0, "target_curvature": 1e4, "max_lr": 10.0}
    sentences = [quietly(message, m.descend, np.ones(2), 3 * np.ones(2), **options) for m in (compiled, reference)]
    assert sentences[0] == sentences[1]
    assert sentences[0][1] == "curvature must be >= 0 and not nan, got nan"
