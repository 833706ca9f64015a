"""`gnomon.descent.odog.search` as one compiled loop; both functions are sums over the entries of x."""

from __future__ import annotations

from collections import namedtuple
from math import inf
from typing import Any

import numpy as np

from gnomon.descent.odog import search as reference
from gnomon.descent.odog.search import METHODS, Found, Method
from gnomon.domains import Array
from gnomon.kernels.compiled import compiled
from gnomon.kernels.domains import in_place_of

__all__ = ["Found", "stationary"]

DOUBLE, PREVIOUS, ZERO, DESCENT = range(len(METHODS))

# What the loop computes with, each rounded once to its dtype. slope: s of the ramp, 0 for the tail. length: T.
Numbers = namedtuple("Numbers", "eps slope radius lr length half one")


@compiled
def slope(i: int, x: Any, numbers: Numbers) -> Any:
    """Return entry i of ∇F, which depends on xᵢ alone."""
    if numbers.slope == 0:
        w = numbers.one + x * x
        return -x / (w * np.sqrt(w))
    if i == 1:
        return np.sin(x)
    return -numbers.slope * numbers.half * (numbers.one - np.tanh(x - numbers.one / numbers.slope))


@compiled
def measured(vector: Array, numbers: Numbers) -> Any:
    """Return the largest |vᵢ|, and the length of v in that unit, 0 if there is none."""
    largest = total = numbers.one - numbers.one
    for i in range(vector.size):
        largest = max(largest, abs(vector[i]))
    if largest > 0:
        for i in range(vector.size):
            scaled = vector[i] / largest
            total += scaled * scaled
    return largest, np.sqrt(total)


@compiled
def write_gradient(x: Array, grad: Array, numbers: Numbers) -> Any:
    """Write ∇F(x) into `grad`; return its length."""
    for i in range(x.size):
        grad[i] = slope(i, x[i], numbers)
    largest, size = measured(grad, numbers)
    return largest * size


@compiled
def project(vector: Array, numbers: Numbers) -> None:
    """Shorten a vector to the radius."""
    largest, size = measured(vector, numbers)
    if largest * size > numbers.radius:
        factor = numbers.radius / size
        for i in range(vector.size):
            vector[i] = vector[i] / largest * factor


@compiled
def search(x: Array, found: Array, method: int, length: int, most: int, numbers: Numbers) -> Any:
    """Move x and `found` to where the search ends; return ‖∇F‖ at `found`, and the steps made."""
    n, steps = x.size, 0
    displacement, error, hint, last = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    origin, total, grad = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    size = write_gradient(x, grad, numbers)
    for _ in range(most):
        if size <= numbers.eps and (steps > 0 or method == DESCENT):
            break
        if method == DESCENT:
            for i in range(n):
                x[i] -= numbers.lr * grad[i]
                found[i] = x[i]
            steps += 1
        else:
            for i in range(n):
                origin[i], total[i] = x[i], numbers.one - numbers.one
            for _ in range(length):
                for i in range(n):
                    if method == DOUBLE:
                        hint[i] = slope(i, x[i] + displacement[i] * numbers.half, numbers)
                    elif method == PREVIOUS:
                        hint[i] = last[i]
                    displacement[i] -= numbers.lr * (hint[i] + error[i])
                project(displacement, numbers)
                for i in range(n):
                    w = x[i] + numbers.half * displacement[i]
                    last[i] = slope(i, w, numbers)
                    error[i] = last[i] - hint[i]
                    if method == PREVIOUS and steps == 0:
                        error[i] = numbers.one - numbers.one
                    x[i] += displacement[i]
                    total[i] += w - origin[i]
                steps += 1
            for i in range(n):
                found[i] = origin[i] + total[i] / numbers.length
        size = write_gradient(found, grad, numbers)
    return size, steps


@in_place_of(reference.stationary)
def stationary(
    params: Array, eps: float, problem: Any, method: Method, radius: float | None, lr: float, length: int, most: int
) -> Found:
    slope_of_ramp = 2 * eps if problem == "ramp" else 0.0
    given = eps, slope_of_ramp, inf if radius is None else radius, lr, length, 0.5, 1.0
    x, found = np.array(params, order="C"), np.array(params, order="C")
    numbers = Numbers(*map(params.dtype.type, given))
    size, steps = search(x, found, METHODS.index(method), int(length), int(most), numbers)
    if not np.isfinite(size) or not np.all(np.isfinite(x)):  # an error, in the reference's words
        return reference.stationary(
            params, eps=eps, problem=problem, method=method, radius=radius, lr=lr, length=length, most=most
        )
    return Found(found, params.dtype.type(size), steps)
