"""The preconditioner: the diagonal of the empirical Fisher matrix, damped, to a power."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import preconditioner as reference
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, probes
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.strategies import VECTORS, count, number, tame
from gnomon_spec.system import WITH_ROOM

gradients = Cases({"example_gradients": probes(), "reduction": choice("mean", "sum")}, VECTORS)


def squares(array: Quantity) -> Quantity:
    """The entries of an array, squared."""
    return Quantity(lambda draw, context: array.draw(draw, context) ** 2, f"squares of: {array.text}")


diagonals = Cases(
    {
        "diagonal": squares(tame()),
        "damping": number(1.0, 0.5, exponents=(-8, 3)),
        "exponent": choice(0.75, 0.0, 1.0, 0.5),
    },
    VECTORS,
)

positive = diagonals.but(diagonal=squares(nonzero_vector()), exponent=choice(0.75, 1.0, 0.5))

squared_gradients = system.operation(reference.squared_gradients, cases=gradients, dtypes=WITH_ROOM)
fisher_preconditioner = system.operation(reference.fisher_preconditioner, cases=diagonals, dtypes=WITH_ROOM)


@squared_gradients.law("closed form", cases=gradients)
def it_is_the_diagonal_of_the_empirical_fisher_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """d is the diagonal of Σ gᵢgᵢᵀ, divided by N for "mean"."""
    G = case.example_gradients
    matrix = G.T @ G
    whole = np.diag(matrix) / len(G) if case.reduction == "mean" else np.diag(matrix)
    yield equal("diagonal", port.squared_gradients(G, **case.hyper), whole)


@squared_gradients.law("invariance", cases=gradients)
def data_twice_count_once_or_twice(port: Any, case: Case) -> Iterable[Fact]:
    """Every example twice leaves the "mean" as it is and doubles the "sum"."""
    G = case.example_gradients
    found, twice = (port.squared_gradients(g, **case.hyper) for g in (G, np.concatenate([G, G])))
    yield equal("diagonal", twice, found if case.reduction == "mean" else 2 * found)


@squared_gradients.law("bound", cases=gradients)
def it_is_at_least_the_square_of_the_gradient(port: Any, case: Case) -> Iterable[Fact]:
    """Jensen: the mean of squares is at least the square of the mean; N times the sum, the square of the sum."""
    G = case.example_gradients
    found, total = port.squared_gradients(G, **case.hyper), np.sum(G, axis=0)
    N = len(G)
    yield at_least("diagonal", found * (N * N if case.reduction == "mean" else N), total * total)


@squared_gradients.law("equivariance", cases=gradients.but(power=count(1, 3, low=-12, high=12)))
def gradients_count_by_their_squares(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients times -2ᵏ give 4ᵏ times the diagonal, bit for bit."""
    G = case.example_gradients
    found, scaled = (port.squared_gradients(g, **case.hyper) for g in (G, -G * 2.0**case.power))
    yield identical("diagonal", scaled, found * 4.0**case.power)


@fisher_preconditioner.law("closed form", cases=diagonals)
def it_undoes_the_power_of_the_damped_diagonal(port: Any, case: Case) -> Iterable[Fact]:
    """M((d + λ)^ξ·v) = v."""
    found = port.fisher_preconditioner(case.diagonal, **case.hyper)
    yield equal("scales", found.scales * (case.diagonal + case.damping) ** case.exponent, np.ones(len(case.diagonal)))


@fisher_preconditioner.law("closed form", cases=diagonals.but(exponent=0.0))
def the_power_of_nothing_is_no_preconditioner(port: Any, case: Case) -> Iterable[Fact]:
    """With ξ = 0 M is the identity, to the bit, also where d + λ = 0."""
    ones = np.ones(len(case.diagonal), case.diagonal.dtype)
    yield identical("scales", port.fisher_preconditioner(case.diagonal, **case.hyper).scales, ones)
    nothing = port.fisher_preconditioner(0 * case.diagonal, **{**case.hyper, "damping": 0.0})
    yield identical("nothing", nothing.scales, ones)


@fisher_preconditioner.law("limit", cases=positive.but(damping=0.0))
def without_damping_it_is_a_power_of_the_diagonal(port: Any, case: Case) -> Iterable[Fact]:
    """With λ = 0 the scales are d^-ξ: √d^(-2ξ)."""
    found = port.fisher_preconditioner(case.diagonal, **case.hyper)
    yield equal("scales", found.scales, np.sqrt(case.diagonal) ** (-2 * case.exponent))


@fisher_preconditioner.law("bound", cases=positive)
def no_direction_is_stretched_more_than_the_damping_says(port: Any, case: Case) -> Iterable[Fact]:
    """(max d + λ)^-ξ <= scales <= λ^-ξ, and larger entries of d have smaller scales."""
    scales = port.fisher_preconditioner(case.diagonal, **case.hyper).scales
    none = np.zeros(len(case.diagonal))
    yield at_least("above", case.damping ** (-case.exponent) - scales, none)
    yield at_least("below", scales - (np.max(case.diagonal) + case.damping) ** (-case.exponent), none)
    order = np.argsort(case.diagonal, kind="stable")
    yield at_least("order", scales[order][:-1], scales[order][1:])


@fisher_preconditioner.law("equivariance", cases=positive.but(power=count(1, 3, low=-6, high=6)))
def diagonal_and_damping_count_together(port: Any, case: Case) -> Iterable[Fact]:
    """d and λ times c give c^-ξ times the scales."""
    scale = 4.0**case.power
    found = port.fisher_preconditioner(case.diagonal, **case.hyper)
    moved = port.fisher_preconditioner(case.diagonal * scale, **{**case.hyper, "damping": case.damping * scale})
    yield equal("scales", moved.scales, found.scales * scale ** (-case.exponent))


@fisher_preconditioner.law("rejects", cases=positive)
def nothing_has_no_negative_power(port: Any, case: Case) -> Iterable[Fact]:
    """A diagonal with an entry in which d + λ = 0 is rejected, unless ξ = 0."""
    hyper = {**case.hyper, "damping": 0.0}
    yield rejects("d + λ = 0", lambda: port.fisher_preconditioner(0 * case.diagonal, **hyper))


SQUARES, COUNT = "example_gradients * example_gradients", "total / example_gradients.shape[0]"
squared_gradients.edits(f"""
square_of_the_mean_gradient: The gradients are averaged or added up before they are squared
    `np.sum({SQUARES}, axis=0)` → `np.sum(example_gradients, axis=0) ** 2`, `{COUNT}` → `{COUNT} ** 2`
mean_divided_by_the_number_twice: The gradients are those of a mean loss, with 1/N in them: their squares add up to d/N
    `{COUNT}` → `{COUNT} ** 2`
reductions_taken_for_each_other: "mean" adds up and "sum" averages
    `reduction == "mean"` → `reduction == "sum"`
sizes_instead_of_squares: The sizes of the entries are added up, not their squares
    `{SQUARES}` → `np.abs(example_gradients)`
length_of_the_gradient_in_every_entry: Every entry is the mean of all entries of d
    `np.sum({SQUARES}, axis=0)` → `0 * example_gradients[0] + np.sum({SQUARES}) / example_gradients.shape[1]`
""")

POWER = "damped ** (-exponent)"
fisher_preconditioner.edits(f"""
preconditioner_that_is_none: What is returned does nothing: the preconditioner is computed and lost, and the iteration
    runs without one
    `{POWER}` → `damped * 0 + 1`
preconditioner_without_damping: λ is not added to the diagonal
    `diagonal + damping` → `np.where(diagonal > 0, diagonal, 1)`
damping_outside_the_power: λ is added to d^ξ and not to d
    `{POWER}` → `1 / (diagonal**exponent + damping)`
preconditioner_upside_down: M multiplies by (d + λ)^ξ: it approximates A, and not its inverse
    `{POWER}` → `damped**exponent`
exponent_of_one_half: The exponent is always 1/2, as in Adagrad
    `{POWER}` → `damped ** (-0.5)`
square_of_the_damping: λ² is added to the diagonal
    `diagonal + damping` → `diagonal + damping * damping`
power_of_nothing_of_nothing: With ξ = 0 the scale of an entry with d + λ = 0 is 0
    `damped * 0 + 1` → `np.where(damped == 0, 0 * damped, damped * 0 + 1)`
power_of_nothing_is_infinite: An entry with d + λ = 0 has an infinite scale
    `np.any(damped == 0)` → `False`
""")
