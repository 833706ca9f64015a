"""`gnomon.descent.egd.variants.colnorm` as one compiled loop."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from gnomon.descent.egd import variants as reference
from gnomon.descent.egd.variants import Unit
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import contiguous, in_place_of

__all__ = ["colnorm"]


@compiled
def divide_columns(matrix: Array, floor: Any) -> None:
    """Divide each column g by max(‖g‖, floor), ‖g‖ scaled by its largest entry, summed in ascending order."""
    rows, columns = matrix.shape
    largest, sums = np.zeros(columns, matrix.dtype), np.zeros(columns, matrix.dtype)
    for i in range(rows):
        for j in range(columns):
            largest[j] = max(largest[j], abs(matrix[i, j]))
    for i in range(rows):
        for j in range(columns):
            if largest[j] > 0:
                share = matrix[i, j] / largest[j]
                sums[j] += share * share
    for j in range(columns):
        sums[j] = max(largest[j] * matrix.dtype.type(sqrt(sums[j])), floor)
    for i in range(rows):
        for j in range(columns):
            matrix[i, j] /= sums[j]


@in_place_of(reference.colnorm)
def colnorm(gradient: Array, floor: float, unit: Unit) -> Array:
    columns = np.array(gradient if unit == "column" else gradient.T, order="C")
    divide_columns(columns, columns.dtype.type(floor))
    return columns if unit == "column" else contiguous(columns.T)
