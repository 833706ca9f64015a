"""Mean and variance of zᵀA z without a single random number: every probe there is, or a rule that is exact.

Signs: all 2ⁿ sign vectors. Normal numbers: the products of the three-point Gauss-Hermite rule, nodes 0, ±√3 with
weights ⅔, ⅙, ⅙, exact for polynomials up to degree 5 in each entry; (zᵀA z)² has degree 4. Sphere of radius √n, n = 3:
the twelve vertices of an icosahedron, which integrate polynomials up to degree 5.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from gnomon.curvature.draws import all_signs
from gnomon.curvature.operators import Dense
from gnomon.curvature.trace import hutchinson
from gnomon.domains import Array


class Rule(NamedTuple):
    """Probes as rows, shape (m, n), and their weights, shape (m,), of sum 1."""

    probes: Array
    weights: Array


def signs(dimension: int) -> Rule:
    """Return all sign vectors."""
    probes = all_signs(dimension)
    return Rule(probes, np.full(len(probes), 1 / len(probes)))


def independent(dimension: int, nodes: tuple[float, ...], weights: tuple[float, ...]) -> Rule:
    """Return all vectors whose entries are nodes, with the products of the nodes' weights."""
    probes, factors = (np.array(list(product(of, repeat=dimension))) for of in (nodes, weights))
    return Rule(probes, np.prod(factors, axis=1))


def normal(dimension: int) -> Rule:
    """Return the Gauss-Hermite products, 3ⁿ of them."""
    return independent(dimension, (-(3**0.5), 0.0, 3**0.5), (1 / 6, 2 / 3, 1 / 6))


def sphere() -> Rule:
    """Return the vertices of an icosahedron at distance √3 from its centre."""
    golden = (1 + 5**0.5) / 2
    flat = [(0.0, a, b * golden) for a in (-1, 1) for b in (-1, 1)]
    vertices = np.array([v[-k:] + v[:-k] for v in flat for k in range(3)])
    return Rule(vertices * (3 / (1 + golden**2)) ** 0.5, np.full(12, 1 / 12))


def moments(matrix: Array, rule: Rule) -> tuple[float, float]:
    """Return mean and variance of one sample zᵀA z over the rule."""
    samples = hutchinson(Dense(matrix), rule.probes).samples
    mean = float(np.sum(rule.weights * samples))
    return mean, float(np.sum(rule.weights * (samples - mean) ** 2))
