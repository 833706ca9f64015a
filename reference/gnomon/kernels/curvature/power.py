"""`gnomon.curvature.power` for a matrix that is at hand, as one compiled call."""

from __future__ import annotations

import numpy as np

from gnomon.curvature import power as reference
from gnomon.curvature.power import Power, Variant, first_vector
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.curvature.dense import inner, multiply, project_out, require_finite, with_columns
from gnomon.kernels.domains import contiguous, in_place_of
from gnomon.kernels.reductions import length

__all__ = ["Power", "power_iteration"]

NORM, RAYLEIGH, RESIDUAL = range(3)
GOES_ON, CONVERGED, NOT_FINITE = range(3)


@compiled
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
        rayleigh, norm = inner(vector, w), length(w)
        if coded:
            rayleigh /= inner(vector, vector) + small
        watched = rayleigh if coded else norm
        met = not coded and norm == 0
        if k > 0:
            met = met or abs(watched - before) < (rtol if coded else rtol * norm)
        if met or k == iterations - 1:
            report[NORM], report[RAYLEIGH] = abs(watched), rayleigh
            for i in range(n):
                w[i] -= rayleigh * vector[i]
            report[RESIDUAL] = length(w)
            return k + 1, CONVERGED if met else GOES_ON
        before = watched
        divisor = report.dtype.type(1) if coded and norm <= small else norm
        for i in range(n):
            vector[i] = w[i] / divisor
    return iterations, GOES_ON


@in_place_of(reference.power_iteration, with_columns)
def power_iteration(
    operator: Array, start: Array, deflated: Array | None, iterations: int, rtol: float, variant: Variant
) -> Power:
    number, report = start.dtype.type, np.empty(3, start.dtype)
    v, basis = first_vector(start, deflated)
    made, end = power_loop(operator, contiguous(basis), v, int(iterations), number(rtol), variant == "code", report)
    if end == NOT_FINITE:
        require_finite(made)
    return Power(report[NORM], report[RAYLEIGH], v, report[RESIDUAL], end == CONVERGED, made)
