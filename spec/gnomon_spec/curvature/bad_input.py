"""Inputs that every estimator must reject, and what mistaken ones do with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gnomon.curvature.operators import Dense


def not_finite(operator: Dense, bad: float) -> Dense:
    """Return the operator with `bad` in the first entry of every row: no product with a nonzero vector is finite."""
    matrix = operator.matrix
    first = np.arange(matrix.shape[0]) == 0
    return Dense(np.where(first, np.asarray(bad, matrix.dtype), matrix))


def bad_probes(probes: Any) -> Iterator[tuple[str, Any]]:
    """Yield probes that do not fit, each with what is wrong with it."""
    yield "a longer probe", np.concatenate([probes, probes[:, :1]], axis=1)
    yield "one dimension", probes[0]
    yield "no probe", probes[:0]
    yield "integers", np.ones(probes.shape, np.int64)
    yield "a NaN", np.where(np.arange(probes.shape[1]) == 0, np.asarray(np.nan, probes.dtype), probes)


def finite_only(operator: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the operator with every NaN and infinity of its products replaced by 0."""
    return lambda vector: np.nan_to_num(operator(vector), nan=0.0, posinf=0.0, neginf=0.0)


def as_rows(probes: Any, length: int) -> Any:
    """Return whatever was given as probes as rows, cut to a length."""
    rows = probes if probes.ndim == 2 else probes.reshape(1, -1)
    return rows[:, :length]


def unchecked_products(operator: Dense, probes: Any) -> tuple[Any, Any]:
    """Return the probes as rows and A·z for each, neither of them looked at."""
    rows = as_rows(probes, operator.matrix.shape[0])
    return rows, rows @ operator.matrix.T
