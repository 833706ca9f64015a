"""The spectral density: a measure with a normal curve for each of its nodes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import pi
from typing import Any

import numpy as np

from gnomon.curvature import quadrature as reference
from gnomon.curvature.quadrature import SpectralMeasure
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.quantities import nonzero_vector
from gnomon_spec.facts import Fact, equal, rejects
from gnomon_spec.strategies import VECTORS, count, number, tame
from gnomon_spec.system import WITH_ROOM


def any_measure() -> Quantity:
    """A measure with n nodes."""
    nodes, sizes = tame(), nonzero_vector()

    def draw_measure(draw: Draw, context: Context) -> SpectralMeasure:
        drawn = nodes.draw(draw, context), np.abs(sizes.draw(draw, context))
        return SpectralMeasure(*drawn, 1 + context.shape[0], context.shape[0])

    return Quantity(draw_measure, "SpectralMeasure of n nodes, weights from 1/4 to 4")


densities = Cases({"measure": any_measure(), "grid": tame(), "width": number(1.0, 0.5, exponents=(-2, 2))}, VECTORS)

spectral_density = system.operation(reference.spectral_density, cases=densities, dtypes=WITH_ROOM)


@spectral_density.law("rejects", cases=densities)
def grids_and_widths_that_do_not_fit_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A width that is not positive, and a grid of two dimensions, of integers or with a NaN, are rejected."""
    first = np.arange(len(case.grid)) == 0
    for label, grid in (
        ("two dimensions", case.grid[np.newaxis]),
        ("integers", np.ones(case.grid.shape, np.int64)),
        ("a NaN", np.where(first, np.asarray(np.nan, case.grid.dtype), case.grid)),
    ):
        yield rejects(label, partial(port.spectral_density, case.measure, grid, **case.hyper))
    for width in (0.0, -1.0, np.nan):
        yield rejects(
            f"width = {width}",
            partial(port.spectral_density, case.measure, case.grid, width=width),
        )


@spectral_density.law("closed form", cases=densities)
def each_node_stands_for_a_normal_curve(port: Any, case: Case) -> Iterable[Fact]:
    """The density is Σ weight·exp(-(t - θ)²/2σ²)/(σ√2π)."""
    found = port.spectral_density(case.measure, case.grid, **case.hyper)
    apart = (case.grid[:, np.newaxis] - case.measure.nodes) / case.width
    curves = np.exp(-apart * apart / 2) / (case.width * np.sqrt(np.asarray(2 * pi, case.grid.dtype)))
    yield equal("density", found, np.sum(case.measure.weights * curves, axis=1))


@spectral_density.law("conservation", cases=densities.but(measure=any_measure()))
def it_integrates_to_the_mass(port: Any, case: Case) -> Iterable[Fact]:
    """Its integral is the sum of the weights, here by a sum over a grid of half widths.

    For a normal curve that sum is off by less than 2·exp(-2π²·4) of its mass (Poisson's formula), and what lies beyond
    16 widths of the node is less than exp(-128) of it: nothing in any of the dtypes.
    """
    node = case.measure.nodes[0]
    moved = case.measure._replace(nodes=node + 4 * case.width * (np.arange(len(case.measure.nodes)) % 2))
    grid = node + case.width * np.arange(-40, 48) / 2
    yield equal(
        "integral", case.width / 2 * np.sum(port.spectral_density(moved, grid, **case.hyper)), np.sum(moved.weights)
    )


@spectral_density.law("limit", cases=densities)
def narrow_curves_recover_the_weights(port: Any, case: Case) -> Iterable[Fact]:
    """At nodes more than 40 widths apart the density is weight/(σ√2π)."""
    nodes = 40 * case.width * np.arange(1.0, 1.0 + len(case.grid))
    found = port.spectral_density(case.measure._replace(nodes=nodes), nodes, **case.hyper)
    height = 1 / (case.width * np.sqrt(np.asarray(2 * pi, case.grid.dtype)))
    yield equal("density", found, case.measure.weights * height)


@spectral_density.law("equivariance", cases=densities.but(power=count(1, 2, low=-6, high=6)))
def it_scales_with_the_eigenvalues(port: Any, case: Case) -> Iterable[Fact]:
    """Nodes, grid and width times 2ᵏ divide the density by 2ᵏ."""
    scale = 2.0**case.power
    found = port.spectral_density(case.measure, case.grid, **case.hyper)
    scaled = case.measure._replace(nodes=scale * case.measure.nodes)
    wider = {**case.hyper, "width": scale * case.width}
    yield equal("density", scale * port.spectral_density(scaled, scale * case.grid, **wider), found)


@system.mistake("spectral_density")
def curves_are_not_normalised(measure: Any, grid: Any, *, width: float) -> Any:
    """The curves have height 1 and not area 1."""
    return reference.spectral_density(measure, grid, width=width) * (width * (2 * pi) ** 0.5)


@system.mistake("spectral_density")
def curves_divided_by_their_variance(measure: Any, grid: Any, *, width: float) -> Any:
    """The curves are divided by σ² where it should be σ."""
    return reference.spectral_density(measure, grid, width=width) / width


@system.mistake("spectral_density")
def width_taken_for_the_variance(measure: Any, grid: Any, *, width: float) -> Any:
    """σ is taken for the variance σ² of the curves."""
    found = reference.spectral_density(measure, grid, width=width)
    return reference.spectral_density(measure, grid, width=width**0.5) + 0 * found


@system.mistake("spectral_density")
def exponent_without_its_half(measure: Any, grid: Any, *, width: float) -> Any:
    """The exponent is -(t - θ)²/σ², without the factor ½."""
    return reference.spectral_density(measure, grid, width=width / 2**0.5) / 2**0.5


@system.mistake("spectral_density")
def nodes_weigh_the_same(measure: Any, grid: Any, *, width: float) -> Any:
    """The weights are not used: every node has the same share of the mass."""
    shares = 0 * measure.weights + np.sum(measure.weights) / len(measure.weights)
    return reference.spectral_density(measure._replace(weights=shares), grid, width=width)


@system.mistake("spectral_density")
def mass_is_the_dimension(measure: Any, grid: Any, *, width: float) -> Any:
    """The density is multiplied by n, so that it counts eigenvalues."""
    return reference.spectral_density(measure, grid, width=width) * measure.dimension


@system.mistake("spectral_density")
def grid_and_width_are_not_checked(measure: Any, grid: Any, *, width: float) -> Any:
    """Any grid and width are used."""
    apart = (grid.reshape(-1, 1) - measure.nodes) / width
    return np.exp(-0.5 * apart * apart) @ measure.weights / (width * (2 * pi) ** 0.5)
