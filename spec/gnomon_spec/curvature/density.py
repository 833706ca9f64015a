"""The spectral density: a measure with a normal curve for each of its nodes."""

from __future__ import annotations

from collections.abc import Iterable
from math import pi
from typing import Any

import numpy as np

from gnomon.curvature import quadrature as reference
from gnomon.curvature.quadrature import SpectralMeasure
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector
from gnomon_spec.curvature.symmetries import scaled
from gnomon_spec.facts import Fact, equal
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


spectral_density.symmetry(
    "equivariance",
    "it_scales_with_the_eigenvalues",
    "Nodes, grid and width times 2ᵏ divide the density by 2ᵏ",
    cases=densities.but(power=count(1, 2, low=-6, high=6)),
    inputs={"measure.nodes": scaled, "grid": scaled, "width": scaled},
    outputs={"density": lambda density, case: density / 2.0**case.power},
)


CURVES, WEIGHTS, AREA = "np.exp(-0.5 * apart * apart)", "@ measure.weights", "(width * (2 * pi) ** 0.5)"
spectral_density.edits(f"""
curves_are_not_normalised: The curves have height 1 and not area 1
    ` / {AREA}` → ``
curves_divided_by_their_variance: The curves are divided by σ² where it should be σ
    `{AREA}` → `(width * {AREA})`
width_taken_for_the_variance: σ is taken for the variance σ² of the curves
    `` → `width = width**0.5`
exponent_without_its_half: The exponent is -(t - θ)²/σ², without the factor ½
    `{CURVES}` → `np.exp(-apart * apart)`
nodes_weigh_the_same: The weights are not used: every node has the same share of the mass
    `{WEIGHTS}` → `{WEIGHTS.replace("@", "@ (0 *")} + np.sum(measure.weights) / measure.weights.shape[0])`
mass_is_the_dimension: The density is multiplied by n, so that it counts eigenvalues
    `{WEIGHTS}` → `@ (measure.dimension * measure.weights)`
""")
