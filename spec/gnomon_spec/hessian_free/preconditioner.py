"""The preconditioner: the diagonal of the empirical Fisher matrix, damped, to a power."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import preconditioner as reference
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import probes
from gnomon_spec.facts import Fact, equal, identical
from gnomon_spec.hessian_free.definition import system
from gnomon_spec.strategies import VECTORS, count, number, tame
from gnomon_spec.system import WITH_ROOM, Misfits

gradients = Cases({"example_gradients": probes(), "reduction": choice("mean", "sum")}, VECTORS)
diagonals = Cases(
    {
        "diagonal": Quantity(lambda draw, context: tame().draw(draw, context) ** 2, f"squares of: {tame().text}"),
        "damping": number(1.0, 0.5, exponents=(-8, 3)),
        "exponent": choice(0.75, 0.0, 1.0, 0.5),
    },
    VECTORS,
)
squared_gradients = system.operation(reference.squared_gradients, cases=gradients, dtypes=WITH_ROOM)
fisher_preconditioner = system.operation(reference.fisher_preconditioner, cases=diagonals, dtypes=WITH_ROOM)


@squared_gradients.law("closed form", cases=gradients)
def it_is_the_diagonal_of_the_empirical_fisher_matrix(port: Any, case: Case) -> Iterable[Fact]:
    """d is the diagonal of Σ gᵢgᵢᵀ, divided by N for "mean"."""
    G = case.example_gradients
    expected = np.diag(G.T @ G) / (len(G) if case.reduction == "mean" else 1)
    yield equal("diagonal", port.squared_gradients(G, **case.hyper), expected)


@squared_gradients.law("equivariance", cases=gradients.but(power=count(1, 3, low=-12, high=12)))
def gradients_count_by_their_squares(port: Any, case: Case) -> Iterable[Fact]:
    """Gradients times -2ᵏ give 4ᵏ times the diagonal, bit for bit."""
    G = case.example_gradients
    found, scaled = (port.squared_gradients(g, **case.hyper) for g in (G, -G * 2.0**case.power))
    yield identical("diagonal", scaled, found * 4.0**case.power)


@fisher_preconditioner.law("closed form", cases=diagonals)
def it_undoes_the_power_of_the_damped_diagonal(port: Any, case: Case) -> Iterable[Fact]:
    """M((d + λ)^ξ·v) = v, and M is that of the diagonal d + λ without damping."""
    found, damped = port.fisher_preconditioner(case.diagonal, **case.hyper), case.diagonal + case.damping
    yield equal("scales", found.scales * damped**case.exponent, np.ones(len(damped)))
    alone = fisher_preconditioner.call(port, case, diagonal=damped, damping=0.0)
    yield equal("undamped", alone.scales, found.scales)


@fisher_preconditioner.law("closed form", cases=diagonals.but(exponent=0.0))
def the_power_of_nothing_is_no_preconditioner(port: Any, case: Case) -> Iterable[Fact]:
    """With ξ = 0 M is the identity, to the bit, also where d + λ = 0."""
    ones = np.ones(len(case.diagonal), case.diagonal.dtype)
    yield identical("scales", port.fisher_preconditioner(case.diagonal, **case.hyper).scales, ones)
    nothing = port.fisher_preconditioner(0 * case.diagonal, **{**case.hyper, "damping": 0.0})
    yield identical("nothing", nothing.scales, ones)


@fisher_preconditioner.misfits(cases=diagonals.but(exponent=choice(0.75, 1.0, 0.5)))
def nothing_has_no_negative_power(case: Case) -> Misfits:
    """A diagonal with an entry in which d + λ = 0 is rejected, unless ξ = 0."""
    nothing = {"diagonal": 0 * case.diagonal, "damping": 0.0}
    return {"d + λ = 0": nothing}


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
