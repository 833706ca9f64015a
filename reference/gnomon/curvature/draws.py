"""Probes: the random vectors that estimators are given. They are drawn here, by the caller, from his generator."""

from __future__ import annotations

import numpy as np

from gnomon.arguments import checked
from gnomon.domains import Array, PositiveInt


@checked()
def rademacher(generator: np.random.Generator, count: PositiveInt, dimension: PositiveInt) -> Array:
    """Return signs ±1 with equal probability, shape (count, dimension), float64: of all probes those with the least
    variance for the trace."""
    signs: Array = 2.0 * generator.integers(0, 2, (count, dimension)) - 1.0
    return signs


@checked()
def gaussian(generator: np.random.Generator, count: PositiveInt, dimension: PositiveInt) -> Array:
    """Return independent standard normal numbers, shape (count, dimension), float64."""
    numbers: Array = generator.standard_normal((count, dimension))
    return numbers


@checked()
def sphere(generator: np.random.Generator, count: PositiveInt, dimension: PositiveInt) -> Array:
    """Return vectors of length √n, uniform in direction, one a row, shape (count, dimension), float64."""
    normal = gaussian(generator, count, dimension)
    lengths = np.sqrt(np.sum(normal * normal, axis=1, keepdims=True))
    points: Array = dimension**0.5 * normal / lengths
    return points


@checked()
def all_signs(dimension: PositiveInt) -> Array:
    """Return all 2ⁿ sign vectors, one a row: over them an expectation over Rademacher probes is a plain mean.

    dimension: n, from 1 to 16.
    """
    if dimension > 16:
        raise ValueError(f"dimension must be <= 16 (2ⁿ sign vectors), got {dimension}")
    bits = np.arange(2**dimension)[:, np.newaxis] >> np.arange(dimension) & 1
    return 1.0 - 2.0 * bits


@checked()
def hadamard(dimension: PositiveInt) -> Array:
    """Return n orthogonal sign vectors, one a row (Sylvester's matrix), n a power of 2: with them traces are exact."""
    if dimension & (dimension - 1):
        raise ValueError(f"dimension must be a power of 2, got {dimension}")
    rows = np.ones((1, 1))
    while rows.shape[0] < dimension:
        rows = np.block([[rows, rows], [rows, -rows]])
    return rows
