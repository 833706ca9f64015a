"""The compiled descent by homotopy rates against the reference.

In one dimension no sum is rounded, so that every rule performs the reference's operations in its order: equal means the
same bits, for the sorted window of curvatures, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_contract import DTYPES, assert_same_bits, assert_same_outputs, message, signature

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
def test_in_one_dimension_every_rule_has_the_bits_of_the_reference(
    start: float, eigenvalue: float, steps: int, options: dict[str, Any], dtype: Any
) -> None:
    inputs = np.array([start], dtype), np.array([eigenvalue], dtype)
    before = [array.copy() for array in inputs]
    with np.errstate(all="ignore"):
        expected = reference.descend(*inputs, steps=steps, **options)
    assert_same_outputs(compiled.descend(*inputs, steps=steps, **options), expected)
    for array, copy in zip(inputs, before, strict=True):
        assert_same_bits(array, copy)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_window_of_an_adaptive_target_is_kept_in_order_over_a_long_run(dtype: Any) -> None:
    inputs = np.array([3.0], dtype), np.array([0.5], dtype)
    for window in (1, 7, 100):
        options = {"steps": 300, "base_lr": 1.0, "adaptive": True, "warmup_steps": 3, "window": window}
        assert_same_outputs(*(m.descend(*inputs, **options) for m in (compiled, reference)))


def test_the_signature_is_that_of_the_reference() -> None:
    assert signature(compiled, "descend") == signature(reference, "descend")


ONE = np.ones(2)


@pytest.mark.parametrize(
    ("params", "eigenvalues", "options"),
    [
        (ONE, np.ones(3), {}),
        (ONE, ONE.astype(np.float32), {}),
        (np.ones((1, 2)), np.ones((1, 2)), {}),
        (np.array([1.0, np.inf]), ONE, {}),
        (ONE, ONE, {"steps": -1}),
        (ONE, ONE, {"rule": "newton"}),
        (ONE, ONE, {"variant": "best"}),
        (ONE, ONE, {"min_lr": 2.0}),
        (ONE, ONE, {"window": 0}),
        (ONE, ONE, {"percentile": 2.0}),
    ],
)
def test_bad_input_gets_the_sentence_of_the_reference(params: Any, eigenvalues: Any, options: dict[str, Any]) -> None:
    given_options = {"steps": 2, **options}
    expected = message(reference.descend, params, eigenvalues, **given_options)
    assert message(compiled.descend, params, eigenvalues, **given_options) == expected


def test_a_run_that_diverges_to_nan_is_an_error_in_both() -> None:
    options = {"steps": 4000, "base_lr": 1.0, "target_curvature": 1e4, "max_lr": 10.0}
    with np.errstate(all="ignore"):
        expected = message(reference.descend, ONE, 3 * ONE, **options)
    assert message(compiled.descend, ONE, 3 * ONE, **options) == expected
    assert expected[1] == "curvature must be >= 0 and not nan, got nan"


def test_float16_is_not_compiled() -> None:
    half = np.ones(2, np.float16)
    kind, text = message(compiled.descend, half, half, steps=1)
    assert kind is TypeError and "float32 or float64 for a compiled kernel, got dtype float16" in text
