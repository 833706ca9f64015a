"""Stochastic Lanczos quadrature: the spectral measure, and the density that it is drawn as."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import quadrature as reference
from gnomon.curvature.draws import all_signs
from gnomon.curvature.operators import Dense
from gnomon.curvature.quadrature import SpectralMeasure
from gnomon_spec.cases import Case, Cases
from gnomon_spec.curvature import spectra
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.matrices_and_probes import UP_TO_FOUR, UP_TO_THREE, operator, probes, symmetric_matrix
from gnomon_spec.curvature.spectra import separate_eigenvalues, with_spectrum
from gnomon_spec.facts import Fact, agree, at_least, equal
from gnomon_spec.strategies import count, number, rotation
from gnomon_spec.system import WITH_ROOM

measures = Cases(
    {
        "operator": operator(symmetric_matrix(separate_eigenvalues())),
        "probes": probes(3),
        "steps": count(1, 2, 3, low=1, high=5),
    },
    UP_TO_FOUR,
)
known = Cases(
    {
        "turn": rotation(),
        "eigenvalues": separate_eigenvalues(),
        "probes": probes(2),
        "steps": count(1, 2, 3, low=1, high=5),
    },
    UP_TO_FOUR,
)

spectral_measure = system.operation(reference.spectral_measure, cases=measures, dtypes=WITH_ROOM, length_varies=True)


def fitting(found: SpectralMeasure) -> SpectralMeasure:
    return spectra.fitting(found, lambda j: ((j,), (j,)))


def integral(found: SpectralMeasure, values: Any) -> Any:
    """Return n·∫ f dφ for the values of f at the nodes: the estimate of tr f(A)."""
    return found.dimension * np.sum(found.weights * values)


@spectral_measure.law("conservation", cases=measures)
def the_weights_are_shares_of_the_probes(port: Any, case: Case) -> Iterable[Fact]:
    """The weights are not negative and add up to the mean of ‖z‖²/n; there are at most m·steps nodes and products."""
    found = fitting(port.spectral_measure(case.operator, case.probes, **case.hyper))
    m, n = case.probes.shape
    yield equal("sum", np.sum(found.weights), np.sum(case.probes * case.probes) / (m * n))
    yield at_least("weights", found.weights, np.zeros(found.weights.shape))
    yield agree("products", found.products, m * min(case.steps, n))
    yield agree("dimension", found.dimension, n)


@spectral_measure.law("bound", cases=known)
def the_nodes_lie_in_the_spectrum(port: Any, case: Case) -> Iterable[Fact]:
    """No node lies outside the extreme eigenvalues."""
    found = port.spectral_measure(with_spectrum(case), case.probes, **case.hyper)
    yield at_least("largest", np.max(case.eigenvalues), np.max(found.nodes))
    yield at_least("smallest", -np.min(case.eigenvalues), -np.min(found.nodes))


@spectral_measure.law("closed form", cases=measures.but(steps=count(2, 3, low=2, high=5)))
def the_first_moments_are_the_trace_and_the_squared_norm(port: Any, case: Case) -> Iterable[Fact]:
    """With f(t) = t and f(t) = t² the estimates are those of tr A and ‖A‖² with the same probes."""
    found = fitting(port.spectral_measure(case.operator, case.probes, **case.hyper))
    yield equal("trace", integral(found, found.nodes), port.oracle.hutchinson(case.operator, case.probes).trace)
    square = port.oracle.frobenius_squared(case.operator, case.probes).square
    yield equal("square", integral(found, found.nodes * found.nodes), square)


@spectral_measure.law("closed form", cases=known)
def polynomials_are_integrated_exactly(port: Any, case: Case) -> Iterable[Fact]:
    """With f(t) = tᵏ, k < 2·steps, the estimate is the mean of zᵀAᵏz."""
    found = fitting(port.spectral_measure(with_spectrum(case), case.probes, **case.hyper))
    squares = np.mean((case.probes @ case.turn) ** 2, axis=0)
    for power in range(6):
        exact = power < 2 * min(case.steps, len(case.eigenvalues))
        measured = integral(found, found.nodes**power)
        expected = np.sum(squares * case.eigenvalues**power)
        yield equal(f"power {power}", measured if exact else 0 * measured, expected if exact else 0 * expected)


@spectral_measure.law("closed form", cases=known.but(basis=rotation(), steps=5))
def complete_probes_and_steps_give_every_trace(port: Any, case: Case) -> Iterable[Fact]:
    """With ZᵀZ = m·I and n steps the estimate of tr f(A) is exact, here for f = exp and f = 1/(1 + t²)."""
    found = fitting(
        port.spectral_measure(with_spectrum(case), np.sqrt(1.0 * len(case.eigenvalues)) * case.basis, **case.hyper)
    )
    yield equal("exp", integral(found, np.exp(found.nodes)), np.sum(np.exp(case.eigenvalues)))
    bell = np.sum(1 / (1 + case.eigenvalues**2))
    yield equal("bell", integral(found, 1 / (1 + found.nodes * found.nodes)), bell)


@spectral_measure.law("closed form", cases=known.shaped(UP_TO_THREE).but(steps=5))
def over_all_signs_it_varies_as_hutchinson_for_f_of_the_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """With n steps and over all sign vectors the estimate of tr exp A varies by 2·Σ_{i≠j} (exp A)ᵢⱼ²."""
    F = (case.turn * np.exp(case.eigenvalues)) @ case.turn.T
    off = F - np.diag(np.diagonal(F))
    deviations = []
    for z in all_signs(len(case.eigenvalues)):
        found = fitting(port.spectral_measure(with_spectrum(case), z[np.newaxis], **case.hyper))
        deviations.append(integral(found, np.exp(found.nodes)) - np.sum(np.diagonal(F)))
    yield equal("mean", np.mean(np.stack(deviations)), np.zeros(()))
    yield equal("variance", np.mean(np.stack(deviations) ** 2), 2 * np.sum(off * off))


@spectral_measure.law("bound", cases=known.but(ellipse=number(2.0, 4.0, 3.0, exponents=(1, 2))))
def analytic_functions_converge_geometrically(port: Any, case: Case) -> Iterable[Fact]:
    """For f = exp the error is at most 4·mean ‖z‖²·M·ρ^(1-2·steps)/(ρ-1), M = exp((ρ + 1/ρ)/2), for every ρ > 1.

    A rule that is exact up to degree d = 2·steps - 1 and has weights of sum w >= 0 is off by at most 2w times the
    distance of f from polynomials of degree d on [-1, 1], which holds the spectrum; by Bernstein's theorem that is at
    most 2Mρ^-d/(ρ - 1), M the largest |f| on the ellipse with foci ±1 and half axes of sum ρ.
    """
    found = fitting(port.spectral_measure(with_spectrum(case), case.probes, **case.hyper))
    squares = np.mean((case.probes @ case.turn) ** 2, axis=0)
    error = abs(integral(found, np.exp(found.nodes)) - np.sum(squares * np.exp(case.eigenvalues)))
    rho, length = case.ellipse, np.sum(case.probes**2) / len(case.probes)
    largest = np.exp((rho + 1 / rho) / 2)
    yield at_least("error", 4 * length * largest * rho ** (1 - 2 * case.steps) / (rho - 1), error)


@spectral_measure.law("equivariance", cases=measures.but(shift=number(1.0, 2.0, exponents=(-2, 2))))
def a_shift_moves_the_nodes(port: Any, case: Case) -> Iterable[Fact]:
    """A + cI has the nodes of A moved by c, with the same weights."""
    A = case.operator.matrix
    shift = case.shift * np.max(np.abs(A))
    found = fitting(port.spectral_measure(case.operator, case.probes, **case.hyper))
    moved = fitting(port.spectral_measure(Dense(A + shift * np.eye(len(A))), case.probes, **case.hyper))
    yield equal("nodes", moved.nodes, found.nodes + shift)
    yield equal("weights", moved.weights, found.weights)


WEIGHTS, MASS = "np.dot(z, z) / (n * m) * (Y[0] * Y[0])", "np.dot(z, z) / (n * m)"
spectral_measure.edits(f"""
weights_of_the_measure_are_not_squared: Weights are first components, not squared
    `{WEIGHTS}` → `{MASS} * np.abs(Y[0])`
weights_without_the_length_of_the_probe: The weights of each probe add up to 1, whatever its length: right for signs,
    wrong for normal numbers
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
