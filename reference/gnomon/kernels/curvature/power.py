"""`gnomon.curvature.power` for a matrix that is at hand, as one compiled call."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numba import njit

from gnomon.curvature.operators import Operator, require_start
from gnomon.curvature.power import Power, require_basis, without
from gnomon.domains import Array, require_choice, require_count, require_number
from gnomon.kernels.curvature.dense import columns_of, inner, multiply, project_out, require_finite
from gnomon.kernels.domains import contiguous

__all__ = ["Power", "power_iteration"]

NORM, RAYLEIGH, RESIDUAL = range(3)
GOES_ON, CONVERGED, NOT_FINITE = range(3)


@njit(cache=True, error_model="numpy")
def power_loop(
    columns: Array, basis: Array, vector: Array, iterations: int, rtol: float, coded: bool, report: Array
) -> tuple[int, int]:
    """Iterate `vector` (n,), of length 1, in place; write norm, Rayleigh quotient and residual into `report` (3,).

    Returns how many products were made (the index of the last, if it is not finite) and how it ended. basis: (j, n).
    """
    n, w, coefficients = vector.size, np.empty_like(vector), np.empty(basis.shape[0], vector.dtype)
    before, small = report.dtype.type(0), report.dtype.type(1e-10)
    for k in range(iterations):
        project_out(basis, vector, coefficients)
        if not multiply(columns, vector, w):
            return k, NOT_FINITE
        project_out(basis, w, coefficients)
        rayleigh, length = inner(vector, w), report.dtype.type(sqrt(inner(w, w)))
        if coded:
            rayleigh /= inner(vector, vector) + small
        watched = rayleigh if coded else length
        met = not coded and length == 0
        if k > 0 and rtol > 0:
            met = met or (abs(watched - before) < rtol if coded else abs(watched - before) <= rtol * length)
        if met or k == iterations - 1:
            report[NORM], report[RAYLEIGH] = abs(watched), rayleigh
            for i in range(n):
                w[i] -= rayleigh * vector[i]
            report[RESIDUAL] = sqrt(inner(w, w))
            return k + 1, CONVERGED if met else GOES_ON
        before = watched
        divisor = report.dtype.type(1) if coded and length <= small else length
        for i in range(n):
            vector[i] = w[i] / divisor
    return iterations, GOES_ON


def power_iteration(
    operator: Operator,
    start: Array,
    deflated: Array | None = None,
    *,
    iterations: int = 100,
    rtol: float = 1e-10,
    variant: str = "reference",
) -> Power:
    """Return the spectral norm of A by the power method, as `gnomon.curvature.power` does; `Dense` only."""
    require_start("start", start)
    require_count("iterations", iterations, 1)
    require_number("rtol", rtol, 0, 1)
    require_choice("variant", variant, ("reference", "code"))
    rows = require_basis(deflated, start)
    columns, number = columns_of(operator, start), start.dtype.type
    basis = np.empty((0, start.shape[0]), start.dtype) if rows is None else contiguous(rows)
    v = without(rows, start)
    if not np.any(v != 0):
        raise ValueError("start must not be in the span of deflated")
    v, report = v / np.sqrt(np.dot(v, v)), np.empty(3, start.dtype)
    made, end = power_loop(columns, basis, v, int(iterations), number(rtol), variant == "code", report)
    if end == NOT_FINITE:
        require_finite(made)
    return Power(report[NORM], report[RAYLEIGH], v, report[RESIDUAL], end == CONVERGED, made)
