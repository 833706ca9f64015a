"""The preconditioner: the diagonal of the empirical Fisher matrix, damped, to a power."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnomon.hessian_free import preconditioner as reference
from gnomon.hessian_free.preconditioner import DiagonalPower
from gnomon_spec.cases import Case, Cases, Quantity, choice
from gnomon_spec.curvature.matrices_and_probes import nonzero_vector, probes
from gnomon_spec.facts import Fact, at_least, equal, identical, rejects
from gnomon_spec.hessian_free.family import system
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


@squared_gradients.law("rejects", cases=gradients)
def gradients_that_are_none_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """No example, one dimension, integers and an unknown reduction are rejected."""
    G = case.example_gradients
    yield rejects("none", lambda: port.squared_gradients(G[:0], **case.hyper))
    yield rejects("one dimension", lambda: port.squared_gradients(G[0], **case.hyper))
    yield rejects("integers", lambda: port.squared_gradients(np.ones(G.shape, np.int64), **case.hyper))
    yield rejects("reduction", lambda: port.squared_gradients(G, reduction="none"))


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
def diagonals_that_are_none_are_rejected(port: Any, case: Case) -> Iterable[Fact]:
    """A negative or NaN entry, two dimensions, integers, a damping below 0, an exponent outside [0, 1], and an entry
    with d + λ = 0, are rejected."""
    d = case.diagonal

    def call(diagonal: Any = d, **changed: Any) -> Any:
        return port.fisher_preconditioner(diagonal, **{**case.hyper, **changed})

    first = np.arange(len(d)) == 0
    yield rejects("negative", lambda: call(np.where(first, -d, d)))
    yield rejects("a NaN", lambda: call(np.where(first, np.asarray(np.nan, d.dtype), d)))
    yield rejects("two dimensions", lambda: call(d[np.newaxis]))
    yield rejects("integers", lambda: call(np.ones(len(d), np.int64)))
    yield rejects("damping = -1", lambda: call(damping=-1.0))
    yield rejects("exponent = -1", lambda: call(exponent=-1.0))
    yield rejects("exponent = 2", lambda: call(exponent=2.0))
    yield rejects("d + λ = 0", lambda: call(0 * d, damping=0.0))


def mean_or_sum(total: Any, examples: int, reduction: str) -> Any:
    """Return the total, over N for "mean"."""
    return total / examples if reduction == "mean" else total


@system.mistake("squared_gradients")
def square_of_the_mean_gradient(example_gradients: Any, *, reduction: str) -> Any:
    """The gradients are averaged or added up before they are squared."""
    reference.squared_gradients(example_gradients, reduction=reduction)
    total = np.sum(example_gradients, axis=0)
    total = total / len(example_gradients) if reduction == "mean" else total
    return total * total


@system.mistake("squared_gradients")
def mean_divided_by_the_number_twice(example_gradients: Any, *, reduction: str) -> Any:
    """The gradients are those of a mean loss, with 1/N in them: their squares add up to d/N."""
    found = reference.squared_gradients(example_gradients, reduction=reduction)
    return mean_or_sum(found, len(example_gradients), reduction)


@system.mistake("squared_gradients")
def reductions_taken_for_each_other(example_gradients: Any, *, reduction: str) -> Any:
    """ "mean" adds up and "sum" averages."""
    other = {"mean": "sum", "sum": "mean"}.get(reduction, reduction)
    return reference.squared_gradients(example_gradients, reduction=other)


@system.mistake("squared_gradients")
def sizes_instead_of_squares(example_gradients: Any, *, reduction: str) -> Any:
    """The sizes of the entries are added up, not their squares."""
    reference.squared_gradients(example_gradients, reduction=reduction)
    return mean_or_sum(np.sum(np.abs(example_gradients), axis=0), len(example_gradients), reduction)


@system.mistake("squared_gradients")
def length_of_the_gradient_in_every_entry(example_gradients: Any, *, reduction: str) -> Any:
    """Every entry is the mean of all entries of d."""
    found = reference.squared_gradients(example_gradients, reduction=reduction)
    return 0 * found + np.sum(found) / len(found)


@system.mistake("squared_gradients")
def example_gradients_are_not_checked(example_gradients: Any, *, reduction: str) -> Any:
    """Whatever is given is used, one dimension as one example."""
    rows = 1.0 * (example_gradients if example_gradients.ndim == 2 else example_gradients.reshape(1, -1))
    return mean_or_sum(np.sum(rows * rows, axis=0), max(1, len(rows)), reduction)


@system.mistake("fisher_preconditioner")
def preconditioner_that_is_none(diagonal: Any, *, damping: float, exponent: float) -> DiagonalPower:
    """What is returned does nothing: the preconditioner is computed and lost, and the iteration runs without one."""
    reference.fisher_preconditioner(diagonal, damping=damping, exponent=exponent)
    return DiagonalPower(diagonal * 0 + 1)


@system.mistake("fisher_preconditioner")
def preconditioner_without_damping(diagonal: Any, *, damping: float, exponent: float) -> DiagonalPower:
    """λ is not added to the diagonal."""
    found = reference.fisher_preconditioner(diagonal, damping=damping, exponent=exponent)
    positive_entries = np.where(diagonal > 0, diagonal, 1)
    return found if exponent == 0 else DiagonalPower(positive_entries ** (-exponent))


@system.mistake("fisher_preconditioner")
def damping_outside_the_power(diagonal: Any, *, damping: float, exponent: float) -> DiagonalPower:
    """λ is added to d^ξ and not to d."""
    found = reference.fisher_preconditioner(diagonal, damping=damping, exponent=exponent)
    return found if exponent == 0 else DiagonalPower(1 / (diagonal**exponent + damping))


@system.mistake("fisher_preconditioner")
def preconditioner_upside_down(diagonal: Any, *, damping: float, exponent: float) -> DiagonalPower:
    """M multiplies by (d + λ)^ξ: it approximates A, and not its inverse."""
    return DiagonalPower(1 / reference.fisher_preconditioner(diagonal, damping=damping, exponent=exponent).scales)


@system.mistake("fisher_preconditioner")
def exponent_of_one_half(diagonal: Any, *, damping: float, exponent: float) -> DiagonalPower:
    """The exponent is always 1/2, as in Adagrad."""
    found = reference.fisher_preconditioner(diagonal, damping=damping, exponent=exponent)
    return found if exponent == 0 else DiagonalPower((diagonal + damping) ** -0.5)


@system.mistake("fisher_preconditioner")
def square_of_the_damping(diagonal: Any, *, damping: float, exponent: float) -> DiagonalPower:
    """λ² is added to the diagonal."""
    found = reference.fisher_preconditioner(diagonal, damping=damping, exponent=exponent)
    return found if exponent == 0 else DiagonalPower((diagonal + damping * damping) ** -exponent)


@system.mistake("fisher_preconditioner")
def power_of_nothing_of_nothing(diagonal: Any, *, damping: float, exponent: float) -> DiagonalPower:
    """With ξ = 0 the scale of an entry with d + λ = 0 is 0."""
    found = reference.fisher_preconditioner(diagonal, damping=damping, exponent=exponent)
    return DiagonalPower(np.where(diagonal + damping == 0, 0 * found.scales, found.scales))


@system.mistake("fisher_preconditioner")
def diagonal_is_not_checked(diagonal: Any, *, damping: float, exponent: float) -> DiagonalPower:
    """Whatever is given is used: of what is negative the size, of nothing the inverse of a small number."""
    damped = np.abs(1.0 * diagonal.reshape(-1)) + abs(damping)
    return DiagonalPower(np.where(damped == 0, 2.0**-20, damped) ** -exponent)
