"""`gnomon.descent.muon` as compiled loops, for matrices whose shorter side is at most about 30: larger ones are BLAS's.

Sums are made in ascending order, one term after the other, so that the last bits differ from NumPy's. Numba's own `@`
would need SciPy.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numba import njit

from gnomon.descent import muon as reference
from gnomon.descent.muon import MuonState
from gnomon.descent.newton_schulz import coefficients_of
from gnomon.domains import Array
from gnomon.kernels.domains import contiguous, in_place_of

__all__ = ["MuonState", "init", "orthogonalise", "step"]

init = in_place_of(reference.init)(reference.init)


@njit(cache=True, error_model="numpy")
def unit_length(matrix: Array, eps: Any, eps_added: bool) -> None:
    """Divide the matrix by its norm, as the reference's function of this name does."""
    zero = matrix.dtype.type(0)
    unit, total = eps, zero
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            size = abs(matrix[i, j])
            unit = unit if unit >= size or unit != unit else size
    unit = unit if unit != zero else matrix.dtype.type(1)
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] /= unit
            total += matrix[i, j] * matrix[i, j]
    floor, length = eps / unit, matrix.dtype.type(sqrt(total))
    if eps_added:
        length += floor
    elif length < floor:
        length = floor
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] /= length if length != zero else matrix.dtype.type(1)


@njit(cache=True, error_model="numpy")
def newton_schulz(matrix: Array, polynomials: Array) -> Array:
    """Return what the polynomials, one a row (a, b, c), make of a matrix (m, p), m <= p; the matrix is written to."""
    m, p = matrix.shape
    gram, factor, new = np.empty((m, m), matrix.dtype), np.empty((m, m), matrix.dtype), np.empty_like(matrix)
    for step in range(polynomials.shape[0]):
        a, b, c = polynomials[step, 0], polynomials[step, 1], polynomials[step, 2]
        for i in range(m):
            for j in range(i + 1):
                total = matrix.dtype.type(0)
                for k in range(p):
                    total += matrix[i, k] * matrix[j, k]
                gram[i, j] = gram[j, i] = total
        for i in range(m):
            for j in range(i + 1):
                total = matrix.dtype.type(0)
                for k in range(m):
                    total += gram[i, k] * gram[j, k]
                factor[i, j] = factor[j, i] = b * gram[i, j] + c * total
        for i in range(m):
            for j in range(p):
                new[i, j] = a * matrix[i, j]
            for k in range(m):
                for j in range(p):
                    new[i, j] += factor[i, k] * matrix[k, j]
        matrix, new = new, matrix
    return matrix


def orthogonalised(matrix: Array, coefficients: Any, ns_steps: int, eps: float, eps_added: bool) -> Array:
    """Return the reference's `orthogonalise` of a matrix, checked already."""
    number, is_tall = matrix.dtype.type, matrix.shape[0] > matrix.shape[1]
    start = np.array(matrix.T if is_tall else matrix, order="C")
    unit_length(start, number(eps), eps_added)
    polynomials = np.array(coefficients_of(coefficients, ns_steps), matrix.dtype).reshape(ns_steps, 3)
    result: Array = newton_schulz(start, polynomials)
    return contiguous(result.T) if is_tall else result


@in_place_of(reference.orthogonalise)
def orthogonalise(matrix: Array, **given: Any) -> Array:
    return orthogonalised(matrix, **given)


@in_place_of(reference.step)
def step(
    params: Array, grad: Array, state: MuonState, *,
    lr: float, momentum: float, nesterov: bool, weight_decay: float, eps: float, ns_steps: int, coefficients: Any,
    scale: Any, variant: Any, check_finite: bool,
) -> tuple[Array, MuonState]:  # fmt: skip
    update, after = reference.look_ahead(grad, state, momentum=momentum, nesterov=nesterov, variant=variant)
    direction = orthogonalised(update, coefficients, ns_steps, eps, variant != "torch")
    outputs, inputs = params.shape[::-1] if variant == "optax" else params.shape
    rate = lr * reference.scale_factor(outputs, inputs, scale)
    return params * (1 - lr * weight_decay) - rate * direction, after
