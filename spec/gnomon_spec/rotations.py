"""Orthogonal matrices that turn the rows or the columns of a matrix of the common shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon_spec.cases import Context, Draw, Quantity
from gnomon_spec.strategies import rotation


def rotation_of(axis: int) -> Quantity:
    """An orthogonal matrix, as large as there are rows (axis 0) or columns (axis 1)."""
    return Quantity(
        lambda draw, context: rotation().draw(draw, context._replace(shape=context.shape[axis : axis + 1])),
        f"orthogonal matrix, as large as there are {('rows', 'columns')[axis]}",
    )


def with_singular_values(draw: Draw, context: Context, values: Any) -> Any:
    """Return U·diag(values)·Vᵀ of the common shape, with drawn orthonormal columns, in float64."""
    wide = context._replace(dtype=np.dtype(np.float64))
    U, V = (rotation_of(axis).draw(draw, wide)[:, : len(values)] for axis in (0, 1))
    return (U * values) @ V.T
