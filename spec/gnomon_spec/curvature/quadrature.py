"""Stochastic Lanczos quadrature: the spectral measure, and the density that it is drawn as."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import quadrature as reference
from gnomon.curvature.quadrature import SpectralMeasure
from gnomon_spec.cases import Case, Cases, Context, Draw, Quantity
from gnomon_spec.curvature import matrices_and_probes as given
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.lanczos import fitting
from gnomon_spec.curvature.symmetries import scaled, shifted, unchanged
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import VECTORS, count, number, rotation, tame
from gnomon_spec.system import WITH_ROOM

steps = count(1, 2, 3, low=1, high=13)
measures = Cases(
    {
        "operator": given.operator(given.symmetric_matrix(given.separate_eigenvalues())),
        "probes": given.start_with_all_eigenvectors(given.probes(3)),
        "steps": steps,
    },
    given.UP_TO_TWELVE,
)
known = Cases(
    {"turn": rotation(), "eigenvalues": given.separate_eigenvalues(), "components": given.probes(2), "steps": steps},
    given.UP_TO_TWELVE,
)


def any_measure() -> Quantity:
    """A measure with n nodes."""
    nodes, sizes = tame(), given.nonzero_vector()

    def draw_measure(draw: Draw, context: Context) -> SpectralMeasure:
        drawn = nodes.draw(draw, context), np.abs(sizes.draw(draw, context))
        return SpectralMeasure(*drawn, 1 + context.shape[0], context.shape[0])

    return Quantity(draw_measure, "SpectralMeasure of n nodes, weights from 1/4 to 4")


densities = Cases({"measure": any_measure(), "grid": tame(), "width": number(1.0, 0.5, exponents=(-2, 2))}, VECTORS)

spectral_measure = system.operation(reference.spectral_measure, cases=measures, dtypes=WITH_ROOM, length_varies=True)
spectral_density = system.operation(reference.spectral_density, cases=densities, dtypes=WITH_ROOM)


def measured(port: Any, operator: Any, probes: Any, steps: int) -> Any:
    """Return the measure that a port finds."""
    return fitting(port.spectral_measure(operator, probes, steps=steps), lambda j: ((j,), (j,)))


def integral(found: SpectralMeasure, values: Any) -> Any:
    """Return n·∫ f dφ for the values of f at the nodes: the estimate of tr f(A)."""
    return found.dimension * np.sum(found.weights * values)


@spectral_measure.law("conservation", cases=measures)
def the_weights_are_shares_of_the_probes(port: Any, case: Case) -> Iterable[Fact]:
    """The weights are not negative and add up to the mean of ‖z‖²/n; there are at most m·steps nodes and products."""
    found = measured(port, case.operator, case.probes, case.steps)
    m, n = case.probes.shape
    yield equal("sum", np.sum(found.weights), np.sum(case.probes * case.probes) / (m * n))
    yield at_least("weights", found.weights, np.zeros(found.weights.shape))
    yield agree("products", found.products, m * min(case.steps, n))
    yield agree("dimension", found.dimension, n)


@spectral_measure.law("bound", cases=known)
def the_nodes_lie_in_the_spectrum(port: Any, case: Case) -> Iterable[Fact]:
    """No node lies outside the extreme eigenvalues."""
    found = port.spectral_measure(given.with_spectrum(case), case.components @ case.turn.T, **case.hyper)
    yield at_least("largest", np.max(case.eigenvalues), np.max(found.nodes))
    yield at_least("smallest", -np.min(case.eigenvalues), -np.min(found.nodes))


@spectral_measure.law("closed form", cases=known)
def polynomials_are_integrated_exactly(port: Any, case: Case) -> Iterable[Fact]:
    """With f(t) = tᵏ, k < 2·steps, the estimate is the mean of zᵀAᵏz: of zᵀAz, as Hutchinson's of the trace, and of
    ‖Az‖², as that of the squared norm."""
    found = measured(port, given.with_spectrum(case), case.components @ case.turn.T, case.steps)
    squares = np.mean(case.components**2, axis=0)
    for power in range(6):
        exact = power < 2 * min(case.steps, len(case.eigenvalues))
        estimate, expected = integral(found, found.nodes**power), np.sum(squares * case.eigenvalues**power)
        yield equal(f"power {power}", estimate if exact else 0 * estimate, expected if exact else 0 * expected)


@spectral_measure.law("closed form", cases=known.but(basis=rotation(), steps=13))
def complete_probes_and_steps_give_every_trace(port: Any, case: Case) -> Iterable[Fact]:
    """With ZᵀZ = m·I and n steps the estimate of tr f(A) is exact, here for f = exp and f = 1/(1 + t²)."""
    probes = np.sqrt(1.0 * len(case.eigenvalues)) * case.basis
    found = measured(port, given.with_spectrum(case), probes, case.steps)
    yield equal("exp", integral(found, np.exp(found.nodes)), np.sum(np.exp(case.eigenvalues)))
    bell = np.sum(1 / (1 + case.eigenvalues**2))
    yield equal("bell", integral(found, 1 / (1 + found.nodes * found.nodes)), bell)


@spectral_measure.law("bound", cases=known.but(ellipse=number(2.0, 4.0, 3.0, exponents=(1, 2))))
def analytic_functions_converge_geometrically(port: Any, case: Case) -> Iterable[Fact]:
    """For f = exp the error is at most 4·mean ‖z‖²·M·ρ^(1-2·steps)/(ρ-1), M = exp((ρ + 1/ρ)/2), for every ρ > 1.

    A rule that is exact up to degree d = 2·steps - 1 and has weights of sum w >= 0 is off by at most 2w times the
    distance of f from polynomials of degree d on [-1, 1], which holds the spectrum; by Bernstein's theorem that is at
    most 2Mρ^-d/(ρ - 1), M the largest |f| on the ellipse with foci ±1 and half axes of sum ρ.
    """
    found = measured(port, given.with_spectrum(case), case.components @ case.turn.T, case.steps)
    squares = np.mean(case.components**2, axis=0)
    error = abs(integral(found, np.exp(found.nodes)) - np.sum(squares * np.exp(case.eigenvalues)))
    rho, length = case.ellipse, np.sum(case.components**2) / len(case.components)
    largest = np.exp((rho + 1 / rho) / 2)
    yield at_least("error", 4 * length * largest * rho ** (1 - 2 * case.steps) / (rho - 1), error)


spectral_measure.symmetry(
    "equivariance",
    "a_shift_moves_the_nodes",
    "A + cI has the nodes of A moved by c, with the same weights",
    cases=measures.but(shift=number(1.0, 2.0, exponents=(-2, 2))),
    inputs={"operator": shifted},
    outputs={"nodes": shifted, "weights": unchanged},
)


@spectral_density.law("conservation", cases=densities)
def it_integrates_to_the_mass(port: Any, case: Case) -> Iterable[Fact]:
    """Its integral is the sum of the weights, here by a sum over a grid of half widths.

    For a normal curve that sum is off by less than 2·exp(-2π²·4) of its mass (Poisson's formula), and what lies beyond
    16 widths of the node is less than exp(-128) of it: nothing in any of the dtypes.
    """
    node = case.measure.nodes[0]
    moved = case.measure._replace(nodes=node + 4 * case.width * (np.arange(len(case.measure.nodes)) % 2))
    grid = node + case.width * np.arange(-40, 48) / 2
    found = port.spectral_density(moved, grid, **case.hyper)
    yield equal("integral", case.width / 2 * np.sum(found), np.sum(moved.weights))


@spectral_density.law("limit", cases=densities)
def narrow_curves_recover_the_weights(port: Any, case: Case) -> Iterable[Fact]:
    """At nodes more than 40 widths apart the density is weight/(σ√2π)."""
    nodes = 40 * case.width * np.arange(1.0, 1.0 + len(case.grid))
    found = port.spectral_density(case.measure._replace(nodes=nodes), nodes, **case.hyper)
    yield equal("density", found, case.measure.weights / (case.width * np.sqrt(np.asarray(2 * np.pi, nodes.dtype))))


spectral_density.symmetry(
    "equivariance",
    "it_scales_with_the_eigenvalues",
    "Nodes, grid and width times 2ᵏ divide the density by 2ᵏ",
    cases=densities.but(power=count(1, 2, low=-6, high=6)),
    inputs={"measure.nodes": scaled, "grid": scaled, "width": scaled},
    outputs={"density": lambda density, case: density / 2.0**case.power},
)


WEIGHTS, MASS = "np.dot(z, z) / (n * m) * (Y[0] * Y[0])", "np.dot(z, z) / (n * m)"
spectral_measure.edits(f"""
weights_of_the_measure_are_not_squared: Weights are first components, not squared
    `{WEIGHTS}` → `{MASS} * np.abs(Y[0])`
weights_without_the_length_of_the_probe: The weights of each probe add up to 1, whatever its length; its traces have the
    right mean, too, for signs, normal numbers and the sphere [Ubaru, Chen & Saad 2017: probes of length 1]
    `{WEIGHTS}` → `Y[0] * Y[0] / m`
weights_of_one_size: All nodes of a probe weigh the same: a histogram
    `{WEIGHTS}` → `{MASS} / Y.shape[0] + 0 * Y[0]`
measures_are_added_up: The measures of the probes are added up and not averaged
    `{WEIGHTS}` → `m * {WEIGHTS}`
mass_of_the_trace: The weights add up to ‖z‖² and not to ‖z‖²/n
    `{WEIGHTS}` → `n * {WEIGHTS}`
nodes_of_the_first_probe: Every probe has the nodes of the first one, with its own weights
    `nodes.append(values)` → `nodes.append(nodes[0] if nodes and len(nodes[0]) == len(values) else values)`
nodes_on_the_diagonal: The off-diagonal of T is lost: the nodes are the sorted aⱼ
    `nodes.append(values)` → `nodes.append(np.sort(found.diagonal))`
sizes_of_the_nodes: The nodes lose their sign
    `nodes.append(values)` → `nodes.append(np.abs(values))`
nodes_outside_the_spectrum: The nodes are widened about 0 by an eighth, as a safety margin that belongs to the drawing
    of a density
    `nodes.append(values)` → `nodes.append(1.125 * values)`
products_of_one_probe_are_counted: Only the products of one probe are counted
    `products += found.products` → `products = found.products`
""")
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
