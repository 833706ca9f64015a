"""`gnomon.descent.sam.decomposition.perturb` as compiled loops: one for the norm of all arrays, one for each array."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnomon.descent.sam import decomposition as reference
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import flat, in_place_of, require_compiled
from gnomon.kernels.reductions import largest_magnitude, sum_of_squares
from gnomon.several_arrays import Arrays

__all__ = ["perturb"]


def first_array_is_compiled(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments if loops are compiled for the dtype of the first array of the parameters."""
    require_compiled("params[0]", given["params"][0])
    return given


@compiled
def move(params: Array, grads: Array, largest: Any, size: Any, rho: Any, new: Array) -> None:
    """Write w + ρ·(g/s)/size, all of shape (n,)."""
    for i in range(params.size):
        new[i] = params[i] + rho * (grads[i] / largest / size)


@in_place_of(reference.perturb, first_array_is_compiled)
def perturb(params: Arrays, grads: Arrays, *, rho: float, eps: float) -> Arrays:
    number = params[0].dtype.type
    slopes = [flat(g) for g in grads]
    largest = number(max(map(largest_magnitude, slopes)))
    if largest == 0:
        return params
    squares = sum(sum_of_squares(g, g, largest) for g in slopes)
    with np.errstate(over="ignore"):
        size = number(np.sqrt(number(squares)) + number(eps) / largest)
    moved = [np.empty(w.shape, w.dtype) for w in params]
    for w, g, new in zip(params, slopes, moved, strict=True):
        move(flat(w), g, largest, size, number(rho), flat(new))
    return tuple(moved)
