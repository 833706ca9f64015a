"""Ritz values, weights and vectors of a Lanczos process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.curvature import lanczos as reference
from gnomon.curvature.lanczos import Ritz
from gnomon_spec.cases import Case, choice
from gnomon_spec.curvature import spectra
from gnomon_spec.curvature.estimators import system
from gnomon_spec.curvature.lanczos import known as spectra_and_starts
from gnomon_spec.curvature.lanczos import processes
from gnomon_spec.curvature.matrices_and_probes import TWO_OR_MORE
from gnomon_spec.curvature.spectra import with_spectrum
from gnomon_spec.facts import Fact, at_least, equal
from gnomon_spec.strategies import count
from gnomon_spec.system import WITH_ROOM

both = processes.but(variant=choice("standard", "code"))
right = processes.but(variant="standard")
known = spectra_and_starts.but(variant="standard")

ritz = system.operation(reference.ritz, cases=both, dtypes=WITH_ROOM, length_varies=True)


def fitting(found: Ritz, dimension: int) -> Ritz:
    return spectra.fitting(found, lambda j: ((j,), (j,), (j, dimension), (j,)))


@ritz.law("closed form", cases=known.but(steps=6))
def a_full_process_finds_the_spectrum(port: Any, case: Case) -> Iterable[Fact]:
    """With n steps and n different eigenvalues the Ritz values are these, the residuals 0 and weights (u·v₀)²/‖v₀‖²."""
    operator, start = with_spectrum(case), case.turn @ case.components
    found = fitting(port.ritz(operator, start, **case.hyper), len(start))
    order = np.argsort(case.eigenvalues)
    squares = case.components**2 / np.sum(case.components**2)
    yield equal("values", found.values, case.eigenvalues[order])
    yield equal("weights", found.weights, squares[order])
    yield equal("residuals", found.residuals, np.zeros(found.residuals.shape))


@ritz.law("bound", cases=known)
def they_lie_in_the_spectrum_and_spread(port: Any, case: Case) -> Iterable[Fact]:
    """All Ritz values lie between the extreme eigenvalues, and one more step moves the extreme ones outwards or not."""
    operator, start = with_spectrum(case), case.turn @ case.components
    found = port.ritz(operator, start, **case.hyper).values
    more = port.ritz(operator, start, **{**case.hyper, "steps": case.steps + 1}).values
    yield at_least("largest eigenvalue", np.max(case.eigenvalues), np.max(found))
    yield at_least("smallest eigenvalue", -np.min(case.eigenvalues), -np.min(found))
    yield at_least("largest", np.max(more), np.max(found))
    yield at_least("smallest", -np.min(more), -np.min(found))


@ritz.law("closed form", cases=right)
def each_residual_is_that_of_its_pair(port: Any, case: Case) -> Iterable[Fact]:
    """The vectors are orthonormal, point the way of the start, and ‖Ax - θx‖ is the residual of the pair."""
    found = fitting(port.ritz(case.operator, case.start, **case.hyper), len(case.start))
    X = found.vectors
    rest = X @ case.operator.matrix - found.values[:, np.newaxis] * X
    yield equal("orthonormal", X @ X.T, np.eye(len(X)))
    yield equal("residuals", np.sqrt(np.sum(rest * rest, axis=1)), found.residuals)
    yield at_least("direction", X @ case.start, np.zeros(len(X)))


@ritz.law("bound", cases=known)
def an_eigenvalue_lies_within_each_residual(port: Any, case: Case) -> Iterable[Fact]:
    """Every Ritz value has an eigenvalue no further away than its residual."""
    operator, start = with_spectrum(case), case.turn @ case.components
    found = fitting(port.ritz(operator, start, **case.hyper), len(start))
    apart = np.min(np.abs(found.values[:, np.newaxis] - case.eigenvalues), axis=1)
    yield at_least("residuals", found.residuals, apart)


@ritz.law("closed form", cases=known)
def moments_are_exact_up_to_twice_the_steps(port: Any, case: Case) -> Iterable[Fact]:
    """Σ τ²θᵏ = v₀ᵀAᵏv₀/‖v₀‖² for k < 2·steps: the quadrature of Gauss."""
    operator, start = with_spectrum(case), case.turn @ case.components
    found = fitting(port.ritz(operator, start, **case.hyper), len(start))
    steps = min(case.steps, len(start))
    powers = np.arange(10)
    known = case.eigenvalues[:, np.newaxis] ** powers
    moments = np.sum((case.components**2)[:, np.newaxis] * known, axis=0) / np.sum(case.components**2)
    measured = np.sum(found.weights[:, np.newaxis] * found.values[:, np.newaxis] ** powers, axis=0)
    yield equal("moments", np.where(powers < 2 * steps, measured, 0), np.where(powers < 2 * steps, moments, 0))


@ritz.law("bound", cases=right)
def power_iteration_stays_between_them(port: Any, case: Case) -> Iterable[Fact]:
    """After as many products the Rayleigh quotient of power iteration lies between the extreme Ritz values."""
    values = port.ritz(case.operator, case.start, **case.hyper).values
    steps = min(case.steps, len(case.start))
    power = port.oracle.power_iteration(
        case.operator, case.start, case.start[np.newaxis][:0], iterations=steps, rtol=0.0, variant="standard"
    )
    yield at_least("largest", np.max(values), power.rayleigh)
    yield at_least("smallest", power.rayleigh, np.min(values))


@ritz.law("bound", cases=known.shaped(TWO_OR_MORE).but(steps=count(2, 3, low=1, high=5)))
def the_largest_converges_as_kaniel_and_paige_say(port: Any, case: Case) -> Iterable[Fact]:
    """λ₁ - θ₁ <= (λ₁ - λₙ)·(tan φ₁/C(1 + 2γ))², γ = (λ₁ - λ₂)/(λ₂ - λₙ), C the Chebyshev polynomial of degree
    steps - 1."""
    operator, start = with_spectrum(case), case.turn @ case.components
    largest = np.max(port.ritz(operator, start, **case.hyper).values)
    order = np.argsort(-case.eigenvalues)
    eigenvalues, squares = case.eigenvalues[order], case.components[order] ** 2
    tangent = np.sum(squares[1:]) / squares[0]
    steps = min(case.steps, len(start))
    bound = 0 * tangent
    if steps == 1:
        bound = (eigenvalues[0] - eigenvalues[-1]) * tangent
    elif len(start) > 2:
        gamma = (eigenvalues[0] - eigenvalues[1]) / (eigenvalues[1] - eigenvalues[-1])
        before, chebyshev = np.ones_like(gamma), 1 + 2 * gamma
        for _ in range(steps - 2):
            before, chebyshev = chebyshev, 2 * (1 + 2 * gamma) * chebyshev - before
        bound = (eigenvalues[0] - eigenvalues[-1]) * tangent / (chebyshev * chebyshev)
    yield at_least("bound", bound, eigenvalues[0] - largest)


@ritz.law("closed form", cases=processes.but(variant="code"))
def the_code_variant_returns_the_diagonal(port: Any, case: Case) -> Iterable[Fact]:
    """Variant "code" returns the sorted |aⱼ| of the Lanczos process as values."""
    values = port.ritz(case.operator, case.start, **case.hyper).values
    process = port.oracle.lanczos(case.operator, case.start, steps=case.steps)
    yield equal("values", values, np.sort(np.abs(process.diagonal)))


VALUES, WEIGHTS, VECTORS = 'if variant == "code"', "Y[0] * Y[0]", "Y.T @ found.basis"
RESIDUALS = "found.residual_norm * np.abs(Y[-1])"
ritz.edits(f"""
diagonal_taken_for_eigenvalues: The sorted |aⱼ| are returned as eigenvalues
    `{VALUES}` → `if True`
code_variant_with_ritz_values: Variant "code", too, returns the eigenvalues of T
    `{VALUES}` → `if False`
eigenvalues_of_the_diagonal: The off-diagonal of T is lost: the sorted aⱼ, with their signs, are returned as eigenvalues
    `{VALUES}` → `values = np.sort(found.diagonal)\n{VALUES}`
weights_are_not_squared: The weights are first components, not their squares
    `{WEIGHTS}` → `Y[0]`
weights_from_the_last_components: The weights are the squares of the last components of the eigenvectors and not of the
    first
    `{WEIGHTS}` → `Y[-1] * Y[-1]`
residuals_without_the_last_component: Every residual is b_j, whatever the eigenvector of T is
    `{RESIDUALS}` → `found.residual_norm + 0 * Y[-1]`
residuals_without_their_length: The residuals are last components, without b_j
    `{RESIDUALS}` → `np.abs(Y[-1])`
vectors_of_the_transposed_basis: Ritz vectors are made with the rows of the eigenvectors of T, which are its columns
    `{VECTORS}` → `Y @ found.basis`
largest_value_first: Values and all that belongs to them are in descending order
    `Ritz(values, {WEIGHTS}, {VECTORS}, {RESIDUALS})` →
        `Ritz(*(part[::-1] for part in (values, {WEIGHTS}, {VECTORS}, {RESIDUALS})))`
values_in_units_of_the_largest: The values are divided by the largest of them in size
    `Ritz(values` → `Ritz(values / np.max(np.abs(values))`
""")
