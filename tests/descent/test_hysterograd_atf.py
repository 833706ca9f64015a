"""Accuracy per TFLOP: the published tables, exact arithmetic, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gnomon.descent.hysterograd_atf import atf, marginal_atf

TFLOP = np.array([72.79, 145.59, 218.38, 291.18])
ACCURACY = np.array([43.81, 47.39, 68.43, 72.76])
ADAMW = np.array([55.89, 65.26, 69.69])


def test_the_published_table_of_accuracy_per_tflop_is_a_division() -> None:
    ratio = atf(ACCURACY, TFLOP)
    assert [f"{x:.2f}" for x in ratio] == ["0.60", "0.33", "0.31", "0.25"]
    assert [f"{x:.5f}" for x in ratio] == ["0.60187", "0.32550", "0.31335", "0.24988"]


def test_adamw_has_more_accuracy_per_tflop_at_every_common_point() -> None:
    theirs = atf(ADAMW, TFLOP[:3])
    assert [f"{x:.3f}" for x in theirs] == ["0.768", "0.448", "0.319"]
    assert [f"{x:.3f}" for x in atf(ACCURACY, TFLOP)[:3] / theirs] == ["0.784", "0.726", "0.982"]


def test_what_spikes_in_the_third_epoch_is_the_marginal_ratio() -> None:
    assert [f"{x:.3f}" for x in marginal_atf(ACCURACY, TFLOP)] == ["0.602", "0.049", "0.289", "0.059"]
    assert np.all(np.diff(atf(ACCURACY, TFLOP)) < 0)


def test_the_marginal_ratio_in_exact_arithmetic() -> None:
    marginal = marginal_atf(np.array([8.0, 4.0, 4.0, 7.0]), np.array([2.0, 4.0, 5.0, 9.0]))
    assert marginal.tolist() == [4.0, -2.0, 0.0, 0.75]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ratio_has_the_dtype_of_its_arguments(dtype: type[np.floating]) -> None:
    accuracy = np.ones(3, dtype)
    assert atf(accuracy, accuracy).dtype == marginal_atf(accuracy, np.cumsum(accuracy)).dtype == dtype


ONE = np.ones(2)
BAD = [
    (lambda: atf(-ONE, ONE), "accuracy must be >= 0 in every entry"),
    (lambda: atf(ONE, 0 * ONE), "tflop must be > 0 in every entry"),
    (lambda: atf(ONE, np.ones(3)), r"tflop must have the shape of accuracy \(2,\), got \(3,\)"),
    (lambda: marginal_atf(ONE, ONE), "tflop must grow from epoch to epoch"),
    (
        lambda: marginal_atf(np.ones((1, 2)), np.array([[1.0, 2.0]])),
        r"accuracy must have shape \(epochs,\), got \(1, 2\)",
    ),
]


@pytest.mark.parametrize(("call", "sentence"), BAD)
def test_what_does_not_fit_gets_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        call()
