"""Stochastic Lanczos quadrature: the spectrum of an operator as a measure, traces of functions of it, its density.

Sources: Golub & Meurant, Matrices, Moments and Quadrature (2010); Ubaru, Chen & Saad, SIAM J. Matrix Anal. 38 (2017);
Ghorbani, Krishnan & Xiao, ICML 2019, for the Hessians of neural networks.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from gnomon.arguments import checked
from gnomon.curvature.lanczos import Lanczos, eigenpairs, lanczos
from gnomon.curvature.operators import FiniteOperator
from gnomon.domains import Array, Entries, Positive, PositiveInt

Starts: TypeAlias = Annotated[Array, Entries(("m", "n"), least=1, finite=True, nonzero=True)]
Grid: TypeAlias = Annotated[Array, Entries(("g",), finite=True)]


class SpectralMeasure(NamedTuple):
    """An estimate of (1/n) Σᵢ δ(λᵢ), the spectrum of A as a measure of mass 1.

    nodes: θ, one after the other for each probe, ascending within it. weights: >= 0, of sum (1/m) Σ ‖zₖ‖²/n. dimension:
    n. products: how many times the operator was applied.
    """

    nodes: Array
    weights: Array
    dimension: int
    products: int


@checked()
def spectral_measure(operator: FiniteOperator, probes: Starts, *, steps: PositiveInt) -> SpectralMeasure:
    """Return the measure (1/m) Σₖ Σⱼ (‖zₖ‖²/n)·τ²ₖⱼ·δ(θₖⱼ) of Lanczos processes from each probe; <= m·steps products.

    operator: A, symmetric. probes: Z, shape (m, n), m >= 1, one probe a row, none of them zero, of mean 0 and
    covariance I. steps: of each Lanczos process, >= 1. Polynomials up to degree 2·steps - 1 are integrated exactly for
    each probe. Raises as well what `lanczos` raises.
    """
    return measure_of([lanczos(operator, z, steps=steps) for z in probes], probes)


def measure_of(decompositions: list[Lanczos], probes: Array) -> SpectralMeasure:
    """Return the measure of the decompositions that were found from the probes, one each."""
    m, n = probes.shape
    nodes, weights, products = [], [], 0
    for z, found in zip(probes, decompositions, strict=True):
        values, Y = eigenpairs(found)
        nodes.append(values)
        weights.append(np.dot(z, z) / (n * m) * (Y[0] * Y[0]))
        products += found.products
    return SpectralMeasure(np.concatenate(nodes), np.concatenate(weights), int(n), products)


def trace_of_function(measure: SpectralMeasure, function: Callable[[Array], Array]) -> Any:
    """Return the estimate n·∫ f dφ of tr f(A) = Σᵢ f(λᵢ). function: f, from nodes to values entry by entry."""
    return measure.dimension * np.sum(measure.weights * function(measure.nodes))


@checked()
def spectral_density(measure: SpectralMeasure, grid: Grid, *, width: Positive) -> Array:
    """Return the density Σ weights·N(grid; nodes, σ²) at each point of the grid, shape of the grid.

    grid: points t, shape (g,), finite, dtype of the nodes. width: σ > 0, the standard deviation of the normal curve
    that stands for each node, in the units of the eigenvalues. Raises `ValueError` or `TypeError` for other arguments.
    """
    apart = (grid[:, np.newaxis] - measure.nodes) / width
    density: Array = np.exp(-0.5 * apart * apart) @ measure.weights / (width * (2 * pi) ** 0.5)
    return density
